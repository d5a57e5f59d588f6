//! Rows, and nothing else: what an operation writes goes in as one [`ChangeSet`], and answers are read from one [`Snapshot`].
//!
//! The store gives entries their place and their time, and keeps the trees (`log::tree`) in the same transaction. It
//! judges nothing: the engine does, and guards with [`Guard`] what its judgement rests on.

pub mod blobs;
pub mod copied;
pub mod copy;
pub mod frozen;
mod heads;
pub mod kept;
mod packed;
pub mod postgres;
pub(crate) mod random;
pub mod row;
pub mod sqlite;
mod tree_key;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use crate::error::Result;
use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::log::reads::{Chain, ReadEntry};
use crate::model::id::Id;
pub use copied::Copied;
pub use kept::Kept;
pub use row::{
    BatchRow, EntryRow, FeedRow, FileRow, ItemRow, LogRow, MemberRow, OriginRow, PartsRow, PrincipalRow, ReadRow, Row,
    SessionRow, VaultRow, VersionRow, WrapForm, WrapRow,
};

/// What must still be so for a change to be taken.
#[derive(Clone, Debug)]
pub enum Guard {
    /// Nothing was ever taken: the feed is empty.
    Empty,
    /// The log has this many entries.
    LogAt {
        /// Which log.
        log: LogId,
        /// How many; 0: it is not there.
        size: u64,
    },
    /// The item is at this version.
    ItemAt {
        /// Its vault.
        vault: Id,
        /// Which item.
        item: Id,
        /// The newest version; 0: it is not there.
        version: u64,
    },
    /// No vault of this creator that is not deleted has this external id.
    NoExternal {
        /// Who.
        creator: Id,
        /// Which.
        external_id: String,
    },
    /// No principal that is not deleted has this address.
    NoEmail {
        /// In lower case.
        email: String,
    },
    /// Nothing of this signer beyond this feed size, in this scope: what a hold has let through is covered.
    NoneSince {
        /// Whose entries.
        signer: Id,
        /// In the two logs of this vault; `None`: anywhere.
        vault: Option<Id>,
        /// How far the author of the ending had seen.
        size: u64,
    },
    /// No hold stands against this signer here.
    NotHeld {
        /// Whose entries.
        signer: Id,
        /// The vault they go to; `None`: not to a vault.
        vault: Option<Id>,
    },
}

/// An entry to append; its log begins with its first.
#[derive(Clone, Debug)]
pub struct Append {
    /// To which log.
    pub log: LogId,
    /// The signed bytes.
    pub operation: Vec<u8>,
    /// Their signatures.
    pub signatures: Vec<Vec<u8>>,
    /// Who signed; `None` in the reads log and where the operation brings its own key.
    pub signer: Option<Id>,
    /// Unique within (signer, log); for an entry that begins its log, within all that its signer began.
    pub operation_id: Id,
}

/// All that one operation writes: applied whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// The session that submitted the entries, where one did.
    pub session: Option<SessionRow>,
    /// What must still be so.
    pub guards: Vec<Guard>,
    /// The entries, in order. Their time is the store's clock, never before the newest entry's.
    pub appends: Vec<Append>,
    /// The rows, in order, after the entries.
    pub rows: Vec<Row>,
}

/// Where an entry stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its log.
    pub log: LogId,
    /// Its place there.
    pub seq: u64,
    /// When it was taken, in milliseconds since 1970.
    pub time: u64,
    /// Its hash.
    pub hash: Id,
    /// The state of the log after it.
    pub state: Head,
    /// Its place in the feed.
    pub position: u64,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It is on disk; a receipt per entry, and the head that covers them.
    Committed(Vec<Receipt>, Head),
    /// A guard no longer held (its number; their count if a hold keeps the signer out of a log that none of them is on): nothing was written; judge again.
    Stale(usize),
    /// An operation id was used before (the number of the append, and the entry that used it): nothing was written.
    Repeated(usize, Receipt),
}

/// A node of a stored tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TreeId {
    /// The feed's.
    Feed,
    /// A log's.
    Log(LogId),
    /// The heads of account, reads, principals and groups.
    AccountHeads,
    /// The heads of vaults.
    VaultHeads,
}

/// A place for rows.
#[async_trait]
pub trait Store: Send + Sync {
    /// `sqlite`, `memory` or `postgresql`.
    fn name(&self) -> &'static str;

    /// Applies a change. Acknowledged means on disk.
    async fn commit(&self, change: ChangeSet) -> Result<Outcome>;

    /// A view of one moment.
    async fn snapshot(&self) -> Result<Box<dyn Snapshot>>;

    /// The newest head, as it is when this is called and not when the answer is waited for.
    fn end(&self) -> BoxFuture<'static, Result<Head>>;

    /// Ready once the feed may be longer than `size`; returns at once if it is. Cancel safe.
    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>>;

    /// From now on, for a minute, nothing is taken from `signer` in this scope, and nothing from others in `log`; returns the head which covers all that was.
    ///
    /// `None` if a hold of somebody else on the signer, or on the scope, stands.
    async fn hold(&self, signer: Id, vault: Option<Id>, log: LogId, by: Id) -> Result<Option<Head>>;

    /// Keeps a piece of an upload; on disk when this returns.
    ///
    /// The upload ends when it is published, given up, or a day old, and with the process that puts its pieces.
    async fn put_piece(&self, file: Id, index: u64, piece: Bytes) -> Result<()>;

    /// Ends an upload of this store that nothing has published: its pieces go. Returns at once.
    fn give_up(&self, file: Id);

    /// A piece of a file.
    async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>>;

    /// Notes a read or a refusal in this store's chain, which gives it its time and its place; when this returns, a crash
    /// of the process does not lose it. Cancel safe.
    async fn note(&self, entry: ReadEntry) -> Result<()>;

    /// Brings what was noted until now, by all stores on this database, to where snapshots see it.
    async fn fold(&self) -> Result<()>;

    /// Takes the next parts of a copy, whole or not at all.
    ///
    /// # Errors
    /// `Tampered` if its entries do not give its hashes and heads, `AlreadyExists` if the store is not empty at the beginning.
    async fn take_in(&self, parts: Vec<Copied>) -> Result<()>;

    /// Keeps a value under this key, in place of the one that was there, for all engines on this database. It is gone after
    /// `until`, in milliseconds since 1970 by the store's clock, and may be gone before.
    async fn keep(&self, kind: Kept, key: Id, value: Vec<u8>, until: u64) -> Result<()>;

    /// A value that is kept.
    async fn kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>>;

    /// Takes a value away; of all who ask for it, one gets it.
    async fn take_kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>>;

    /// Ends the writer after what it has accepted.
    async fn close(&self);
}

/// A view of one moment: nothing that is committed later shows.
#[async_trait]
pub trait Snapshot: Send {
    /// The newest head.
    async fn head(&mut self) -> Result<Head>;
    /// The head of this size, if a batch ended there.
    async fn head_at(&mut self, size: u64) -> Result<Option<Head>>;
    /// The heads trees under the newest head.
    async fn heads(&mut self) -> Result<HeadsRoots>;
    /// Stored nodes of perfect subtrees, by level and index, in order.
    async fn nodes(&mut self, tree: TreeId, wanted: &[(u8, u64)]) -> Result<Vec<Id>>;
    /// The states of logs, and their leaves in their heads trees; in order, `None` for one that has not begun.
    async fn states(&mut self, logs: &[LogId]) -> Result<Vec<Option<LogRow>>>;
    /// A log's state, and its leaf in its heads tree.
    async fn log(&mut self, log: LogId) -> Result<Option<LogRow>> {
        Ok(self.states(&[log]).await?.pop().flatten())
    }
    /// Logs of a heads tree (`AccountHeads` or `VaultHeads`), from a leaf on; `limit` counts leaves, so both logs of a vault come together.
    async fn logs(&mut self, tree: TreeId, from: u64, limit: u32) -> Result<Vec<LogRow>>;
    /// Entries of a log, from a place on.
    async fn entries(&mut self, log: LogId, from: u64, limit: u32) -> Result<Vec<EntryRow>>;
    /// Entries of all logs, from a place in the feed on (leaves of heads are passed over); the whole feed for `vaults: None`, else their two logs each.
    async fn feed(&mut self, from: u64, vaults: Option<&[Id]>, limit: u32) -> Result<Vec<FeedRow>>;
    /// The ends of batches whose last leaf is at this position or after it.
    async fn batches(&mut self, from: u64, limit: u32) -> Result<Vec<BatchRow>>;
    /// The feed's leaf hashes, from a position on.
    async fn leaves(&mut self, from: u64, limit: u32) -> Result<Vec<Id>>;
    /// The entry that used an operation id: of this signer, in this log; while the log has not begun, among those that begin one.
    async fn repeated(&mut self, signer: Option<Id>, log: LogId, operation_id: Id) -> Result<Option<EntryRow>>;

    /// A principal's profile and place.
    async fn principal(&mut self, principal: Id) -> Result<Option<PrincipalRow>>;
    /// The principal that is not deleted and has this address.
    async fn principal_by_email(&mut self, email: &str) -> Result<Option<PrincipalRow>>;
    /// Principals in order of creation, from a leaf of the heads tree on.
    async fn principals(&mut self, from: u64, limit: u32) -> Result<Vec<PrincipalRow>>;
    /// The X-Wing keys of a principal, by generation.
    async fn kem_keys(&mut self, principal: Id) -> Result<Vec<(u32, Vec<u8>)>>;
    /// The X-Wing key of a generation.
    async fn kem_key(&mut self, principal: Id, generation: u32) -> Result<Option<Vec<u8>>>;
    /// Whether both were ever named in one vault's log that `caller` is a member of now.
    async fn share_a_vault(&mut self, caller: Id, other: Id) -> Result<bool>;
    /// Whether both were ever named in one vault's log.
    async fn met(&mut self, one: Id, other: Id) -> Result<bool>;
    /// Everybody ever named in the log of a vault that `caller` is a member of now, in order of id.
    async fn acquaintances(&mut self, caller: Id) -> Result<Vec<Id>>;

    /// A vault's rows.
    async fn vault(&mut self, vault: Id) -> Result<Option<VaultRow>>;
    /// The vault of a creator's external id that is not deleted.
    async fn vault_by_external_id(&mut self, creator: Id, external_id: &str) -> Result<Option<Id>>;
    /// Vaults whose member this principal (or a group of it) is, in order of creation, from a leaf of the heads tree on.
    async fn vaults_of(&mut self, grantee: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>>;
    /// Vaults whose log ever named this principal, in order of creation, from a leaf of the heads tree on.
    async fn vaults_naming(&mut self, principal: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>>;
    /// The members of a vault.
    async fn members(&mut self, vault: Id) -> Result<Vec<MemberRow>>;
    /// Everybody ever named in a vault's log, in order of id.
    async fn people(&mut self, vault: Id) -> Result<Vec<Id>>;
    /// Whether a vault's log ever named somebody.
    async fn named(&mut self, vault: Id, principal: Id) -> Result<bool>;
    /// One membership.
    async fn member(&mut self, vault: Id, grantee: Id) -> Result<Option<MemberRow>>;
    /// The wraps for one principal.
    async fn wraps(&mut self, vault: Id, principal: Id) -> Result<Vec<WrapRow>>;
    /// All wraps of a vault.
    async fn all_wraps(&mut self, vault: Id) -> Result<Vec<WrapRow>>;
    /// All wraps of a vault's epoch.
    async fn wraps_of_epoch(&mut self, vault: Id, epoch: u32) -> Result<Vec<WrapRow>>;
    /// The sealed key of the epoch before this one.
    async fn previous_key(&mut self, vault: Id, epoch: u32) -> Result<Option<Vec<u8>>>;

    /// All sealed keys of epochs before others, by the epoch that each came before.
    async fn previous_keys(&mut self, vault: Id) -> Result<Vec<(u32, Vec<u8>)>>;

    /// A vault's items, deleted ones too, in order of creation, from a place of the item log on.
    async fn all_items(&mut self, vault: Id, from: u64, limit: u32) -> Result<Vec<ItemRow>>;
    /// The files of an item, detached ones too, in order of their place in the item log.
    async fn files_of(&mut self, vault: Id, item: Id) -> Result<Vec<(FileRow, Vec<u8>)>>;
    /// An item's newest version.
    async fn item(&mut self, vault: Id, item: Id) -> Result<Option<ItemRow>>;
    /// A version of an item with its entry, the newest for `None`; deleted items have none.
    async fn version(&mut self, vault: Id, item: Id, version: Option<u64>) -> Result<Option<VersionRow>>;
    /// A vault's items that are not deleted, in order of creation, those after the one `created` there.
    async fn items(&mut self, vault: Id, archived: bool, after: Option<u64>, limit: u32) -> Result<Vec<ItemRow>>;
    /// The sealed parts of versions of an item, from a version on.
    async fn parts(&mut self, vault: Id, item: Id, from: u64, limit: u32) -> Result<Vec<PartsRow>>;
    /// A file that is attached.
    async fn file(&mut self, vault: Id, file: Id) -> Result<Option<FileRow>>;
    /// The hashes of an attached file's pieces, 32 bytes each, in order; apart, for each of its pieces is asked with `file`.
    async fn pieces_of(&mut self, vault: Id, file: Id) -> Result<Option<Vec<u8>>>;
    /// Reads and refusals of all chains, from a place on: in order of time, but for what was noted while others were folded.
    async fn reads(&mut self, from: u64, limit: u32) -> Result<Vec<ReadRow>>;
    /// The first place from which on there may be reads of this time or later.
    async fn reads_since(&mut self, time: u64) -> Result<u64>;
    /// Where every chain stands, as far as [`Snapshot::reads`] has it.
    async fn chains(&mut self) -> Result<Vec<Chain>>;
    /// What stands beside the entry at a place of the feed.
    async fn origin(&mut self, position: u64) -> Result<Option<OriginRow>>;
    /// The entries that a signer submitted to a log in one session.
    async fn entries_of_session(&mut self, log: LogId, signer: Id, session: Id) -> Result<Vec<EntryRow>>;
    /// When somebody last signed in a vault: the time of that entry.
    async fn last_signed(&mut self, vault: Id, signer: Id) -> Result<Option<u64>>;
}
