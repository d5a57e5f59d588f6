//! The one number by which rows know a log or a tree.
//!
//! It is the leaf in the heads tree times four, and a slot: so it is short, grows with the order of creation, and the
//! rows of 10,000 new vaults go to the ends of tables instead of all over them.

use crate::log::operation::LogKind;

/// The key of the feed's tree.
pub(in crate::store) const FEED: u64 = 1;
/// The key of the heads tree of account, reads, principals and groups.
pub(in crate::store) const ACCOUNT_HEADS: u64 = 5;
/// The key of the heads tree of vaults.
pub(in crate::store) const VAULT_HEADS: u64 = 9;

/// The key of a log of this kind at this leaf of its heads tree.
pub(in crate::store) const fn of_log(kind: LogKind, leaf: u64) -> u64 {
    let slot = match kind {
        LogKind::Account | LogKind::Reads | LogKind::Principal | LogKind::Group => 0,
        LogKind::Vault => 2,
        LogKind::Items => 3,
    };
    leaf << 2 | slot
}

/// The leaf of the log of this key.
pub(in crate::store) const fn leaf(key: u64) -> u64 {
    key >> 2
}

/// The least key at this leaf, of either heads tree.
pub(in crate::store) const fn first(leaf: u64) -> u64 {
    leaf << 2
}
