//! Rows that answer reads: sealed bytes, and what tells them apart.

use crate::model::id::Id;
use crate::store::{BatchRow, EntryRow, FeedRow, OriginRow, ReadRow, SessionRow, WrapRow};

/// A principal's name and address, to be checked against the commitment in its log.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The display name; empty when the person was forgotten.
    pub name: String,
    /// The address.
    pub email: Option<String>,
    /// Salts the commitment; empty when the person was forgotten.
    pub salt: Vec<u8>,
}

/// A vault's sealed name and the caller's sealed keys.
#[derive(Clone, Debug)]
pub struct VaultRows {
    /// The sealed name and description.
    pub name: Vec<u8>,
    /// The caller's wraps, of all epochs.
    pub wraps: Vec<WrapRow>,
    /// The key of the epoch before, sealed under the key of this one.
    pub previous: Vec<(u32, Vec<u8>)>,
}

/// One version of an item.
#[derive(Clone, Debug)]
pub struct ItemAnswer {
    /// The entry that made it.
    pub entry: EntryRow,
    /// The entry's path in the item log.
    pub path: Vec<Id>,
    /// When the item was made, in milliseconds since 1970; the engine's word until the item log is replayed.
    pub created_at: u64,
    /// Whether this is the newest version.
    pub newest: bool,
    /// The sealed overview.
    pub overview: Vec<u8>,
    /// The sealed details; empty for [`Reading::Summary`].
    pub details: Vec<u8>,
}

/// What items are asked for, which decides what the audit says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// To be listed: the overviews alone, and nothing in the audit.
    Summary,
    /// To be read: `item.read` for each.
    Whole,
    /// To open this file: `file.read`, once for all its pieces.
    File(Id),
    /// To be written over: `item.read` for each, but where the next version comes in the same session.
    Change,
    /// To be shown to whoever wrote it: nothing for versions that the caller signed, `item.read` for others.
    Written,
    /// To be verified: one `audit.verified` for the request.
    Proof,
}

/// One page of the feed's entries for changes.
#[derive(Clone, Debug)]
pub struct FeedPage {
    /// Where the entries are, in order of position.
    pub places: Vec<FeedRow>,
    /// Vaults among them that the caller was in and is no longer: their entry here is the one that put it out.
    pub former: Vec<Id>,
    /// Where the next page begins.
    pub next: u64,
    /// Whether the feed ends here.
    pub ended: bool,
}

/// One page of the feed's entries for the audit.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// Where the entries are, and what stands beside them, in order of position.
    pub places: Vec<(FeedRow, OriginRow)>,
    /// Vaults among them that the caller was in and is no longer.
    pub former: Vec<Id>,
    /// Where the next page begins.
    pub next: u64,
    /// Whether the feed ends here.
    pub ended: bool,
}

/// One page of reads and refusals.
#[derive(Clone, Debug)]
pub struct ReadsPage {
    /// In order of place.
    pub rows: Vec<ReadRow>,
    /// Where the next page begins.
    pub next: u64,
    /// Whether there is nothing after it.
    pub ended: bool,
}

/// Which reads and refusals to look for; what is `None` matches all.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadsFilter {
    /// Whose.
    pub actor: Option<Id>,
    /// In which vault.
    pub vault: Option<Id>,
    /// From this time on, in milliseconds since 1970.
    pub since: Option<u64>,
}

/// A file that is attached.
#[derive(Clone, Debug)]
pub struct FileAnswer {
    /// The entry that attached it.
    pub entry: EntryRow,
    /// The entry's path in the item log.
    pub path: Vec<Id>,
    /// The hashes of its pieces, in order.
    pub leaves: Vec<Id>,
}

/// One leaf of the feed.
#[derive(Clone, Debug)]
pub enum AuditRow {
    /// An entry, and the session that submitted it, by the engine's word.
    Entry(EntryRow, Option<SessionRow>),
    /// The end of a batch.
    Heads(BatchRow),
}
