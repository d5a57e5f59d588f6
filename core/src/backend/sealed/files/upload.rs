//! An upload: the source read, sealed and put, each while the others go on, in the memory of a few pieces.
//!
//! A piece is sealed once. What is tried again is the putting of its bytes; if the source has to be read again, that is
//! another file under another key.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use minicbor::bytes::ByteArray;

use super::super::Sealed;
use super::super::content::PlainFile;
use super::super::known::Known;
use super::apart::apart;
use crate::authority::{Authority, FilePart, Session};
use crate::backend::FileRequest;
use crate::crypto::file::{CHUNK, FileSealer, PIECE_CHUNKS, Piece, SealedFile};
use crate::crypto::key::SealKey;
use crate::crypto::random;
use crate::error::{Error, Result};
use crate::log::body::FileReference;
use crate::log::tree::{self, Frontier};
use crate::model::file::{ByteStream, Progress};
use crate::model::id::{FileId, Id, ItemId, VaultId};
use crate::model::time;

/// Pieces that are put at a time: enough that the disk's flushes of them overlap.
const AT_ONCE: usize = 8;
/// The plain bytes of a full piece.
const PIECE: usize = PIECE_CHUNKS * CHUNK;

/// Content that is sealed and put, and waits for the operation that attaches it.
pub(in super::super) struct Uploaded {
    pub(in super::super) plain: PlainFile,
    pub(in super::super) reference: FileReference,
    pub(in super::super) part: FilePart,
    /// Gives the upload up unless it is told that the file is attached.
    pub(in super::super) kept: Kept,
}

/// An upload that its author has begun.
pub(in super::super) struct Kept {
    authority: Arc<dyn Authority>,
    session: Session,
    file: Id,
    /// Whether a piece was sent, and nothing attached it.
    pending: bool,
}

impl Kept {
    /// The file is attached.
    pub(in super::super) fn attached(mut self) {
        self.pending = false;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.pending {
            self.authority.give_up(self.session, self.file);
        }
    }
}

impl Sealed {
    /// Seals a file's content under a new key and puts its pieces.
    pub(in super::super) async fn upload(
        &self,
        known: &Known,
        vault: Id,
        item: Id,
        request: FileRequest,
    ) -> Result<Uploaded> {
        let FileRequest { name, content_type, content, size: stated, progress } = request;
        let most = known.directory()?.account.policy().1.max_file_bytes;
        if stated.is_some_and(|size| size > most) {
            return Err(too_large(most));
        }
        let id = Id(random::make_bytes()?);
        let key = SealKey::make()?;
        let sealer = FileSealer::new(&key, self.account_id(), VaultId(vault), ItemId(item), FileId(id))?;
        // Before the puts, so that it is dropped after them: nothing is put once it was given up.
        let mut kept =
            Kept { authority: Arc::clone(&self.authority), session: self.session(), file: id, pending: false };
        let mut puts = Puts { running: FuturesUnordered::new(), progress: progress.clone(), done: 0 };
        let put = |kept: &mut Kept, piece: Piece, plain| {
            kept.pending = true;
            let (authority, session) = (Arc::clone(&self.authority), self.session());
            Box::pin(async move {
                let Piece { index, bytes } = piece;
                authority.put_piece(session, vault, id, index, Bytes::from(bytes)).await?;
                Ok(plain)
            }) as BoxFuture<'static, Result<u64>>
        };
        let mut content = Gathered { content, rest: Bytes::new() };
        let mut sealing = Sealing { sealer, tree: Frontier::new(), leaves: Vec::new() };
        let (mut size, mut sent) = (0, 0);
        while let Some(block) = puts.beside(content.next()).await?? {
            size += block.len() as u64;
            if size > most {
                return Err(too_large(most));
            }
            let (next, pieces) = puts.beside(sealing.push(block)).await??;
            sealing = next;
            for piece in pieces {
                puts.room().await?;
                puts.running.push(put(&mut kept, piece, PIECE as u64));
                sent += PIECE as u64;
            }
        }
        if let Some(stated) = stated.filter(|stated| *stated != size) {
            return Err(Error::argument(
                "source",
                format!("it was said to have {stated} bytes, and {size} came: attach it again once it stays as it is"),
            ));
        }
        let (tree, leaves, last, whole) = sealing.finish()?;
        let small = last.index == 0;
        let piece = if small {
            if let Some(progress) = &progress {
                progress(size);
            }
            Some(last.bytes)
        } else {
            puts.room().await?;
            puts.running.push(put(&mut kept, last, size - sent));
            None
        };
        puts.all().await?;
        let attached_at = time::to_millis(chrono::Utc::now());
        Ok(Uploaded {
            plain: PlainFile { id, name, size, content_type, key: ByteArray::from(*key.as_bytes()), attached_at },
            reference: FileReference { file: id, length: whole.length, root: tree.root() },
            part: FilePart { file: id, leaves, piece },
            kept,
        })
    }
}

/// The pieces on their way, each of which answers how many plain bytes it has.
struct Puts {
    running: FuturesUnordered<BoxFuture<'static, Result<u64>>>,
    progress: Option<Progress>,
    done: u64,
}

impl Puts {
    /// What other work comes to, while the pieces go on; or the failure of one of them.
    async fn beside<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                Some(put) = self.running.next() => self.note(put)?,
            }
        }
    }

    /// Waits until one more may go.
    async fn room(&mut self) -> Result<()> {
        while self.running.len() >= AT_ONCE {
            self.one().await?;
        }
        Ok(())
    }

    /// Waits until all have arrived.
    async fn all(mut self) -> Result<()> {
        while !self.running.is_empty() {
            self.one().await?;
        }
        Ok(())
    }

    async fn one(&mut self) -> Result<()> {
        let put = self.running.next().await;
        put.map_or(Ok(()), |put| self.note(put))
    }

    fn note(&mut self, put: Result<u64>) -> Result<()> {
        self.done += put?;
        if let Some(progress) = &self.progress {
            progress(self.done);
        }
        Ok(())
    }
}

/// A source in blocks of a whole piece, the last one shorter; a block that is longer is cut, not copied.
struct Gathered {
    content: ByteStream,
    rest: Bytes,
}

impl Gathered {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut block = BytesMut::new();
        loop {
            if block.is_empty() && self.rest.len() >= PIECE {
                return Ok(Some(self.rest.split_to(PIECE)));
            }
            let taken = self.rest.split_to(self.rest.len().min(PIECE - block.len()));
            if block.is_empty() && !taken.is_empty() {
                block.reserve(PIECE);
            }
            block.extend_from_slice(&taken);
            if block.len() == PIECE {
                return Ok(Some(block.freeze()));
            }
            match self.content.next().await {
                Some(next) => self.rest = next?,
                None => return Ok((!block.is_empty()).then(|| block.freeze())),
            }
        }
    }
}

/// What sealing leaves behind: the pieces' hashes and their tree.
struct Sealing {
    sealer: FileSealer,
    tree: Frontier,
    leaves: Vec<Id>,
}

impl Sealing {
    /// Seals a block; answers the pieces that are full.
    async fn push(mut self, block: Bytes) -> Result<(Self, Vec<Piece>)> {
        self.sealer.reserve();
        apart(block.len(), move || {
            let pieces = self.sealer.push(&block)?;
            for piece in &pieces {
                self.note(piece);
            }
            Ok((self, pieces))
        })
        .await
    }

    fn note(&mut self, piece: &Piece) {
        let leaf = tree::hash_leaf(&piece.bytes);
        self.tree.append(leaf);
        self.leaves.push(leaf);
    }

    fn finish(self) -> Result<(Frontier, Vec<Id>, Piece, SealedFile)> {
        let Self { sealer, mut tree, mut leaves } = self;
        let (last, whole) = sealer.finish()?;
        let leaf = tree::hash_leaf(&last.bytes);
        tree.append(leaf);
        leaves.push(leaf);
        Ok((tree, leaves, last, whole))
    }
}

fn too_large(most: u64) -> Error {
    Error::policy_violation(format!("the file has more than {most} bytes, which is the most that the account allows"))
}
