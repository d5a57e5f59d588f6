//! The source of a new file as a stream of bytes.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::TryStreamExt;
use futures_util::stream::try_unfold;
use tokio::task::{JoinHandle, spawn_blocking};

use super::BLOCK;
use crate::error::{Error, Result};
use crate::model::file::{ByteStream, Source};

/// The source's bytes, and how many there are where that is known.
pub(super) async fn open(source: Source) -> Result<(ByteStream, Option<u64>)> {
    match source {
        Source::Bytes(bytes) => {
            let size = bytes.len() as u64;
            Ok((Box::pin(futures_util::stream::iter([Ok(bytes)])), Some(size)))
        }
        Source::Path(path) => from_path(path).await,
        Source::Stream(stream) => Ok((stream, None)),
    }
}

/// A file that is read, and how it was when it was opened.
struct Reading {
    file: File,
    path: Arc<Path>,
    begun: State,
    left: u64,
}

/// What changes when a file is written to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct State(u64, Option<SystemTime>);

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.len(), metadata.modified().ok())
    }
}

async fn from_path(path: PathBuf) -> Result<(ByteStream, Option<u64>)> {
    let path: Arc<Path> = path.into();
    let looked_at = Arc::clone(&path);
    let begun = apart(move || opened(&looked_at).map(|(_, state)| state)).await?;
    // Opened when its turn comes: a call on many may name more files than a process may have open.
    let stream = futures_util::stream::once(async move {
        let reading = apart(move || Reading::begin(path, begun)).await?;
        // The next block is read while the one before is sealed.
        Ok::<_, Error>(try_unfold(reading.ahead(), |ahead| async move {
            let (block, reading) = ahead.await.map_err(|_| ended())??;
            Ok((!block.is_empty()).then(|| (block, reading.ahead())))
        }))
    });
    Ok((Box::pin(stream.try_flatten()), Some(begun.0)))
}

/// The file, and how it is.
fn opened(path: &Path) -> Result<(File, State)> {
    // Looked at first: to open a pipe would wait for whoever writes to it.
    let found = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !found.is_file() {
        return Err(Error::argument("source", format!("{} is not a file", path.display())));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    Ok((file, State::of(&metadata)))
}

impl Reading {
    fn begin(path: Arc<Path>, begun: State) -> Result<Self> {
        let (file, now) = opened(&path)?;
        if now == begun { Ok(Self { file, path, begun, left: begun.0 }) } else { Err(changed(&path)) }
    }

    /// Reads the next block, in memory of the thread that calls.
    fn ahead(self) -> JoinHandle<Result<(Bytes, Self)>> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(BLOCK);
        let block = Vec::with_capacity(wanted);
        spawn_blocking(move || self.next(wanted, block))
    }

    /// The next block; an empty one at the end, if the file is still as it was.
    fn next(mut self, wanted: usize, mut block: Vec<u8>) -> Result<(Bytes, Self)> {
        let read = (&mut self.file).take(wanted as u64).read_to_end(&mut block);
        read.map_err(|error| unreadable(&self.path, &error))?;
        self.left -= block.len() as u64;
        if block.len() < wanted || self.left == 0 {
            let more = self.file.read(&mut [0]).map_err(|error| unreadable(&self.path, &error))?;
            let now = self.file.metadata().map_err(|error| unreadable(&self.path, &error))?;
            if block.len() < wanted || more > 0 || State::of(&now) != self.begun {
                return Err(changed(&self.path));
            }
        }
        Ok((block.into(), self))
    }
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.map_err(|_| ended())?
}

fn changed(path: &Path) -> Error {
    let why = format!("{} changed while it was read: attach it again once it stays as it is", path.display());
    Error::argument("source", why)
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::argument("source", format!("{} can't be read: {error}", path.display()))
}

fn ended() -> Error {
    Error::unavailable("the source was to be read, and its runtime ends: call again")
}
