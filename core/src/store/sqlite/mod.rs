//! The embedded store: one SQLite file, or memory, by the same code.
//!
//! One thread writes (`writer`): it takes its turn among the processes (`queue`), carries out what waits in one
//! transaction (`commit`, `apply`, `sequence`), rings the bell (`bell`) and answers. Reads run in the caller's thread on
//! pooled connections (`database`, `snapshot`).

mod apply;
mod batch;
mod bell;
mod commit;
mod convert;
mod database;
mod elsewhere;
mod fault;
pub mod fork;
mod garbage;
mod group;
mod guard;
mod hold;
mod identity;
mod journal;
mod nodes;
mod pieces;
mod place;
mod queue;
mod reads;
mod remove;
mod request;
mod schema;
mod sequence;
mod shelf;
mod snapshot;

mod turns;
mod uploads;
mod writer;

use std::collections::BTreeMap;
use std::future::ready;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use self::batch::Batch;
use self::bell::{Bell, Listener};
use self::database::{Database, lock};
use self::hold::Hold;
use self::identity::{Files, Identity};
use self::journal::Journal;
use self::pieces::Folder;
use self::reads::Recent;
use self::request::{Answer, Request};
use self::shelf::Shelf;
use self::snapshot::SqliteSnapshot;
use self::writer::{Held, Medium, Writer, now};
use crate::error::{Error, ErrorKind, Result};
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::ReadEntry;
use crate::model::id::Id;
use crate::store::blobs::{self, Blobs, BlobsLocation};
use crate::store::{ChangeSet, Copied, Kept, Outcome, Row, Snapshot, Store};

/// The databases in memory of this process.
static MEMORIES: Mutex<BTreeMap<String, Arc<Shared>>> = Mutex::new(BTreeMap::new());

/// A store in one SQLite file, which several processes of one machine may open, or in memory.
pub struct SqliteStore {
    shared: Arc<Shared>,
    process: u32,
    closed: AtomicBool,
}

/// What the handles of one memory share; a file's handle has its own.
struct Shared {
    database: Arc<Database>,
    recent: Recent,
    requests: Sender<Request>,
    listener: Arc<Listener>,
    journal: Arc<Journal>,
    shelf: Shelf,
    /// None in memory, where all pieces are rows.
    folder: Option<Arc<Folder>>,
}

impl SqliteStore {
    /// Opens the database at `path`, and brings tables of an older version to this one.
    ///
    /// Reads that engines noted here before they were ended are brought into the database.
    ///
    /// With `create` it makes a new file, readable by its owner alone; a file that holds an account already is
    /// `AlreadyExists`.
    ///
    /// # Errors
    /// `NotFound` if there is no file, `InvalidArgument` if it is no Strongroom database, `Unsupported` if a newer version
    /// made it or if it is on a network file system.
    pub fn open(path: &Path, create: bool) -> Result<Arc<Self>> {
        let wrong = |error| fault::file("the path of the database could not be made out", error);
        // The process may change its folder later.
        let path = std::path::absolute(path).map_err(wrong)?;
        place::local(&path)?;
        if create {
            place::create(&path)?;
        }
        place::exists(&path)?;
        let opened = Identity::at(&path);
        let queue = schema::prepare(&path, create)?;
        let connection = writer::connect(&path)?;
        let files = Arc::new(Files::beside(&path));
        if files.database() != opened {
            return Err(identity::moved());
        }
        let bell = Bell::open(&path)?;
        let database = Arc::new(Database::file(path.clone(), Arc::clone(&files)));
        let (folder, beside) = (Arc::new(Folder::beside(&path)), path.clone());
        let shared = Shared::start(
            Medium::File { path, held: Some(Held { connection, queue, bell }), files },
            database,
            Some(&beside),
            Some(folder),
        )?;
        let shared = Arc::new(shared);
        fork::opened(&shared);
        Ok(Self::handle(shared))
    }

    /// Opens the database as [`open`](Self::open) does, with the content of files over 1 MiB in a place of its own.
    ///
    /// Files from before it had one stay in the folder beside it. What is gone is removed from the place by a task on the
    /// caller's runtime.
    ///
    /// # Errors
    /// Those of `open`; `InvalidArgument` if the place can't be used, or has the content of another database.
    pub async fn open_with(path: &Path, create: bool, blobs: &BlobsLocation) -> Result<Arc<Self>> {
        let store = Self::open(path, create)?;
        let elsewhere = elsewhere::adopt(&store.shared, blobs).await?;
        if let Some(folder) = &store.shared.folder {
            // It was opened just now: nobody else has set it.
            folder.elsewhere.get_or_init(|| elsewhere);
        }
        Ok(store)
    }

    /// Opens the database in memory of this name, which all clients of the process share; with `create` it makes it.
    ///
    /// It lives until [`drop_memory`](Self::drop_memory), whoever closes. A snapshot held over a commit costs a copy of it.
    ///
    /// # Errors
    /// `NotFound` without one of this name, `AlreadyExists` with `create` if it holds an account.
    pub fn memory(name: &str, create: bool) -> Result<Arc<Self>> {
        let mut memories = lock(&MEMORIES);
        let shared = match (memories.get(name), create) {
            (None, false) => {
                return Err(Error::not_found(format!(
                    "there is no database in memory named `{name}`: make it with `init`"
                )));
            }
            (None, true) => {
                let database = Arc::new(Database::memory()?);
                let shared = Arc::new(Shared::start(Medium::Memory(Arc::clone(&database)), database, None, None)?);
                memories.insert(name.to_owned(), Arc::clone(&shared));
                shared
            }
            (Some(shared), true) if shared.database.read(Batch::newest)?.head.size > 0 => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    format!(
                        "the database in memory named `{name}` holds an account already: open it, or take another name"
                    ),
                ));
            }
            (Some(shared), _) => Arc::clone(shared),
        };
        Ok(Self::handle(shared))
    }

    /// Forgets the database in memory of this name; it ends with the last client that has it open.
    pub fn drop_memory(name: &str) {
        let dropped = lock(&MEMORIES).remove(name);
        drop(dropped);
    }

    /// Refuses a path where a new database would be in something's way, and a place that has another's content.
    ///
    /// # Errors
    /// `AlreadyExists` if there is a file at `path`, or one that belongs beside it; `InvalidArgument` for the place.
    pub async fn is_free(path: &Path, blobs: Option<&BlobsLocation>) -> Result<()> {
        remove::is_free(path)?;
        match blobs {
            Some(blobs) => Blobs::at(blobs)?.is_free().await,
            None => Ok(()),
        }
    }

    /// Removes the database at `path`, all that is beside it, and what it has in this place. No program may have it open.
    pub async fn remove(path: &Path, blobs: Option<&BlobsLocation>) -> Result<()> {
        if let Some(blobs) = blobs
            && path.exists()
        {
            let connection = schema::connect(path)?;
            let place = elsewhere::remembered(&connection)?;
            drop(connection);
            if let Some(place) = place {
                Blobs::at(blobs)?.remove_all(place.marker).await?;
            }
        }
        remove::remove(path)
    }

    fn handle(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self { shared, process: std::process::id(), closed: AtomicBool::new(false) })
    }

    /// Refuses a call in a forked child, whose parent has the writer, and a call after the close.
    fn shared(&self) -> Result<&Shared> {
        if self.process != std::process::id() {
            return Err(Error::unsupported("the process was forked after it connected: connect again in the child"));
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(fault::closed());
        }
        Ok(&self.shared)
    }
}

/// The file that a row attaches.
fn attached(row: &Row) -> Option<Id> {
    match row {
        Row::File { file, .. } => Some(*file),
        _ => None,
    }
}

impl Shared {
    fn start(
        medium: Medium,
        database: Arc<Database>,
        path: Option<&Path>,
        folder: Option<Arc<Folder>>,
    ) -> Result<Self> {
        let listener = Arc::new(Listener::new(path, Arc::clone(&database)));
        let journal = Arc::new(Journal::new(path)?);
        let (requests, receiver) = mpsc::channel();
        let writer = Writer::new(medium, receiver, Arc::clone(&listener), Arc::clone(&journal));
        std::thread::Builder::new()
            .name("strongroom-write".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| fault::file("the thread that writes could not be started", error))?;
        Ok(Self { database, recent: Recent::new(), requests, listener, journal, shelf: Shelf::new(), folder })
    }

    /// Asks the writer and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).map_err(|_| fault::closed())?;
        answered.await.map_err(|_| fault::closed())?
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        if self.process != std::process::id() {
            // A forked child. What it inherited may be locked for ever, and its connections are the parent's to close.
            std::mem::forget(Arc::clone(&self.shared));
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.listener.close();
        self.database.close();
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn name(&self) -> &'static str {
        if self.shared.database.is_memory() { "memory" } else { "sqlite" }
    }

    async fn commit(&self, change: ChangeSet) -> Result<Outcome> {
        let shared = self.shared()?;
        let files: Vec<Id> = change.rows.iter().filter_map(attached).collect();
        let rows_alone = change.appends.is_empty();
        let outcome = shared.ask(|answer| Request::Commit(change, answer)).await?;
        if rows_alone {
            shared.recent.forget();
        }
        if let (Outcome::Committed(..), Some(folder)) = (&outcome, &shared.folder) {
            for file in files {
                folder.uploads.published(file);
            }
        }
        Ok(outcome)
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let shared = self.shared()?;
        Ok(Box::new(SqliteSnapshot::open(&shared.database, &shared.recent)?))
    }

    fn end(&self) -> BoxFuture<'static, Result<Head>> {
        let read = || Ok(self.shared()?.database.read(Batch::newest)?.head);
        ready(read()).boxed()
    }

    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
        match self.shared() {
            Ok(shared) => Arc::clone(&shared.listener).wait(size).boxed(),
            Err(error) => async { Err(error) }.boxed(),
        }
    }

    async fn hold(&self, signer: Id, vault: Option<Id>, log: LogId, by: Id) -> Result<Option<Head>> {
        self.shared()?.ask(|answer| Request::Hold(Hold { signer, vault, log, by }, answer)).await
    }

    async fn put_piece(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let shared = self.shared()?;
        let Some(folder) = &shared.folder else {
            return shared.ask(|answer| Request::Upload(file, Some((index, piece)), answer)).await.map(|_| ());
        };
        let upload = if let Some(upload) = folder.uploads.live(file, now()) {
            // It may have been attached since it was registered.
            shared.database.read(|connection| uploads::refuse_attached(connection, file))?;
            upload
        } else {
            let expires = shared.ask(|answer| Request::Upload(file, None, answer)).await?;
            folder.begin(file, expires, &shared.requests)?
        };
        let turn = match folder.elsewhere.get() {
            Some(_) => None,
            None => folder.turns.take(shared.database.read(Batch::newest)?.head.size).await,
        };
        Arc::clone(folder).put(upload, turn, file, index, piece).await
    }

    fn give_up(&self, file: Id) {
        let Ok(shared) = self.shared() else { return };
        if !shared.folder.as_ref().is_some_and(|folder| folder.uploads.give_up(file)) {
            // In memory, or its row alone was written. Fails only if the writer has ended.
            let _ = shared.requests.send(Request::GiveUp(file));
        }
    }

    async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        let shared = self.shared()?;
        let row = shared.database.read(|connection| pieces::row(connection, file, index))?;
        let Some(folder) = shared.folder.as_ref().filter(|_| row.is_none()) else { return Ok(row) };
        let hash = match folder.elsewhere.get() {
            Some(_) => shared.database.read(|connection| pieces::hash(connection, file, index))?,
            None => None,
        };
        let piece = folder.get(file, index, hash).await?;
        if piece.is_none() && folder.elsewhere.get().is_none() {
            // A place that this program was not told of may have it.
            if let Some(place) = shared.database.read(|connection| elsewhere::place_of(connection, file))? {
                return Err(blobs::elsewhere(&place));
            }
        }
        Ok(piece)
    }

    async fn note(&self, entry: ReadEntry) -> Result<()> {
        let shared = self.shared()?;
        if shared.journal.note(entry).await? {
            shared.requests.send(Request::Reads).map_err(|_| fault::closed())?;
        }
        Ok(())
    }

    async fn fold(&self) -> Result<()> {
        self.shared()?.ask(Request::Fold).await
    }

    async fn take_in(&self, parts: Vec<Copied>) -> Result<()> {
        let shared = self.shared()?;
        let published = |part: &Copied| match part {
            Copied::File { row, .. } if !row.detached => Some(row.file),
            _ => None,
        };
        let files: Vec<Id> = parts.iter().filter_map(published).collect();
        shared.ask(|answer| Request::TakeIn(parts, answer)).await?;
        shared.recent.forget();
        if let Some(folder) = &shared.folder {
            for file in files {
                folder.uploads.published(file);
            }
        }
        Ok(())
    }

    async fn keep(&self, kind: Kept, key: Id, value: Vec<u8>, until: u64) -> Result<()> {
        self.shared()?.shelf.put(kind, key, value, until);
        Ok(())
    }

    async fn kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        Ok(self.shared()?.shelf.get(kind, key))
    }

    async fn take_kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        Ok(self.shared()?.shelf.take(kind, key))
    }

    async fn close(&self) {
        let Ok(shared) = self.shared() else { return };
        self.closed.store(true, Ordering::Release);
        if shared.database.is_memory() {
            // Others may have it open.
            let _ = shared.ask(Request::Flush).await;
        } else {
            if let Some(folder) = &shared.folder {
                folder.uploads.end();
                if let Some(elsewhere) = folder.elsewhere.get() {
                    elsewhere.stop();
                }
            }
            // Fails only if the writer has ended already.
            let _ = shared.ask(Request::Close).await;
            shared.listener.close();
            shared.database.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_child_is_told_to_connect_again() {
        let parent = SqliteStore::memory("forked", true).unwrap();
        let child = SqliteStore {
            shared: Arc::clone(&parent.shared),
            process: parent.process + 1,
            closed: AtomicBool::new(false),
        };
        let error = child.end().now_or_never().unwrap().unwrap_err();
        assert_eq!(error.code(), "unsupported");
        assert!(error.message().contains("connect again"), "{error}");
        SqliteStore::drop_memory("forked");
    }
}
