//! Pieces of files: small files as rows, larger ones in a folder beside the database, one object each.

use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetResultPayload, ObjectStoreExt};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::OwnedMutexGuard;

use super::request::Request;
use super::turns::Turns;
use super::uploads::{Upload, Uploads};
use super::{fault, place};
use crate::error::{Error, Result};
use crate::model::id::Id;

/// As much memory is made for a piece before it is read; none is longer.
const LARGEST: usize = 2 << 20;

/// The folder of pieces.
pub(super) struct Folder {
    path: PathBuf,
    store: OnceLock<LocalFileSystem>,
    /// Those of this store.
    pub(super) uploads: Uploads,
    pub(super) turns: Turns,
}

impl Folder {
    /// The folder beside this database; it is made with the first piece.
    pub(super) fn beside(database: &Path) -> Self {
        Self { path: path_of(database), store: OnceLock::new(), uploads: Uploads::default(), turns: Turns::default() }
    }

    /// Begins the upload whose row was just written.
    pub(super) fn begin(&self, file: Id, expires: u64, requests: &Sender<Request>) -> Result<Arc<Upload>> {
        if self.store()?.is_none() {
            self.make()?;
        }
        self.uploads.begin(self.path.join(format!("{file:?}")), file, expires, requests)
    }

    /// Keeps a piece; on disk when this returns.
    ///
    /// What is on its way arrives even if the caller no longer waits, and holds the upload until then: so nothing
    /// arrives after its upload was given up.
    pub(super) async fn put(
        self: Arc<Self>,
        upload: Arc<Upload>,
        turn: Option<OwnedMutexGuard<()>>,
        file: Id,
        index: u64,
        piece: Bytes,
    ) -> Result<()> {
        let put = tokio::spawn(async move {
            upload.anchor().await?;
            let store = self.store()?.ok_or_else(went_away)?;
            let put = store.put(&key(file, index), piece.into()).await;
            drop((upload, turn));
            put.map_err(|error| failed("written", error))
        });
        put.await.map_err(|_| fault::closed())?.map(drop)
    }

    /// A piece, if it is there.
    pub(super) async fn get(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        let Some(store) = self.store()? else { return Ok(None) };
        let got = match store.get(&key(file, index)).await {
            Ok(got) => got,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed("read", error)),
        };
        let length = usize::try_from(got.meta.size).unwrap_or(usize::MAX);
        if let GetResultPayload::File(mut opened, _) = got.payload {
            // Memory of this thread: an allocator keeps some for each thread, and those that read come and go.
            let mut bytes = Vec::with_capacity(length.min(LARGEST));
            let read = tokio::task::spawn_blocking(move || opened.read_to_end(&mut bytes).map(|_| bytes));
            let read = read.await.map_err(|_| fault::closed())?;
            return read.map(Some).map_err(|error| fault::file("a piece of a file could not be read", error));
        }
        let bytes = got.bytes().await.map_err(|error| failed("read", error))?;
        Ok(Some(bytes.into()))
    }

    fn store(&self) -> Result<Option<&LocalFileSystem>> {
        if let Some(store) = self.store.get() {
            return Ok(Some(store));
        }
        if !self.path.is_dir() {
            return Ok(None);
        }
        let store = LocalFileSystem::new_with_prefix(&self.path).map_err(|error| failed("found", error))?;
        Ok(Some(self.store.get_or_init(|| store.with_fsync(true))))
    }

    fn make(&self) -> Result<&LocalFileSystem> {
        let wrong = |error| fault::file("the folder of pieces could not be made", error);
        make_private(&self.path).map_err(wrong)?;
        // Its pieces are on disk only if its name is.
        self.path.parent().map_or(Ok(()), sync)?;
        self.store()?.ok_or_else(went_away)
    }
}

/// Makes a folder that is its owner's alone, unless it is there.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Puts the names in a folder on disk.
pub(super) fn sync(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| fault::file("a folder of pieces could not be put on disk", error))?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

fn path_of(database: &Path) -> PathBuf {
    place::beside(database, "-files")
}

fn key(file: Id, index: u64) -> Key {
    Key::from(format!("{file:?}/{index}"))
}

/// The folder of one file's pieces.
pub(super) fn folder_of(database: &Path, file: Id) -> PathBuf {
    path_of(database).join(format!("{file:?}"))
}

fn went_away() -> Error {
    Error::unavailable("the folder of pieces went away: call again")
}

fn failed(what: &str, error: object_store::Error) -> Error {
    let what = format!("a piece of a file could not be {what}");
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return fault::file(&what, io.kind().into());
        }
        cause = error.source();
    }
    Error::unavailable(format!("{what}: check the disk and call again")).caused_by(error)
}

/// A piece that is a row.
pub(super) fn row(connection: &Connection, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
    let mut find = connection.prepare_cached("SELECT bytes FROM piece WHERE file = ?1 AND idx = ?2")?;
    Ok(find.query_row((file, index), |row| row.get(0)).optional()?)
}

/// Removes objects of this file, at most `limit`; returns how many, and whether the file is gone.
///
/// By the file system's own calls: what a crash left half written has a name that `object_store` does not list.
pub(super) fn remove(database: &Path, file: Id, limit: usize) -> Result<(usize, bool)> {
    let folder = folder_of(database, file);
    let wrong = |error| fault::file("pieces of a file that is gone could not be removed", error);
    let objects = match fs::read_dir(&folder) {
        Ok(objects) => objects,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((0, true)),
        Err(error) => return Err(wrong(error)),
    };
    let mut count = 0;
    for object in objects {
        if count == limit {
            return Ok((count, false));
        }
        match fs::remove_file(object.map_err(wrong)?.path()) {
            // Another process works at the same garbage.
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(wrong(error)),
            _ => count += 1,
        }
    }
    match fs::remove_dir(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(wrong(error)),
        _ => Ok((count, true)),
    }
}
