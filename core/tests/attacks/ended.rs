//! Attack 20: what somebody signs after they were ended is not made older, whatever ended them and whatever the store says.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use strongroom::authority::{Rows, Submission};
use strongroom::log::body::{AccessGranted, MemberGrant, Nothing};
use strongroom::log::operation::{At, Body, LogId, LogKind};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::ItemFilter;
use strongroom::model::principal::{NewServiceAccount, Rights, ServiceAccountUpdate};
use strongroom::store::Row;

use crate::backdated::backdate_items;
use crate::malicious::Malicious;
use crate::signed::{believable, force, item_row};
use crate::world::{Member, World, code, connect, email, item, read};

/// The ways to end what somebody may do in a vault.
const ENDINGS: [&str; 7] = ["revoked", "lowered", "expired", "suspended", "deleted", "rotated", "reissued"];

async fn end(world: &World, vault: VaultId, who: &Member, how: &str) {
    let (owner, vault, address) = (&world.owner.client, vault.to_string(), email("ended"));
    match how {
        "revoked" => owner.access().revoke(&vault, &address).await.unwrap(),
        "lowered" => drop(owner.access().grant(&vault, &address, "read", None).await.unwrap()),
        "expired" => {
            let soon = Utc::now() + TimeDelta::milliseconds(400);
            owner.access().grant(&vault, &address, "admin", Some(soon)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(450)).await;
            // Until here the engine alone refuses; the next key draws the line.
            assert_eq!(owner.vaults().rekey(None).await.unwrap(), 1);
        }
        "suspended" => drop(owner.users().suspend(&address).await.unwrap()),
        "deleted" => owner.users().delete(&address, None, false).await.unwrap(),
        "rotated" => drop(who.client.rotate_token(None).await.unwrap()),
        "reissued" => drop(owner.users().reissue(&address, None).await.unwrap()),
        other => panic!("{other}"),
    }
}

/// A vault whose member `ended` was ended, and an operation that they had signed before but that nobody had.
struct Ended {
    world: World,
    reader: Member,
    former: Member,
    vault: VaultId,
    kept: ItemId,
    item: (Submission, Row),
}

const FORGED: Id = Id([8; 32]);

impl Ended {
    async fn new(how: &str) -> Self {
        let world = World::new().await;
        let (reader, ended) = (world.user("reader").await, world.user("ended").await);
        let vault = world.vault(&[(&reader, "read"), (&ended, "admin")]).await.id;
        let kept = ended.client.items().create(&vault.to_string(), item("kept", "value")).await.unwrap().id;
        let key = ended.vault_key(&world, vault, 1).await;
        let (written, rows) = believable(&ended, vault, FORGED, &key);
        let row = item_row(vault, &written, &rows);
        let operation = ended.operation(&world, vault, Body::ItemPut(written)).await;
        let item = (ended.sign(&operation, rows), row);
        end(&world, vault, &ended, how).await;
        Self { world, reader, former: ended, vault, kept, item }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_signed_before_an_ending_is_not_taken_after_it() {
    for how in ENDINGS {
        let Ended { world, reader, former: ended, vault, kept, item: (submission, row) } = Ended::new(how).await;
        // The engine refuses it, by the session or by the rule.
        let answer = world.engine.submit(ended.session, vec![submission.clone()]).await;
        assert!(!matches!(answer.map(|mut answers| answers.pop()), Ok(Some(Ok(_)))), "{how}");
        // What was taken before the ending stands.
        assert_eq!(read(&reader.client, vault, kept).await.unwrap(), "value", "{how}");
        // Readers refuse it where the store puts it, and where it says that it stands.
        force(&world, LogId::new(LogKind::Items, vault), &ended, &submission, vec![row]).await;
        let malicious = Malicious::over(Arc::clone(&world.engine));
        backdate_items(&malicious);
        let deceived = malicious.client(&reader.kit).await;
        let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
        for client in [&deceived, &fresh] {
            let read = client.items().get(&vault.to_string(), &ItemId(FORGED).to_string(), None).await;
            assert_eq!(code(read), "tampered", "{how}");
        }
        assert_eq!(code(fresh.items().list(&vault.to_string(), ItemFilter::default()).await), "tampered", "{how}");
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered", "{how}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_signed_before_an_ending_lets_nobody_in_after_it() {
    for how in ENDINGS {
        // As it was signed, and on the state that the store makes of it.
        for on_the_newest in [false, true] {
            let Ended { world, reader, former: ended, vault, .. } = Ended::new(how).await;
            let accomplice = world.user("accomplice").await;
            let member = MemberGrant { grantee: accomplice.id(), role: 3, generation: Some(1), expires_at: None };
            let body = AccessGranted { epoch: 1, members: vec![member], recipients: Vec::new() };
            let mut operation = ended.operation(&world, vault, Body::AccessGranted(body)).await;
            if !on_the_newest {
                operation.at = At::empty();
            }
            let submission = ended.sign(&operation, Rows::default());
            force(&world, LogId::new(LogKind::Vault, vault), &ended, &submission, Vec::new()).await;
            let malicious = Malicious::over(Arc::clone(&world.engine));
            malicious.states.change(move |states| {
                let entries = states.vaults.iter_mut().flat_map(|answer| &mut answer.access_entries);
                if let Some(newest) = entries.last() {
                    newest.position = 1;
                }
            });
            let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
            let deceived = malicious.client(&reader.kit).await;
            for client in [&reader.client, &fresh, &deceived] {
                assert_eq!(code(client.access().list(&vault.to_string(), None).await), "tampered", "{how}");
            }
            assert_eq!(code(world.owner.client.audit().verify().await), "tampered", "{how}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_who_was_ended_ends_nobody() {
    for how in ["suspended", "lowered", "rotated", "reissued"] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let rights = Rights { can_manage_users: true, ..Rights::default() };
        let account = NewServiceAccount { name: "office".to_owned(), rights, ..NewServiceAccount::default() };
        let office = world.owner.client.service_accounts().create(account, None).await.unwrap();
        let office = Member::new(&world.engine, office).await;
        let before = world.engine.end().await.unwrap();
        let accounts = world.owner.client.service_accounts();
        match how {
            "suspended" => accounts.revoke(&office.id_text()).await.unwrap(),
            "lowered" => {
                let update = ServiceAccountUpdate { can_manage_users: Some(false), ..ServiceAccountUpdate::default() };
                drop(accounts.update(&office.id_text(), update).await.unwrap());
            }
            "rotated" => drop(office.client.rotate_token(None).await.unwrap()),
            _ => drop(accounts.reissue(&office.id_text(), None).await.unwrap()),
        }
        let log = LogId::new(LogKind::Principal, alice.id());
        let mut operation = office.operation(&world, VaultId(alice.id()), Body::PrincipalDeleted(Nothing {})).await;
        operation.at = world.state(LogKind::Principal, alice.id()).await;
        operation.seen = before;
        let submission = office.sign(&operation, Rows::default());
        let answer = world.engine.submit(office.session, vec![submission.clone()]).await;
        assert!(!matches!(answer.map(|mut answers| answers.pop()), Ok(Some(Ok(_)))), "{how}");
        force(&world, log, &office, &submission, Vec::new()).await;
        let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
        assert_eq!(code(fresh.users().get(&email("alice")).await), "tampered", "{how}");
        assert_eq!(code(fresh.audit().verify().await), "tampered", "{how}");
    }
}
