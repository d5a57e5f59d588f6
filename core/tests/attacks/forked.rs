//! Attack 5: two feeds of one account, each for other clients; a cursor, an operation or what its author had seen that crosses ends it.

use std::sync::Arc;
use std::time::Duration;

use strongroom::authority::Rows;
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::log::body::{AccessGranted, MemberGrant};
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::ItemFilter;
use tempfile::TempDir;

use crate::fork::{Switch, copy, in_file};
use crate::signed::{believable, force, item_row};
use crate::world::{Member, World, code, connect, email, item, read};

/// One account, and what two servers made of it since.
struct Forked {
    _folder: TempDir,
    one: World,
    two: World,
    alice: Member,
    bob: Member,
    vault: VaultId,
    kept: ItemId,
}

impl Forked {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let one = in_file(folder.path()).await;
        let (alice, bob) = (one.user("alice").await, one.user("bob").await);
        let vault = one.vault(&[(&alice, "write"), (&bob, "read")]).await.id;
        let other = one.vault(&[]).await.id.to_string();
        let kept = one.owner.client.items().create(&vault.to_string(), item("kept", "value")).await.unwrap().id;
        let two = copy(&one, folder.path(), "two.db").await;
        // Something else happens in each, but in the vault nothing: its logs are the same in both.
        for (number, world) in [&one, &two].into_iter().enumerate() {
            for title in ["other", "another"].iter().take(number + 1) {
                world.owner.client.items().create(&other, item(title, "value")).await.unwrap();
            }
        }
        Self { _folder: folder, one, two, alice, bob, vault, kept }
    }

    /// Somebody who was only ever shown this feed.
    async fn client(world: &World, who: &Member) -> Client {
        connect(Arc::clone(&world.engine), &who.kit).await.unwrap()
    }
}

async fn cursor(client: &Client) -> String {
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    client.changes().list(filter).await.unwrap().cursor
}

async fn goes_on(client: &Client, cursor: &str) -> Result<()> {
    let filter = ChangeFilter { after: Some(cursor.to_owned()), ..ChangeFilter::default() };
    client.changes().list(filter).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_one_is_refused_by_the_other() {
    let forked = Forked::new().await;
    let of_one = Forked::client(&forked.one, &forked.alice).await;
    let of_two = Forked::client(&forked.two, &forked.bob).await;
    let cursors = [cursor(&of_one).await, cursor(&of_two).await];
    for client in [&of_one, &of_two] {
        // Each server alone is an honest one.
        client.items().list(&forked.vault.to_string(), ItemFilter::default()).await.unwrap();
        assert_eq!(read(client, forked.vault, forked.kept).await.unwrap(), "value");
    }
    goes_on(&of_one, &cursors[0]).await.unwrap();
    goes_on(&of_two, &cursors[1]).await.unwrap();
    for (client, crossing) in [(&of_one, &cursors[1]), (&of_two, &cursors[0])] {
        assert_eq!(code(goes_on(client, crossing).await), "tampered");
        let feed = client.changes().watch(ChangeFilter { after: Some(crossing.clone()), ..ChangeFilter::default() });
        assert_eq!(code(feed.unwrap().next().await), "tampered");
    }
    forked.one.owner.client.audit().verify().await.unwrap();
    forked.two.owner.client.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_of_one_is_refused_by_the_other() {
    for read_before in [false, true] {
        let Forked { _folder, one, two, alice, bob, vault, kept } = Forked::new().await;
        let client = Forked::client(&two, &bob).await;
        if read_before {
            client.items().list(&vault.to_string(), ItemFilter::default()).await.unwrap();
        }
        // Alice is shown the one feed, and writes there; the server wants bob to have it.
        let key = alice.vault_key(&one, vault, 1).await;
        let crossing = Id([8; 32]);
        let (written, rows) = believable(&alice, vault, crossing, &key);
        let row = item_row(vault, &written, &rows);
        let operation = alice.operation(&one, vault, Body::ItemPut(written)).await;
        let submission = alice.sign(&operation, rows);
        alice.submit(&one, submission.clone()).await.unwrap();
        let there = Forked::client(&one, &bob).await;
        assert_eq!(there.items().list(&vault.to_string(), ItemFilter::default()).await.unwrap().data.len(), 2);

        force(&two, LogId::new(LogKind::Items, vault), &alice, &submission, vec![row]).await;
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        let fresh = Forked::client(&two, &bob).await;
        assert_eq!(read(&fresh, vault, kept).await.unwrap(), "value");
        for client in [&client, &fresh] {
            assert_eq!(code(read(client, vault, ItemId(crossing)).await), "tampered");
            assert_eq!(code(client.items().list(&vault.to_string(), ItemFilter::default()).await), "tampered");
        }
        assert_eq!(code(two.owner.client.audit().verify().await), "tampered");
        one.owner.client.audit().verify().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_one_is_refused_by_the_other() {
    let Forked { _folder, one, two, alice, bob, vault, .. } = Forked::new().await;
    let id = vault.to_string();
    let client = Forked::client(&two, &bob).await;
    client.access().list(&id, None).await.unwrap();
    let member = MemberGrant { grantee: alice.id(), role: 3, generation: Some(1), expires_at: None };
    let body = AccessGranted { epoch: 1, members: vec![member], recipients: Vec::new() };
    let operation = one.owner.operation(&one, vault, Body::AccessGranted(body)).await;
    let submission = one.owner.sign(&operation, Rows::default());
    one.owner.submit(&one, submission.clone()).await.unwrap();
    force(&two, LogId::new(LogKind::Vault, vault), &one.owner, &submission, Vec::new()).await;
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let fresh = Forked::client(&two, &bob).await;
    for client in [&client, &fresh] {
        assert_eq!(code(client.access().list(&id, None).await), "tampered");
        assert_eq!(code(client.vaults().get(&id).await), "tampered");
    }
    assert_eq!(code(two.owner.client.audit().verify().await), "tampered");
    let there = Forked::client(&one, &bob).await;
    assert_eq!(there.access().list(&id, None).await.unwrap().data.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_turned_from_one_to_the_other_stops() {
    // The second feed is the longer one, so that it could pass for what came after the first.
    let forked = Forked::new().await;
    assert!(forked.two.engine.end().await.unwrap().size > forked.one.engine.end().await.unwrap().size);
    let server = Switch::over([&forked.one, &forked.two], &forked.alice.kit).await;
    let client = server.client(&forked.alice.kit).await;
    let id = forked.vault.to_string();
    client.items().list(&id, ItemFilter::default()).await.unwrap();
    server.turn(true);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    for refused in [
        code(client.vaults().get(&id).await),
        code(read(&client, forked.vault, forked.kept).await),
        code(client.items().create(&id, item("mine", "value")).await),
        code(client.items().list(&id, ItemFilter::default()).await),
        code(client.users().get(&email("owner")).await),
    ] {
        assert_eq!(refused, "tampered");
    }
    server.turn(false);
    client.items().create(&id, item("mine", "value")).await.unwrap();
}
