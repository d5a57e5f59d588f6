//! An authority that is asked again when it could not be reached. Every request may be repeated: reads change nothing, and
//! an operation that was taken already is answered as it was the first time.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use crate::backend::retries::{is_passing, pauses, retried};
use crate::error::{Error, Result};
use crate::log::body::Recipient;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{ReadRow, Receipt};

/// Asks another authority, and again where that was `Unavailable`.
pub(super) struct Retrying(Arc<dyn Authority>);

impl Retrying {
    pub(super) fn over(authority: Arc<dyn Authority>) -> Arc<dyn Authority> {
        Arc::new(Self(authority))
    }

    /// Sends those submissions again that were not answered: the same bytes, so that none is done twice.
    async fn submitted(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
        let mut answers = self.0.submit(session, submissions.clone()).await;
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
            tokio::time::sleep(pause).await;
            match (self.0.submit(session, repeated).await, &mut answers) {
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

macro_rules! retrying {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Authority for Retrying {
            fn name(&self) -> &'static str {
                self.0.name()
            }

            // A challenge serves one session: both are asked for again together, by who signs in.
            async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
                self.0.challenge(principal, key).await
            }

            async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
                self.0.sign_in(sign_in).await
            }

            // An account that was founded already refuses to be founded.
            async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
                self.0.found(submissions).await
            }

            async fn submit(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
                self.submitted(session, submissions).await
            }

            fn give_up(&self, session: Session, file: Id) {
                self.0.give_up(session, file);
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                self.0.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.0.wait(size)
            }

            async fn close(&self) {
                self.0.close().await;
            }

            $(async fn $name(&self, session: Session, $($argument: $type),*) -> Result<$answer> {
                retried(|| self.0.$name(session, $($argument.clone()),*)).await
            })*
        }
    };
}

retrying! {
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
