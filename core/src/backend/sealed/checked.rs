//! Keys and signatures that were checked before, so that checking them again costs nothing.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::verify::Pending;
use crate::error::Result;
use crate::log::signature::{self, VerifyingKey};
use crate::model::id::Id;

/// Entries remembered; one takes about 100 bytes.
const ENTRIES: u64 = 65_536;
/// Signing keys remembered; one takes about 300 bytes.
const KEYS: u64 = 4_096;

/// What holds once and always: that a key is one, and that the signatures of an entry are those of its keys.
///
/// The hash of an entry covers its operation and its signatures, and a principal's generation has one key for ever. Rights
/// are no part of it: an operation that comes later can take them away.
pub(super) struct Checked {
    entries: Cache<Id, ()>,
    keys: Cache<Id, VerifyingKey>,
}

impl Checked {
    pub(super) fn new() -> Self {
        Self {
            entries: Cache::builder().max_capacity(ENTRIES).eviction_policy(EvictionPolicy::lru()).build(),
            keys: Cache::builder().max_capacity(KEYS).eviction_policy(EvictionPolicy::lru()).build(),
        }
    }

    /// Whether every key that must have signed the entry has.
    pub(super) fn signatures(&self, entry: &Pending, keys: &[Id]) -> Result<()> {
        let hash = entry.placed().hash;
        if self.entries.get(&hash).is_none() {
            let keys = keys.iter().map(|key| self.key(*key)).collect::<Result<Vec<_>>>()?;
            entry.check_signatures(&keys)?;
            self.entries.insert(hash, ());
        }
        Ok(())
    }

    fn key(&self, public: Id) -> Result<VerifyingKey> {
        if let Some(key) = self.keys.get(&public) {
            return Ok(key);
        }
        let key = signature::accept_key(&public.0)?;
        self.keys.insert(public, key);
        Ok(key)
    }
}
