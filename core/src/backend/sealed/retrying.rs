//! An authority that is asked again when it could not be reached, and when the session had ended. Every request may be
//! repeated: reads change nothing, and an operation that was taken already is answered as it was the first time.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::connect::sign_in;
use super::ring::Ring;
use crate::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use crate::backend::retries::{is_passing, pause_after, pauses, retried};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::Recipient;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{ReadRow, Receipt};

/// Asks another authority, again where that was `Unavailable`, and in a new session where the session had ended.
pub(super) struct Retrying(Arc<Shared>);

struct Shared {
    inner: Arc<dyn Authority>,
    /// Who signs in again, once somebody has signed in.
    renewal: OnceLock<Renewal>,
    /// Held by whoever signs in.
    renewing: Mutex<()>,
}

struct Renewal {
    ring: Arc<Ring>,
    app: Option<String>,
}

impl Retrying {
    pub(super) fn over(inner: Arc<dyn Authority>) -> Arc<Self> {
        Arc::new(Self(Arc::new(Shared { inner, renewal: OnceLock::new(), renewing: Mutex::default() })))
    }

    /// From now on, whoever acts in the ring signs in again when its session has ended.
    pub(super) fn renews(&self, ring: Arc<Ring>, app: Option<String>) {
        // One client has one ring, and says so once.
        let _ = self.0.renewal.set(Renewal { ring, app });
    }
}

impl Shared {
    /// Asks in a session, and once more in another if that one has ended.
    async fn asked<T, F: Future<Output = Result<T>>>(
        &self,
        session: Session,
        work: impl Fn(Session) -> F,
    ) -> Result<T> {
        match work(session).await {
            Err(error) if has_ended(&error) => match self.renewed(Some(session)).await? {
                Some(next) => work(next).await,
                None => Err(error),
            },
            answer => answer,
        }
    }

    /// The session to go on with; `None` if the caller may not sign in any more. `stale` has ended; `None`: the newest has.
    async fn renewed(&self, stale: Option<Session>) -> Result<Option<Session>> {
        let Some(Renewal { ring, app }) = self.renewal.get() else { return Ok(None) };
        let stale = stale.unwrap_or_else(|| ring.session());
        let _alone = self.renewing.lock().await;
        if ring.session() != stale {
            return Ok(Some(ring.session()));
        }
        let (identity, signer) = ring.signing()?;
        match sign_in(self.inner.as_ref(), signer.account, signer.principal, &identity, app.clone()).await {
            Ok((challenge, _)) if challenge.generation != signer.generation => {
                Err(Error::tampered("the store names the caller's keys by another generation: restore the store"))
            }
            Ok((_, session)) => {
                ring.renew(stale, session);
                Ok(Some(session))
            }
            Err(error) if has_ended(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends those submissions again that were not answered: the same bytes, so that none is done twice.
    async fn submitted(&self, session: Session, submissions: &[Submission]) -> Result<Vec<Result<Submitted>>> {
        let mut answers = self.inner.submit(session, submissions.to_vec()).await;
        for pause in pauses() {
            let again: Vec<usize> = match &answers {
                Err(error) if is_passing(error) => (0..submissions.len()).collect(),
                Err(_) => break,
                Ok(rows) => {
                    let passing = |(row, answer): (usize, &Result<Submitted>)| {
                        answer.as_ref().err().filter(|error| is_passing(error)).map(|_| row)
                    };
                    rows.iter().enumerate().filter_map(passing).collect()
                }
            };
            let repeated: Vec<Submission> = again.iter().filter_map(|row| submissions.get(*row)).cloned().collect();
            if repeated.is_empty() {
                break;
            }
            tokio::time::sleep(answers.as_ref().err().map_or(pause, |error| pause_after(error, pause))).await;
            match (self.inner.submit(session, repeated).await, &mut answers) {
                (Ok(repeated), Ok(rows)) if repeated.len() == again.len() => {
                    for (row, answer) in again.into_iter().zip(repeated) {
                        rows[row] = answer;
                    }
                }
                (Ok(_), Ok(_)) => {
                    return Err(Error::tampered("the store answered what was not asked: restore the store"));
                }
                // Rows that were answered stay so, whatever became of the others.
                (Err(error), Ok(_)) if is_passing(&error) => {}
                (next, answers) => *answers = next,
            }
        }
        answers
    }
}

/// Whether the session has ended, or nobody may have one.
fn has_ended(error: &Error) -> bool {
    error.kind() == ErrorKind::Unauthenticated
}

macro_rules! retrying {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Authority for Retrying {
            fn name(&self) -> &'static str {
                self.0.inner.name()
            }

            // A challenge serves one session: both are asked for again together, by who signs in.
            async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
                self.0.inner.challenge(principal, key).await
            }

            async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
                self.0.inner.sign_in(sign_in).await
            }

            // An account that was founded already refuses to be founded.
            async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
                self.0.inner.found(submissions).await
            }

            async fn submit(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
                self.0.asked(session, |session| self.0.submitted(session, &submissions)).await
            }

            fn give_up(&self, session: Session, file: Id) {
                self.0.inner.give_up(session, file);
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                // Begun now, which is the moment that is asked about.
                let (first, shared) = (self.0.inner.end(), Arc::clone(&self.0));
                Box::pin(async move {
                    match first.await {
                        Err(error) if has_ended(&error) => match shared.renewed(None).await? {
                            Some(_) => retried(|| shared.inner.end()).await,
                            None => Err(error),
                        },
                        Err(error) if is_passing(&error) => retried(|| shared.inner.end()).await,
                        answer => answer,
                    }
                })
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                let shared = Arc::clone(&self.0);
                Box::pin(async move {
                    match shared.inner.wait(size).await {
                        Err(error) if has_ended(&error) => match shared.renewed(None).await? {
                            Some(_) => shared.inner.wait(size).await,
                            None => Err(error),
                        },
                        answer => answer,
                    }
                })
            }

            async fn close(&self) {
                self.0.inner.close().await;
            }

            $(async fn $name(&self, session: Session, $($argument: $type),*) -> Result<$answer> {
                let asked = self.0.asked(session, |session| {
                    let ask = ($($argument.clone(),)*);
                    let inner = &self.0.inner;
                    retried(move || {
                        let ($($argument,)*) = ask.clone();
                        inner.$name(session, $($argument),*)
                    })
                });
                asked.await
            })*
        }
    };
}

retrying! {
    whose() -> Id;
    find_operations(of: Vec<(Option<LogId>, Id)>) -> Vec<Option<Vec<u8>>>;
    put_piece(vault: Id, file: Id, index: u64, piece: Bytes) -> ();
    piece(vault: Id, file: Id, index: u64) -> Vec<u8>;
    hold(signer: Id, vault: Option<Id>) -> Head;
    states(request: StatesRequest) -> States;
    feed(from: u64, vaults: Option<Vec<Id>>, limit: u32) -> FeedPage;
    export(from: u64, limit: u32) -> Vec<AuditRow>;
    tables(request: TablesRequest) -> Tables;
    audit(from: u64, limit: u32) -> AuditPage;
    reads(filter: ReadsFilter, from: u64, limit: u32) -> ReadsPage;
    export_reads(from: u64, limit: u32) -> Vec<ReadRow>;
    chains() -> Vec<Chain>;
    profiles(principals: Vec<Id>) -> Vec<Option<Profile>>;
    find_principals(emails: Vec<String>) -> Vec<Option<Id>>;
    principals(kind: u8, from: u64, limit: u32) -> Ids;
    kem_keys(of: Vec<Recipient>) -> Vec<Vec<u8>>;
    vaults(from: u64, limit: u32) -> Ids;
    vaults_of(who: Id, from: u64, limit: u32) -> Ids;
    last_in(who: Id) -> u64;
    find_vault(creator: Id, external_id: String) -> Option<Id>;
    vault_rows(vaults: Vec<Id>) -> Vec<Result<VaultRows>>;
    may(vault: Id, need: Role) -> ();
    last_signed(vault: Id, signer: Id) -> Option<u64>;
    items(vault: Id, size: u64, of: Vec<(Id, Option<u64>)>, reading: Reading) -> Vec<Result<ItemAnswer>>;
    file(vault: Id, size: u64, file: Id) -> FileAnswer;
}
