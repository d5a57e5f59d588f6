//! What a repeat of `files.attach` answers: the file of the first call, if the arguments are the same.

use futures_util::StreamExt;

use super::Sealed;
use super::files::{find, no_file};
use super::repeats::other_arguments;
use crate::authority::Reading;
use crate::backend::FileRequest;
use crate::error::{Error, ErrorKind, Result};
use crate::log::operation::{Body, Operation};
use crate::model::file::File;
use crate::model::id::{FileId, Id};
use crate::model::time;

/// Read back at a time, to be compared.
const BLOCK: usize = 1 << 20;

/// What the repeat has to compare.
pub(super) enum Again {
    /// Content that was not read yet.
    Asked(Box<FileRequest>),
    /// Content that was read to the end.
    Put { name: String, content_type: String, size: u64 },
}

impl Sealed {
    pub(super) async fn attached_before(
        &self,
        vault: Id,
        item: Id,
        first: &Operation,
        replace: Option<FileId>,
        again: Again,
    ) -> Result<File> {
        let Body::FileAttached(written) = &first.body else { return Err(other_arguments()) };
        let [added] = written.added.as_slice() else { return Err(other_arguments()) };
        let removed: Vec<Id> = replace.iter().map(|file| file.0).collect();
        if written.item != item || written.removed != removed {
            return Err(other_arguments());
        }
        let (_, opened) = self.open_item(vault, item, Some(written.version), Reading::Written).await?;
        if opened.entry.operation != *first {
            return Err(Error::tampered(
                "the store answered an operation that is not in the item's log: restore the store",
            ));
        }
        let kept = find(&opened, added.file)?;
        let same = match again {
            Again::Put { name, content_type, size } => {
                (&name, &content_type, size) == (&kept.name, &kept.content_type, kept.size)
            }
            Again::Asked(request) => {
                request.name == kept.name
                    && request.content_type == kept.content_type
                    && self.same_content(vault, item, added.file, *request).await?
            }
        };
        if !same {
            return Err(other_arguments());
        }
        Ok(File {
            id: FileId(kept.id),
            name: kept.name.clone(),
            size: kept.size,
            content_type: kept.content_type.clone(),
            created_at: time::from_millis(kept.attached_at),
        })
    }

    /// Whether a file has this content. One that was detached since has none any more, and is taken for the same.
    pub(super) async fn same_content(&self, vault: Id, item: Id, file: Id, request: FileRequest) -> Result<bool> {
        let kept = match self.open_content(vault, item, file).await {
            Ok(kept) => kept,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        let FileRequest { name: _, content_type: _, mut content, size, progress } = request;
        if size.is_some_and(|size| size != kept.file().size) {
            return Ok(false);
        }
        let mut at = 0;
        while let Some(block) = content.next().await {
            let block = block?;
            let mut rest = &block[..];
            while !rest.is_empty() {
                let read = kept.read_at(at, rest.len().min(BLOCK)).await?;
                if read.is_empty() || !rest.starts_with(&read) {
                    return Ok(false);
                }
                at += read.len() as u64;
                rest = rest.get(read.len()..).ok_or_else(no_file)?;
            }
            if let Some(progress) = &progress {
                progress(at);
            }
        }
        Ok(at == kept.file().size)
    }
}
