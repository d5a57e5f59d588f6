//! States of logs and their proofs.

use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::model::id::Id;

/// What to tell of which logs.
#[derive(Clone, Debug)]
pub struct StatesRequest {
    /// The newest head the caller has verified: the answer's must extend it.
    pub known: Head,
    /// Other heads the caller was shown, as by a cursor: the answer's must extend them too.
    pub others: Vec<Head>,
    /// Logs of the account, principals and groups.
    pub logs: Vec<LogRequest>,
    /// Vaults, with both their logs.
    pub vaults: Vec<VaultRequest>,
    /// Vaults that the caller was in and is no longer, with both their logs up to then.
    pub former: Vec<FormerRequest>,
}

/// Entries of a log from a place on.
#[derive(Clone, Copy, Debug)]
pub struct LogRequest {
    /// Which log.
    pub log: LogId,
    /// How many entries the caller has.
    pub from: u64,
}

/// Entries of a vault's logs from a place on.
#[derive(Clone, Copy, Debug)]
pub struct VaultRequest {
    /// Which vault.
    pub vault: Id,
    /// How many entries of the vault log the caller has.
    pub access_from: u64,
    /// How many entries of the item log the caller has; `None`: its state is enough.
    pub items_from: Option<u64>,
}

/// Entries of a vault's logs from a place on, as far as a former member may see them.
#[derive(Clone, Copy, Debug)]
pub struct FormerRequest {
    /// Which vault.
    pub vault: Id,
    /// How many entries of the vault log the caller has.
    pub access_from: u64,
    /// How many entries of the item log the caller has.
    pub items_from: u64,
}

/// An entry without its place in its log, which follows from its order.
#[derive(Clone, Debug)]
pub struct EntryAnswer {
    /// When it was taken, in milliseconds since 1970.
    pub time: u64,
    /// The signed bytes.
    pub operation: Vec<u8>,
    /// Their signatures.
    pub signatures: Vec<Vec<u8>>,
    /// Its place in the feed.
    pub position: u64,
}

/// A log of the account, a principal or a group.
#[derive(Clone, Debug)]
pub struct LogAnswer {
    /// Which log.
    pub log: LogId,
    /// Its leaf in the heads tree.
    pub leaf: u64,
    /// Its state, after the entries.
    pub state: Head,
    /// All its entries from the place that was asked for.
    pub entries: Vec<EntryAnswer>,
}

/// A vault's two logs.
#[derive(Clone, Debug)]
pub struct VaultAnswer {
    /// Which vault.
    pub vault: Id,
    /// Its leaf in the heads tree.
    pub leaf: u64,
    /// The state of the vault log, after the entries.
    pub access: Head,
    /// The state of the item log, after the entries where they were asked for.
    pub items: Head,
    /// All entries of the vault log from the place that was asked for.
    pub access_entries: Vec<EntryAnswer>,
    /// All entries of the item log from the place that was asked for.
    pub items_entries: Vec<EntryAnswer>,
}

/// A vault's two logs, up to the entry that put the caller out.
///
/// They are not the newest, so no heads tree holds them: each entry has its place in the feed, whose leaf there is the log's
/// state after it.
#[derive(Clone, Debug)]
pub struct FormerAnswer {
    /// Which vault.
    pub vault: Id,
    /// The entries of the vault log from the place that was asked for, as far as they are shown.
    pub access_entries: Vec<EntryAnswer>,
    /// The entries of the item log from the place that was asked for, as far as they are shown.
    pub items_entries: Vec<EntryAnswer>,
}

/// An author's `seen` is a head of this feed.
#[derive(Clone, Debug)]
pub struct SeenProof {
    /// What the author had seen.
    pub seen: Head,
    /// The consistency proof from there to the answer's head.
    pub joined: Vec<Id>,
}

/// States of logs under one head, proven.
///
/// Logs that are not there, or that the caller may not know of, are left out.
#[derive(Clone, Debug)]
pub struct States {
    /// The newest head.
    pub head: Head,
    /// The consistency proof from the head that the request named.
    pub joined: Vec<Id>,
    /// The consistency proofs from the other heads that the request named, in order.
    pub others_joined: Vec<Vec<Id>>,
    /// The heads trees, whose leaf is the feed's last.
    pub roots: HeadsRoots,
    /// The logs, in the order that they were asked for.
    pub logs: Vec<LogAnswer>,
    /// The vaults, in the order that they were asked for.
    pub vaults: Vec<VaultAnswer>,
    /// The vaults that the caller was in, in the order that they were asked for.
    pub former: Vec<FormerAnswer>,
    /// Proves the logs' leaves, distinct and in order of leaf, in the heads tree of the account.
    pub logs_proof: Vec<Id>,
    /// Proves the vaults' leaves, distinct and in order of leaf, in the heads tree of vaults.
    pub vaults_proof: Vec<Id>,
    /// Proves every entry of the answer and the heads leaf, in order of position, in the feed.
    pub feed_proof: Vec<Id>,
    /// The newest `seen` of each author in the answer, joined to the head. Those of size 0 and of the head itself are left out.
    pub seen: Vec<SeenProof>,
}
