//! What engines keep for each other: in memory, for the engines on a file are those of one process, and the file's other
//! processes have callers of their own.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::writer::now;
use crate::model::id::Id;
use crate::store::Kept;

/// Beyond so many, those asked for longest ago go.
const MOST: u64 = 262_144;

#[derive(Clone)]
struct Value {
    bytes: Vec<u8>,
    until: u64,
}

/// Short-lived values by key.
pub(super) struct Shelf(Cache<(Kept, Id), Value>);

impl Shelf {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(MOST).eviction_policy(EvictionPolicy::lru()).build())
    }

    pub(super) fn put(&self, kind: Kept, key: Id, bytes: Vec<u8>, until: u64) {
        self.0.insert((kind, key), Value { bytes, until });
    }

    pub(super) fn get(&self, kind: Kept, key: Id) -> Option<Vec<u8>> {
        let value = self.0.get(&(kind, key))?;
        if value.until <= now() {
            self.0.invalidate(&(kind, key));
            return None;
        }
        Some(value.bytes)
    }

    pub(super) fn take(&self, kind: Kept, key: Id) -> Option<Vec<u8>> {
        self.0.remove(&(kind, key)).filter(|value| value.until > now()).map(|value| value.bytes)
    }
}
