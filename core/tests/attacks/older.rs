//! Attack 4: an older version, policy or head for a client that saw a newer one; and a whole file put back to yesterday's copy.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use strongroom::authority::{ItemAnswer, Reading};
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::log::operation::LogKind;
use strongroom::model::audit::AuditFilter;
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::id::{ItemId, VaultId};
use strongroom::model::item::{ItemFilter, ItemUpdate};
use strongroom::model::vault::{VaultSpec, VaultUpdate};
use strongroom::store::Store;
use strongroom::store::sqlite::SqliteStore;

use crate::fork::{Switch, copy, in_file};
use crate::history::open;
use crate::malicious::Malicious;
use crate::served;
use crate::withheld::change_policy;
use crate::world::{Member, World, code, email, item, read, secret};

fn set(value: &str) -> ItemUpdate {
    ItemUpdate { set_fields: vec![secret("password", value)], ..ItemUpdate::default() }
}

/// What was verified less than a second before a call is fresh.
async fn a_second_later() {
    tokio::time::sleep(Duration::from_millis(1_050)).await;
}

async fn changes(client: &Client, after: &str) -> Result<String> {
    let filter = ChangeFilter { after: Some(after.to_owned()), ..ChangeFilter::default() };
    client.changes().list(filter).await.map(|page| page.cursor)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_not_led_back_to_yesterday() {
    let folder = tempfile::tempdir().unwrap();
    let world = in_file(folder.path()).await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "admin"), (&bob, "write")]).await.id;
    let id = vault.to_string();
    let kept = alice.client.items().create(&id, item("kept", "one")).await.unwrap().id;
    let yesterday = copy(&world, folder.path(), "yesterday.db").await;
    world.owner.client.access().revoke(&id, &email("bob")).await.unwrap();
    alice.client.items().update(&id, &kept.to_string(), set("two")).await.unwrap();
    change_policy(&world).await;

    for who in [&world.owner, &alice] {
        let server = Switch::over([&world, &yesterday], &who.kit).await;
        let client = server.client(&who.kit).await;
        assert_eq!(read(&client, vault, kept).await.unwrap(), "two");
        server.turn(true);
        a_second_later().await;
        let before = yesterday.engine.end().await.unwrap();
        let spec = VaultSpec { name: "new".to_owned(), ..VaultSpec::default() };
        let renamed = VaultUpdate { name: Some("renamed".to_owned()), description: None };
        for (what, refused) in [
            ("items.get", code(read(&client, vault, kept).await)),
            ("items.create", code(client.items().create(&id, item("for bob too", "value")).await)),
            ("items.update", code(client.items().update(&id, &kept.to_string(), set("three")).await)),
            ("items.list", code(client.items().list(&id, ItemFilter::default()).await)),
            ("vaults.get", code(client.vaults().get(&id).await)),
            ("vaults.list", code(client.vaults().list().await)),
            ("vaults.update", code(client.vaults().update(&id, renamed).await)),
            ("access.list", code(client.access().list(&id, None).await)),
            ("access.grant", code(client.access().grant(&id, &email("owner"), "write", None).await)),
            ("access.revoke", code(client.access().revoke(&id, &email("bob")).await)),
            ("users.get", code(client.users().get(&email("bob")).await)),
            ("changes.list", code(changes(&client, "start").await)),
            ("audit.list", code(client.audit().list(AuditFilter::default()).await)),
            ("rotate_token", code(client.rotate_token(None).await)),
        ] {
            assert_eq!(refused, "tampered", "{what}");
        }
        if who.id() == world.owner.id() {
            assert_eq!(code(client.vaults().create(spec).await), "tampered");
            assert_eq!(code(client.audit().verify().await), "tampered");
        }
        assert_eq!(yesterday.engine.end().await.unwrap(), before, "nothing was written there");

        server.turn(false);
        assert_eq!(read(&client, vault, kept).await.unwrap(), "two");
        client.items().create(&id, item("today", "value")).await.unwrap();
    }
    world.owner.client.audit().verify().await.unwrap();
}

/// A version of an item as an honest engine answers it now, whichever is the newest.
async fn answer(world: &World, member: &Member, vault: VaultId, of: ItemId, version: u64) -> ItemAnswer {
    let size = world.state(LogKind::Items, vault).await.size;
    let wanted = vec![(of.0, Some(version))];
    let mut rows = world.engine.items(member.session, vault.0, size, wanted, Reading::Whole).await.unwrap();
    rows.pop().unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_version_is_not_the_newest_for_who_has_seen_a_newer_one() {
    // How the client came to know of the newer version.
    for seen in ["read", "listed", "written", "in its history", "deleted"] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "admin")]).await.id;
        let id = vault.to_string();
        let kept = world.owner.client.items().create(&id, item("kept", "one")).await.unwrap().id;
        let name = kept.to_string();
        let server = Malicious::over(Arc::clone(&world.engine));
        let client = server.client(&alice.kit).await;
        world.owner.client.items().update(&id, &name, set("two")).await.unwrap();
        match seen {
            "read" => assert_eq!(read(&client, vault, kept).await.unwrap(), "two"),
            "listed" => drop(client.items().list(&id, ItemFilter::default()).await.unwrap()),
            "written" => drop(client.items().update(&id, &name, set("three")).await.unwrap()),
            "deleted" => {}
            _ => assert_eq!(client.items().history(&id, &name).await.unwrap().data.len(), 2),
        }
        let (older, newest) =
            (answer(&world, &alice, vault, kept, 1).await, answer(&world, &alice, vault, kept, 2).await);
        let older = if seen == "written" { newest } else { older };
        if seen == "deleted" {
            client.items().delete(&id, &name).await.unwrap();
            continue_with_the_deleted(&world, &server, &client, vault, kept, older).await;
            continue;
        }
        server.items.change(move |rows| rows.iter_mut().flatten().for_each(|row| *row = older.clone()));
        for refused in [
            code(read(&client, vault, kept).await),
            code(client.items().update(&id, &name, set("over an older one")).await),
            code(client.items().archive(&id, &name).await),
            code(client.items().delete(&id, &name).await),
            code(client.secrets().resolve(&format!("op://{id}/{name}/password")).await),
        ] {
            assert_eq!(refused, "tampered", "{seen}");
        }
        server.items.stop();
        let expected = if seen == "written" { "three" } else { "two" };
        assert_eq!(read(&client, vault, kept).await.unwrap(), expected, "{seen}");
        let first = client.items().get(&id, &name, Some(1)).await.unwrap();
        assert_eq!(first.field("password", None).unwrap().value.expose(), "one");
    }
}

/// The version before the end, with the path that it has in the log as it is now.
async fn continue_with_the_deleted(
    world: &World,
    server: &Malicious,
    client: &Client,
    vault: VaultId,
    of: ItemId,
    older: ItemAnswer,
) {
    let size = world.state(LogKind::Items, vault).await.size;
    let leaves = {
        let log = strongroom::log::operation::LogId::new(LogKind::Items, vault);
        world.store.snapshot().await.unwrap().entries(log, 0, 10).await.unwrap()
    };
    let mut nodes = strongroom::log::tree::MemoryNodes::new();
    let mut tree = strongroom::log::tree::Frontier::new();
    for row in leaves {
        tree.append_with(row.hash, |level, index, hash| nodes.set(level, index, hash));
    }
    let path = strongroom::log::tree::prove_inclusion(&nodes, size, &[older.entry.seq]).unwrap();
    let alive = ItemAnswer { path, ..older };
    server.items.tell(move |_| Ok(vec![Ok(alive.clone())]));
    assert_eq!(code(read(client, vault, of).await), "tampered");
    server.items.stop();
    assert_eq!(code(read(client, vault, of).await), "not_found");
}

async fn remembering(store: &Arc<SqliteStore>, kit: &Credential, state: &Path) -> Result<Sealed> {
    let engine = served::engine(Arc::clone(store) as Arc<dyn Store>);
    let options = SealedOptions { state: Some(state.to_path_buf()), ..SealedOptions::default() };
    Sealed::connect(served::reached(engine), kit.token.expose(), options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_put_back_to_yesterdays_copy_is_noticed_by_a_state_file_and_by_a_cursor_made_since() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copied) = (folder.path().join("class.db"), folder.path().join("yesterday.db"));
    let world = in_file(folder.path()).await;
    let (alice, owner) = (world.user("alice").await, world.owner.kit.clone());
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let id = vault.to_string();
    let kept = alice.client.items().create(&id, item("kept", "one")).await.unwrap().id;
    let old_state = folder.path().join("state of yesterday");
    remembering(&world.store, &alice.kit, &old_state).await.unwrap();
    let old_cursor = changes(&alice.client, "start").await.unwrap();
    world.store.close().await;
    std::fs::copy(&path, &copied).unwrap();

    let (client, store) = open(&path, &alice.kit).await.unwrap();
    client.items().update(&id, &kept.to_string(), set("two")).await.unwrap();
    let cursor = changes(&client, "start").await.unwrap();
    let newest = client.changes().cursor().await.unwrap();
    let state = folder.path().join("state");
    remembering(&store, &alice.kit, &state).await.unwrap();
    store.close().await;
    std::fs::copy(&copied, &path).unwrap();

    // Whoever remembers a head made since.
    let store = SqliteStore::open(&path, false).unwrap();
    assert_eq!(code(remembering(&store, &alice.kit, &state).await), "tampered");
    store.close().await;
    for kit in [&alice.kit, &owner] {
        let (client, store) = open(&path, kit).await.unwrap();
        for made_since in [&cursor, &newest] {
            assert_eq!(code(changes(&client, made_since).await), "tampered");
            let filter = ChangeFilter { after: Some(made_since.clone()), ..ChangeFilter::default() };
            let feed = client.changes().watch(filter).unwrap();
            assert_eq!(code(feed.next().await), "tampered");
        }
        // Whoever remembers nothing newer is shown yesterday, and is told nothing.
        changes(&client, &old_cursor).await.unwrap();
        assert_eq!(read(&client, vault, kept).await.unwrap(), "one");
        store.close().await;
    }
    let store = SqliteStore::open(&path, false).unwrap();
    remembering(&store, &alice.kit, &old_state).await.unwrap();
    store.close().await;
}
