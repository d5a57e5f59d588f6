//! `client.files`: files of items.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Client, check};
use crate::backend::{FileHandle, FileRequest};
use crate::error::{Error, Result};
use crate::model::file::{ByteStream, File, NewFile, Progress, Source};
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
    /// With `replace`, it takes that file's place in the same operation.
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
                while (content.len() as u64) < handle.file().size {
                    content.extend_from_slice(&handle.read_at(content.len() as u64, BLOCK).await?);
                }
                Ok(content)
            })
            .await
    }

    /// Writes the content to a path, which appears whole or not at all.
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
                let mut part = to.as_os_str().to_owned();
                part.push(".part");
                let part = PathBuf::from(part);
                let written = copy(handle.as_ref(), &part, progress).await;
                let renamed = match written {
                    Ok(()) => tokio::fs::rename(&part, to).await.map_err(|error| unwritable(to, error)),
                    Err(error) => Err(error),
                };
                if renamed.is_err() {
                    // The failure to report is the one before; a part that can't be removed changes nothing about it.
                    let _ = tokio::fs::remove_file(&part).await;
                }
                renamed
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
    let (content, size): (ByteStream, Option<u64>) = match source {
        Source::Bytes(bytes) => {
            let size = bytes.len() as u64;
            (Box::pin(futures_util::stream::iter([Ok(bytes)])), Some(size))
        }
        Source::Path(path) => from_path(path).await?,
        Source::Stream(stream) => (stream, None),
    };
    let request = FileRequest { name, content_type, content, size, progress };
    Ok((request, check::idempotency_key(idempotency_key)?))
}

async fn from_path(path: PathBuf) -> Result<(ByteStream, Option<u64>)> {
    let unreadable = |error: io::Error| Error::argument("source", format!("{} can't be read: {error}", path.display()));
    let opened = tokio::fs::File::open(&path).await.map_err(unreadable)?;
    let metadata = opened.metadata().await.map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Error::argument("source", format!("{} is not a file", path.display())));
    }
    let stream = futures_util::stream::try_unfold((opened, path), |(mut opened, path)| async move {
        let mut block = vec![0; BLOCK];
        let length = opened
            .read(&mut block)
            .await
            .map_err(|error| Error::argument("source", format!("{} can't be read: {error}", path.display())))?;
        block.truncate(length);
        Ok((length > 0).then_some((block, (opened, path))))
    });
    Ok((Box::pin(stream), Some(metadata.len())))
}

async fn copy(handle: &dyn FileHandle, to: &Path, progress: Option<Progress>) -> Result<()> {
    let mut written = 0;
    let mut target = tokio::fs::File::create(to).await.map_err(|error| unwritable(to, error))?;
    while written < handle.file().size {
        let block = handle.read_at(written, BLOCK).await?;
        target.write_all(&block).await.map_err(|error| unwritable(to, error))?;
        written += block.len() as u64;
        if let Some(progress) = &progress {
            progress(written);
        }
    }
    target.sync_all().await.map_err(|error| unwritable(to, error))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::argument("to", format!("{} can't be written: {error}", path.display())).caused_by(error)
}
