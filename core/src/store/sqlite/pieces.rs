//! Pieces of files: small files as rows, larger ones in a folder beside the database, one object each.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::OwnedMutexGuard;

use super::elsewhere::Elsewhere;
use super::request::Request;
use super::turns::Turns;
use super::uploads::{Upload, Uploads};
use super::{fault, place};
use crate::error::{Error, Result};
use crate::model::id::Id;
use crate::store::blobs;

/// The folder of pieces.
pub(super) struct Folder {
    path: PathBuf,
    store: OnceLock<LocalFileSystem>,
    /// Another place, which new pieces go to; the folder then has the locks of uploads.
    pub(super) elsewhere: OnceLock<Elsewhere>,
    /// Those of this store.
    pub(super) uploads: Uploads,
    pub(super) turns: Turns,
}

impl Folder {
    /// The folder beside this database; it is made with the first piece.
    pub(super) fn beside(database: &Path) -> Self {
        Self {
            path: path_of(database),
            store: OnceLock::new(),
            elsewhere: OnceLock::new(),
            uploads: Uploads::default(),
            turns: Turns::default(),
        }
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
            if let Some(elsewhere) = self.elsewhere.get() {
                let put = elsewhere.blobs.put(file, index, piece).await;
                drop(upload);
                return put;
            }
            upload.anchor().await?;
            let store = self.store()?.ok_or_else(went_away)?;
            let put = store.put(&key(file, index), piece.into()).await;
            drop((upload, turn));
            put.map(drop).map_err(|error| failed("written", error))
        });
        put.await.map_err(|_| fault::closed())?
    }

    /// A piece, if it is there.
    pub(super) async fn get(&self, file: Id, index: u64, hash: Option<Id>) -> Result<Option<Vec<u8>>> {
        let here = match self.store()? {
            Some(store) => blobs::get(store, &key(file, index)).await.map_err(|error| failed("read", error))?,
            None => None,
        };
        match self.elsewhere.get() {
            Some(elsewhere) if here.is_none() => elsewhere.blobs.get(file, index, hash).await,
            _ => Ok(here),
        }
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
        blobs::make_private(&self.path).map_err(wrong)?;
        // Its pieces are on disk only if its name is.
        self.path.parent().map_or(Ok(()), sync)?;
        self.store()?.ok_or_else(went_away)
    }
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
    blobs::key(&Key::default(), file, index)
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
    if let Some(io) = blobs::of_the_system(&error) {
        return fault::file(&what, io.kind().into());
    }
    Error::unavailable(format!("{what}: check the disk and call again")).caused_by(error)
}

/// A piece that is a row.
pub(super) fn row(connection: &Connection, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
    let mut find = connection.prepare_cached("SELECT bytes FROM piece WHERE file = ?1 AND idx = ?2")?;
    Ok(find.query_row((file, index), |row| row.get(0)).optional()?)
}

/// The hash that a piece of an attached file has.
pub(super) fn hash(connection: &Connection, file: Id, index: u64) -> Result<Option<Id>> {
    let mut find = connection.prepare_cached("SELECT substr(leaves, ?2 * 32 + 1, 32) FROM file WHERE id = ?1")?;
    let found: Option<Vec<u8>> = find.query_row((file, index), |row| row.get(0)).optional()?;
    Ok(found.and_then(|hash| hash.try_into().ok()).map(Id))
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
