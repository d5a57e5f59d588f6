//! What a former member is shown of a vault is proven entry by entry: nothing of it can be left out in between, changed,
//! or made up, and no call but those that tell of the past goes by it.

use std::sync::Arc;

use strongroom::authority::States;
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::model::audit::AuditFilter;
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::VaultId;
use strongroom::model::item::ItemFilter;

use crate::malicious::Malicious;
use crate::world::{Member, World, code, item};

/// What is done to an answer, and its name.
type Lie = (&'static str, fn(&mut States));

/// Alice wrote twice and was put out; then the owner wrote.
async fn put_out() -> (World, Member, VaultId) {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    for title in ["one", "two"] {
        alice.client.items().create(&vault.to_string(), item(title, "value")).await.unwrap();
    }
    world.owner.client.access().revoke(&vault.to_string(), &alice.id_text()).await.unwrap();
    world.owner.client.items().create(&vault.to_string(), item("later", "value")).await.unwrap();
    (world, alice, vault)
}

async fn own(client: &Client) -> Result<usize> {
    let filter = AuditFilter { action: vec!["item.created".to_owned()], ..AuditFilter::default() };
    Ok(client.audit().list(filter).await?.data.len())
}

/// What the audit tells alice, in a process that has seen nothing, once the answers about her former vault are changed.
async fn told(world: &World, alice: &Member, lie: impl FnMut(&mut States) + Send + 'static) -> Result<usize> {
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&alice.kit).await;
    server.states.change(lie);
    own(&client).await
}

#[tokio::test(flavor = "multi_thread")]
async fn own_actions_are_proven_after_one_was_put_out() {
    let (world, alice, vault) = put_out().await;
    assert_eq!(own(&alice.client).await.unwrap(), 2);
    assert_eq!(told(&world, &alice, |_| ()).await.unwrap(), 2);
    let text = vault.to_string();
    assert_eq!(code(alice.client.items().list(&text, ItemFilter::default()).await), "not_found");
    assert_eq!(code(alice.client.access().list(&text, None).await), "not_found");

    let lies: [Lie; 7] = [
        ("one left out in between", |states| {
            states.former.iter_mut().for_each(|of| drop(of.items_entries.remove(0)));
        }),
        ("two swapped", |states| states.former.iter_mut().for_each(|of| of.items_entries.swap(0, 1))),
        ("told at another time", |states| states.former.iter_mut().for_each(|of| of.items_entries[0].time -= 1)),
        ("at another place", |states| states.former.iter_mut().for_each(|of| of.items_entries[1].position += 1)),
        ("told twice", |states| {
            states.former.iter_mut().for_each(|of| of.items_entries.push(of.items_entries[1].clone()));
        }),
        ("a grant left out", |states| states.former.iter_mut().for_each(|of| of.access_entries.clear())),
        ("of a vault that nobody asked for", |states| {
            states.former.iter_mut().for_each(|of| of.vault = strongroom::model::id::Id([7; 32]));
        }),
    ];
    for (name, lie) in lies {
        assert_eq!(code(told(&world, &alice, lie).await), "tampered", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_put_out_by_being_told_so() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&alice.kit).await;
    client.items().create(&vault.to_string(), item("one", "value")).await.unwrap();
    // She is said to have been in it, and is shown nothing of it: so are her actions there, and nothing else changes.
    server.audit.change(move |page| page.former.push(vault.0));
    assert_eq!(own(&client).await.unwrap(), 0);
    assert_eq!(client.items().list(&vault.to_string(), ItemFilter::default()).await.unwrap().data.len(), 1);
    server.feed.change(move |page| page.former.push(vault.0));
    assert!(client.changes().list(ChangeFilter::default()).await.unwrap().data.is_empty());
    server.feed.stop();
    server.audit.stop();
    assert_eq!(own(&client).await.unwrap(), 1);
}
