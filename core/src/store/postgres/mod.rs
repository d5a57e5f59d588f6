//! The shared store: one PostgreSQL database, on which many engines write and read.
//!
//! A change is committed in two steps. One of the writer's lanes (`lane`, `group`) locks what the change rests on, judges
//! it (`judge`) and stages it; then whoever is first (`settle`, `sequence`) gives what is staged its places in the feed and
//! brings it into the tables. So writers of different vaults share no row, and what anybody reads is the logs, the tables
//! and the feed of one moment. Reads run on pooled connections (`connect`, `snapshot`).

mod bell;
mod blobs;
mod claim;
mod connect;
mod convert;
mod copied;
mod fault;
mod found;
mod garbage;
mod group;
mod hold;
mod journal;
mod judge;
mod lane;
mod location;
mod pieces;
mod places;
mod reads;
mod request;
mod schema;
mod sequence;
mod settle;
mod shelf;
mod snapshot;
mod staged;
mod tables;
mod tls;
mod underway;
mod upkeep;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::AbortHandle;

use self::connect::Connections;
use self::convert::Columns;
use self::hold::Hold;
use self::journal::Note;
use self::lane::Lane;
pub use self::location::PostgresLocation;
use self::request::{Answer, Request, Waiting};
use self::schema::Prepared;
use self::sequence::GroupId;
use self::snapshot::PostgresSnapshot;
use self::underway::Underway;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::ReadEntry;
use crate::model::id::Id;
use crate::store::blobs::Blobs;
use crate::store::random;
use crate::store::{ChangeSet, Copied, Kept, Outcome, Snapshot, Store};

/// A store in a PostgreSQL database, which engines on many machines may open.
pub struct PostgresStore {
    core: Arc<Core>,
    process: u32,
    closed: AtomicBool,
    runtime: Handle,
    /// What runs beside the lanes, and ends with the store.
    beside: Mutex<Vec<AbortHandle>>,
}

/// What the tasks of a store share.
struct Core {
    location: PostgresLocation,
    connections: Connections,
    /// Whether commits use advisory locks, or are serializable.
    advisory: bool,
    /// The content of large files, where it is not in the database.
    blobs: Option<Blobs>,
    /// The first half of the keys of our advisory locks.
    class: i32,
    lanes: [UnboundedSender<Waiting>; 2],
    notes: UnboundedSender<Note>,
    /// How long the feed is known to be.
    told: watch::Sender<u64>,
    /// How long this store made it.
    rung: watch::Sender<u64>,
    listening: AtomicBool,
    noted: Notify,
    /// There are objects to remove.
    littered: Notify,
    underway: Underway,
    /// Parts of a copy that wait for the end of their batch.
    copied: tokio::sync::Mutex<Vec<Copied>>,
}

/// Milliseconds since 1970, by this machine's clock.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl PostgresStore {
    /// Opens the database at this location, and brings tables of an older version to this one.
    ///
    /// With `create` it makes the tables, in a schema of their own; a database that holds an account already is
    /// `AlreadyExists`. It runs on the caller's runtime, until it is closed or dropped.
    ///
    /// # Errors
    /// `NotFound` if there is no database or it has no tables, `InvalidArgument` if the user or the password is refused,
    /// `Unsupported` if a newer version made the tables, `Unavailable` if nothing answers.
    pub async fn open(location: &PostgresLocation, create: bool) -> Result<Arc<Self>> {
        let Prepared { advisory, blobs } = schema::prepare(location, create).await?;
        let (fast, fast_requests) = mpsc::unbounded_channel();
        let (apart, apart_requests) = mpsc::unbounded_channel();
        let (notes, to_note) = mpsc::unbounded_channel();
        let (rung, ringing) = watch::channel(0);
        let [first, second, third, fourth, ..] = crate::log::label::sha256(location.schema.as_bytes()).0;
        let core = Arc::new(Core {
            connections: Connections::new(location)?,
            location: location.clone(),
            advisory,
            blobs,
            class: i32::from_be_bytes([first, second, third, fourth]),
            lanes: [fast, apart],
            notes,
            told: watch::channel(0).0,
            rung,
            listening: AtomicBool::new(false),
            noted: Notify::new(),
            littered: Notify::new(),
            underway: Underway::default(),
            copied: tokio::sync::Mutex::default(),
        });
        let beside = [
            tokio::spawn(Lane::new(Arc::clone(&core), fast_requests, false).run()),
            tokio::spawn(Lane::new(Arc::clone(&core), apart_requests, true).run()),
            tokio::spawn(journal::run(Arc::clone(&core), to_note, random::make_id()?)),
            tokio::spawn(bell::listener(Arc::clone(&core))),
            tokio::spawn(bell::looker(Arc::clone(&core))),
            tokio::spawn(bell::ringer(Arc::clone(&core), ringing)),
            tokio::spawn(upkeep::run(Arc::clone(&core))),
            tokio::spawn(garbage::run(Arc::clone(&core))),
        ];
        Ok(Arc::new(Self {
            core,
            process: std::process::id(),
            closed: AtomicBool::new(false),
            runtime: Handle::current(),
            beside: Mutex::new(beside.iter().map(tokio::task::JoinHandle::abort_handle).collect()),
        }))
    }

    /// Refuses a location where a new account would be in something's way.
    ///
    /// # Errors
    /// `AlreadyExists` if the database has tables of ours with something in them.
    pub async fn is_free(location: &PostgresLocation) -> Result<()> {
        schema::is_free(location).await
    }

    /// Removes all tables of ours. No program may have them open.
    pub async fn remove(location: &PostgresLocation) -> Result<()> {
        schema::remove(location).await
    }

    /// Refuses a call in a forked child, which has none of the store's tasks, and a call after the close.
    fn core(&self) -> Result<&Arc<Core>> {
        if self.process != std::process::id() {
            return Err(Error::unsupported("the process was forked after it connected: connect again in the child"));
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(fault::closed());
        }
        Ok(&self.core)
    }

    /// Does something on the store's runtime, from now on.
    fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Core>) -> BoxFuture<'static, Result<T>>,
    ) -> BoxFuture<'static, Result<T>> {
        match self.core() {
            Ok(core) => {
                let running = self.runtime.spawn(work(Arc::clone(core)));
                async move { running.await.map_err(|_| fault::closed())? }.boxed()
            }
            Err(error) => async { Err(error) }.boxed(),
        }
    }

    fn end_tasks(&self) {
        let mut beside = self.beside.lock().unwrap_or_else(PoisonError::into_inner);
        beside.drain(..).for_each(|task| task.abort());
    }
}

impl Core {
    /// Asks the lane that a request goes by, and waits for its answer.
    async fn ask<T>(&self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let request = request(answer);
        let [fast, apart] = &self.lanes;
        let lane = if request.is_apart() { apart } else { fast };
        lane.send(Waiting::new(request)).map_err(|_| fault::closed())?;
        answered.await.map_err(|_| fault::closed())?
    }

    /// A name for a group of changes.
    fn name() -> Result<GroupId> {
        let mut name = [0; 16];
        let (time, rest) = name.split_at_mut(8);
        time.copy_from_slice(&now().to_be_bytes());
        rest.copy_from_slice(&random::make_bytes::<8>()?);
        Ok(name)
    }

    async fn head(&self) -> Result<Head> {
        let client = self.connections.views.get().await?;
        let sql = client.prepare_cached("SELECT size, root FROM feed_head WHERE one = 1").await?;
        let row = client.query_one(&sql, &[]).await?;
        let head = Head { size: row.number(0)?, root: row.id(1)? };
        self.hear(head.size);
        Ok(head)
    }

    async fn finish(&self) {
        let (answer, written) = oneshot::channel();
        if self.notes.send(Note::Close(answer)).is_ok() {
            let _ = written.await;
        }
        for done in [self.fold().await, self.anchor().await] {
            if let Err(error) = done {
                tracing::warn!(?error, "the last reads are left to another store on this database");
            }
        }
        for lane in &self.lanes {
            let (answer, done) = oneshot::channel();
            if lane.send(Waiting::new(Request::Close(answer))).is_ok() {
                let _ = done.await;
            }
        }
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.end_tasks();
        } else {
            // A forked child: what it inherited is the parent's to close.
            std::mem::forget(Arc::clone(&self.core));
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn name(&self) -> &'static str {
        "postgresql"
    }

    async fn commit(&self, change: ChangeSet) -> Result<Outcome> {
        self.core()?.ask(|answer| Request::Commit(change, answer)).await
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        let client = self.core()?.connections.views.get().await?;
        Ok(Box::new(PostgresSnapshot::open(client).await?))
    }

    fn end(&self) -> BoxFuture<'static, Result<Head>> {
        self.spawn(|core| async move { core.head().await }.boxed())
    }

    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
        let core = match self.core() {
            Ok(core) => Arc::clone(core),
            Err(error) => return async { Err(error) }.boxed(),
        };
        let mut told = core.told.subscribe();
        async move {
            if *told.borrow() > size {
                return Ok(());
            }
            // What others made longer before anybody told.
            core.head().await?;
            told.wait_for(|known| *known > size).await.map(drop).map_err(|_| fault::closed())
        }
        .boxed()
    }

    async fn hold(&self, signer: Id, vault: Option<Id>, log: LogId, by: Id) -> Result<Option<Head>> {
        let hold = Hold { signer, vault, log, by };
        self.core()?.ask(|answer| Request::Hold(hold, answer)).await
    }

    async fn put_piece(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let set_out = self.core()?.underway.set_out(file);
        // What is on its way arrives even if the caller no longer waits.
        let put = self.spawn(move |core| {
            async move {
                let _arrives = set_out.go().await;
                core.put_piece(file, index, piece).await
            }
            .boxed()
        });
        put.await
    }

    fn give_up(&self, file: Id) {
        let ended = self.spawn(move |core| {
            async move {
                let _ended = core.underway.end(file).await;
                core.end_upload(file).await
            }
            .boxed()
        });
        // It goes on by itself; if it fails, the upload's day ends it.
        drop(ended);
    }

    async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        self.core()?.piece(file, index).await
    }

    async fn note(&self, entry: ReadEntry) -> Result<()> {
        let (answer, written) = oneshot::channel();
        self.core()?.notes.send(Note::Entry(Box::new(entry), answer)).map_err(|_| fault::closed())?;
        written.await.map_err(|_| fault::closed())?
    }

    async fn fold(&self) -> Result<()> {
        self.core()?.fold().await
    }

    async fn take_in(&self, parts: Vec<Copied>) -> Result<()> {
        self.core()?.take_in(parts).await
    }

    async fn keep(&self, kind: Kept, key: Id, value: Vec<u8>, until: u64) -> Result<()> {
        self.core()?.put_kept(kind, key, value, until).await
    }

    async fn kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        self.core()?.get_kept(kind, key).await
    }

    async fn take_kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        self.core()?.take_kept(kind, key).await
    }

    async fn close(&self) {
        let Ok(core) = self.core() else { return };
        if self.closed.swap(true, Ordering::AcqRel) {
            return;
        }
        core.finish().await;
        self.end_tasks();
        core.connections.close();
    }
}
