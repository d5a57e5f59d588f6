//! `client.files`: files of items.

mod download;
mod source;

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;

use super::{Client, check};
use crate::backend::{FileHandle, FileRequest};
use crate::error::{Error, Result};
use crate::model::file::{File, NewFile, Progress};
use crate::model::id::FileId;

/// Read from disk, and asked of a backend, at a time.
const BLOCK: usize = 1 << 20;
/// What an unnamed content is, by RFC 2046.
const OCTETS: &str = "application/octet-stream";

/// Files of the vaults the caller is in.
#[derive(Clone, Debug)]
pub struct Files(pub(super) Client);

impl Files {
    /// Seals a file and attaches it to an item. Needs `write`.
    ///
    /// With `replace`, it takes that file's place in the same operation. The source is read once, a few MiB ahead of what
    /// is sealed and stored. A call that fails or is dropped leaves nothing.
    ///
    /// # Errors
    /// `InvalidArgument` if the source can't be read, or changes while it is; `PolicyViolation` if it is too large;
    /// `Unavailable` if the disk is full.
    pub async fn attach(&self, vault: &str, item: &str, file: NewFile) -> Result<File> {
        self.0
            .run_long("files.attach", async {
                let (vault, item) = (vault.parse()?, item.parse()?);
                let replace = file.replace.as_deref().map(str::parse::<FileId>).transpose()?;
                let (request, key) = request(file).await?;
                self.0.backend.attach_file(vault, item, request, replace, key).await
            })
            .await
    }

    /// The whole content, checked.
    pub async fn read(&self, vault: &str, item: &str, file: &str) -> Result<Vec<u8>> {
        self.0
            .run_long("files.read", async {
                let handle = self.0.backend.open_file(vault.parse()?, item.parse()?, file.parse()?).await?;
                let mut content = Vec::with_capacity(usize::try_from(handle.file().size).unwrap_or(0).min(64 << 20));
                let mut blocks = download::blocks(handle.as_ref());
                while let Some(block) = blocks.next().await {
                    content.extend_from_slice(&block?);
                }
                drop(blocks);
                Ok(content)
            })
            .await
    }

    /// Writes the content to a path, which appears whole or not at all.
    ///
    /// It is a new file that only its owner may read; whatever file or link was there is replaced, and a link is not
    /// followed. It is written beside the path, under a name of its own, and is on disk when this returns.
    ///
    /// # Errors
    /// `InvalidArgument` if the path can't be written, `Unavailable` if the disk is full.
    pub async fn download(
        &self,
        vault: &str,
        item: &str,
        file: &str,
        to: &Path,
        progress: Option<Progress>,
    ) -> Result<()> {
        self.0
            .run_long("files.download", async {
                let handle = self.0.backend.open_file(vault.parse()?, item.parse()?, file.parse()?).await?;
                download::to_path(handle.as_ref(), to, progress).await
            })
            .await
    }

    /// Opens the content for reading at any place; only the pieces touched are fetched and checked.
    pub async fn open(&self, vault: &str, item: &str, file: &str) -> Result<FileReader> {
        self.0
            .run("files.open", async {
                let handle = self.0.backend.open_file(vault.parse()?, item.parse()?, file.parse()?).await?;
                Ok(FileReader { client: self.0.clone(), handle: Arc::from(handle) })
            })
            .await
    }

    /// Takes a file off an item; its content is erased. Needs `write`.
    pub async fn detach(&self, vault: &str, item: &str, file: &str) -> Result<()> {
        self.0
            .run("files.detach", async {
                self.0.backend.detach_file(vault.parse()?, item.parse()?, file.parse()?).await
            })
            .await
    }
}

/// A file opened for reading.
#[derive(Clone)]
pub struct FileReader {
    client: Client,
    handle: Arc<dyn FileHandle>,
}

impl FileReader {
    /// The file.
    pub fn file(&self) -> &File {
        self.handle.file()
    }

    /// The bytes from `offset` on: at most `length`, none at the end.
    pub async fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.client.run("files.open", self.handle.read_at(offset, length)).await
    }
}

/// The request of a new file, its source opened as a stream, and its idempotency key.
pub(super) async fn request(file: NewFile) -> Result<(FileRequest, Option<String>)> {
    let NewFile { name, source, content_type, replace: _, progress, idempotency_key } = file;
    let name = check::required("name", name, 1024)?;
    if name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
        return Err(Error::argument("name", "a file's name has no path in it: give the last part alone"));
    }
    let content_type = check::required("content_type", content_type.unwrap_or_else(|| OCTETS.to_owned()), 256)?;
    let (content, size) = source::open(source).await?;
    let request = FileRequest { name, content_type, content, size, progress };
    Ok((request, check::idempotency_key(idempotency_key)?))
}
