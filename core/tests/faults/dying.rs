//! A process that dies at a chosen step of what it does: before or after a call of the authority, or of a hook of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use strongroom::authority::{
    AuditPage, AuditRow, Authority, Challenge, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter, ReadsPage,
    Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::client::Client;
use strongroom::engine::Engine;
use strongroom::error::Result;
use strongroom::log::body::Recipient;
use strongroom::log::feed::Head;
use strongroom::log::operation::LogId;
use strongroom::log::reads::Chain;
use strongroom::model::id::Id;
use strongroom::model::role::Role;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{FeedRow, ReadRow, Receipt, Store};

/// How many steps this process may still do.
static LEFT: AtomicI64 = AtomicI64::new(i64::MAX);

/// One step; the last one that is allowed is not survived.
pub(crate) fn step() {
    if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

/// An authority before and after each call of which the process may die.
struct Dying(Arc<dyn Authority>);

macro_rules! dying {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Authority for Dying {
            fn name(&self) -> &'static str {
                self.0.name()
            }

            fn end(&self) -> Result<Head> {
                self.0.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.0.wait(size)
            }

            async fn close(&self) {
                self.0.close().await;
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                step();
                let answer = self.0.$name($($argument),*).await;
                step();
                answer
            })*
        }
    };
}

dying! {
    challenge(principal: Id, key: Id) -> Challenge;
    sign_in(sign_in: SignIn) -> Session;
    found(submissions: Vec<Submission>) -> Vec<Receipt>;
    submit(session: Session, submissions: Vec<Submission>) -> Vec<Result<Submitted>>;
    put_piece(session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> ();
    piece(session: Session, vault: Id, file: Id, index: u64) -> Vec<u8>;
    hold(session: Session, signer: Id, vault: Option<Id>) -> Head;
    states(session: Session, request: StatesRequest) -> States;
    feed(session: Session, from: u64, vaults: Option<Vec<Id>>, limit: u32) -> (Vec<FeedRow>, u64);
    export(session: Session, from: u64, limit: u32) -> Vec<AuditRow>;
    tables(session: Session, request: TablesRequest) -> Tables;
    audit(session: Session, from: u64, limit: u32) -> AuditPage;
    reads(session: Session, filter: ReadsFilter, from: u64, limit: u32) -> ReadsPage;
    export_reads(session: Session, from: u64, limit: u32) -> Vec<ReadRow>;
    chains(session: Session) -> Vec<Chain>;
    may(session: Session, vault: Id, need: Role) -> ();
    profiles(session: Session, principals: Vec<Id>) -> Vec<Option<Profile>>;
    find_principals(session: Session, emails: Vec<String>) -> Vec<Option<Id>>;
    find_operations(session: Session, of: Vec<(Option<LogId>, Id)>) -> Vec<Option<Vec<u8>>>;
    principals(session: Session, kind: u8, from: u64, limit: u32) -> Ids;
    kem_keys(session: Session, of: Vec<Recipient>) -> Vec<Vec<u8>>;
    vaults(session: Session, from: u64, limit: u32) -> Ids;
    vaults_of(session: Session, who: Id, from: u64, limit: u32) -> Ids;
    last_in(session: Session, who: Id) -> u64;
    find_vault(session: Session, creator: Id, external_id: String) -> Option<Id>;
    vault_rows(session: Session, vaults: Vec<Id>) -> Vec<Result<VaultRows>>;
    last_signed(session: Session, vault: Id, signer: Id) -> Option<u64>;
    items(session: Session, vault: Id, size: u64, of: Vec<(Id, Option<u64>)>, reading: Reading) -> Vec<Result<ItemAnswer>>;
    file(session: Session, vault: Id, size: u64, file: Id) -> FileAnswer;
}

/// A client whose process may die.
pub(crate) async fn client(path: &Path, token: &str) -> Client {
    let store = SqliteStore::open(path, false).unwrap();
    let engine: Arc<dyn Authority> = Engine::new(store as Arc<dyn Store>);
    let sealed = Sealed::connect(Arc::new(Dying(engine)), token, SealedOptions::default()).await.unwrap();
    Client::new(Arc::new(sealed), Duration::from_secs(30), 2)
}

/// Dies after so many steps from here on; zero: no more.
pub(crate) fn die_after(steps: i64) {
    LEFT.store(if steps == 0 { i64::MAX } else { steps }, Ordering::SeqCst);
}
