//! Pieces of files: small files as rows, larger ones in a folder beside the database, one object each.

use std::collections::HashMap;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use object_store::ObjectStoreExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use rusqlite::{Connection, OptionalExtension};

use super::database::lock;
use super::{apply, fault, place};
use crate::error::{Error, Result};
use crate::model::id::Id;

/// How long an upload is kept unpublished, in milliseconds: a day.
const DAY: u64 = 86_400_000;
/// An upload is registered anew once less than this is left, so that none ends while a piece is written.
const MARGIN: u64 = DAY / 2;

/// The folder of pieces.
pub(super) struct Folder {
    path: PathBuf,
    store: OnceLock<LocalFileSystem>,
    /// When the uploads that this process has registered expire.
    uploads: Mutex<HashMap<Id, u64>>,
}

impl Folder {
    /// The folder beside this database; it is made with the first piece.
    pub(super) fn beside(database: &Path) -> Self {
        Self { path: path_of(database), store: OnceLock::new(), uploads: Mutex::default() }
    }

    /// Whether the upload's row is there for long enough.
    pub(super) fn is_registered(&self, file: Id, now: u64) -> bool {
        lock(&self.uploads).get(&file).is_some_and(|expires| *expires > now + MARGIN)
    }

    /// Remembers an upload's row.
    pub(super) fn registered(&self, file: Id, expires: u64, now: u64) {
        let mut uploads = lock(&self.uploads);
        uploads.retain(|_, expires| *expires > now);
        uploads.insert(file, expires);
    }

    /// Keeps a piece; on disk when this returns.
    pub(super) async fn put(&self, file: Id, index: u64, piece: Vec<u8>) -> Result<()> {
        let store = match self.store()? {
            Some(store) => store,
            None => self.make()?,
        };
        store.put(&key(file, index), piece.into()).await.map_err(|error| failed("written", error))?;
        Ok(())
    }

    /// A piece, if it is there.
    pub(super) async fn get(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        let Some(store) = self.store()? else { return Ok(None) };
        let got = match store.get(&key(file, index)).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("read", error)),
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
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let wrong = |error| fault::file("the folder of pieces could not be made", error);
        builder.create(&self.path).map_err(wrong)?;
        // Its pieces are on disk only if its name is; `object_store` sees to what is below.
        #[cfg(unix)]
        if let Some(parent) = self.path.parent() {
            fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(wrong)?;
        }
        self.store()?.ok_or_else(|| Error::unavailable("the folder of pieces went away: call again"))
    }
}

fn path_of(database: &Path) -> PathBuf {
    place::beside(database, "-files")
}

fn key(file: Id, index: u64) -> Key {
    Key::from(format!("{file:?}/{index}"))
}

fn failed(what: &str, error: object_store::Error) -> Error {
    Error::unavailable(format!("a piece of a file could not be {what}: check the disk and call again")).caused_by(error)
}

/// A piece that is a row.
pub(super) fn row(connection: &Connection, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
    let mut find = connection.prepare_cached("SELECT bytes FROM piece WHERE file = ?1 AND idx = ?2")?;
    Ok(find.query_row((file, index), |row| row.get(0)).optional()?)
}

/// Refuses a file that is attached.
pub(super) fn refuse_attached(connection: &Connection, file: Id) -> Result<()> {
    let attached: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE id = ?1)")?
        .query_row([file], |row| row.get(0))?;
    if attached {
        return Err(Error::conflict("the file is attached already: send another under a new id"));
    }
    Ok(())
}

/// Registers an upload for a day from now, and says until when. Never for a file that is attached: its pieces stay.
pub(super) fn register(connection: &Connection, file: Id, now: u64) -> Result<u64> {
    refuse_attached(connection, file)?;
    connection
        .prepare_cached(
            "INSERT INTO upload (file, expires) VALUES (?1, ?2) ON CONFLICT (file) DO UPDATE SET expires = excluded.expires",
        )?
        .execute((file, now + DAY))?;
    Ok(now + DAY)
}

/// Ends the uploads whose day is over.
pub(super) fn expire(connection: &Connection, now: u64) -> Result<()> {
    let expired: Vec<Id> = connection
        .prepare_cached("DELETE FROM upload WHERE expires <= ?1 RETURNING file")?
        .query_map([now], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    expired.into_iter().try_for_each(|file| apply::files::discard(connection, file))
}

/// Removes objects of this file, at most `limit`; returns how many, and whether the file is gone.
///
/// By the file system's own calls: what a crash left half written has a name that `object_store` does not list.
pub(super) fn remove(database: &Path, file: Id, limit: usize) -> Result<(usize, bool)> {
    let folder = path_of(database).join(format!("{file:?}"));
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
