//! Attack 19: an operation of a kind or version that this version does not know.

use std::sync::Arc;

use strongroom::authority::{Rows, Submission};
use strongroom::error::Result;
use strongroom::log::body::Nothing;
use strongroom::log::operation::{self, Body, LogId, LogKind};
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::VaultId;
use strongroom::model::item::ItemFilter;

use crate::signed::force;
use crate::world::{Member, World, code, connect, item};

/// What the author signs: an operation of the vault whose kind, or whose version, is not known.
async fn unknown(world: &World, author: &Member, vault: VaultId, version: bool) -> Submission {
    let operation = author.operation(world, vault, Body::VaultDeleted(Nothing {})).await;
    let mut bytes = operation.to_bytes();
    assert_eq!(bytes[..4], [0x8a, 1, 0x18, 32]);
    if version {
        bytes[1] = 2;
    } else {
        bytes[3] = 99;
    }
    let signature = author.identity.sign(&operation::message(&bytes)).to_vec();
    Submission { operation: bytes, signatures: vec![signature], rows: Rows::default() }
}

/// Refused, and told to upgrade.
fn asks_to_upgrade<T>(refused: Result<T>, what: &str) {
    let error = refused.err().unwrap_or_else(|| panic!("{what} was answered"));
    assert_eq!(error.code(), "unsupported", "{what}: {error}");
    assert!(error.message().contains("upgrade"), "{what}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_refuses_it() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let before = world.engine.end().await.unwrap();
    for version in [false, true] {
        let submission = unknown(&world, &world.owner, vault, version).await;
        asks_to_upgrade(world.owner.submit(&world, submission).await, "a submission");
        assert_eq!(world.engine.end().await.unwrap(), before);
    }
    assert!(world.owner.client.vaults().get(&vault.to_string()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_stops_at_it_and_says_to_upgrade() {
    for (kind, version) in [(LogKind::Vault, false), (LogKind::Vault, true), (LogKind::Items, false)] {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let (vault, other) = (world.vault(&[(&alice, "write")]).await.id, world.vault(&[(&alice, "read")]).await.id);
        let kept = world.owner.client.items().create(&other.to_string(), item("kept", "value")).await.unwrap();
        world.owner.client.items().create(&vault.to_string(), item("there", "value")).await.unwrap();
        let submission = unknown(&world, &world.owner, vault, version).await;
        force(&world, LogId::new(kind, vault), &world.owner, &submission, Vec::new()).await;

        let id = vault.to_string();
        let fresh = connect(Arc::clone(&world.engine), &alice.kit).await.unwrap();
        for client in [&fresh, &alice.client] {
            asks_to_upgrade(client.items().list(&id, ItemFilter::default()).await, "items.list");
            asks_to_upgrade(client.changes().list(ChangeFilter::default()).await, "changes.list");
        }
        if kind == LogKind::Vault {
            asks_to_upgrade(fresh.vaults().get(&id).await, "vaults.get");
            asks_to_upgrade(fresh.items().create(&id, item("more", "value")).await, "items.create");
        }
        asks_to_upgrade(world.owner.client.audit().verify().await, "audit.verify");
        // Other logs are read on.
        let read = fresh.items().get(&other.to_string(), &kept.id.to_string(), None).await.unwrap();
        assert_eq!(read.title, "kept");
        assert_eq!(code(fresh.vaults().get(&other.to_string()).await), "no refusal");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_log_of_a_principal_it_stops_whoever_needs_that_log() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let (of_alice, of_bob) = (world.vault(&[(&alice, "read")]).await.id, world.vault(&[(&bob, "read")]).await.id);
    let submission = unknown(&world, &world.owner, of_alice, false).await;
    force(&world, LogId::new(LogKind::Principal, alice.id()), &world.owner, &submission, Vec::new()).await;
    asks_to_upgrade(connect(Arc::clone(&world.engine), &alice.kit).await, "connect");
    let owner = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    asks_to_upgrade(owner.vaults().get(&of_alice.to_string()).await, "vaults.get");
    assert!(owner.vaults().get(&of_bob.to_string()).await.is_ok());
    assert!(bob.client.vaults().get(&of_bob.to_string()).await.is_ok());
}
