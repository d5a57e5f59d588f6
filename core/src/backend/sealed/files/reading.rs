//! A file opened for reading: its pieces fetched, checked against what its author signed, and opened.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use super::apart::apart;
use crate::authority::{Authority, Session};
use crate::backend::FileHandle;
use crate::crypto::file::{CHUNK, FileOpener, PIECE_CHUNKS};
use crate::crypto::key::SealKey;
use crate::error::{Error, Result};
use crate::log::tree;
use crate::model::file::File;
use crate::model::id::Id;

/// The plain bytes of a full piece.
const PIECE: u64 = (PIECE_CHUNKS * CHUNK) as u64;

/// A file's content, of which the piece last read in part is kept.
pub(super) struct Content {
    pub(super) authority: Arc<dyn Authority>,
    pub(super) session: Session,
    pub(super) vault: Id,
    pub(super) file: File,
    pub(super) key: SealKey,
    pub(super) context: Vec<u8>,
    pub(super) leaves: Vec<Id>,
    pub(super) opener: OnceCell<Arc<FileOpener>>,
    pub(super) kept: Mutex<Option<(u64, Plain)>>,
}

pub(super) type Plain = Arc<Zeroizing<Vec<u8>>>;

impl Content {
    /// A piece's sealed bytes, if they are the ones that the author signed.
    async fn checked(&self, index: u64) -> Result<Vec<u8>> {
        let piece = self.authority.piece(self.session, self.vault, self.file.id.0, index).await?;
        let leaf = usize::try_from(index).ok().and_then(|index| self.leaves.get(index)).copied();
        apart(piece.len(), move || {
            if leaf == Some(tree::hash_leaf(&piece)) {
                Ok(piece)
            } else {
                Err(Error::tampered("a piece of a file is not the one that its author signed: restore the store"))
            }
        })
        .await
    }

    /// A piece's plain bytes. The first piece ever opened also costs a look at the file's first, which has the header.
    async fn piece(&self, index: u64) -> Result<Zeroizing<Vec<u8>>> {
        let sealed = self.checked(index).await?;
        let opener = match self.opener.get() {
            Some(opener) => opener,
            None if index == 0 => self.opener.get_or_try_init(|| async { self.opener(&sealed) }).await?,
            None => self.opener.get_or_try_init(|| async { self.opener(&self.checked(0).await?) }).await?,
        };
        let (opener, last) = (Arc::clone(opener), index + 1 == self.leaves.len() as u64);
        let mut plain = FileOpener::room(sealed.len());
        apart(sealed.len(), move || opener.open_piece_into(index, &sealed, last, &mut plain).map(|()| plain)).await
    }

    fn opener(&self, first: &[u8]) -> Result<Arc<FileOpener>> {
        let header = first.get(..FileOpener::HEADER).unwrap_or(first);
        FileOpener::new(&self.key, &self.context, header).map(Arc::new)
    }

    fn kept(&self, index: u64) -> Option<Plain> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| *at == index).map(|(_, plain)| Arc::clone(plain))
    }

    fn keep(&self, index: u64, plain: &Plain) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((index, Arc::clone(plain)));
    }
}

#[async_trait]
impl FileHandle for Content {
    fn file(&self) -> &File {
        &self.file
    }

    async fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        if offset >= self.file.size || length == 0 {
            return Ok(Vec::new());
        }
        let index = offset / PIECE;
        let plain = if let Some(plain) = self.kept(index) {
            plain
        } else {
            let mut plain = self.piece(index).await?;
            if offset.is_multiple_of(PIECE) && length >= plain.len() {
                return Ok(std::mem::take(&mut *plain));
            }
            let plain = Arc::new(plain);
            self.keep(index, &plain);
            plain
        };
        let from = usize::try_from(offset % PIECE).unwrap_or(usize::MAX).min(plain.len());
        let to = from.saturating_add(length).min(plain.len());
        Ok(plain[from..to].to_vec())
    }
}
