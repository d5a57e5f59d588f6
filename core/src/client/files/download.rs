//! Content to a path: written beside it under a name of its own, and put in its place once all of it is on disk.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tempfile::NamedTempFile;
use tokio::task::spawn_blocking;

use super::BLOCK;
use crate::backend::FileHandle;
use crate::error::{Error, Result};
use crate::model::file::Progress;

/// Blocks that are fetched, checked and opened at a time.
const AT_ONCE: usize = 4;

/// The content in order, a few blocks ahead of whoever takes them.
pub(super) fn blocks(handle: &dyn FileHandle) -> BoxStream<'_, Result<Vec<u8>>> {
    let count = handle.file().size.div_ceil(BLOCK as u64);
    stream::iter(0..count)
        .map(move |number| async move {
            let from = number * BLOCK as u64;
            let wanted = usize::try_from(handle.file().size - from).unwrap_or(BLOCK).min(BLOCK);
            let mut block = handle.read_at(from, wanted).await?;
            while block.len() < wanted {
                let more = handle.read_at(from + block.len() as u64, wanted - block.len()).await?;
                if more.is_empty() {
                    return Err(Error::tampered("a file ends before the size that its author signed"));
                }
                block.extend_from_slice(&more);
            }
            Ok(block)
        })
        .buffered(AT_ONCE)
        .boxed()
}

/// Writes the content to a file that only its owner may read.
pub(super) async fn to_path(handle: &dyn FileHandle, to: &Path, progress: Option<Progress>) -> Result<()> {
    let target = to.to_owned();
    let mut part = apart(to, move || begin(&target)).await?;
    let (mut blocks, mut done) = (blocks(handle), 0);
    let mut next = blocks.next().await;
    while let Some(block) = next {
        let block = block?;
        let length = block.len() as u64;
        let write = apart(to, move || {
            part.write_all(&block)?;
            Ok(part)
        });
        let (written, following) = tokio::join!(write, blocks.next());
        (part, next) = (written?, following);
        done += length;
        if let Some(progress) = &progress {
            progress(done);
        }
    }
    let target = to.to_owned();
    apart(to, move || {
        part.as_file().sync_all()?;
        part.persist(&target).map_err(|error| error.error)?;
        sync(folder_of(&target))
    })
    .await
}

/// A file beside the target, which goes unless it is put in the target's place.
fn begin(to: &Path) -> io::Result<NamedTempFile> {
    // Only to say so before the work: what is there in the end is replaced, unless it is a folder.
    if to.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    tempfile::Builder::new().prefix(".strongroom-").suffix(".part").tempfile_in(folder_of(to))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts the target's name on disk.
fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

async fn apart<T: Send + 'static>(to: &Path, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    let done = spawn_blocking(work).await;
    let done = done.map_err(|_| Error::unavailable("a file was to be written, and its runtime ends: call again"))?;
    done.map_err(|error| unwritable(to, error))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    let path = path.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            Error::unavailable(format!("there is no room for {path}: make room and call again")).caused_by(error)
        }
        _ => Error::argument("to", format!("{path} can't be written: {error}")).caused_by(error),
    }
}
