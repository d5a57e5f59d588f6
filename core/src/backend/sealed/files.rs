//! Files: sealed piece by piece, published by an operation, opened from the middle.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use minicbor::bytes::ByteArray;
use tokio::sync::Mutex;

use super::content::PlainFile;
use super::items::{Kind, Opened};
use super::known::Known;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Authority, FilePart, Session};
use crate::backend::{FileHandle, FileRequest};
use crate::crypto::file::{self, FileOpener, FileSealer, Piece};
use crate::crypto::key::SealKey;
use crate::crypto::random;
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::FileReference;
use crate::log::feed::Head;
use crate::log::operation::Body;
use crate::log::tree::{self, Frontier};
use crate::model::file::File;
use crate::model::id::{FileId, Id, ItemId, VaultId};
use crate::model::role::Role;
use crate::model::time;

/// Content that is sealed and put, and waits for the operation that attaches it.
pub(super) struct Uploaded {
    pub(super) plain: PlainFile,
    pub(super) reference: FileReference,
    pub(super) part: FilePart,
}

impl Sealed {
    /// Seals a file's content under a new key and puts its pieces.
    pub(super) async fn upload(&self, known: &Known, vault: Id, item: Id, request: FileRequest) -> Result<Uploaded> {
        let FileRequest { name, content_type, mut content, size: _, progress } = request;
        let most = known.directory()?.account.policy().1.max_file_bytes;
        let id = Id(random::make_bytes()?);
        let key = SealKey::make()?;
        let mut sealer = FileSealer::new(&key, self.account_id(), VaultId(vault), ItemId(item), FileId(id))?;
        let (mut size, mut tree, mut leaves) = (0, Frontier::new(), Vec::new());
        let mut note = |piece: &Piece| {
            let leaf = tree::hash_leaf(&piece.bytes);
            tree.append(leaf);
            leaves.push(leaf);
        };
        while let Some(block) = content.next().await {
            let block = block?;
            size += block.len() as u64;
            if size > most {
                return Err(Error::policy_violation(format!(
                    "the file has more than {most} bytes, which is the most that the account allows"
                )));
            }
            for piece in sealer.push(&block)? {
                note(&piece);
                self.authority.put_piece(self.session, vault, id, piece.index, piece.bytes).await?;
            }
            if let Some(progress) = &progress {
                progress(size);
            }
        }
        let (last, whole) = sealer.finish()?;
        note(&last);
        let small = last.index == 0;
        let piece = if small {
            Some(last.bytes)
        } else {
            self.authority.put_piece(self.session, vault, id, last.index, last.bytes).await?;
            None
        };
        let attached_at = time::to_millis(chrono::Utc::now());
        Ok(Uploaded {
            plain: PlainFile { id, name, size, content_type, key: ByteArray::from(*key.as_bytes()), attached_at },
            reference: FileReference { file: id, length: whole.length, root: tree.root() },
            part: FilePart { file: id, leaves, piece },
        })
    }

    pub(super) async fn attach(
        &self,
        vault: Id,
        item: Id,
        request: FileRequest,
        replace: Option<FileId>,
        idempotency_key: Option<String>,
    ) -> Result<File> {
        let known = self.look(vault, Role::Write).await?;
        let (_, opened) = self.open_item(vault, item, None).await?;
        if let Some(replace) = replace {
            find(&opened, replace.0)?;
        }
        if idempotency_key.is_some() {
            return Err(crate::backend::not_yet(
                "an idempotency key for files.attach",
                "make the item with its files in items.create, which takes one",
            ));
        }
        let uploaded = self.upload(&known, vault, item, request).await?;
        let Uploaded { plain, reference, part } = uploaded;
        let id = plain.id;
        let item = self
            .write_over(vault, item, None, Kind::Attach, |opened| {
                let mut next = opened.next();
                if let Some(replace) = replace {
                    find(opened, replace.0)?;
                    next.details.files.retain(|file| file.id != replace.0);
                    next.removed.push(replace.0);
                }
                next.details.files.push(plain.clone());
                next.added.push(reference.clone());
                next.files.push(part.clone());
                Ok(Some(next))
            })
            .await?;
        item.files.into_iter().find(|file| file.id.0 == id).ok_or_else(no_file)
    }

    pub(super) async fn detach(&self, vault: Id, item: Id, file: Id) -> Result<()> {
        self.write_over(vault, item, None, Kind::Detach, |opened| {
            find(opened, file)?;
            let mut next = opened.next();
            next.details.files.retain(|known| known.id != file);
            next.removed.push(file);
            Ok(Some(next))
        })
        .await
        .map(drop)
    }

    pub(super) async fn open_content(&self, vault: Id, item: Id, file: Id) -> Result<Box<dyn FileHandle>> {
        let (known, opened) = self.open_item(vault, item, None).await?;
        let plain = find(&opened, file)?.clone();
        let (reference, leaves) = self.reference(known, vault, item, file).await?;
        if file::plaintext_length(reference.length)? != plain.size
            || file::piece_count(reference.length) != leaves.len() as u64
        {
            return Err(Error::tampered("a file's size is not the one that its author signed: restore the store"));
        }
        let shown = File {
            id: FileId(file),
            name: plain.name.clone(),
            size: plain.size,
            content_type: plain.content_type.clone(),
            created_at: time::from_millis(plain.attached_at),
        };
        let context = file::file_context(self.account_id(), VaultId(vault), ItemId(item), FileId(file));
        Ok(Box::new(Content {
            authority: Arc::clone(&self.authority),
            session: self.session,
            vault,
            file: shown,
            key: SealKey::from_bytes(plain.key.as_slice())?,
            context,
            leaves,
            opener: Mutex::new(Window { opener: None, piece: None }),
        }))
    }

    /// What the operation that attached a file says of its content, and the pieces' hashes that fit it.
    async fn reference(&self, known: Arc<Known>, vault: Id, item: Id, file: Id) -> Result<(FileReference, Vec<Id>)> {
        let mut known = known;
        for _ in 0..MAX_TRIES {
            let size = known.vault(vault)?.items_head.size;
            match self.authority.file(self.session, vault, size, file).await {
                Ok(answer) => {
                    let (_, entry) = self.verify_entry(known, vault, &answer.entry, &answer.path).await?;
                    let added = match &entry.operation.body {
                        Body::ItemPut(written) | Body::FileAttached(written) if written.item == item => &written.added,
                        _ => return Err(no_file()),
                    };
                    let reference = added.iter().find(|added| added.file == file).ok_or_else(no_file)?.clone();
                    let mut tree = Frontier::new();
                    answer.leaves.iter().for_each(|leaf| tree.append(*leaf));
                    if (Head { size: tree.size(), root: tree.root() })
                        != (Head { size: file::piece_count(reference.length), root: reference.root })
                    {
                        return Err(Error::tampered(
                            "a file's pieces are not the ones that its author signed: restore the store",
                        ));
                    }
                    return Ok((reference, answer.leaves));
                }
                Err(error) if error.kind() == ErrorKind::Conflict => {
                    known = self.refresh(Need::vault(vault).asked_now()).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Self::contended("the item"))
    }
}

fn find(opened: &Opened, file: Id) -> Result<&PlainFile> {
    opened.details.files.iter().find(|known| known.id == file).ok_or_else(no_file)
}

fn no_file() -> Error {
    Error::not_found("there is no such file on this item: check the id")
}

/// A file's content, of which the piece last read is kept.
struct Content {
    authority: Arc<dyn Authority>,
    session: Session,
    vault: Id,
    file: File,
    key: SealKey,
    context: Vec<u8>,
    leaves: Vec<Id>,
    opener: Mutex<Window>,
}

struct Window {
    opener: Option<FileOpener>,
    piece: Option<(u64, zeroize::Zeroizing<Vec<u8>>)>,
}

/// The plain bytes of a full piece.
const PIECE: u64 = (file::PIECE_CHUNKS * file::CHUNK) as u64;

impl Content {
    /// A piece's sealed bytes, if they are the ones that the author signed.
    async fn checked(&self, index: u64) -> Result<Vec<u8>> {
        let piece = self.authority.piece(self.session, self.vault, self.file.id.0, index).await?;
        let leaf = usize::try_from(index).ok().and_then(|index| self.leaves.get(index));
        if leaf == Some(&tree::hash_leaf(&piece)) {
            Ok(piece)
        } else {
            Err(Error::tampered("a piece of a file is not the one that its author signed: restore the store"))
        }
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
        let mut window = self.opener.lock().await;
        if window.piece.as_ref().is_none_or(|(at, _)| *at != index) {
            let sealed = self.checked(index).await?;
            if window.opener.is_none() {
                let first = if index == 0 { sealed.clone() } else { self.checked(0).await? };
                let header = first.get(..FileOpener::HEADER).unwrap_or(&first);
                window.opener = Some(FileOpener::new(&self.key, &self.context, header)?);
            }
            let last = index + 1 == self.leaves.len() as u64;
            let opener = window.opener.as_ref().ok_or_else(no_file)?;
            window.piece = Some((index, opener.open_piece(index, &sealed, last)?));
        }
        let (_, plain) = window.piece.as_ref().ok_or_else(no_file)?;
        let from = usize::try_from(offset % PIECE).unwrap_or(usize::MAX).min(plain.len());
        let to = from.saturating_add(length).min(plain.len());
        Ok(plain[from..to].to_vec())
    }
}
