//! Files of items.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;

use super::id::FileId;
use super::time::Timestamp;
use crate::error::Result;

/// The largest file by default: 16 GiB.
pub const MAX_FILE: u64 = 16 << 30;

/// A file of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// `fil_…`.
    pub id: FileId,
    /// Its name, sealed in the store.
    pub name: String,
    /// Its size in bytes, without the sealing.
    pub size: u64,
    /// Its media type (RFC 6838); `application/octet-stream` by default.
    pub content_type: String,
    /// When it was attached.
    pub created_at: Timestamp,
}

/// Bytes that arrive a block at a time.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Where a file's content comes from.
pub enum Source {
    /// From memory.
    Bytes(Bytes),
    /// From a file on disk.
    Path(PathBuf),
    /// From a stream, read once.
    Stream(ByteStream),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Path(path) => write!(f, "Path({})", path.display()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// Told the bytes done so far, after each piece (1 MiB), in whatever thread does the work.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// A file to attach.
pub struct NewFile {
    /// 1 to 1,024 bytes; no path separators.
    pub name: String,
    /// The content.
    pub source: Source,
    /// The media type; guessed from nothing, `application/octet-stream` by default.
    pub content_type: Option<String>,
    /// The file whose place it takes, if any.
    pub replace: Option<String>,
    /// Told how far the upload is.
    pub progress: Option<Progress>,
    /// Makes a repeat answer what the first call did.
    pub idempotency_key: Option<String>,
}
