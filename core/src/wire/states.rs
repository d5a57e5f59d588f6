//! States of logs and their proofs.

use serde::{Deserialize, Serialize};

use super::{Crosses, Key, Octets};
use crate::{authority, log};

/// Which kind of log.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// The account's.
    Account,
    /// Where the chains of reads stand.
    Reads,
    /// One principal's.
    Principal,
    /// One group's.
    Group,
    /// One vault's: its name, who may, its keys.
    Vault,
    /// One vault's: what is in it.
    Items,
}

impl Crosses<LogKind> for log::operation::LogKind {
    fn into_form(self) -> LogKind {
        match self {
            Self::Account => LogKind::Account,
            Self::Reads => LogKind::Reads,
            Self::Principal => LogKind::Principal,
            Self::Group => LogKind::Group,
            Self::Vault => LogKind::Vault,
            Self::Items => LogKind::Items,
        }
    }

    fn from_form(form: LogKind) -> Self {
        match form {
            LogKind::Account => Self::Account,
            LogKind::Reads => Self::Reads,
            LogKind::Principal => Self::Principal,
            LogKind::Group => Self::Group,
            LogKind::Vault => Self::Vault,
            LogKind::Items => Self::Items,
        }
    }
}

forms! {
    /// One log.
    #[serde(deny_unknown_fields)]
    LogId of log::operation::LogId {
        /// Its kind.
        kind: LogKind,
        /// Whose it is.
        id: Key,
    }

    /// The size and the root of a tree.
    #[serde(deny_unknown_fields)]
    Head of log::feed::Head {
        /// How many leaves.
        size: u64,
        /// Their RFC 6962 root.
        root: Key,
    }

    /// The roots of both heads trees.
    HeadsRoots of log::feed::HeadsRoots {
        /// Of account, reads, principals and groups.
        account: Head,
        /// Of vaults.
        vaults: Head,
    }

    /// What to tell of which logs.
    #[serde(deny_unknown_fields)]
    StatesRequest of authority::StatesRequest {
        /// The newest head the caller has verified: the answer's extends it.
        known: Head,
        /// Other heads the caller was shown, as by a cursor: the answer's extends them too.
        #[serde(deserialize_with = "super::calls::list")]
        others: Vec<Head>,
        /// Logs of the account, principals and groups.
        #[serde(deserialize_with = "super::calls::list")]
        logs: Vec<LogRequest>,
        /// Vaults, with both their logs.
        #[serde(deserialize_with = "super::calls::list")]
        vaults: Vec<VaultRequest>,
        /// Vaults that the caller was in and is no longer, with both their logs up to then.
        #[serde(deserialize_with = "super::calls::list")]
        former: Vec<FormerRequest>,
    }

    /// Entries of a log from a place on.
    #[serde(deny_unknown_fields)]
    LogRequest of authority::LogRequest {
        /// Which log.
        log: LogId,
        /// How many entries the caller has.
        from: u64,
    }

    /// Entries of a vault's logs from a place on.
    #[serde(deny_unknown_fields)]
    VaultRequest of authority::VaultRequest {
        /// Which vault.
        vault: Key,
        /// How many entries of the vault log the caller has.
        access_from: u64,
        /// How many entries of the item log the caller has; null: its state is enough.
        items_from: Option<u64>,
    }

    /// Entries of a vault's logs from a place on, as far as a former member may see them.
    #[serde(deny_unknown_fields)]
    FormerRequest of authority::FormerRequest {
        /// Which vault.
        vault: Key,
        /// How many entries of the vault log the caller has.
        access_from: u64,
        /// How many entries of the item log the caller has.
        items_from: u64,
    }

    /// An entry without its place in its log, which follows from its order.
    EntryAnswer of authority::EntryAnswer {
        /// When it was taken, in milliseconds since 1970.
        time: u64,
        /// The signed bytes.
        operation: Octets,
        /// Their signatures.
        signatures: Vec<Octets>,
        /// Its place in the feed.
        position: u64,
    }

    /// A log of the account, a principal or a group.
    LogAnswer of authority::LogAnswer {
        /// Which log.
        log: LogId,
        /// Its leaf in the heads tree.
        leaf: u64,
        /// Its state, after the entries.
        state: Head,
        /// All its entries from the place that was asked for.
        entries: Vec<EntryAnswer>,
    }

    /// A vault's two logs.
    VaultAnswer of authority::VaultAnswer {
        /// Which vault.
        vault: Key,
        /// Its leaf in the heads tree.
        leaf: u64,
        /// The state of the vault log, after the entries.
        access: Head,
        /// The state of the item log, after the entries where they were asked for.
        items: Head,
        /// All entries of the vault log from the place that was asked for.
        access_entries: Vec<EntryAnswer>,
        /// All entries of the item log from the place that was asked for.
        items_entries: Vec<EntryAnswer>,
    }

    /// A vault's two logs, up to the entry that put the caller out.
    FormerAnswer of authority::FormerAnswer {
        /// Which vault.
        vault: Key,
        /// The entries of the vault log from the place that was asked for, as far as they are shown.
        access_entries: Vec<EntryAnswer>,
        /// The entries of the item log from the place that was asked for, as far as they are shown.
        items_entries: Vec<EntryAnswer>,
    }

    /// An author's `seen` is a head of this feed.
    SeenProof of authority::SeenProof {
        /// What the author had seen.
        seen: Head,
        /// The consistency proof from there to the answer's head.
        joined: Vec<Key>,
    }

    /// States of logs under one head, proven. What is not there, or not for the caller, is left out.
    States of authority::States {
        /// The newest head.
        head: Head,
        /// The consistency proof from the head that the request named.
        joined: Vec<Key>,
        /// The consistency proofs from the other heads that the request named, in order.
        others_joined: Vec<Vec<Key>>,
        /// The heads trees, whose leaf is the feed's last.
        roots: HeadsRoots,
        /// The logs, in the order that they were asked for.
        logs: Vec<LogAnswer>,
        /// The vaults, in the order that they were asked for.
        vaults: Vec<VaultAnswer>,
        /// The vaults that the caller was in, in the order that they were asked for.
        former: Vec<FormerAnswer>,
        /// Proves the logs' leaves in the heads tree of the account.
        logs_proof: Vec<Key>,
        /// Proves the vaults' leaves in the heads tree of vaults.
        vaults_proof: Vec<Key>,
        /// Proves every entry of the answer and the heads leaf in the feed.
        feed_proof: Vec<Key>,
        /// The newest `seen` of each author in the answer, joined to the head.
        seen: Vec<SeenProof>,
    }
}
