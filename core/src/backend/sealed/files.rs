//! Files: sealed piece by piece, published by an operation, opened from the middle.

mod apart;
mod reading;
pub(super) mod upload;

use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use self::reading::Content;
use self::upload::Uploaded;
use super::content::PlainFile;
use super::items::{Kind, Written};
use super::known::Known;
use super::opened::Opened;
use super::repeated_file::Again;
use super::repeats::{Purpose, Request};
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::Reading;
use crate::backend::{FileHandle, FileRequest};
use crate::crypto::file;
use crate::crypto::key::SealKey;
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::FileReference;
use crate::log::feed::Head;
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::tree::Frontier;
use crate::model::file::File;
use crate::model::id::{FileId, Id, ItemId, VaultId};
use crate::model::role::Role;
use crate::model::time;

impl Sealed {
    pub(super) async fn attach(
        &self,
        vault: Id,
        item: Id,
        request: FileRequest,
        replace: Option<FileId>,
        idempotency_key: Option<String>,
    ) -> Result<File> {
        let known = self.look(vault, Role::Write).await?;
        let place = [vault, item];
        let repeatable = Request { call: "files.attach", place: &place, key: idempotency_key.as_deref() };
        let operation_id = self.id_for(Purpose::Operation, repeatable)?;
        if idempotency_key.is_some() {
            let log = LogId::new(LogKind::Items, vault);
            let used = self.find_operations(vec![(Some(log), operation_id)]).await?;
            if let Some(first) = used.into_iter().next().flatten() {
                return self.attached_before(vault, item, &first, replace, Again::Asked(Box::new(request))).await;
            }
        }
        if let Some(replace) = replace {
            let (_, opened) = self.open_item(vault, item, None, Reading::Change).await?;
            find(&opened, replace.0)?;
        } else {
            self.open_item(vault, item, None, Reading::Summary).await?;
        }
        let (name, content_type) = (request.name.clone(), request.content_type.clone());
        let uploaded = self.upload(&known, vault, item, request).await?;
        let Uploaded { plain, reference, part, kept } = uploaded;
        let (id, size) = (plain.id, plain.size);
        let written = self
            .write_once(vault, item, None, Kind::Attach, Some(operation_id), |opened| {
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
        match written {
            Written::Now(item) => {
                kept.attached();
                item.files.into_iter().find(|file| file.id.0 == id).ok_or_else(no_file)
            }
            // Somebody else used the key while the content was put.
            Written::Before(first) => {
                let again = Again::Put { name, content_type, size };
                self.attached_before(vault, item, &first, replace, again).await
            }
        }
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
        let (known, opened) = self.open_item(vault, item, None, Reading::File(file)).await?;
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
            session: self.session(),
            vault,
            file: shown,
            key: SealKey::from_bytes(plain.key.as_slice())?,
            context,
            leaves,
            opener: OnceCell::new(),
            kept: Mutex::new(None),
        }))
    }

    /// What the operation that attached a file says of its content, and the pieces' hashes that fit it.
    async fn reference(&self, known: Arc<Known>, vault: Id, item: Id, file: Id) -> Result<(FileReference, Vec<Id>)> {
        let mut known = known;
        for _ in 0..MAX_TRIES {
            let size = known.vault(vault)?.items_head.size;
            match self.authority.file(self.session(), vault, size, file).await {
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

pub(super) fn find(opened: &Opened, file: Id) -> Result<&PlainFile> {
    opened.details.files.iter().find(|known| known.id == file).ok_or_else(no_file)
}

pub(super) fn no_file() -> Error {
    Error::not_found("there is no such file on this item: check the id")
}
