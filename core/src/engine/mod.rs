//! The one judge: the session, the replay's verdict, expiry, policy, limits; then one change of the store.
//!
//! It can't decrypt. What it answers carries proofs or fits hashes that the logs sign, so nobody has to believe it.

mod clock;
mod feed;
mod former;
mod found;
mod hold;
mod items;
mod known;
mod last;
mod look;
mod notes;
mod operations;
mod pages;
mod people;
mod pieces;
mod prove;
mod reads;
mod session;
mod sessions;
mod states;
mod submit;
mod tables;
mod vaults;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tracing::Instrument;

use crate::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use crate::error::Result;
use crate::log::body::Recipient;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{EntryRow, ReadRow, Receipt, Snapshot, Store};
use crate::trace::step;
use known::{Known, Loading, View};
use notes::Notes;
use pieces::Uploads;
use prove::RecentNodes;
use sessions::Sessions;

/// Where a session is for, if the engine runs in the caller's own process.
const EMBEDDED: &str = "embedded";

/// Judges what is submitted to a store and answers from it.
pub struct Engine {
    store: Arc<dyn Store>,
    origin: String,
    known: Mutex<Known>,
    sessions: Sessions,
    uploads: Uploads,
    notes: Notes,
    nodes: RecentNodes,
}

impl Engine {
    /// The judge over this store, in the process of its callers.
    pub fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Self::with(store, EMBEDDED.to_owned(), false)
    }

    /// The judge over this store, reached at this origin, which every session is bound to; others may serve it there too.
    ///
    /// A session that is not used for 15 minutes ends.
    pub fn at(store: Arc<dyn Store>, origin: String) -> Arc<Self> {
        Self::with(store, origin, true)
    }

    fn with(store: Arc<dyn Store>, origin: String, serves: bool) -> Arc<Self> {
        let shared = serves.then(|| Arc::clone(&store));
        Arc::new(Self {
            store,
            sessions: Sessions::new(shared, origin.clone()),
            origin,
            known: Mutex::new(Known::new()),
            uploads: Uploads::new(),
            notes: Notes::new(),
            nodes: RecentNodes::new(),
        })
    }

    /// A view of this moment.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.store.snapshot().instrument(step("store.snapshot")).await
    }

    /// These logs, replayed to the moment of the snapshot or beyond it.
    async fn view(&self, snapshot: &mut dyn Snapshot, logs: impl IntoIterator<Item = LogId> + Send) -> Result<View> {
        let logs: Vec<LogId> = logs.into_iter().collect();
        let mut known = self.known.lock().await;
        let mut loading = Loading::default();
        known.load(snapshot, &mut loading, logs).await?;
        known.view(loading)
    }
}

/// Where an entry stands.
fn receipt(entry: &EntryRow) -> Receipt {
    let EntryRow { log, seq, time, hash, root, position, .. } = *entry;
    Receipt { log, seq, time, hash, state: Head { size: seq + 1, root }, position }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Engine({} at {})", self.store.name(), self.origin)
    }
}

#[async_trait]
impl Authority for Engine {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
        self.make_challenge(principal, key).await
    }

    async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
        self.open_session(sign_in).await
    }

    async fn whose(&self, session: Session) -> Result<Id> {
        self.look(session).await.map(|look| look.caller.principal)
    }

    async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
        self.begin_account(submissions).await
    }

    async fn submit(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
        self.take(session, submissions).await
    }

    async fn find_operations(&self, session: Session, of: Vec<(Option<LogId>, Id)>) -> Result<Vec<Option<Vec<u8>>>> {
        self.operations_of(session, of).await
    }

    async fn put_piece(&self, session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()> {
        self.keep_piece(session, vault, file, index, piece).await
    }

    fn give_up(&self, session: Session, file: Id) {
        self.end_upload(session, file);
    }

    async fn piece(&self, session: Session, vault: Id, file: Id, index: u64) -> Result<Vec<u8>> {
        self.read_piece(session, vault, file, index).await
    }

    async fn hold(&self, session: Session, signer: Id, vault: Option<Id>) -> Result<Head> {
        self.hold_signer(session, signer, vault).await
    }

    async fn states(&self, session: Session, request: StatesRequest) -> Result<States> {
        self.read_states(session, request).await
    }

    fn end(&self) -> BoxFuture<'static, Result<Head>> {
        self.store.end()
    }

    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
        self.store.wait(size)
    }

    async fn feed(&self, session: Session, from: u64, vaults: Option<Vec<Id>>, limit: u32) -> Result<FeedPage> {
        self.read_feed(session, from, vaults, limit).await
    }

    async fn export(&self, session: Session, from: u64, limit: u32) -> Result<Vec<AuditRow>> {
        self.read_export(session, from, limit).await
    }

    async fn tables(&self, session: Session, request: TablesRequest) -> Result<Tables> {
        self.read_tables(session, request).await
    }

    async fn audit(&self, session: Session, from: u64, limit: u32) -> Result<AuditPage> {
        self.read_audit(session, from, limit).await
    }

    async fn reads(&self, session: Session, filter: ReadsFilter, from: u64, limit: u32) -> Result<ReadsPage> {
        self.list_reads(session, filter, from, limit).await
    }

    async fn export_reads(&self, session: Session, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
        self.all_reads(session, from, limit).await
    }

    async fn chains(&self, session: Session) -> Result<Vec<Chain>> {
        self.all_chains(session).await
    }

    async fn profiles(&self, session: Session, principals: Vec<Id>) -> Result<Vec<Option<Profile>>> {
        self.read_profiles(session, principals).await
    }

    async fn find_principals(&self, session: Session, emails: Vec<String>) -> Result<Vec<Option<Id>>> {
        self.principals_of(session, emails).await
    }

    async fn principals(&self, session: Session, kind: u8, from: u64, limit: u32) -> Result<Ids> {
        self.list_principals(session, kind, from, limit).await
    }

    async fn kem_keys(&self, session: Session, of: Vec<Recipient>) -> Result<Vec<Vec<u8>>> {
        self.read_kem_keys(session, of).await
    }

    async fn vaults(&self, session: Session, from: u64, limit: u32) -> Result<Ids> {
        self.list_vaults(session, from, limit).await
    }

    async fn vaults_of(&self, session: Session, who: Id, from: u64, limit: u32) -> Result<Ids> {
        self.list_vaults_of(session, who, from, limit).await
    }

    async fn last_in(&self, session: Session, who: Id) -> Result<u64> {
        self.count_last_in(session, who).await
    }

    async fn find_vault(&self, session: Session, creator: Id, external_id: String) -> Result<Option<Id>> {
        self.vault_of(session, creator, &external_id).await
    }

    async fn vault_rows(&self, session: Session, vaults: Vec<Id>) -> Result<Vec<Result<VaultRows>>> {
        self.read_vault_rows(session, vaults).await
    }

    async fn may(&self, session: Session, vault: Id, need: Role) -> Result<()> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, need).await
    }

    async fn last_signed(&self, session: Session, vault: Id, signer: Id) -> Result<Option<u64>> {
        let mut look = self.look(session).await?;
        if self.sight(&mut look, vault).await? == states::visible::Sight::None {
            return Err(self.denied(&look.caller, Some(vault), "no role", look::no_vault()).await);
        }
        look.snapshot.last_signed(vault, signer).await
    }

    async fn items(
        &self,
        session: Session,
        vault: Id,
        size: u64,
        of: Vec<(Id, Option<u64>)>,
        reading: Reading,
    ) -> Result<Vec<Result<ItemAnswer>>> {
        self.read_items(session, vault, size, of, reading).await
    }

    async fn file(&self, session: Session, vault: Id, size: u64, file: Id) -> Result<FileAnswer> {
        self.read_file(session, vault, size, file).await
    }

    async fn close(&self) {
        self.sessions.clear();
        self.store.close().await;
    }
}
