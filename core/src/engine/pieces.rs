//! Pieces of files in and out.

use bytes::Bytes;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tracing::Instrument;

use super::Engine;
use super::notes::About;
use super::submit::content::LARGEST_PIECE;
use crate::authority::Session;
use crate::error::{Error, Result};
use crate::log::tree;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::trace::step;

const PIECES: u64 = 262_144;
const UPLOADS: u64 = 16_384;

/// Above this a piece is hashed apart from the thread that answers.
const LARGE: usize = 65_536;

/// What was put lately, so that attaching a file need not read it again.
pub(super) struct Uploads {
    /// The hash and the length of each piece.
    pieces: Cache<(Id, u64), (Id, u64)>,
    /// Who began each upload here, and may give it up.
    owners: Cache<Id, Id>,
}

impl Uploads {
    pub(super) fn new() -> Self {
        Self {
            pieces: Cache::builder().max_capacity(PIECES).eviction_policy(EvictionPolicy::lru()).build(),
            owners: Cache::builder().max_capacity(UPLOADS).eviction_policy(EvictionPolicy::lru()).build(),
        }
    }

    /// Whether a piece of this hash and length was put.
    pub(super) fn has(&self, file: Id, index: u64, leaf: Id, length: u64) -> bool {
        self.pieces.get(&(file, index)) == Some((leaf, length))
    }
}

impl Engine {
    pub(super) async fn keep_piece(
        &self,
        session: Session,
        vault: Id,
        file: Id,
        index: u64,
        piece: Bytes,
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
        let caller = look.caller.principal;
        drop(look);
        self.uploads.owners.get_with(file, || caller);
        self.uploads.pieces.invalidate(&(file, index));
        let put = self.store.put_piece(file, index, piece.clone()).instrument(step("store.put_piece"));
        let (leaf, put) = tokio::join!(hash(piece), put);
        put?;
        self.uploads.pieces.insert((file, index), (leaf?, length));
        Ok(())
    }

    pub(super) fn end_upload(&self, session: Session, file: Id) {
        let owner = self.uploads.owners.get(&file);
        if owner.is_some() && owner == self.sessions.principal(session) {
            self.uploads.owners.invalidate(&file);
            self.store.give_up(file);
        }
    }

    pub(super) async fn read_piece(&self, session: Session, vault: Id, file: Id, index: u64) -> Result<Vec<u8>> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, Role::Read).await?;
        let row = look.snapshot.file(vault, file).await?;
        let row = row.filter(|row| !row.detached).ok_or_else(no_file)?;
        if self.audits_reads(&mut *look.snapshot).await? {
            let about = About { vault: Some(vault), item: Some(row.item), file: Some(file), version: 0 };
            self.note_file(&look.caller, about, false).await?;
        }
        drop(look);
        if let Some(piece) = self.store.piece(file, index).instrument(step("store.piece")).await? {
            return Ok(piece);
        }
        // Nobody but a role holder gets here, so that a piece is gone can be said.
        let mut snapshot = self.snapshot().await?;
        let still = snapshot.file(vault, file).await?.is_some_and(|row| !row.detached);
        let leaves = snapshot.pieces_of(vault, file).await?;
        let has = leaves.is_some_and(|leaves| index < leaves.len() as u64 / 32);
        Err(if still && has {
            Error::tampered("a piece of a file that is attached is missing: restore the store")
        } else {
            Error::conflict(
                "a piece of a file was asked: there is none of that number, or the file was detached: look at the item again",
            )
        })
    }
}

async fn hash(piece: Bytes) -> Result<Id> {
    if piece.len() <= LARGE {
        return Ok(tree::hash_leaf(&piece));
    }
    let hashed = tokio::task::spawn_blocking(move || tree::hash_leaf(&piece)).await;
    hashed.map_err(|_| Error::unavailable("a piece was to be kept, and its runtime is ending: call again"))
}

/// What is said of a file that is not attached in the vault.
pub(super) fn no_file() -> Error {
    Error::not_found("there is no such file in the vault: check the id")
}
