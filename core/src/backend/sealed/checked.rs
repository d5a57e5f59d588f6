//! Signatures that were checked before, so that reading a version again costs none.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::verify::Pending;
use crate::error::Result;
use crate::model::id::Id;

/// Entries remembered; one takes about 100 bytes.
const ENTRIES: u64 = 65_536;

/// Entries whose signatures hold, by their hash.
///
/// The hash covers the operation and its signatures, and a principal's generation has one key for ever: so what held once
/// holds always. Rights are no part of it: an operation that comes later can take them away.
pub(super) struct Checked(Cache<Id, ()>);

impl Checked {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(ENTRIES).eviction_policy(EvictionPolicy::lru()).build())
    }

    /// Whether every key that must have signed the entry has.
    pub(super) fn signatures(&self, entry: &Pending, keys: &[Id]) -> Result<()> {
        let hash = entry.placed().hash;
        if self.0.get(&hash).is_none() {
            entry.check_signatures(keys)?;
            self.0.insert(hash, ());
        }
        Ok(())
    }
}
