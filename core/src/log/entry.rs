//! An entry: an operation at its place in a log.

use minicbor::{Decode, Encode};

use super::encoding::{self, Bytes};
use super::tree;
use crate::error::Result;
use crate::model::id::Id;

/// An operation, as a log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// Its place in the log, from 0.
    #[n(0)]
    pub seq: u64,
    /// When the engine took it, in milliseconds since 1970.
    #[n(1)]
    pub time: u64,
    /// The operation's bytes, as they were signed.
    #[n(2)]
    pub operation: Bytes,
    /// The signatures, in the order that the kind asks for.
    #[n(3)]
    pub signatures: Vec<Bytes>,
}

impl Entry {
    /// Its bytes, which the log's tree hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The entry of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        encoding::decode("a log entry", bytes)
    }

    /// The hash of its leaf.
    pub fn hash(&self) -> Id {
        tree::hash_leaf(&self.to_bytes())
    }
}
