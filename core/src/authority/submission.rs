//! Signed operations, and the rows that belong to them.

use crate::model::id::Id;
use crate::store::{Receipt, WrapRow};

/// A signed operation and its rows.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The signed bytes.
    pub operation: Vec<u8>,
    /// Their signatures, in the order that the kind asks for.
    pub signatures: Vec<Vec<u8>>,
    /// What belongs to it.
    pub rows: Rows,
}

impl Submission {
    /// About how many bytes it has.
    pub fn weight(&self) -> usize {
        let Self { operation, signatures, rows } = self;
        let Rows { profile: _, kem_key, name, wraps, previous_key, overview, details, files } = rows;
        let optional = [kem_key, name, previous_key].into_iter().flatten().map(Vec::len).sum::<usize>();
        let wraps = wraps.iter().map(|wrap| wrap.sealed.len()).sum::<usize>();
        let files =
            files.iter().map(|file| file.leaves.len() * 32 + file.piece.as_ref().map_or(0, Vec::len)).sum::<usize>();
        let signatures = signatures.iter().map(Vec::len).sum::<usize>();
        operation.len() + signatures + optional + wraps + overview.len() + details.len() + files
    }
}

/// A file's content, as it is submitted with the operation that attaches it.
#[derive(Clone, Debug)]
pub struct FilePart {
    /// Which.
    pub file: Id,
    /// The hashes of its pieces, in order.
    pub leaves: Vec<Id>,
    /// The only piece of a small file; others are put before.
    pub piece: Option<Vec<u8>>,
}

/// Rows of an operation; which ones, its kind says.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Name, address and salt, with `principal.added` and `principal.updated`.
    pub profile: Option<super::Profile>,
    /// The X-Wing key, with every key set.
    pub kem_key: Option<Vec<u8>>,
    /// The sealed name, with `vault.created`, `vault.updated` and `epoch.started`.
    pub name: Option<Vec<u8>>,
    /// Sealed keys, one for each recipient that the operation names.
    pub wraps: Vec<WrapRow>,
    /// The sealed key of the epoch before, with `epoch.started`.
    pub previous_key: Option<Vec<u8>>,
    /// The sealed overview, with a new version of an item.
    pub overview: Vec<u8>,
    /// The sealed details, with a new version of an item.
    pub details: Vec<u8>,
    /// Files that the operation adds.
    pub files: Vec<FilePart>,
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// It was taken.
    Taken(Receipt),
    /// The same bytes were taken before: the first answer.
    Before(Receipt),
    /// The operation id was used with other bytes, which that entry holds.
    Used(Receipt, Vec<u8>),
    /// It builds on a state that is no longer the newest: verify, and sign again.
    Stale,
    /// It ends somebody without covering all that was taken from them: hold, verify, and sign again.
    Uncovered,
}
