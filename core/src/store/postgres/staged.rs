//! A change as it waits for its place in the feed: judged, and its bytes on their way to disk.

use minicbor::{Decode, Encode};

use super::convert::{kind_number, kind_of};
use crate::error::Result;
use crate::log::encoding::{self, Bytes};
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::{Append, Row, SessionRow};

/// The version of these bytes: whoever does not know one leaves it to those who do.
pub(super) const VERSION: i16 = 1;
/// The most bytes of one value in PostgreSQL.
const MOST: usize = 1 << 30;

/// What is written of a change.
#[derive(Debug, Encode, Decode)]
pub(super) struct Staged {
    #[n(0)]
    pub(super) session: Option<SessionRow>,
    #[n(1)]
    pub(super) entries: Vec<StagedEntry>,
    #[n(2)]
    pub(super) rows: Vec<Row>,
}

/// An entry, and the place in its log that it was given.
#[derive(Debug, Encode, Decode)]
pub(super) struct StagedEntry {
    #[n(0)]
    kind: i16,
    #[n(1)]
    id: Id,
    #[n(2)]
    pub(super) seq: u64,
    #[n(3)]
    pub(super) operation: Bytes,
    #[n(4)]
    pub(super) signatures: Vec<Bytes>,
    #[n(5)]
    pub(super) signer: Option<Id>,
    #[n(6)]
    pub(super) operation_id: Id,
}

impl StagedEntry {
    pub(super) fn of(append: Append, seq: u64) -> Self {
        let Append { log, operation, signatures, signer, operation_id } = append;
        Self {
            kind: kind_number(log.kind),
            id: log.id,
            seq,
            operation: operation.into(),
            signatures: signatures.into_iter().map(Bytes::from).collect(),
            signer,
            operation_id,
        }
    }

    pub(super) fn log(&self) -> Result<LogId> {
        Ok(LogId { kind: kind_of(self.kind)?, id: self.id })
    }
}

impl Staged {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        encoding::decode_within(MOST, "a staged change", bytes)
    }
}
