//! Attack 2: a certificate by somebody without the right, of more than its signer has, or by somebody who was ended.

use std::sync::Arc;

use strongroom::authority::{Profile, Rows, Submission};
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::log::body::{KeySet, PrincipalAdded, PrincipalUpdated, profile_commitment};
use strongroom::log::encoding::MaybeId;
use strongroom::log::feed::Head;
use strongroom::log::operation::{self, At, Body, LogId, LogKind, Operation};
use strongroom::model::credential::Credential;
use strongroom::model::id::{Id, PrincipalId, PrincipalKind, VaultId};
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights, ServiceAccountUpdate};
use strongroom::model::vault::VaultSpec;
use strongroom::store::{Append, ChangeSet, Outcome, Row, Store};

use crate::malicious::Malicious;
use crate::world::{Member, World, code, connect, email};

const CREATE_VAULTS: u8 = 1;
const MANAGE_USERS: u8 = 2;
const READ_AUDIT: u8 = 8;

/// Somebody whom an attacker wants to be taken for a member of the account.
struct Claimed {
    identity: Identity,
    submission: Submission,
    id: Id,
}

fn identity(seed: u8) -> Identity {
    Identity::derive(&Seed::from_bytes(&[seed; 32])).unwrap()
}

fn profile(name: &str) -> (Profile, Id) {
    let salt = vec![5; 32];
    let commitment = profile_commitment(&salt, name, Some(&email(name)));
    (Profile { name: name.to_owned(), email: Some(email(name)), salt }, commitment)
}

/// `principal.added` of `name` with these rights, by whoever has these keys, who had seen this head.
fn added(world: &World, by: Option<(Id, u32)>, signer: &Identity, rights: u8, seen: Head, name: &str) -> Claimed {
    let identity = identity(66 + rights);
    let public = identity.public();
    let keys =
        KeySet { sign: Id(public.sign), note: MaybeId(Some(Id(public.note))), kem: MaybeId(Some(public.kem_hash())) };
    let (row, commitment) = profile(name);
    let body = PrincipalAdded { kind: 0, generation: 1, keys, rights, profile: commitment, expires_at: None };
    let operation = Operation {
        account: Some(world.owner.token.account),
        log: None,
        signer: by.map(|(id, _)| id),
        generation: by.map_or(0, |(_, generation)| generation),
        id: Id([rights; 32]),
        at: At::empty(),
        seen,
        body: Body::PrincipalAdded(body),
    };
    let bytes = operation.to_bytes();
    let signature = signer.sign(&operation::message(&bytes)).to_vec();
    let rows = Rows { profile: Some(row), kem_key: Some(public.kem), ..Rows::default() };
    let id = operation::hash(&bytes);
    Claimed { identity, submission: Submission { operation: bytes, signatures: vec![signature], rows }, id }
}

/// By a member with the keys of its token, who had seen all there is.
async fn added_by(world: &World, by: &Member, rights: u8) -> Claimed {
    added(world, Some((by.id(), 1)), &by.identity, rights, world.engine.end().await.unwrap(), "claimed")
}

impl Claimed {
    /// Puts it into the store, with the rows that an engine would have made of it.
    async fn force(&self, world: &World) {
        let Submission { operation, signatures, rows } = self.submission.clone();
        let signer = Operation::from_bytes(&operation).unwrap().signer;
        let operation_id = Operation::from_bytes(&operation).unwrap().id;
        let Profile { name, email, salt } = rows.profile.unwrap();
        let log = LogId::new(LogKind::Principal, self.id);
        let append = Append { log, operation, signatures, signer, operation_id };
        let rows = vec![
            Row::Principal { principal: self.id, kind: 0, name, email, salt, active: true },
            Row::KemKey { principal: self.id, generation: 1, key: rows.kem_key.unwrap() },
        ];
        let change = ChangeSet { appends: vec![append], rows, ..ChangeSet::default() };
        assert!(matches!(world.store.commit(change).await.unwrap(), Outcome::Committed(..)));
    }

    /// Nobody believes it: an honest client lets nobody in by it, and the audit names it.
    async fn is_refused(&self, world: &World, vault: VaultId, what: &str) {
        let id = PrincipalId { kind: PrincipalKind::User, id: self.id }.to_string();
        let spec = |to: &str| {
            let access = vec![(to.to_owned(), "read".to_owned())];
            VaultSpec { name: "for the claimed".to_owned(), access, ..VaultSpec::default() }
        };
        let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
        let vaults = fresh.vaults().list().await.unwrap().data.len();
        // One with a server that hands out the key that goes with it, which fits.
        let server = Malicious::over(Arc::clone(&world.engine));
        let key = self.identity.public().kem;
        server.kem_keys.change(move |keys| keys.fill(key.clone()));
        let deceived = server.client(&world.owner.kit).await;
        for client in [&fresh, &world.owner.client, &deceived] {
            for refused in [
                code(client.users().get(&id).await),
                code(client.users().get(&email("claimed")).await),
                code(client.users().list().await),
                code(client.access().grant(&vault.to_string(), &id, "read", None).await),
                code(client.access().grant(&vault.to_string(), &email("claimed"), "read", None).await),
                code(client.vaults().create(spec(&id)).await),
                code(client.vaults().create(spec(&email("claimed"))).await),
                code(client.audit().verify().await),
            ] {
                assert_eq!(refused, "tampered", "{what}");
            }
        }
        assert_eq!(fresh.vaults().list().await.unwrap().data.len(), vaults, "{what}");
        assert_eq!(fresh.access().list(&vault.to_string(), None).await.unwrap().data.len(), 1, "{what}");
    }
}

async fn office(world: &World, rights: Rights) -> Member {
    let account = NewServiceAccount { name: "office".to_owned(), rights, ..NewServiceAccount::default() };
    let kit = world.owner.client.service_accounts().create(account, None).await.unwrap();
    Member::new(&world.engine, kit).await
}

fn manager() -> Rights {
    Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lacks_the_right_certifies_nobody() {
    for (what, rights) in [("a user", None), ("who may do all else", Some(Rights { can_manage_users: false, ..all() }))]
    {
        let world = World::new().await;
        let vault = world.vault(&[]).await.id;
        let by = match rights {
            None => world.user("alice").await,
            Some(rights) => office(&world, rights).await,
        };
        let claimed = added_by(&world, &by, 0).await;
        assert_eq!(code(by.submit(&world, claimed.submission.clone()).await), "permission_denied", "{what}");
        claimed.force(&world).await;
        claimed.is_refused(&world, vault, what).await;
    }
}

fn all() -> Rights {
    Rights { can_create_vaults: true, can_manage_users: true, can_manage_policy: true, can_read_audit: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_certifies_more_than_they_have() {
    for more in [READ_AUDIT, READ_AUDIT | CREATE_VAULTS, 0b1111] {
        let world = World::new().await;
        let vault = world.vault(&[]).await.id;
        let office = office(&world, manager()).await;
        let claimed = added_by(&world, &office, more).await;
        assert_eq!(code(office.submit(&world, claimed.submission.clone()).await), "permission_denied", "{more}");
        claimed.force(&world).await;
        claimed.is_refused(&world, vault, "more rights than its signer has").await;
    }
    // Nor does the recovery key, which may add whom it hands the account over to, and no more.
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let recovery = Credential { token: world.owner.kit.recovery.clone().unwrap(), ..world.owner.kit.clone() };
    let rescue = Member::new(&world.engine, recovery).await;
    let claimed = added_by(&world, &rescue, CREATE_VAULTS).await;
    assert_eq!(code(rescue.submit(&world, claimed.submission.clone()).await), "permission_denied");
    claimed.force(&world).await;
    claimed.is_refused(&world, vault, "rights by the recovery key").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gives_a_right_that_they_lack_to_somebody_who_is_there() {
    let world = World::new().await;
    let (office, alice) = (office(&world, manager()).await, world.user("alice").await);
    let (_, commitment) = profile("alice");
    let body = PrincipalUpdated { rights: READ_AUDIT, profile: commitment, expires_at: None };
    let mut operation = office.operation(&world, VaultId(alice.id()), Body::PrincipalUpdated(body)).await;
    operation.at = world.state(LogKind::Principal, alice.id()).await;
    let rows = Rows { profile: Some(profile("alice").0), ..Rows::default() };
    let submission = office.sign(&operation, rows);
    assert_eq!(code(office.submit(&world, submission.clone()).await), "permission_denied");
    let log = LogId::new(LogKind::Principal, alice.id());
    crate::signed::force(&world, log, &office, &submission, Vec::new()).await;
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    for client in [&fresh, &world.owner.client] {
        assert_eq!(code(client.users().get(&email("alice")).await), "tampered");
        assert_eq!(code(client.audit().verify().await), "tampered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_ended_certifies_nobody_however_it_is_dated() {
    for how in ["suspended", "lowered", "rotated", "reissued"] {
        for as_if_before in [false, true] {
            let world = World::new().await;
            let vault = world.vault(&[]).await.id;
            let office = office(&world, manager()).await;
            let before = world.engine.end().await.unwrap();
            let (accounts, id) = (world.owner.client.service_accounts(), office.id_text());
            match how {
                "suspended" => accounts.revoke(&id).await.unwrap(),
                "lowered" => {
                    let update =
                        ServiceAccountUpdate { can_manage_users: Some(false), ..ServiceAccountUpdate::default() };
                    drop(accounts.update(&id, update).await.unwrap());
                }
                "rotated" => drop(office.client.rotate_token(None).await.unwrap()),
                _ => drop(accounts.reissue(&id, None).await.unwrap()),
            }
            let seen = if as_if_before { before } else { world.engine.end().await.unwrap() };
            let claimed = added(&world, Some((office.id(), 1)), &office.identity, 0, seen, "claimed");
            let answer = world.engine.submit(office.session, vec![claimed.submission.clone()]).await;
            assert!(!matches!(answer.map(|mut answers| answers.pop()), Ok(Some(Ok(_)))), "{how}");
            claimed.force(&world).await;
            claimed.is_refused(&world, vault, how).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_does_not_end_in_the_account_certifies_nobody() {
    // A second beginning of the account: signed by the keys that it brings.
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let claimed = added(&world, None, &identity(66), 0, Head::empty(), "claimed");
    let refused = code(world.owner.submit(&world, claimed.submission.clone()).await);
    assert!(["permission_denied", "invalid_argument"].contains(&refused), "{refused}");
    claimed.force(&world).await;
    claimed.is_refused(&world, vault, "certified by itself").await;

    // Somebody certified by one whom nobody certified.
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let alice = world.user("alice").await;
    let middle = added(
        &world,
        Some((alice.id(), 1)),
        &alice.identity,
        MANAGE_USERS,
        world.engine.end().await.unwrap(),
        "middle",
    );
    middle.force(&world).await;
    let seen = world.engine.end().await.unwrap();
    let claimed = added(&world, Some((middle.id, 1)), &middle.identity, 0, seen, "claimed");
    claimed.force(&world).await;
    claimed.is_refused(&world, vault, "certified by somebody whom nobody certified").await;

    // And by one who is not there at all.
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let claimed = added(&world, Some((Id([7; 32]), 1)), &identity(7), 0, world.engine.end().await.unwrap(), "claimed");
    claimed.force(&world).await;
    claimed.is_refused(&world, vault, "certified by nobody").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_manager_certified_before_it_was_ended_stands() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let office = office(&world, manager()).await;
    let user = NewUser { email: email("bob"), ..NewUser::default() };
    let bob = office.client.users().create(user, None).await.unwrap();
    let rights = Rights { can_create_vaults: true, ..Rights::default() };
    let helper = NewServiceAccount { name: "helper".to_owned(), rights, ..NewServiceAccount::default() };
    let helper = office.client.service_accounts().create(helper, None).await.unwrap();
    world.owner.client.service_accounts().revoke(&office.id_text()).await.unwrap();
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    for client in [&fresh, &world.owner.client] {
        client.access().grant(&vault, &email("bob"), "write", None).await.unwrap();
        client.access().grant(&vault, &helper.principal.id.to_string(), "read", None).await.unwrap();
        client.audit().verify().await.unwrap();
    }
    for kit in [bob, helper] {
        let client = connect(Arc::clone(&world.engine), &kit).await.unwrap();
        assert_eq!(client.vaults().get(&vault).await.unwrap().name, "vault");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_hands_certify_whom_the_owner_signs_for() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let claimed = added_by(&world, &world.owner, CREATE_VAULTS | MANAGE_USERS).await;
    claimed.force(&world).await;
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    for client in [&fresh, &world.owner.client] {
        assert_eq!(client.users().get(&email("claimed")).await.unwrap().id.id, claimed.id);
        client.access().grant(&vault, &email("claimed"), "read", None).await.unwrap();
        client.audit().verify().await.unwrap();
    }
}

/// Whom somebody certifies without the right to it, in the store; the id.
pub(crate) async fn forged(world: &World, by: &Member) -> String {
    let claimed = added_by(world, by, 0).await;
    claimed.force(world).await;
    PrincipalId { kind: PrincipalKind::User, id: claimed.id }.to_string()
}
