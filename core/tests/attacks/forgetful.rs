//! Attack 26: a process that remembers nothing newer is shown yesterday. It can't know; what it writes then, and what stops it.

use std::sync::Arc;

use strongroom::authority::Reading;
use strongroom::authority::{Rows, Submission};
use strongroom::client::Client;
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::log::body::ItemWritten;
use strongroom::log::operation::{Body, LogId, LogKind, Operation};
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::id::{ItemId, VaultId};
use strongroom::model::item::ItemFilter;
use strongroom::model::role::Role;
use strongroom::store::Store;
use tempfile::TempDir;

use crate::fork::{copy, in_file};
use crate::signed::{force, item_row};
use crate::world::{Member, World, code, connect, email, item, read};

/// An account, and yesterday's copy of it, in which bob was not put out yet.
struct Remembered {
    _folder: TempDir,
    today: World,
    yesterday: World,
    alice: Member,
    /// Alice at yesterday's engine.
    then: Member,
    /// The vault's key of yesterday, as bob keeps it.
    kept: SealKey,
    vault: VaultId,
    /// Where alice's changes went on yesterday, and today.
    cursors: [String; 2],
}

async fn cursor(client: &Client) -> String {
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    client.changes().list(filter).await.unwrap().cursor
}

impl Remembered {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let today = in_file(folder.path()).await;
        let (alice, bob) = (today.user("alice").await, today.user("bob").await);
        let vault = today.vault(&[(&alice, "write"), (&bob, "write")]).await.id;
        alice.client.items().create(&vault.to_string(), item("of yesterday", "value")).await.unwrap();
        let before = cursor(&alice.client).await;
        let kept = bob.vault_key(&today, vault, 1).await;
        let yesterday = copy(&today, folder.path(), "yesterday.db").await;
        let then = Member::new(&yesterday.engine, alice.kit.clone()).await;
        today.owner.client.access().revoke(&vault.to_string(), &email("bob")).await.unwrap();
        let cursors = [before, cursor(&alice.client).await];
        Self { _folder: folder, today, yesterday, alice, then, kept, vault, cursors }
    }
}

/// An item's newest version as a store has it: the entry, and the sealed parts.
async fn stored(world: &World, who: &Member, vault: VaultId, of: ItemId) -> (Submission, ItemWritten) {
    let size = world.state(LogKind::Items, vault).await.size;
    let wanted = vec![(of.0, None)];
    let mut rows = world.engine.items(who.session, vault.0, size, wanted, Reading::Whole).await.unwrap();
    let answer = rows.pop().unwrap().unwrap();
    let Body::ItemPut(written) = Operation::from_bytes(&answer.entry.operation).unwrap().body else { panic!() };
    let rows = Rows { overview: answer.overview, details: answer.details, ..Rows::default() };
    (Submission { operation: answer.entry.operation, signatures: answer.entry.signatures, rows }, written)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_writes_then_is_under_the_key_of_then() {
    let Remembered { _folder, today, yesterday, alice, then, kept, vault, cursors } = Remembered::new().await;
    let id = vault.to_string();
    // A fresh process of alice's, whose token is older than both.
    let fresh = connect(Arc::clone(&yesterday.engine), &alice.kit).await.unwrap();
    let listed = fresh.access().list(&id, None).await.unwrap().data;
    assert!(listed.iter().any(|grant| grant.principal.email.as_deref() == Some("bob@example.edu")));
    let written = fresh.items().create(&id, item("for alice and the owner", "for bob too")).await.unwrap();
    yesterday.owner.client.audit().verify().await.unwrap();

    // Bob, who was put out today, opens it with the key that he kept.
    let (submission, body) = stored(&yesterday, &then, vault, written.id).await;
    assert_eq!(body.epoch, 1);
    let (account, item_id) = (alice.token.account, Some(written.id));
    let place = Place { account, vault, item: item_id, version: 1, epoch: 1, part: Part::Details };
    let plain = part::open_part(&kept, &place, &submission.rows.details).unwrap();
    assert!(plain.windows(11).any(|window| window == b"for bob too"));
    // What is written under today's key is not his.
    let honest = alice.client.items().create(&id, item("for alice and the owner", "not for bob")).await.unwrap();
    let (after, body) = stored(&today, &alice, vault, honest.id).await;
    assert_eq!(body.epoch, 2);
    for epoch in [1, 2] {
        let place = Place { epoch, item: Some(honest.id), ..place };
        assert!(part::open_part(&kept, &place, &after.rows.details).is_err());
    }

    // Today's engine does not take what was signed on yesterday.
    let refused = today.engine.submit(alice.session, vec![submission.clone()]).await.unwrap().remove(0);
    assert!(!matches!(&refused, Ok(strongroom::authority::Submitted::Taken(_))), "{refused:?}");
    assert_eq!(code(read(&alice.client, vault, written.id).await), "not_found");

    // And the process that wrote stops at today, if it remembers yesterday as it went on there.
    let there = cursor(&fresh).await;
    let here = connect(Arc::clone(&today.engine), &alice.kit).await.unwrap();
    let after = |cursor: &str| ChangeFilter { after: Some(cursor.to_owned()), ..ChangeFilter::default() };
    assert_eq!(code(here.changes().list(after(&there)).await), "tampered");
    for cursor in &cursors {
        here.changes().list(after(cursor)).await.unwrap();
    }
    today.owner.client.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_brings_it_into_today_shows_that_its_author_had_seen_yesterday_only() {
    let Remembered { _folder, today, yesterday, alice, then, vault, .. } = Remembered::new().await;
    let id = vault.to_string();
    let fresh = connect(Arc::clone(&yesterday.engine), &alice.kit).await.unwrap();
    let written = fresh.items().create(&id, item("of then", "value")).await.unwrap();
    let (submission, body) = stored(&yesterday, &then, vault, written.id).await;
    let row = item_row(vault, &body, &submission.rows);
    force(&today, LogId::new(LogKind::Items, vault), &alice, &submission, vec![row]).await;
    // Alice signed it, had the role and the key at the place that she named, and has them still: it is hers, and it says
    // by its epoch that bob could open it.
    let reader = connect(Arc::clone(&today.engine), &today.owner.kit).await.unwrap();
    assert_eq!(read(&reader, vault, written.id).await.unwrap(), "value");
    assert_eq!(reader.items().list(&id, ItemFilter::default()).await.unwrap().data.len(), 2);
    today.owner.client.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_a_cursor_or_a_state_file_of_today_is_memory_enough() {
    let Remembered { _folder, today, yesterday, alice, vault, cursors, .. } = Remembered::new().await;
    let id = vault.to_string();
    // A cursor made today, before anything is written.
    let fresh = connect(Arc::clone(&yesterday.engine), &alice.kit).await.unwrap();
    let after = |cursor: &str| ChangeFilter { after: Some(cursor.to_owned()), ..ChangeFilter::default() };
    fresh.changes().list(after(&cursors[0])).await.unwrap();
    assert_eq!(code(fresh.changes().list(after(&cursors[1])).await), "tampered");

    // A token made today: of somebody whom yesterday does not know, and of alice, as if it had been printed again today.
    let new = today.user("new").await;
    assert_eq!(code(connect(Arc::clone(&yesterday.engine), &new.kit).await), "unauthenticated");
    let seed = strongroom::crypto::token::Token::parse(alice.kit.token.expose()).unwrap().seed;
    let head = today.engine.end().await.unwrap();
    let token = strongroom::crypto::token::Token {
        kind: alice.token.kind,
        account: alice.token.account,
        principal: alice.token.principal,
        seed,
        head_size: head.size,
        head_root: head.root,
    };
    let printed = Credential { token: strongroom::model::secret::Secret::new(token.encode().as_str()), ..alice.kit };
    assert_eq!(code(connect(Arc::clone(&yesterday.engine), &printed).await), "tampered");
    let client = connect(Arc::clone(&today.engine), &printed).await.unwrap();
    assert_eq!(client.vaults().get(&id).await.unwrap().role, Role::Write);
    yesterday.store.close().await;
}

#[test]
fn the_documents_say_so() {
    let said = include_str!("../../../SECURITY.md");
    assert!(said.contains("can be shown yesterday") && said.contains("sealed under the key of then"));
    let said = include_str!("../../../docs/protocol.md");
    assert!(
        said.contains("A reader without memory")
            && said.contains("takes an older state than the newest for the newest")
    );
}
