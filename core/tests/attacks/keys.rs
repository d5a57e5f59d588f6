//! Attack 1: a server that gives out its own public key for somebody else's.

use std::sync::Arc;

use strongroom::authority::States;
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::log::body::KeySet;
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, Operation};
use strongroom::log::tree::Frontier;
use strongroom::model::id::Id;
use strongroom::model::vault::VaultSpec;

use crate::malicious::Malicious;
use crate::world::{World, code, email};

fn attacker() -> Identity {
    Identity::derive(&Seed::from_bytes(&[66; 32])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_kem_key_gets_no_vault_key() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let alice = world.user("alice").await;
    let server = Malicious::over(Arc::clone(&world.engine));
    let owner = server.client(&world.owner.kit).await;

    let public = attacker().public().kem;
    server.kem_keys.change(move |keys| keys.fill(public.clone()));
    assert_eq!(code(owner.access().grant(&vault, &email("alice"), "read", None).await), "tampered");
    let access = vec![(email("alice"), "read".to_owned())];
    let spec = VaultSpec { name: "shared".to_owned(), access, ..VaultSpec::default() };
    assert_eq!(code(owner.vaults().create(spec.clone()).await), "tampered");
    server.kem_keys.change(Vec::clear);
    assert_eq!(code(owner.access().grant(&vault, &email("alice"), "read", None).await), "tampered");
    assert_eq!(code(alice.client.vaults().get(&vault).await), "not_found");
    assert_eq!(owner.vaults().list().await.unwrap().data.len(), 1);
    assert_eq!(owner.access().list(&vault, None).await.unwrap().data.len(), 1);

    server.kem_keys.stop();
    owner.access().grant(&vault, &email("alice"), "read", None).await.unwrap();
    owner.vaults().create(spec).await.unwrap();
    assert_eq!(alice.client.vaults().list().await.unwrap().data.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_key_of_a_member_is_no_key_of_a_new_epoch() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "read"), (&bob, "read")]).await.id.to_string();
    let server = Malicious::over(Arc::clone(&world.engine));
    let owner = server.client(&world.owner.kit).await;

    let public = attacker().public().kem;
    server.kem_keys.change(move |keys| keys.fill(public.clone()));
    assert_eq!(code(owner.access().revoke(&vault, &email("bob")).await), "tampered");
    assert!(bob.client.vaults().get(&vault).await.is_ok());

    server.kem_keys.stop();
    owner.access().revoke(&vault, &email("bob")).await.unwrap();
    assert_eq!(code(bob.client.vaults().get(&vault).await), "not_found");
    assert!(alice.client.vaults().get(&vault).await.is_ok());
}

/// Puts the attacker's keys into a principal's first entry, and the log's state to fit if `with_state` says so.
fn swap(answer: &mut States, of: Id, with_state: bool) {
    let public = attacker().public();
    for log in answer.logs.iter_mut().filter(|log| log.log.id == of) {
        for entry in &mut log.entries {
            let mut operation = Operation::from_bytes(&entry.operation).unwrap();
            if let Body::PrincipalAdded(body) = &mut operation.body {
                let (note, kem) = (MaybeId(Some(Id(public.note))), MaybeId(Some(public.kem_hash())));
                body.keys = KeySet { sign: Id(public.sign), note, kem };
            }
            entry.operation = operation.to_bytes();
        }
        if with_state {
            let mut tree = Frontier::new();
            for (seq, entry) in (0..).zip(&log.entries) {
                let signatures = entry.signatures.iter().cloned().map(Into::into).collect();
                let operation = entry.operation.clone().into();
                let entry = strongroom::log::entry::Entry { seq, time: entry.time, operation, signatures };
                tree.append(entry.hash());
            }
            (log.state.size, log.state.root) = (tree.size(), tree.root());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_key_set_in_a_principals_log_is_refused() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let alice = world.user("alice").await;
    let of = alice.id();
    for with_state in [false, true] {
        let server = Malicious::over(Arc::clone(&world.engine));
        let owner = server.client(&world.owner.kit).await;
        let public = attacker().public().kem;
        server.kem_keys.change(move |keys| keys.fill(public.clone()));
        server.states.change(move |answer| swap(answer, of, with_state));
        assert_eq!(code(owner.access().grant(&vault, &email("alice"), "read", None).await), "tampered");
        assert_eq!(code(owner.users().get(&email("alice")).await), "tampered");
        assert_eq!(code(alice.client.vaults().get(&vault).await), "not_found");

        server.states.stop();
        server.kem_keys.stop();
        assert_eq!(owner.users().get(&email("alice")).await.unwrap().id, alice.kit.principal.id);
    }
    world.owner.client.access().grant(&vault, &email("alice"), "read", None).await.unwrap();
    assert!(alice.client.vaults().get(&vault).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_answered_with_somebody_else_lets_nobody_in() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
    let server = Malicious::over(Arc::clone(&world.engine));
    let owner = server.client(&world.owner.kit).await;

    let other = mallory.id();
    server.find_principals.change(move |found| *found = vec![Some(other)]);
    assert_eq!(code(owner.access().grant(&vault, &email("alice"), "read", None).await), "tampered");
    let access = vec![(email("alice"), "read".to_owned())];
    let spec = VaultSpec { name: "shared".to_owned(), access, ..VaultSpec::default() };
    assert_eq!(code(owner.vaults().create(spec.clone()).await), "tampered");
    assert!(mallory.client.vaults().list().await.unwrap().data.is_empty());

    server.find_principals.stop();
    owner.access().grant(&vault, &email("alice"), "read", None).await.unwrap();
    let shared = owner.vaults().create(spec).await.unwrap().id.to_string();
    assert!(alice.client.vaults().get(&shared).await.is_ok());
    server.find_principals.change(move |found| *found = vec![Some(other)]);
    assert_eq!(code(owner.access().revoke(&vault, &email("alice")).await), "tampered");
    assert!(alice.client.vaults().get(&vault).await.is_ok());
}
