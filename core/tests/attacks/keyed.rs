//! Attack 18: an administrator who gives members different keys, seals for somebody unlisted, or leaves somebody out.

use std::sync::Arc;

use strongroom::authority::{Rows, Submission};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::crypto::token::Token;
use strongroom::crypto::wrap;
use strongroom::log::body::{AccessGranted, EpochStart, EpochStarted, MemberGrant, Recipient, SUITE, sealed_hash};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::VaultId;
use strongroom::model::item::ItemFilter;
use strongroom::store::{MemberRow, Row, WrapForm, WrapRow};

use crate::signed::force;
use crate::world::{Member, World, code, connect, email, item, read};

/// A key of an epoch, sealed by the owner for somebody.
fn wrapped(world: &World, vault: VaultId, epoch: u32, to: &Member, key: &SealKey) -> WrapRow {
    let (owner, public) = (&world.owner, to.identity.public());
    let account = owner.token.account;
    let own = to.id() == owner.id();
    let sealed = if own {
        let context = wrap::self_context(account, vault, epoch, to.recipient());
        wrap::seal_wrap(to.identity.self_key(), &context, key)
    } else {
        let info = wrap::wrap_info(account, vault, epoch, to.recipient(), public.kem_hash());
        wrap::wrap_key(&public.kem, &info, key)
    };
    WrapRow {
        vault: vault.0,
        epoch,
        principal: to.id(),
        generation: 1,
        form: if own { WrapForm::Own } else { WrapForm::Hpke },
        maker: owner.id(),
        maker_generation: 1,
        sealed: sealed.unwrap(),
    }
}

/// The owner moves a vault to a key, and seals another key for each whom `other` names.
async fn moved(
    world: &World,
    vault: VaultId,
    members: &[&Member],
    wraps: impl Fn(&SealKey) -> Vec<WrapRow>,
) -> Submission {
    let owner = &world.owner;
    let account = owner.token.account;
    let (before, key) = (owner.vault_key(world, vault, 1).await, SealKey::make().unwrap());
    let at = world.state(LogKind::Vault, vault).await;
    let place = |version, part| Place { account, vault, item: None, version, epoch: 2, part };
    let previous = part::seal_key(&key, &place(0, Part::PreviousKey), &before).unwrap();
    // As clients encode it: a name and an empty description.
    let name = part::seal_part(&key, &place(at.size, Part::Name), &[0x82, 0x64, b'n', b'a', b'm', b'e', 0x60]).unwrap();
    let recovery = Token::parse(owner.kit.recovery.as_ref().unwrap().expose()).unwrap().principal;
    let recovery = Recipient { principal: recovery, generation: 1 };
    let for_recovery = {
        let wrapping = owner.identity.derive_recovery_key(recovery.principal, 1).unwrap();
        let context = wrap::recovery_context(account, vault, 2, owner.recipient(), recovery);
        WrapRow {
            principal: recovery.principal,
            form: WrapForm::Recovery,
            sealed: wrap::seal_wrap(&wrapping, &context, &key).unwrap(),
            ..wrapped(world, vault, 2, owner, &key)
        }
    };
    let mut recipients: Vec<_> = members.iter().map(|member| member.recipient()).collect();
    recipients.sort_unstable();
    let epoch = EpochStart {
        number: 2,
        suite: SUITE,
        commitment: key.commitment(account, vault, 2),
        recipients,
        previous: MaybeId(Some(sealed_hash(&previous))),
        recovery: Some(recovery),
    };
    let body = Body::EpochStarted(EpochStarted { epoch, name: sealed_hash(&name), removes: Vec::new() });
    let rows = Rows {
        name: Some(name),
        wraps: [wraps(&key), vec![for_recovery]].concat(),
        previous_key: Some(previous),
        ..Rows::default()
    };
    owner.sign(&owner.operation(world, vault, body).await, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_was_given_another_key_uses_none() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "write"), (&bob, "write")]).await.id;
    let id = vault.to_string();
    let other = SealKey::make().unwrap();
    let members = [&world.owner, &alice, &bob];
    let submission = moved(&world, vault, &members, |key| {
        vec![
            wrapped(&world, vault, 2, &world.owner, key),
            wrapped(&world, vault, 2, &alice, key),
            wrapped(&world, vault, 2, &bob, &other),
        ]
    });
    // No engine can tell: it opens no wrap. Whoever opens it does.
    let submission = submission.await;
    world.owner.submit(&world, submission).await.unwrap();
    alice.client.items().create(&id, item("of alice", "value")).await.unwrap();
    assert!(connect(Arc::clone(&world.engine), &alice.kit).await.unwrap().vaults().get(&id).await.is_ok());
    let fresh = connect(Arc::clone(&world.engine), &bob.kit).await.unwrap();
    for client in [&fresh, &bob.client] {
        assert_eq!(code(client.items().list(&id, ItemFilter::default()).await), "tampered");
        assert_eq!(code(client.items().create(&id, item("of bob", "value")).await), "tampered");
    }
    assert_eq!(code(fresh.vaults().get(&id).await), "tampered");
    assert_eq!(code(fresh.access().grant(&id, &email("bob"), "read", None).await), "permission_denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrap_too_many_or_too_few_is_not_taken() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let mallory = world.user("mallory").await;
    let vault = world.vault(&[(&alice, "write"), (&bob, "write")]).await.id;
    let kept = alice.client.items().create(&vault.to_string(), item("kept", "value")).await.unwrap().id;
    let members = [&world.owner, &alice, &bob];
    let before = world.engine.end().await.unwrap();
    let all = |key: &SealKey| -> Vec<WrapRow> {
        members.iter().map(|member| wrapped(&world, vault, 2, member, key)).collect()
    };
    let with = |change: fn(&mut Vec<WrapRow>)| {
        move |key: &SealKey| {
            let mut wraps = all(key);
            change(&mut wraps);
            wraps
        }
    };
    let missing = moved(&world, vault, &members, with(|wraps| drop(wraps.pop()))).await;
    let twice = moved(&world, vault, &members, with(|wraps| wraps.push(wraps[1].clone()))).await;
    let elsewhere = moved(&world, vault, &members, with(|wraps| wraps[1].epoch = 1)).await;
    let by_another = moved(&world, vault, &members, with(|wraps| wraps[1].maker = wraps[2].principal)).await;
    let unlisted =
        moved(&world, vault, &members, |key| [all(key), vec![wrapped(&world, vault, 2, &mallory, key)]].concat());
    for submission in [missing, twice, elsewhere, by_another, unlisted.await] {
        assert_eq!(code(world.owner.submit(&world, submission).await), "invalid_argument");
    }
    // An operation that names another set of members than the vault has.
    let fewer = moved(&world, vault, &members[..2], |key| all(key)[..2].to_vec()).await;
    let with_mallory = [&world.owner, &alice, &bob, &mallory];
    let more =
        moved(&world, vault, &with_mallory, |key| [all(key), vec![wrapped(&world, vault, 2, &mallory, key)]].concat());
    for submission in [fewer, more.await] {
        assert_eq!(code(world.owner.submit(&world, submission).await), "invalid_argument");
    }
    assert_eq!(world.engine.end().await.unwrap(), before);
    assert_eq!(read(&bob.client, vault, kept).await.unwrap(), "value");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_finds_a_wrap_that_no_log_names_and_one_that_is_not_there() {
    for unlisted in [true, false] {
        let world = World::new().await;
        let (alice, mallory) = (world.user("alice").await, world.user("mallory").await);
        let vault = world.vault(&[]).await.id;
        let key = world.owner.vault_key(&world, vault, 1).await;
        let member = MemberGrant { grantee: alice.id(), role: 1, generation: Some(1), expires_at: None };
        let body = AccessGranted { epoch: 1, members: vec![member], recipients: vec![alice.recipient()] };
        let operation = world.owner.operation(&world, vault, Body::AccessGranted(body)).await;
        let submission = world.owner.sign(&operation, Rows::default());
        let mut rows = vec![
            Row::Member(MemberRow { vault: vault.0, grantee: alice.id(), role: 1, expires_at: None }),
            Row::Person { vault: vault.0, principal: alice.id() },
        ];
        if unlisted {
            rows.push(Row::Wrap(wrapped(&world, vault, 1, &alice, &key)));
            rows.push(Row::Wrap(wrapped(&world, vault, 1, &mallory, &key)));
        }
        force(&world, LogId::new(LogKind::Vault, vault), &world.owner, &submission, rows).await;
        let refused = world.owner.client.audit().verify().await.err().unwrap();
        assert_eq!(refused.code(), "tampered");
        assert!(refused.message().contains("sealed"), "{refused}");
    }
}
