//! What the tables hold, for an audit to hold against the logs.

use super::rows::WrapRow;
use super::states::{Head, LogId};
use super::{Key, Octets};
use crate::model::id::Id;
use crate::{authority, store};

forms! {
    /// The rows of which logs to tell.
    #[serde(deny_unknown_fields)]
    TablesRequest of authority::TablesRequest {
        /// Of vaults; else of the account, principals and groups.
        vaults: bool,
        /// The first leaf of their heads tree.
        from: u64,
        /// How many leaves at most.
        limit: u32,
    }

    /// Rows, as they are under one head.
    Tables of authority::Tables {
        /// The newest head at that moment.
        head: Head,
        /// The logs, in order of leaf.
        logs: Vec<LogRow>,
        /// The rows of the principals among the logs, in order.
        principals: Vec<PrincipalTable>,
        /// The rows of the vaults among the logs, in order.
        vaults: Vec<VaultTable>,
        /// The leaf to go on with; null at the end.
        next: Option<u64>,
    }

    /// A log's state.
    LogRow of store::LogRow {
        /// Which log.
        log: LogId,
        /// Its size and root.
        state: Head,
        /// Its leaf in its heads tree.
        leaf: u64,
    }

    /// A principal's profile and place.
    PrincipalRow of store::PrincipalRow {
        /// Who.
        principal: Key,
        /// 0 user, 1 service account, 2 recovery key.
        kind: u8,
        /// The display name.
        name: String,
        /// The address.
        email: Option<String>,
        /// Salts the commitment.
        salt: Octets,
        /// Not deleted.
        active: bool,
        /// Its log's leaf in the heads tree.
        leaf: u64,
    }

    /// The rows of a principal.
    PrincipalTable of authority::PrincipalTable {
        /// Its profile and place.
        row: Option<PrincipalRow>,
        /// The hashes of its X-Wing keys.
        kem: Vec<NumberedHash>,
    }

    /// A vault's rows.
    VaultRow of store::VaultRow {
        /// Which.
        vault: Key,
        /// Who made it.
        creator: Key,
        /// The creator's own name for it.
        external_id: Option<String>,
        /// Its leaf in the heads tree.
        leaf: u64,
        /// The epoch whose key seals the name; 0 once deleted.
        name_epoch: u32,
        /// The sealed name and description; left empty here.
        name: Octets,
        /// Whether it was deleted.
        deleted: bool,
    }

    /// A membership.
    MemberRow of store::MemberRow {
        /// Where.
        vault: Key,
        /// A principal or a group.
        grantee: Key,
        /// The role's number.
        role: u8,
        /// In milliseconds since 1970.
        expires_at: Option<u64>,
    }

    /// The rows of a vault: of what is sealed, the hashes.
    VaultTable of authority::VaultTable {
        /// Its own, without the sealed name.
        row: Option<VaultRow>,
        /// The hash of the sealed name.
        name: Key,
        /// Its members.
        members: Vec<MemberRow>,
        /// Everybody ever named in its log.
        people: Vec<Key>,
        /// Its wraps, without the sealed keys.
        wraps: Vec<WrapRow>,
        /// The hashes of the sealed keys of epochs, by the epoch that each came before.
        previous: Vec<NumberedHash>,
        /// Its items, deleted ones too.
        items: Vec<ItemTable>,
    }

    /// An item's newest version.
    ItemRow of store::ItemRow {
        /// Its vault.
        vault: Key,
        /// Which.
        item: Key,
        /// The newest version.
        version: u64,
        /// Whether it is in the archive.
        archived: bool,
        /// Whether it was deleted.
        deleted: bool,
        /// The place of its first entry in the item log.
        created: u64,
        /// The place of its newest entry in the item log.
        seq: u64,
    }

    /// The rows of an item.
    ItemTable of authority::ItemTable {
        /// Its newest version.
        row: ItemRow,
        /// What is kept of each version.
        parts: Vec<PartsTable>,
        /// Its files, detached ones too.
        files: Vec<FileTable>,
    }

    /// A file.
    FileRow of store::FileRow {
        /// Its item.
        item: Key,
        /// Which.
        file: Key,
        /// The place of the entry that attached it in the item log.
        seq: u64,
        /// The sealed length in bytes.
        length: u64,
        /// Whether it was detached, and its pieces are gone.
        detached: bool,
    }

    /// The row of a file.
    FileTable of authority::FileTable {
        /// Its own.
        row: FileRow,
        /// The hashes of its pieces, 32 bytes each.
        leaves: Octets,
    }

    /// The sealed parts of a version.
    PartsTable of authority::PartsTable {
        /// Which version.
        version: u64,
        /// The place of its entry in the item log.
        seq: u64,
        /// The hash of the sealed overview.
        overview: Key,
        /// The hash of the sealed details.
        details: Key,
    }
}

pairs! {
    /// The hash of a thing that has a number.
    NumberedHash of (u32, Id) {
        /// A generation of keys, or an epoch.
        number: u32,
        /// The hash.
        hash: Key
    }
}
