//! An account with people in it, over a store in memory: operations are built by hand, and sealed bytes are stand-ins,
//! which the engine can't tell from real ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use strongroom::authority::{
    Authority, Challenge, LogRequest, Profile, Rows, Session, SignIn, States, StatesRequest, Submission, Submitted,
    VaultRequest, session_message,
};
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::engine::Engine;
use strongroom::error::Result;
use strongroom::log::body::{AccountCreated, KeySet, PrincipalAdded, SUITE, profile_commitment};
use strongroom::log::encoding::MaybeId;
use strongroom::log::feed::Head;
use strongroom::log::operation::{self, At, Body, LogId, LogKind, Operation};
use strongroom::model::id::{AccountId, Id};
use strongroom::store::sqlite::SqliteStore;

pub(crate) static COUNTER: AtomicU64 = AtomicU64::new(1);

/// An id that no other is.
pub(crate) fn fresh() -> Id {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&COUNTER.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Id(bytes)
}

pub(crate) struct Actor {
    pub(crate) identity: Identity,
    pub(crate) id: Id,
    pub(crate) generation: u32,
}

impl Actor {
    pub(crate) fn answer(&self, challenge: &Challenge) -> SignIn {
        SignIn {
            nonce: challenge.nonce,
            principal: self.id,
            generation: challenge.generation,
            signature: self.identity.sign(&session_message(challenge, self.id)).to_vec(),
            app: Some("test".to_owned()),
        }
    }
}

pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) account: AccountId,
    pub(crate) owner: Actor,
    pub(crate) recovery: Actor,
}

pub(crate) fn identity() -> Identity {
    Identity::derive(&Seed::make().unwrap()).unwrap()
}

pub(crate) fn keys(identity: &Identity) -> KeySet {
    let public = identity.public();
    KeySet { sign: Id(public.sign), note: MaybeId(Some(Id(public.note))), kem: MaybeId(Some(public.kem_hash())) }
}

pub(crate) fn profile(name: &str, email: Option<&str>) -> (Profile, Id) {
    let salt = vec![3; 32];
    let commitment = profile_commitment(&salt, name, email);
    (Profile { name: name.to_owned(), email: email.map(str::to_owned), salt }, commitment)
}

pub(crate) fn sign(operation: &Operation, signers: &[&Identity], rows: Rows) -> Submission {
    let bytes = operation.to_bytes();
    let message = operation::message(&bytes);
    let signatures = signers.iter().map(|signer| signer.sign(&message).to_vec()).collect();
    Submission { operation: bytes, signatures, rows }
}

/// A user with this name and address.
pub(crate) fn user(identity: &Identity, email: &str, rights: u8) -> (PrincipalAdded, Rows) {
    added(identity, 0, email, Some(email), rights)
}

pub(crate) fn added(
    identity: &Identity,
    kind: u8,
    name: &str,
    email: Option<&str>,
    rights: u8,
) -> (PrincipalAdded, Rows) {
    let (profile, commitment) = profile(name, email);
    let body =
        PrincipalAdded { kind, generation: 1, keys: keys(identity), rights, profile: commitment, expires_at: None };
    let rows = Rows { profile: Some(profile), kem_key: Some(identity.public().kem), ..Rows::default() };
    (body, rows)
}

/// The first three operations of an account.
pub(crate) fn beginning(owner: &Identity, recovery: &Identity) -> (Vec<Submission>, AccountId, Id, Id) {
    let start = |body, account| Operation {
        account,
        log: None,
        signer: None,
        generation: 0,
        id: fresh(),
        at: At::empty(),
        seen: Head::empty(),
        body,
    };
    let body = AccountCreated { suite: SUITE, owner: keys(owner), recovery: keys(recovery), nonce: fresh() };
    let account = sign(&start(Body::AccountCreated(body), None), &[owner], Rows::default());
    let id = AccountId(operation::hash(&account.operation));
    let (body, rows) = user(owner, "teacher@example.edu", 0);
    let first = sign(&start(Body::PrincipalAdded(body), Some(id)), &[owner], rows);
    let (body, rows) = added(recovery, 2, "Recovery", None, 0);
    let second = sign(&start(Body::PrincipalAdded(body), Some(id)), &[recovery], rows);
    let ids = (operation::hash(&first.operation), operation::hash(&second.operation));
    (vec![account, first, second], id, ids.0, ids.1)
}

impl World {
    pub(crate) async fn new() -> Self {
        let store = SqliteStore::memory(&format!("engine-{:?}", fresh()), true).unwrap();
        let engine = Engine::new(Arc::<SqliteStore>::clone(&store));
        let (owner, recovery) = (identity(), identity());
        let (submissions, account, owner_id, recovery_id) = beginning(&owner, &recovery);
        engine.found(submissions).await.unwrap();
        Self {
            store,
            engine,
            account,
            owner: Actor { identity: owner, id: owner_id, generation: 1 },
            recovery: Actor { identity: recovery, id: recovery_id, generation: 1 },
        }
    }

    pub(crate) async fn try_sign_in(&self, actor: &Actor) -> Result<Session> {
        let challenge = self.engine.challenge(actor.id, Id(actor.identity.public().sign)).await?;
        self.engine.sign_in(actor.answer(&challenge)).await
    }

    pub(crate) async fn sign_in(&self, actor: &Actor) -> Session {
        self.try_sign_in(actor).await.unwrap()
    }

    /// An operation by an actor who has seen the newest head.
    pub(crate) fn operation(&self, actor: &Actor, log: Option<Id>, at: At, body: Body) -> Operation {
        Operation {
            account: Some(self.account),
            log,
            signer: Some(actor.id),
            generation: actor.generation,
            id: fresh(),
            at,
            seen: self.engine.end().now_or_never().expect("it is in memory").unwrap(),
            body,
        }
    }

    pub(crate) async fn submit(&self, actor: &Actor, submission: Submission) -> Result<Submitted> {
        let session = self.sign_in(actor).await;
        self.engine.submit(session, vec![submission]).await.unwrap().remove(0)
    }

    /// Builds, signs and submits.
    pub(crate) async fn act(
        &self,
        actor: &Actor,
        log: Option<Id>,
        at: At,
        body: Body,
        rows: Rows,
    ) -> Result<Submitted> {
        let operation = self.operation(actor, log, at, body);
        self.submit(actor, sign(&operation, &[&actor.identity], rows)).await
    }

    /// Adds somebody, and fails the test if that is refused.
    pub(crate) async fn add(&self, kind: u8, name: &str, email: Option<&str>, rights: u8) -> Actor {
        let identity = identity();
        let (body, rows) = added(&identity, kind, name, email, rights);
        let taken = self.act(&self.owner, None, At::empty(), Body::PrincipalAdded(body), rows).await.unwrap();
        Actor { identity, id: taken_receipt(&taken).log.id, generation: 1 }
    }

    pub(crate) async fn student(&self, email: &str) -> Actor {
        self.add(0, email, Some(email), 0).await
    }

    pub(crate) async fn states(&self, actor: &Actor, logs: &[LogId], vaults: &[Id], known: Head) -> States {
        let request = StatesRequest {
            others: Vec::new(),
            former: Vec::new(),
            known,
            logs: logs.iter().map(|log| LogRequest { log: *log, from: 0 }).collect(),
            vaults: vaults
                .iter()
                .map(|vault| VaultRequest { vault: *vault, access_from: 0, items_from: Some(0) })
                .collect(),
        };
        let session = self.sign_in(actor).await;
        self.engine.states(session, request).await.unwrap()
    }

    /// The state of a log, as the owner sees it.
    pub(crate) async fn state(&self, log: LogId) -> Head {
        if log.kind == LogKind::Vault {
            return self.states(&self.owner, &[], &[log.id], Head::empty()).await.vaults[0].access;
        }
        self.states(&self.owner, &[log], &[], Head::empty()).await.logs[0].state
    }
}

pub(crate) fn taken_receipt(submitted: &Submitted) -> strongroom::store::Receipt {
    match submitted {
        Submitted::Taken(receipt) => *receipt,
        other => panic!("not taken: {other:?}"),
    }
}

pub(crate) fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
    result.unwrap_err().code()
}
