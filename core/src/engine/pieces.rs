//! Pieces of files in and out.

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Engine;
use super::submit::content::LARGEST_PIECE;
use crate::authority::Session;
use crate::error::{Error, Result};
use crate::log::tree;
use crate::model::id::Id;
use crate::model::role::Role;

const PIECES: u64 = 262_144;

/// The hashes and lengths of pieces that were put lately, so that attaching a file need not read it again.
pub(super) struct Uploads(Cache<(Id, u64), (Id, u64)>);

impl Uploads {
    pub(super) fn new() -> Self {
        Self(Cache::builder().max_capacity(PIECES).eviction_policy(EvictionPolicy::lru()).build())
    }

    /// Whether a piece of this hash and length was put.
    pub(super) fn has(&self, file: Id, index: u64, leaf: Id, length: u64) -> bool {
        self.0.get(&(file, index)) == Some((leaf, length))
    }
}

impl Engine {
    pub(super) async fn keep_piece(
        &self,
        session: Session,
        vault: Id,
        file: Id,
        index: u64,
        piece: Vec<u8>,
    ) -> Result<()> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, Role::Write).await?;
        let length = piece.len() as u64;
        if length > LARGEST_PIECE {
            return Err(Error::argument(
                "piece",
                format!("it has {length} bytes, and at most {LARGEST_PIECE} are allowed: cut the file as it is sealed"),
            ));
        }
        if look.snapshot.file(vault, file).await?.is_some() {
            return Err(Error::conflict("a piece was put for a file that is attached already: use a new id"));
        }
        drop(look);
        let leaf = tree::hash_leaf(&piece);
        self.uploads.0.invalidate(&(file, index));
        self.store.put_piece(file, index, piece).await?;
        self.uploads.0.insert((file, index), (leaf, length));
        Ok(())
    }

    pub(super) async fn read_piece(&self, session: Session, vault: Id, file: Id, index: u64) -> Result<Vec<u8>> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, Role::Read).await?;
        let row = look.snapshot.file(vault, file).await?;
        let row = row.filter(|row| !row.detached).ok_or_else(no_file)?;
        drop(look);
        if index >= row.leaves.len() as u64 / 32 {
            return Err(Error::argument("index", "the file has no piece of that number"));
        }
        // Nobody but a role holder gets here, so that a piece is gone can be said.
        self.store.piece(file, index).await?.ok_or_else(|| {
            Error::conflict(
                "a piece of a file was asked: the file was detached in the meantime: look at the item again",
            )
        })
    }
}

/// What is said of a file that is not attached in the vault.
pub(super) fn no_file() -> Error {
    Error::not_found("there is no such file in the vault: check the id")
}
