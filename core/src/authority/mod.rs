//! What keeps the logs and the sealed rows, as the sealed backend sees it: signed operations and ciphertext only.
//!
//! The engine implements it in the process. Nothing that it answers is believed: [`States`] carries its proofs, rows are
//! checked against hashes that the logs sign.

pub mod rows;
pub mod states;
pub mod submission;
pub mod tables;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;

pub use rows::{
    AuditPage, AuditRow, FeedPage, FileAnswer, ItemAnswer, Profile, Reading, ReadsFilter, ReadsPage, VaultRows,
};
pub use states::{
    EntryAnswer, FormerAnswer, FormerRequest, LogAnswer, LogRequest, SeenProof, States, StatesRequest, VaultAnswer,
    VaultRequest,
};
pub use submission::{FilePart, Rows, Submission, Submitted};
pub use tables::{FileTable, ItemTable, PartsTable, PrincipalTable, Tables, TablesRequest, VaultTable};

use crate::error::Result;
use crate::log::body::Recipient;
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::{AccountId, Id};
use crate::model::role::Role;
use crate::store::{ReadRow, Receipt};

/// What a caller must sign to open a session.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The account that is kept here.
    pub account: AccountId,
    /// Where; bound into the signature.
    pub origin: String,
    /// Random, used once.
    pub nonce: Id,
    /// Which generation of the caller's keys the key is.
    pub generation: u32,
    /// Whom the account began with, and who own and rescue it now: to be verified like everybody else.
    pub roots: Vec<Id>,
}

/// A caller's answer to a challenge.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The challenge's nonce.
    pub nonce: Id,
    /// Who.
    pub principal: Id,
    /// With which keys.
    pub generation: u32,
    /// Over [`session_message`].
    pub signature: Vec<u8>,
    /// The program, for the audit.
    pub app: Option<String>,
}

/// What a caller signs to open a session.
pub fn session_message(challenge: &Challenge, principal: Id) -> Vec<u8> {
    crate::log::label::join(
        "session",
        &[
            challenge.origin.as_bytes(),
            challenge.nonce.as_bytes(),
            challenge.account.as_bytes(),
            principal.as_bytes(),
            &challenge.generation.to_be_bytes(),
        ],
    )
}

/// An open session: a secret that stands for its principal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Session(pub Id);

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session(***)")
    }
}

/// One page of ids, and where the next begins.
#[derive(Clone, Debug)]
pub struct Ids {
    /// In order of creation.
    pub ids: Vec<Id>,
    /// `None` at the end.
    pub next: Option<u64>,
}

/// A keeper of logs and sealed rows.
#[async_trait]
pub trait Authority: Send + Sync {
    /// `sqlite` or `memory`.
    fn name(&self) -> &'static str;

    /// A fresh challenge for the holder of a signing key; one serves one session.
    ///
    /// # Errors
    /// `NotFound` if there is no account; `Unauthenticated` if the key is not that of an active principal.
    async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge>;
    /// Opens a session.
    async fn sign_in(&self, sign_in: SignIn) -> Result<Session>;
    /// Whose session this is.
    ///
    /// # Errors
    /// `Unauthenticated` if it has ended, as everything that is asked in a session.
    async fn whose(&self, session: Session) -> Result<Id>;

    /// Founds the account with its first operations.
    ///
    /// # Errors
    /// `AlreadyExists` if there is an account.
    async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>>;
    /// Takes signed operations, in one commit; each row stands or fails by itself.
    async fn submit(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>>;
    /// The caller's own operations of these ids, each in a log or (`None`) among those that begin one; in order, `None` for an
    /// id that is not used.
    async fn find_operations(&self, session: Session, of: Vec<(Option<LogId>, Id)>) -> Result<Vec<Option<Vec<u8>>>>;
    /// Keeps a piece of a file's sealed content until an operation attaches the file.
    async fn put_piece(&self, session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()>;
    /// Gives up an upload that the caller began and nothing has attached; returns at once. One that nobody gives up expires.
    fn give_up(&self, _session: Session, _file: Id) {}
    /// A piece of an attached file.
    async fn piece(&self, session: Session, vault: Id, file: Id, index: u64) -> Result<Vec<u8>>;
    /// Stops taking anything from `signer` in `vault` (`None`: anywhere) for a minute; the head that covers what was taken.
    async fn hold(&self, session: Session, signer: Id, vault: Option<Id>) -> Result<Head>;

    /// The states of logs, their new entries, and the proofs.
    async fn states(&self, session: Session, request: StatesRequest) -> Result<States>;
    /// The newest head, unproven, as it is when this is called and not when the answer is waited for.
    fn end(&self) -> BoxFuture<'static, Result<Head>>;
    /// Ready once the feed may be longer than `size`. Cancel safe.
    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>>;
    /// Places of entries in the feed from `from` on, of these vaults or of all that the caller may see. Of a vault that it was
    /// in, the entry that put it out or deleted the vault.
    async fn feed(&self, session: Session, from: u64, vaults: Option<Vec<Id>>, limit: u32) -> Result<FeedPage>;
    /// The whole feed from `from` on, leaf by leaf; for those who may read the whole audit.
    async fn export(&self, session: Session, from: u64, limit: u32) -> Result<Vec<AuditRow>>;
    /// What the tables hold, page by page; for those who may read the whole audit.
    ///
    /// # Errors
    /// `Tampered` if stored trees are not those of their leaves.
    async fn tables(&self, session: Session, request: TablesRequest) -> Result<Tables>;
    /// Entries the caller may audit, by place in the feed from `from` on: its own, those of vaults it administers, or all.
    async fn audit(&self, session: Session, from: u64, limit: u32) -> Result<AuditPage>;
    /// Reads and refusals the caller may audit, by the same rule, from a place on.
    async fn reads(&self, session: Session, filter: ReadsFilter, from: u64, limit: u32) -> Result<ReadsPage>;
    /// All reads and refusals from a place on, one by one; for those who may read the whole audit.
    async fn export_reads(&self, session: Session, from: u64, limit: u32) -> Result<Vec<ReadRow>>;
    /// Where the chains of reads stand; for the same.
    async fn chains(&self, session: Session) -> Result<Vec<Chain>>;

    /// The profiles of principals that the caller may know; in order, `None` for others.
    async fn profiles(&self, session: Session, principals: Vec<Id>) -> Result<Vec<Option<Profile>>>;
    /// The principals of addresses; in order, `None` for those whom the caller may not know.
    async fn find_principals(&self, session: Session, emails: Vec<String>) -> Result<Vec<Option<Id>>>;
    /// Principals that the caller may know, of this kind (number).
    async fn principals(&self, session: Session, kind: u8, from: u64, limit: u32) -> Result<Ids>;
    /// The X-Wing keys of principals that the caller may know.
    async fn kem_keys(&self, session: Session, of: Vec<Recipient>) -> Result<Vec<Vec<u8>>>;

    /// Vaults the caller is in; for the recovery key, those it may rescue.
    async fn vaults(&self, session: Session, from: u64, limit: u32) -> Result<Ids>;
    /// Vaults that somebody is in, as far as the caller is in them too or may rescue them.
    async fn vaults_of(&self, session: Session, who: Id, from: u64, limit: u32) -> Result<Ids>;
    /// In how many vaults nobody but somebody, and the recovery key, could let anybody in; for those who manage users.
    async fn last_in(&self, session: Session, who: Id) -> Result<u64>;
    /// The vault of a creator's external id, if the caller is in it; `taken` by its own otherwise.
    async fn find_vault(&self, session: Session, creator: Id, external_id: String) -> Result<Option<Id>>;
    /// The sealed name, and the caller's sealed keys, of vaults it is in; in order.
    async fn vault_rows(&self, session: Session, vaults: Vec<Id>) -> Result<Vec<Result<VaultRows>>>;
    /// Whether the caller's role in a vault is at least this. A client that refuses by its own look asks it too, so that the
    /// refusal stands in the audit.
    async fn may(&self, session: Session, vault: Id, need: Role) -> Result<()>;
    /// When a member last signed in a vault.
    async fn last_signed(&self, session: Session, vault: Id, signer: Id) -> Result<Option<u64>>;

    /// Versions of items with their entries and their paths in the item log of `size` entries; in order, `NotFound` for what is not there.
    ///
    /// `version: None` is the newest; if that is beyond `size`, the row is `Conflict`: ask for the states again.
    async fn items(
        &self,
        session: Session,
        vault: Id,
        size: u64,
        of: Vec<(Id, Option<u64>)>,
        reading: Reading,
    ) -> Result<Vec<Result<ItemAnswer>>>;
    /// A file that is attached: its pieces' hashes, the entry that attached it, and its path in the item log of `size` entries.
    async fn file(&self, session: Session, vault: Id, size: u64, file: Id) -> Result<FileAnswer>;

    /// Ends what runs on behalf of this client.
    async fn close(&self);
}
