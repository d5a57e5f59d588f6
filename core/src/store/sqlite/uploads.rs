//! Uploads that go on: an upload is a row, and a lock that its process holds.
//!
//! The row comes first, so whatever is in the folder is found again. The lock is a file among the pieces; it goes with
//! its process, however that ends, and whoever finds it free ends the upload. Nobody ever sees it free while the
//! upload lives, for it gets its name when it is locked. Without one, as where a process died before it, the row's day
//! decides.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::sync::OnceCell;

use super::database::lock;
use super::queue::Queue;
use super::request::Request;
use super::{apply, fault, pieces, place};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::blobs;

/// How long an upload is kept unpublished, in milliseconds: a day.
const DAY: u64 = 86_400_000;
/// An upload is registered anew once less than this is left, so that none ends while a piece is written.
const MARGIN: u64 = DAY / 2;
/// The lock's name; no piece has it, for theirs are numbers.
const LOCK: &str = "upload";

/// An upload of this process, which lives as long as somebody holds it; given up with the last unless it was published.
pub(super) struct Upload {
    file: Id,
    expires: AtomicU64,
    published: AtomicBool,
    /// Whether the folder's name is on disk; `object_store` sees to what is in it.
    anchored: OnceCell<()>,
    folder: PathBuf,
    /// Closed with the upload, which frees it.
    _lock: File,
    requests: Sender<Request>,
}

impl Upload {
    fn begin(folder: PathBuf, file: Id, expires: u64, requests: &Sender<Request>) -> Result<Self> {
        let wrong = |error| fault::file("the folder of a file's pieces could not be made", error);
        blobs::make_private(&folder).map_err(wrong)?;
        let (early, name) = (folder.join(format!("{LOCK}#")), folder.join(LOCK));
        let held = place::private().create(true).truncate(true).open(&early).map_err(wrong)?;
        held.lock().map_err(wrong)?;
        fs::rename(early, name).map_err(wrong)?;
        Ok(Self {
            file,
            expires: AtomicU64::new(expires),
            published: AtomicBool::new(false),
            anchored: OnceCell::new(),
            folder,
            _lock: held,
            requests: requests.clone(),
        })
    }

    /// Puts the folder's own name on disk.
    pub(super) async fn anchor(&self) -> Result<()> {
        let parent = self.folder.parent().map(Path::to_path_buf);
        let sync = || async {
            let synced = tokio::task::spawn_blocking(move || parent.map_or(Ok(()), |parent| pieces::sync(&parent)));
            synced.await.map_err(|_| fault::closed())?
        };
        self.anchored.get_or_try_init(sync).await.copied()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.published.load(Ordering::Acquire) {
            // If it stays, it goes with the file.
            let _ = fs::remove_file(self.folder.join(LOCK));
        } else {
            // If the writer has ended, the next to open the database finds the lock free.
            let _ = self.requests.send(Request::GiveUp(self.file));
        }
    }
}

/// The uploads of one store.
#[derive(Default)]
pub(super) struct Uploads(Mutex<HashMap<Id, Arc<Upload>>>);

impl Uploads {
    /// An upload that is registered for long enough.
    pub(super) fn live(&self, file: Id, now: u64) -> Option<Arc<Upload>> {
        let live = lock(&self.0).get(&file).cloned();
        live.filter(|upload| upload.expires.load(Ordering::Acquire) > now + MARGIN)
    }

    /// The upload whose row was just written.
    pub(super) fn begin(
        &self,
        folder: PathBuf,
        file: Id,
        expires: u64,
        requests: &Sender<Request>,
    ) -> Result<Arc<Upload>> {
        let mut uploads = lock(&self.0);
        if let Some(upload) = uploads.get(&file) {
            upload.expires.fetch_max(expires, Ordering::AcqRel);
            return Ok(Arc::clone(upload));
        }
        let upload = Arc::new(Upload::begin(folder, file, expires, requests)?);
        uploads.insert(file, Arc::clone(&upload));
        Ok(upload)
    }

    /// The file is attached: its pieces stay.
    pub(super) fn published(&self, file: Id) {
        let upload = lock(&self.0).remove(&file);
        if let Some(upload) = upload {
            upload.published.store(true, Ordering::Release);
        }
    }

    /// Gives an upload up, once the pieces that are on their way have arrived; says whether there was one.
    pub(super) fn give_up(&self, file: Id) -> bool {
        let upload = lock(&self.0).remove(&file);
        upload.is_some()
    }

    /// Gives all up.
    pub(super) fn end(&self) {
        let uploads = std::mem::take(&mut *lock(&self.0));
        drop(uploads);
    }
}

/// Refuses a file that is attached.
pub(super) fn refuse_attached(connection: &Connection, file: Id) -> Result<()> {
    let attached: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM file WHERE id = ?1)")?
        .query_row([file], |row| row.get(0))?;
    if attached {
        return Err(crate::error::Error::conflict("the file is attached already: send another under a new id"));
    }
    Ok(())
}

/// Registers an upload for a day from now, and says until when. Never for a file that is attached: its pieces stay.
pub(super) fn register(connection: &Connection, file: Id, now: u64) -> Result<u64> {
    refuse_attached(connection, file)?;
    let ended: bool = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM object_garbage WHERE file = ?1)")?
        .query_row([file], |row| row.get(0))?;
    if ended {
        return Err(crate::error::Error::conflict("the upload has ended: send the file again, under a new id"));
    }
    connection
        .prepare_cached(
            "INSERT INTO upload (file, expires) VALUES (?1, ?2) ON CONFLICT (file) DO UPDATE SET expires = excluded.expires",
        )?
        .execute((file, now + DAY))?;
    Ok(now + DAY)
}

/// Ends an upload, unless it was published meanwhile.
pub(super) fn discard(connection: &Connection, file: Id) -> Result<()> {
    let gone = connection.prepare_cached("DELETE FROM upload WHERE file = ?1")?.execute([file])?;
    if gone == 0 { Ok(()) } else { apply::files::discard(connection, file) }
}

/// Ends the uploads whose day is over.
pub(super) fn expire(connection: &Connection, now: u64) -> Result<()> {
    let expired: Vec<Id> = connection
        .prepare_cached("DELETE FROM upload WHERE expires <= ?1 RETURNING file")?
        .query_map([now], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    expired.into_iter().try_for_each(|file| apply::files::discard(connection, file))
}

/// Ends the uploads of processes that have ended; says whether there were any.
pub(super) fn sweep(path: &Path, connection: &Connection, queue: &mut Queue) -> Result<bool> {
    let uploads: Vec<Id> = connection
        .prepare_cached("SELECT file FROM upload")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // Their locks are kept until the end, so that no two sweep one.
    let dead: Vec<(Id, File)> =
        uploads.into_iter().filter_map(|file| Some((file, free_lock(&pieces::folder_of(path, file))?))).collect();
    if dead.is_empty() {
        return Ok(false);
    }
    let files: Vec<Id> = dead.iter().map(|(file, _)| *file).collect();
    end(path, connection, queue, &files)?;
    Ok(true)
}

/// Ends uploads, also on a disk that they have filled up: there their pieces go first, for the rows need room to change.
pub(super) fn end(path: &Path, connection: &Connection, queue: &mut Queue, files: &[Id]) -> Result<()> {
    let rows = || files.iter().try_for_each(|file| discard(connection, *file));
    if queue.write(connection, rows).is_ok() {
        return Ok(());
    }
    files.iter().try_for_each(|file| clear(path, connection, queue, *file))?;
    queue.write(connection, rows)
}

/// Removes the pieces of an upload while nobody can publish it.
fn clear(path: &Path, connection: &Connection, queue: &mut Queue, file: Id) -> Result<()> {
    let _turn = queue.turn()?;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let pending = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM upload WHERE file = ?1)")
        .and_then(|mut find| find.query_row([file], |row| row.get::<_, bool>(0)));
    let cleared = match pending {
        Ok(true) => pieces::remove(path, file, usize::MAX).map(drop),
        Ok(false) => Ok(()),
        Err(error) => Err(error.into()),
    };
    connection.execute_batch("ROLLBACK")?;
    cleared
}

/// Removes the lock of an upload that has ended.
pub(super) fn unlock(path: &Path, file: Id) {
    // If it stays, it goes with the file.
    let _ = fs::remove_file(pieces::folder_of(path, file).join(LOCK));
}

/// The lock of an upload, if its process has left it.
fn free_lock(folder: &Path) -> Option<File> {
    let lock = place::private().open(folder.join(LOCK)).ok()?;
    lock.try_lock().ok().map(|()| lock)
}
