//! The newest version of each item that this client has read or written: an older one is not the newest any more.

use moka::sync::Cache;

use crate::model::id::Id;

/// Of how many items; those that were read last.
const ITEMS: u64 = 65_536;

pub(super) struct Versions(Cache<(Id, Id), u64>);

impl Versions {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(ITEMS).build())
    }

    /// The newest that was seen of an item in a vault; 0 if none was.
    pub(super) fn newest(&self, vault: Id, item: Id) -> u64 {
        self.0.get(&(vault, item)).unwrap_or(0)
    }

    /// Remembers a version, unless a newer one was seen.
    pub(super) fn seen(&self, vault: Id, item: Id, version: u64) {
        if self.newest(vault, item) < version {
            let newest = |known: Option<moka::Entry<(Id, Id), u64>>| {
                known.map_or(version, |known| known.into_value().max(version))
            };
            self.0.entry((vault, item)).and_upsert_with(newest);
        }
    }
}
