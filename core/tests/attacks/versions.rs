//! Attack 15: an old or unknown version or suite number is refused, and nothing is negotiated down to it.

use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use strongroom::authority::{Rows, Submission};
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::error::Result;
use strongroom::log::body::{EpochStart, SUITE};
use strongroom::log::operation::{self, Body, LogId, LogKind, Operation};
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::id::Id;
use strongroom::model::item::ItemFilter;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;
use strongroom::store::Store;
use strongroom::store::sqlite::SqliteStore;

use crate::malicious::Malicious;
use crate::served;
use crate::signed::{force, put};
use crate::world::{Member, World, code, connect};

/// What an honest client of the owner's would submit by this call; it is kept from the engine.
async fn caught<F: Future<Output = ()>>(
    world: &World,
    call: impl FnOnce(strongroom::client::Client) -> F,
) -> Submission {
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&world.owner.kit).await;
    let kept = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&kept);
    server.submit.ask(move |(_, submissions)| to.lock().unwrap().append(submissions));
    call(client).await;
    let caught = kept.lock().unwrap().pop();
    caught.unwrap()
}

/// The same, of another suite, and signed as it is then.
fn with_suite(submission: &Submission, by: &Member, suite: u16) -> Submission {
    let mut operation = Operation::from_bytes(&submission.operation).unwrap();
    let start: &mut EpochStart = match &mut operation.body {
        Body::VaultCreated(body) => &mut body.epoch,
        Body::EpochStarted(body) => &mut body.epoch,
        other => panic!("{}", other.name()),
    };
    assert_eq!(start.suite, SUITE);
    start.suite = suite;
    by.sign(&operation, submission.rows.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_suite_is_nobodys() {
    for suite in [0, 2, u16::MAX] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "write")]).await.id;
        let id = vault.to_string();
        let before = world.engine.end().await.unwrap();
        let spec = VaultSpec { name: "new".to_owned(), ..VaultSpec::default() };
        let created = caught(&world, async |client| drop(client.vaults().create(spec).await)).await;
        let vaults = vec![id.clone()];
        let moved = caught(&world, async |client| drop(client.vaults().rekey(Some(vaults)).await)).await;
        for submission in [&created, &moved] {
            let other = with_suite(submission, &world.owner, suite);
            assert_eq!(code(world.owner.submit(&world, other).await), "invalid_argument", "{suite}");
        }
        assert_eq!(world.engine.end().await.unwrap(), before);

        // Readers know one suite, whatever the store puts before them.
        let other = with_suite(&moved, &world.owner, suite);
        force(&world, LogId::new(LogKind::Vault, vault), &world.owner, &other, Vec::new()).await;
        let fresh = connect(Arc::clone(&world.engine), &alice.kit).await.unwrap();
        for client in [&fresh, &alice.client] {
            assert_eq!(code(client.vaults().get(&id).await), "tampered", "{suite}");
            assert_eq!(code(client.items().list(&id, ItemFilter::default()).await), "tampered", "{suite}");
        }
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered", "{suite}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_another_suite_is_none() {
    let world = World::new().await;
    let account = LogId::new(LogKind::Account, world.owner.token.account);
    let first = world.store.snapshot().await.unwrap().entries(account, 0, 1).await.unwrap().remove(0);
    for suite in [0, 2] {
        let mut operation = Operation::from_bytes(&first.operation).unwrap();
        let Body::AccountCreated(body) = &mut operation.body else { panic!() };
        body.suite = suite;
        let bytes = operation.to_bytes();
        let signature = world.owner.identity.sign(&operation::message(&bytes)).to_vec();
        let store = SqliteStore::memory(&format!("attacks-suite-{suite}"), true).unwrap();
        let engine = served::engine(Arc::clone(&store) as Arc<dyn Store>);
        let submission = Submission { operation: bytes, signatures: vec![signature], rows: Rows::default() };
        assert_eq!(code(engine.found(vec![submission]).await), "invalid_argument", "{suite}");
        assert_eq!(engine.end().await.unwrap().size, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_of_an_older_version_is_none() {
    for kind in [LogKind::Items, LogKind::Vault] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "write")]).await.id;
        let (operation, rows) = put(&world, &world.owner, vault, Id([8; 32])).await;
        let mut bytes = operation.to_bytes();
        assert_eq!(bytes[..2], [0x8a, 1]);
        bytes[1] = 0;
        let signature = world.owner.identity.sign(&operation::message(&bytes)).to_vec();
        let submission = Submission { operation: bytes, signatures: vec![signature], rows };
        let refused = code(world.owner.submit(&world, submission.clone()).await);
        assert!(["tampered", "invalid_argument"].contains(&refused), "{refused}");
        force(&world, LogId::new(kind, vault), &world.owner, &submission, Vec::new()).await;
        let fresh = connect(Arc::clone(&world.engine), &alice.kit).await.unwrap();
        for client in [&fresh, &alice.client] {
            assert_eq!(code(client.items().list(&vault.to_string(), ItemFilter::default()).await), "tampered");
            assert_eq!(code(client.changes().list(ChangeFilter::default()).await), "tampered");
        }
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
    }
}

/// Tokens, cursors and state files of other versions, whole in everything else.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_kept_is_of_this_version_or_refused() {
    let world = World::new().await;
    let honest = world.owner.kit.token.expose();
    let (prefix, body) = honest.split_at("strongroom_usr_".len());
    let bytes = BASE64URL_NOPAD.decode(body.as_bytes()).unwrap();
    for version in [0, 2, 255] {
        let mut other = bytes[..bytes.len() - 4].to_vec();
        assert_eq!(other[0], 1);
        other[0] = version;
        other.extend_from_slice(&crc32fast::hash(&other).to_be_bytes());
        let token = Secret::new(format!("{prefix}{}", BASE64URL_NOPAD.encode(&other)));
        let kit = Credential { token, ..world.owner.kit.clone() };
        assert_eq!(code(connect(Arc::clone(&world.engine), &kit).await), "unauthenticated");
    }

    let client = &world.owner.client;
    let cursor = client.changes().cursor().await.unwrap();
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).unwrap();
    for version in [0, 2] {
        let mut other = bytes.clone();
        assert_eq!(other[1], 1);
        other[1] = version;
        let filter = ChangeFilter { after: Some(BASE64URL_NOPAD.encode(&other)), ..ChangeFilter::default() };
        assert_eq!(code(client.changes().list(filter).await), "invalid_argument");
    }

    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let remembering = async || -> Result<Sealed> {
        let options = SealedOptions { state: Some(state.clone()), ..SealedOptions::default() };
        Sealed::connect(served::reached(Arc::clone(&world.engine)), honest, options).await
    };
    remembering().await.unwrap();
    let text = std::fs::read_to_string(&state).unwrap();
    for version in [0, 2] {
        std::fs::write(&state, text.replace(r#""version":1"#, &format!(r#""version":{version}"#))).unwrap();
        assert_eq!(code(remembering().await), "unsupported");
    }
    std::fs::write(&state, text).unwrap();
    remembering().await.unwrap();
}
