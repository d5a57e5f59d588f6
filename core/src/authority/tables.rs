//! What the tables hold, for an audit to hold against the logs.

use crate::log::feed::Head;
use crate::model::id::Id;
use crate::store::{FileRow, ItemRow, LogRow, MemberRow, PrincipalRow, VaultRow, WrapRow};

/// The rows of which logs to tell: those of one heads tree, from one of its leaves on.
#[derive(Clone, Copy, Debug)]
pub struct TablesRequest {
    /// Of vaults; else of the account, principals and groups.
    pub vaults: bool,
    /// The first leaf.
    pub from: u64,
    /// How many leaves at most.
    pub limit: u32,
}

/// Rows, as they are under one head.
#[derive(Clone, Debug)]
pub struct Tables {
    /// The newest head at that moment.
    pub head: Head,
    /// The logs, in order of leaf.
    pub logs: Vec<LogRow>,
    /// The rows of the principals among the logs, in order.
    pub principals: Vec<PrincipalTable>,
    /// The rows of the vaults among the logs, in order.
    pub vaults: Vec<VaultTable>,
    /// The leaf to go on with; `None` at the end.
    pub next: Option<u64>,
}

/// The rows of a principal.
#[derive(Clone, Debug)]
pub struct PrincipalTable {
    /// Its profile and place.
    pub row: Option<PrincipalRow>,
    /// The hashes of its X-Wing keys, by generation.
    pub kem: Vec<(u32, Id)>,
}

/// The rows of a vault: of what is sealed, the hashes.
#[derive(Clone, Debug)]
pub struct VaultTable {
    /// Its own, without the sealed name.
    pub row: Option<VaultRow>,
    /// The hash of the sealed name.
    pub name: Id,
    /// Its members.
    pub members: Vec<MemberRow>,
    /// Everybody ever named in its log.
    pub people: Vec<Id>,
    /// Its wraps, without the sealed keys.
    pub wraps: Vec<WrapRow>,
    /// The hashes of the sealed keys of epochs, by the epoch that each came before.
    pub previous: Vec<(u32, Id)>,
    /// Its items, deleted ones too.
    pub items: Vec<ItemTable>,
}

/// The rows of an item.
#[derive(Clone, Debug)]
pub struct ItemTable {
    /// Its newest version.
    pub row: ItemRow,
    /// What is kept of each version.
    pub parts: Vec<PartsTable>,
    /// Its files, detached ones too.
    pub files: Vec<FileTable>,
}

/// The row of a file.
#[derive(Clone, Debug)]
pub struct FileTable {
    /// Its own.
    pub row: FileRow,
    /// The hashes of its pieces, 32 bytes each.
    pub leaves: Vec<u8>,
}

/// The sealed parts of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartsTable {
    /// Which version.
    pub version: u64,
    /// The place of its entry in the item log.
    pub seq: u64,
    /// The hash of the sealed overview.
    pub overview: Id,
    /// The hash of the sealed details.
    pub details: Id,
}
