//! Rows that answer reads: sealed bytes, and what tells them apart.

use crate::log::feed::HeadsRoots;
use crate::model::id::Id;
use crate::store::{EntryRow, WrapRow};

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
    /// The sealed details.
    pub details: Vec<u8>,
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
    /// An entry.
    Entry(EntryRow),
    /// The end of a batch.
    Heads(HeadsRoots),
}
