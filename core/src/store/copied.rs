//! What one store gives another, row by row.

use super::row::{
    BatchRow, FileRow, ItemRow, MemberRow, PartsRow, PrincipalRow, ReadRow, SessionRow, VaultRow, WrapRow,
};
use super::{Append, Receipt};
use crate::error::Error;
use crate::log::reads::Chain;
use crate::model::id::Id;

/// A part of a copy. They come in this order: the beginning, the feed batch by batch, the rows, the end.
#[derive(Clone, Debug)]
pub enum Copied {
    /// The copy begins, in a store where nothing was ever taken. Until its end no other opens the store.
    Begin,
    /// The next entry of the feed.
    Entry {
        /// What was appended.
        append: Append,
        /// The session that submitted it, where one did.
        session: Option<SessionRow>,
        /// Where it stands, and must stand in the copy.
        receipt: Receipt,
    },
    /// The end of a batch, which the entries before it must give.
    Batch(BatchRow),
    /// A principal's profile.
    Principal(PrincipalRow),
    /// The X-Wing key of a generation.
    KemKey {
        /// Whose.
        principal: Id,
        /// Which.
        generation: u32,
        /// 1,216 bytes.
        key: Vec<u8>,
    },
    /// A vault, deleted ones too.
    Vault(VaultRow),
    /// A membership.
    Member(MemberRow),
    /// Somebody was named in a vault's log.
    Person {
        /// Which vault's.
        vault: Id,
        /// Who.
        principal: Id,
    },
    /// A sealed vault key.
    Wrap(WrapRow),
    /// The sealed key of the epoch before.
    PreviousKey {
        /// The vault.
        vault: Id,
        /// The epoch that it came before.
        epoch: u32,
        /// The sealed key.
        sealed: Vec<u8>,
    },
    /// An item, deleted ones too.
    Item(ItemRow),
    /// The sealed parts of a version.
    Parts {
        /// The vault.
        vault: Id,
        /// The item, which came before.
        item: Id,
        /// Its parts.
        row: PartsRow,
    },
    /// A file, detached ones too. The pieces of one that has several were put before.
    File {
        /// The vault.
        vault: Id,
        /// Its row.
        row: FileRow,
        /// The hashes of its pieces, 32 bytes each.
        leaves: Vec<u8>,
    },
    /// The only piece of a small file.
    Piece {
        /// Which file's.
        file: Id,
        /// The sealed bytes.
        piece: Vec<u8>,
    },
    /// A chain of reads, and how far it is anchored in the reads log. Chains come before what was read.
    Chain(Chain, u64),
    /// The next read or refusal.
    Read(ReadRow),
    /// The copy is whole.
    End,
}

impl Copied {
    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        const ROW: usize = 256;
        ROW + match self {
            Self::Entry { append, .. } => append.operation.len(),
            Self::KemKey { key, .. } => key.len(),
            Self::Vault(row) => row.name.len(),
            Self::Wrap(row) => row.sealed.len(),
            Self::Parts { row, .. } => row.overview.len() + row.details.len(),
            Self::File { leaves, .. } => leaves.len(),
            Self::Piece { piece, .. } => piece.len(),
            Self::Read(row) => row.entry.len(),
            _ => 0,
        }
    }
}

/// The refusal of a copy to where something is.
pub(super) fn not_empty() -> Error {
    Error::already_exists("a copy was to go where something is already: name a place with nothing in it")
}

/// The refusal of a copy whose parts do not fit each other.
pub(super) fn contradicted() -> Error {
    Error::tampered("the store that is copied contradicts its own trees: restore it from a backup")
}
