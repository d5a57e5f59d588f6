//! Revocation, expiry, holds, and what they leave.

use std::time::Duration;

use strongroom::authority::{Authority, Rows, Submitted};
use strongroom::log::body::{AccessGranted, GroupCreated, GroupMember, MemberGrant, Nothing, PrincipalRotated};
use strongroom::log::feed::Head;
use strongroom::log::operation::{At, Body, LogId, LogKind};
use strongroom::model::id::Id;

use super::proofs::{replay, verify};
use super::vault::{grant, item};
use super::world::{Actor, World, code, fresh, identity, keys, sign, taken_receipt};

async fn put(world: &World, actor: &Actor, vault: Id) -> strongroom::error::Result<Submitted> {
    let states = world.states(actor, &[], &[vault], Head::empty()).await;
    let at = states.vaults.first().map_or(At::empty(), |vault| vault.access);
    let (body, rows) = item(fresh(), 1, None);
    world.act(actor, Some(vault), at, Body::ItemPut(body), rows).await
}

#[tokio::test]
async fn a_revocation_covers_what_was_taken() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    let left = [grant(&world.owner, 3)];
    let (early, rows) = world.revocation(vault, 2, &left, alice.id).await;
    put(&world, &alice, vault).await.unwrap();
    let uncovered = world.submit(&world.owner, sign(&early, &[&world.owner.identity], rows.clone())).await.unwrap();
    assert!(matches!(uncovered, Submitted::Uncovered));
    let owner = world.sign_in(&world.owner).await;
    let student = world.sign_in(&alice).await;
    assert_eq!(code(world.engine.hold(student, world.owner.id, Some(vault)).await), "permission_denied");
    assert_eq!(code(world.engine.hold(student, world.owner.id, None).await), "permission_denied");
    assert_eq!(code(world.engine.hold(student, world.owner.id, Some(fresh())).await), "not_found");
    let head = world.engine.hold(owner, alice.id, Some(vault)).await.unwrap();
    assert_eq!(code(put(&world, &alice, vault).await), "unavailable");
    let (mut covered, rows) = world.revocation(vault, 2, &left, alice.id).await;
    covered.seen = head;
    taken_receipt(&world.submit(&world.owner, sign(&covered, &[&world.owner.identity], rows)).await.unwrap());
    assert_eq!(code(put(&world, &alice, vault).await), "not_found");
    assert!(world.engine.vaults(student, 0, 10).await.unwrap().ids.is_empty());
    let logs = [
        LogId::new(LogKind::Account, world.account),
        LogId::new(LogKind::Principal, world.owner.id),
        LogId::new(LogKind::Principal, world.recovery.id),
        LogId::new(LogKind::Principal, alice.id),
    ];
    let states = world.states(&world.owner, &logs, &[vault], Head::empty()).await;
    verify(&states, Head::empty());
    replay(&states, world.account);
    let rows = world.engine.vault_rows(owner, vec![vault]).await.unwrap().remove(0).unwrap();
    assert_eq!(rows.previous, [(2, b"previous".to_vec())]);
}

#[tokio::test]
async fn two_administrators_do_one_thing_at_a_time() {
    let world = World::new().await;
    let other = world.student("other@example.edu").await;
    let guests = [world.student("one@example.edu").await, world.student("two@example.edu").await];
    let vault = world.vault(&[grant(&other, 3)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let grant_by = |actor: &Actor, guest: &Actor| {
        let members = vec![grant(guest, 1)];
        let body = AccessGranted { epoch: 1, members, recipients: Vec::new() };
        sign(&world.operation(actor, Some(vault), at, Body::AccessGranted(body)), &[&actor.identity], Rows::default())
    };
    let (one, two) = (grant_by(&world.owner, &guests[0]), grant_by(&other, &guests[1]));
    let (one, two) = tokio::join!(world.submit(&world.owner, one), world.submit(&other, two));
    let taken = [one.unwrap(), two.unwrap()].iter().filter(|answer| matches!(answer, Submitted::Taken(_))).count();
    assert_eq!(taken, 1, "the second is stale");
    // While the owner ends one, the other administrator writes nothing to the vault's log.
    let session = world.sign_in(&world.owner).await;
    world.engine.hold(session, guests[0].id, Some(vault)).await.unwrap();
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let body = AccessGranted { epoch: 1, members: vec![grant(&guests[1], 1)], recipients: Vec::new() };
    let refused = world.act(&other, Some(vault), at, Body::AccessGranted(body), Rows::default()).await;
    assert_eq!(code(refused), "unavailable");
    put(&world, &other, vault).await.unwrap();
}

#[tokio::test]
async fn the_last_administrator_stays_or_the_recovery_key_is_named() {
    let world = World::new().await;
    let vault = world.vault(&[]).await;
    let (mut operation, mut rows) = world.revocation(vault, 2, &[], world.owner.id).await;
    if let Body::EpochStarted(body) = &mut operation.body {
        body.epoch.recovery = None;
    }
    rows.wraps.clear();
    let refused = world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await;
    assert_eq!(code(refused), "conflict");
    let (operation, rows) = world.revocation(vault, 2, &[], world.owner.id).await;
    taken_receipt(&world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await.unwrap());
}

#[tokio::test]
async fn what_expires_is_over() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[]).await;
    let soon = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap() + 400;
    world.grant(vault, &[MemberGrant { expires_at: Some(soon), ..grant(&alice, 2) }]).await.unwrap();
    put(&world, &alice, vault).await.unwrap();
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(code(put(&world, &alice, vault).await), "not_found");
    let session = world.sign_in(&alice).await;
    assert!(world.engine.vaults(session, 0, 10).await.unwrap().ids.is_empty());
    assert!(world.states(&alice, &[], &[vault], Head::empty()).await.vaults.is_empty());
}

#[tokio::test]
async fn a_rotation_keeps_what_its_holder_had() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    put(&world, &alice, vault).await.unwrap();
    let session = world.sign_in(&alice).await;
    let next = identity();
    let at = world.state(LogId::new(LogKind::Principal, alice.id)).await;
    let body = Body::PrincipalRotated(PrincipalRotated { keys: keys(&next), retired: vec![1; 80].into() });
    let operation = world.operation(&alice, Some(alice.id), at, body);
    let rows = Rows { kem_key: Some(next.public().kem), ..Rows::default() };
    let by_one = sign(&operation, &[&alice.identity], rows.clone());
    assert_eq!(code(world.submit(&alice, by_one).await), "invalid_argument");
    let by_both = sign(&operation, &[&alice.identity, &next], rows);
    taken_receipt(&world.submit(&alice, by_both).await.unwrap());
    assert_eq!(code(world.engine.vaults(session, 0, 10).await), "unauthenticated");
    assert_eq!(code(world.try_sign_in(&alice).await), "unauthenticated");
    let rotated = Actor { identity: next, id: alice.id, generation: 2 };
    put(&world, &rotated, vault).await.unwrap();
}

#[tokio::test]
async fn a_group_opens_a_vault_until_it_is_left() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let body = Body::GroupCreated(GroupCreated { name: "class".to_owned(), nonce: fresh() });
    let created = world.act(&world.owner, None, At::empty(), body, Rows::default()).await.unwrap();
    let group = taken_receipt(&created).log;
    let join = |state: Head| {
        let body = Body::GroupAdded(GroupMember { member: alice.id });
        world.act(&world.owner, Some(group.id), state, body, Rows::default())
    };
    let state = taken_receipt(&join(taken_receipt(&created).state).await.unwrap()).state;
    let vault = world.vault(&[]).await;
    let to_group = MemberGrant { grantee: group.id, role: 2, generation: None, expires_at: None };
    world.grant(vault, &[to_group]).await.unwrap();
    let session = world.sign_in(&alice).await;
    assert_eq!(world.engine.vaults(session, 0, 10).await.unwrap().ids, [vault]);
    put(&world, &alice, vault).await.unwrap();
    let logs = [
        LogId::new(LogKind::Account, world.account),
        LogId::new(LogKind::Principal, world.owner.id),
        LogId::new(LogKind::Principal, world.recovery.id),
        LogId::new(LogKind::Principal, alice.id),
        group,
    ];
    let states = world.states(&alice, &logs, &[vault], Head::empty()).await;
    assert_eq!(states.logs.len(), 5);
    verify(&states, Head::empty());
    replay(&states, world.account);
    let body = Body::GroupRemoved(GroupMember { member: alice.id });
    world.act(&world.owner, Some(group.id), state, body, Rows::default()).await.unwrap();
    assert_eq!(code(put(&world, &alice, vault).await), "not_found");
}

#[tokio::test]
async fn a_deleted_vault_is_none() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    world.act(&world.owner, Some(vault), at, Body::VaultDeleted(Nothing {}), Rows::default()).await.unwrap();
    assert_eq!(code(put(&world, &alice, vault).await), "not_found");
    assert_eq!(code(put(&world, &world.owner, vault).await), "not_found");
}
