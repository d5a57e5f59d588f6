//! What a snapshot reads, by noun.

pub(super) mod chains;
pub(super) mod entries;
pub(super) mod feed;
pub(super) mod files;
pub(super) mod items;
pub(super) mod logs;
pub(super) mod principals;
pub(super) mod vaults;

/// The leaf of the vault whose id is the first parameter, by which its rows know it.
macro_rules! of_vault {
    () => {
        "(SELECT key >> 2 FROM log WHERE id = $1 AND kind = 4)"
    };
}
use of_vault;
