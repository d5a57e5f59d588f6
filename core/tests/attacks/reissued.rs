//! Attack 17: a manager who reissues somebody's keys and keeps the token gets nothing by it, nor does one who reissues the owner.

use std::sync::Arc;

use strongroom::authority::{Authority, Rows};
use strongroom::client::Client;
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::log::body::{AccessGranted, KeySet, MemberGrant, PrincipalReissued};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::ItemFilter;
use strongroom::model::principal::{NewServiceAccount, Rights};
use strongroom::model::vault::VaultSpec;

use crate::malicious::Malicious;
use crate::signed::{believable, force, item_row};
use crate::world::{Member, World, code, connect, email, item, read};

/// A service account that manages users and nothing else.
async fn manager(world: &World) -> Member {
    let rights = Rights { can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: "office".to_owned(), rights, ..NewServiceAccount::default() };
    let kit = world.owner.client.service_accounts().create(account, None).await.unwrap();
    Member::new(&world.engine, kit).await
}

/// What a nightly job does: a vault for each student, and the grants of those that are there, by address.
async fn nightly(owner: &Client, vault: VaultId) -> [&'static str; 3] {
    let spec = |name: &str| {
        let access = vec![(email("alice"), "write".to_owned())];
        VaultSpec { name: name.to_owned(), access, ..VaultSpec::default() }
    };
    let one_by_one = owner.vaults().create(spec("next")).await;
    let in_bulk = owner.vaults().create_many(vec![spec("bulk")]).await.unwrap().remove(0);
    [
        code(one_by_one),
        code(in_bulk),
        code(owner.access().grant(&vault.to_string(), &email("alice"), "write", None).await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_reissues_a_member_and_keeps_the_token_reads_and_writes_nothing() {
    let world = World::new().await;
    let (alice, office) = (world.user("alice").await, manager(&world).await);
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let (id, owner) = (vault.to_string(), &world.owner.client);
    let kept = alice.client.items().create(&id, item("kept", "value")).await.unwrap().id;
    let key = alice.vault_key(&world, vault, 1).await;

    let stolen = office.client.users().reissue(&email("alice"), None).await.unwrap();
    let stolen = Member::new(&world.engine, stolen).await;
    assert_eq!(code(read(&alice.client, vault, kept).await), "unauthenticated");

    // The job that knows people by address lets nobody in, time after time.
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    for client in [owner, &fresh, owner] {
        assert_eq!(nightly(client, vault).await, ["conflict"; 3]);
    }
    assert!(stolen.client.vaults().list().await.unwrap().data.is_empty());
    for refused in [
        code(stolen.client.vaults().get(&id).await),
        code(read(&stolen.client, vault, kept).await),
        code(stolen.client.items().create(&id, item("mine", "mine")).await),
        code(stolen.client.access().list(&id, None).await),
        code(stolen.client.access().grant(&id, &email("office"), "admin", None).await),
        code(owner.access().approve(&email("nobody"), None).await),
    ] {
        assert_eq!(refused, "not_found");
    }
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    assert!(stolen.client.changes().list(filter).await.unwrap().data.is_empty());

    // What was signed before the reissue stands.
    assert_eq!(read(&fresh, vault, kept).await.unwrap(), "value");

    // The old keys are still good for opening what was; the new ones sign nothing in that vault, whatever the store does.
    for (generation, by) in [(1, &alice), (2, &stolen)] {
        let forged = Id([u8::try_from(generation).unwrap(); 32]);
        let (written, rows) = believable(by, vault, forged, &key);
        let row = item_row(vault, &written, &rows);
        let mut operation = by.operation(&world, vault, Body::ItemPut(written)).await;
        operation.generation = generation;
        let submission = by.sign(&operation, rows);
        let world = &world;
        if generation == 2 {
            assert_eq!(code(by.submit(world, submission.clone()).await), "not_found");
        }
        force(world, LogId::new(LogKind::Items, vault), by, &submission, vec![row]).await;
        let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
        let read = fresh.items().get(&id, &ItemId(forged).to_string(), None).await;
        assert_eq!(code(read), "tampered", "of generation {generation}");
        assert_eq!(code(fresh.items().list(&id, ItemFilter::default()).await), "tampered");
    }
    assert_eq!(code(owner.audit().verify().await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_can_not_let_the_new_keys_in() {
    let world = World::new().await;
    let (alice, office) = (world.user("alice").await, manager(&world).await);
    let vault = world.vault(&[(&alice, "admin")]).await.id;
    let id = vault.to_string();
    let stolen = office.client.users().reissue(&email("alice"), None).await.unwrap();
    let stolen = Member::new(&world.engine, stolen).await;
    assert_eq!(office.client.access().approve(&email("alice"), None).await.unwrap(), 0);
    assert_eq!(code(office.client.access().approve(&email("alice"), Some(vec![id.clone()])).await), "not_found");
    assert_eq!(stolen.client.access().approve(&email("alice"), None).await.unwrap(), 0);

    // A grant to the new keys, signed with them or by the manager.
    let member = MemberGrant { grantee: alice.id(), role: 3, generation: Some(2), expires_at: None };
    for (by, generation) in [(&stolen, 2), (&office, 1)] {
        let body = AccessGranted { epoch: 1, members: vec![member.clone()], recipients: Vec::new() };
        let mut operation = by.operation(&world, vault, Body::AccessGranted(body)).await;
        operation.generation = generation;
        let submission = by.sign(&operation, Rows::default());
        assert_eq!(code(by.submit(&world, submission.clone()).await), "not_found");
        if generation == 1 {
            force(&world, LogId::new(LogKind::Vault, vault), by, &submission, Vec::new()).await;
        }
    }
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    assert_eq!(code(fresh.access().list(&id, None).await), "tampered");
    assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reissues_the_owner() {
    let world = World::new().await;
    let (alice, office) = (world.user("alice").await, manager(&world).await);
    let vault = world.vault(&[(&alice, "write")]).await.id.to_string();
    let owner = world.owner.id();
    for by in [&office, &alice] {
        let reissued = by.client.users().reissue(&email("owner"), None).await;
        assert_eq!(code(reissued), "permission_denied");
    }
    let identity = Identity::derive(&Seed::from_bytes(&[66; 32])).unwrap();
    let public = identity.public();
    let (note, kem) = (MaybeId(Some(Id(public.note))), MaybeId(Some(public.kem_hash())));
    let keys = KeySet { sign: Id(public.sign), note, kem };
    let body = Body::PrincipalReissued(PrincipalReissued { keys });
    let mut operation = office.operation(&world, VaultId(owner), body).await;
    operation.at = world.state(LogKind::Principal, owner).await;
    let rows = Rows { kem_key: Some(public.kem.clone()), ..Rows::default() };
    let submission = office.sign(&operation, rows);
    assert_eq!(code(office.submit(&world, submission.clone()).await), "permission_denied");

    force(&world, LogId::new(LogKind::Principal, owner), &office, &submission, Vec::new()).await;
    let malicious = Malicious::over(Arc::clone(&world.engine));
    let public = public.kem;
    malicious.kem_keys.change(move |keys| keys.fill(public.clone()));
    for authority in [malicious as Arc<dyn Authority>, Arc::clone(&world.engine)] {
        for kit in [&alice.kit, &office.kit, &world.owner.kit] {
            assert_eq!(code(connect(Arc::clone(&authority), kit).await), "tampered");
        }
    }
    assert_eq!(code(alice.client.access().list(&vault, None).await), "tampered");
}
