//! Attack 23: the recovery key reads nothing through an engine, writes nothing at all, and is granted nothing.

use std::sync::Arc;

use strongroom::authority::{Reading, Rows};
use strongroom::log::body::{AccessGranted, MemberGrant};
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::audit::AuditFilter;
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::id::{Id, ItemId, PrincipalId, PrincipalKind};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::vault::{VaultSpec, VaultUpdate};

use crate::signed::{believable, force, item_row};
use crate::world::{Member, World, code, connect, item};

async fn rescue(world: &World) -> Member {
    let recovery = world.owner.kit.recovery.clone().unwrap();
    Member::new(&world.engine, Credential { token: recovery, ..world.owner.kit.clone() }).await
}

fn id_of(recovery: &Member) -> String {
    PrincipalId { kind: PrincipalKind::Recovery, id: recovery.id() }.to_string()
}

fn file() -> NewFile {
    NewFile {
        name: "essay".to_owned(),
        source: Source::Bytes(b"plain".to_vec().into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recovery_key_reads_and_writes_nothing() {
    let world = World::new().await;
    let (alice, rescue) = (world.user("alice").await, rescue(&world).await);
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let id = vault.to_string();
    let new = NewItem { files: vec![file()], ..item("secret", "value") };
    let kept = alice.client.items().create(&id, new).await.unwrap();
    let (item_id, file_id) = (kept.id.to_string(), kept.files[0].id.to_string());
    let before = world.engine.end().await.unwrap();

    let client = &rescue.client;
    for refused in [
        code(client.vaults().get(&id).await),
        code(client.items().get(&id, &item_id, None).await),
        code(client.items().history(&id, &item_id).await),
        code(client.items().list(&id, ItemFilter::default()).await),
        code(client.items().create(&id, item("mine", "mine")).await),
        code(client.items().update(&id, &item_id, ItemUpdate::default()).await),
        code(client.items().delete(&id, &item_id).await),
        code(client.files().read(&id, &item_id, &file_id).await),
        code(client.files().attach(&id, &item_id, file()).await),
        code(client.vaults().update(&id, VaultUpdate::default()).await),
        code(client.vaults().delete(&id).await),
        code(client.secrets().resolve(&format!("op://{id}/{item_id}/password")).await),
        code(client.vaults().create(VaultSpec { name: "mine".to_owned(), ..VaultSpec::default() }).await),
    ] {
        assert!(["not_found", "permission_denied", "invalid_argument"].contains(&refused), "{refused}");
    }
    assert!(client.vaults().list().await.unwrap().data.is_empty());
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    assert!(client.changes().list(filter).await.unwrap().data.is_empty());
    // Nor does the engine hand out what the client would not ask for.
    assert_eq!(code(rescue_item(&world, &rescue, vault.0, kept.id).await), "not_found");
    assert_eq!(world.engine.end().await.unwrap(), before);
}

async fn rescue_item(world: &World, rescue: &Member, vault: Id, item: ItemId) -> strongroom::error::Result<()> {
    let size = world.state(LogKind::Items, vault).await.size;
    let mut answers = world.engine.items(rescue.session, vault, size, vec![(item.0, None)], Reading::Whole).await?;
    answers.remove(0).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_recovery_key_writes_is_believed_by_nobody() {
    let world = World::new().await;
    let (alice, rescue) = (world.user("alice").await, rescue(&world).await);
    let vault = world.vault(&[(&alice, "write")]).await.id;
    // It holds every key that it wants, with the file at hand.
    let key = alice.vault_key(&world, vault, 1).await;
    let (written, rows) = believable(&rescue, vault, Id([9; 32]), &key);
    let row = item_row(vault, &written, &rows);
    let operation = rescue.operation(&world, vault, Body::ItemPut(written)).await;
    let submission = rescue.sign(&operation, rows);
    assert!(["not_found", "permission_denied"].contains(&code(rescue.submit(&world, submission.clone()).await)));
    force(&world, LogId::new(LogKind::Items, vault), &rescue, &submission, vec![row]).await;
    let fresh = connect(Arc::clone(&world.engine), &alice.kit).await.unwrap();
    for client in [&fresh, &alice.client] {
        let read = client.items().get(&vault.to_string(), &ItemId(Id([9; 32])).to_string(), None).await;
        assert_eq!(code(read), "tampered");
        assert_eq!(code(client.items().list(&vault.to_string(), ItemFilter::default()).await), "tampered");
    }
    assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_grants_to_the_recovery_key() {
    for by_recovery in [false, true] {
        let world = World::new().await;
        let (alice, rescue) = (world.user("alice").await, rescue(&world).await);
        let vault = world.vault(&[(&alice, "read")]).await.id;
        let id = vault.to_string();
        let by = if by_recovery { &rescue } else { &world.owner };
        assert_eq!(code(by.client.access().grant(&id, &id_of(&rescue), "read", None).await), "invalid_argument");

        let member = MemberGrant { grantee: rescue.id(), role: 1, generation: Some(1), expires_at: None };
        let body = AccessGranted { epoch: 1, members: vec![member], recipients: Vec::new() };
        let operation = by.operation(&world, vault, Body::AccessGranted(body)).await;
        let submission = by.sign(&operation, Rows::default());
        assert_eq!(code(by.submit(&world, submission.clone()).await), "invalid_argument");
        force(&world, LogId::new(LogKind::Vault, vault), by, &submission, Vec::new()).await;
        let fresh = connect(Arc::clone(&world.engine), &alice.kit).await.unwrap();
        assert_eq!(code(fresh.access().list(&id, None).await), "tampered");
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_recovery_key_does_through_an_engine_stands_in_the_log() {
    let world = World::new().await;
    let (alice, bob, rescue) = (world.user("alice").await, world.user("bob").await, rescue(&world).await);
    let vault = world.vault(&[(&alice, "admin")]).await.id.to_string();
    rescue.client.access().grant(&vault, &bob.id_text(), "admin", None).await.unwrap();
    rescue.client.access().revoke(&vault, &alice.id_text()).await.unwrap();
    assert_eq!(bob.client.vaults().get(&vault).await.unwrap().name, "vault");
    let filter = AuditFilter { actor: Some(id_of(&rescue)), ..AuditFilter::default() };
    let events = world.owner.client.audit().list(filter).await.unwrap().all().await.unwrap();
    let actions: Vec<&str> = events.iter().map(|event| event.action.as_str()).collect();
    assert!(actions.contains(&"access.granted") && actions.contains(&"access.revoked"), "{actions:?}");
    assert_eq!(code(alice.client.vaults().get(&vault).await), "not_found");
    world.owner.client.audit().verify().await.unwrap();
}
