//! What stays shown to somebody who was in a vault.

use std::time::Duration;

use strongroom::authority::{Authority, FormerRequest, Rows, States, StatesRequest};
use strongroom::log::body::{ItemWritten, MemberGrant, Nothing};
use strongroom::log::feed::Head;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::Id;

use super::proofs::verify;
use super::vault::{grant, item};
use super::world::{Actor, World, fresh, sign, taken_receipt};

async fn put(world: &World, actor: &Actor, vault: Id, epoch: u32) {
    let at = world.state(LogId::new(LogKind::Vault, vault)).await;
    let (body, rows) = item(fresh(), 1, None);
    let written = Body::ItemPut(ItemWritten { epoch, ..body });
    taken_receipt(&world.act(actor, Some(vault), at, written, rows).await.unwrap());
}

async fn former(world: &World, actor: &Actor, vault: Id, from: (u64, u64)) -> States {
    let request = StatesRequest {
        known: Head::empty(),
        others: Vec::new(),
        logs: Vec::new(),
        vaults: Vec::new(),
        former: vec![FormerRequest { vault, access_from: from.0, items_from: from.1 }],
    };
    let session = world.sign_in(actor).await;
    world.engine.states(session, request).await.unwrap()
}

async fn sizes(world: &World, actor: &Actor, vault: Id) -> Option<(usize, usize)> {
    let states = former(world, actor, vault, (0, 0)).await;
    verify(&states, Head::empty());
    states.former.first().map(|answer| (answer.access_entries.len(), answer.items_entries.len()))
}

async fn put_out(world: &World, vault: Id, epoch: u32, left: &[MemberGrant], who: Id) {
    let (operation, rows) = world.revocation(vault, epoch, left, who).await;
    taken_receipt(&world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await.unwrap());
}

#[tokio::test]
async fn the_logs_end_with_what_put_them_out() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let eve = world.student("eve@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    put(&world, &alice, vault, 1).await;
    put(&world, &world.owner, vault, 1).await;
    assert_eq!(sizes(&world, &alice, vault).await, None, "who is in it sees it otherwise");
    put_out(&world, vault, 2, &[grant(&world.owner, 3)], alice.id).await;
    put(&world, &world.owner, vault, 2).await;
    assert_eq!(sizes(&world, &alice, vault).await, Some((2, 2)));
    let rest = former(&world, &alice, vault, (1, 2)).await.former.remove(0);
    assert_eq!((rest.access_entries.len(), rest.items_entries.len()), (1, 0));
    for other in [&eve, &world.owner, &world.recovery] {
        assert_eq!(sizes(&world, other, vault).await, None);
    }
    let session = world.sign_in(&alice).await;
    let page = world.engine.feed(session, 0, None, 10).await.unwrap();
    let endings: Vec<_> = page.places.iter().map(|row| (row.log, row.seq)).collect();
    assert_eq!((endings, page.former), (vec![(LogId::new(LogKind::Vault, vault), 1)], vec![vault]));
    let audit = world.engine.audit(session, 0, 10).await.unwrap();
    let own: Vec<_> = audit.places.iter().map(|(row, _)| (row.log.kind, row.seq)).collect();
    assert_eq!((own, audit.former), (vec![(LogKind::Items, 0)], vec![vault]));
}

#[tokio::test]
async fn a_deleted_vault_ends_for_all_who_were_in_it_then() {
    let world = World::new().await;
    let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
    let vault = world.vault(&[grant(&alice, 2), grant(&bob, 2)]).await;
    put_out(&world, vault, 2, &[grant(&world.owner, 3), grant(&alice, 2)], bob.id).await;
    put(&world, &alice, vault, 2).await;
    let at = world.state(LogId::new(LogKind::Vault, vault)).await;
    world.act(&world.owner, Some(vault), at, Body::VaultDeleted(Nothing {}), Rows::default()).await.unwrap();
    assert_eq!(sizes(&world, &alice, vault).await, Some((3, 1)));
    assert_eq!(sizes(&world, &bob, vault).await, Some((2, 0)));
}

#[tokio::test]
async fn an_expired_grant_ends_by_time() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[]).await;
    let soon = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap() + 400;
    world.grant(vault, &[MemberGrant { expires_at: Some(soon), ..grant(&alice, 2) }]).await.unwrap();
    put(&world, &alice, vault, 1).await;
    tokio::time::sleep(Duration::from_millis(450)).await;
    put(&world, &world.owner, vault, 1).await;
    assert_eq!(sizes(&world, &alice, vault).await, Some((2, 1)));
    put_out(&world, vault, 2, &[grant(&world.owner, 3)], alice.id).await;
    assert_eq!(sizes(&world, &alice, vault).await, Some((2, 1)), "put out after it was over already");
    let session = world.sign_in(&alice).await;
    assert!(world.engine.feed(session, 0, None, 10).await.unwrap().places.is_empty());
}
