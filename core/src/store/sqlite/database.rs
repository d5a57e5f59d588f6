//! Where connections come from: a pool on a file, or one connection in memory.
//!
//! A database in memory has no write-ahead log, so readers of a moment would stop the writer. Instead it is copied when
//! it is to be written while a snapshot of it is open; the snapshot keeps the old one. So a snapshot held over a commit
//! costs a copy of the database, and nothing ever waits for a snapshot to end.

use std::mem;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::batch::Batch;
use super::identity::Files;
use super::{fault, schema};
use crate::error::{Error, Result};

/// Idle readers kept; one costs about 100 KB with its statements, and 0.2 ms to make.
const IDLE: usize = 16;

/// Locks even if a holder panicked: what these locks guard is whole between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file, or memory.
pub(super) enum Database {
    File(Arc<Pool>),
    Memory(Mutex<Arc<Mutex<Connection>>>),
}

impl Database {
    pub(super) fn file(path: PathBuf, files: Arc<Files>) -> Self {
        let state = Mutex::new(State { idle: Some(Vec::new()), out: 0, resting: false });
        Self::File(Arc::new(Pool { path, files, state, changed: Condvar::new() }))
    }

    pub(super) fn memory() -> Result<Self> {
        Ok(Self::Memory(Mutex::new(Arc::new(Mutex::new(schema::memory()?)))))
    }

    pub(super) fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_))
    }

    /// Reads outside of a snapshot: each statement sees the newest.
    pub(super) fn read<T>(&self, reads: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        match self {
            Self::File(pool) => {
                let connection = pool.take()?;
                let read = reads(&connection);
                pool.put(connection);
                read
            }
            Self::Memory(current) => {
                // Under the outer lock: another owner, however short, would make the writer copy.
                let current = lock(current);
                reads(&lock(&current))
            }
        }
    }

    /// A view of one moment.
    pub(super) fn view(&self) -> Result<View> {
        match self {
            Self::File(pool) => {
                let connection = pool.take()?;
                // Put back whole whatever happens: `View` ends the transaction.
                let view = View::Pooled(Some(connection), Arc::clone(pool));
                view.with(|connection| Ok(connection.prepare_cached("BEGIN")?.execute([]).map(drop)?))?;
                Ok(view)
            }
            Self::Memory(current) => Ok(View::Shared(Arc::clone(&lock(current)))),
        }
    }

    /// Writes to a database in memory, in place if nobody looks at it, else in a copy that takes its place.
    pub(super) fn write_memory<T>(&self, writes: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let Self::Memory(current) = self else { return Err(fault::closed()) };
        let mut current = lock(current);
        // Only this lock's holder makes a new owner, so none can appear while it is held.
        if Arc::strong_count(&current) > 1 {
            let copied = copy(&lock(&current))?;
            *current = Arc::new(Mutex::new(copied));
        }
        let connection = lock(&current);
        writes(&connection)
    }

    /// Refuses a file that is no longer at its path.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::File(pool) => pool.files.check(),
            Self::Memory(_) => Ok(()),
        }
    }

    /// Closes what is idle; what is in use is closed when it is put back.
    pub(super) fn close(&self) {
        if let Self::File(pool) = self {
            let idle = lock(&pool.state).idle.take();
            drop(idle);
        }
    }

    /// Closes all connections and lets nobody have one until [`Self::wake`]; false if one is still in use after `patience`.
    pub(super) fn rest(&self, patience: Duration) -> bool {
        let Self::File(pool) = self else { return true };
        let mut state = lock(&pool.state);
        state.resting = true;
        let waited = pool.changed.wait_timeout_while(state, patience, |state| state.out > 0);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(idle) = &mut state.idle {
            idle.clear();
        }
        state.out == 0
    }

    /// Lets connections be opened again.
    pub(super) fn wake(&self) {
        if let Self::File(pool) = self {
            lock(&pool.state).resting = false;
            pool.changed.notify_all();
        }
    }
}

fn copy(from: &Connection) -> Result<Connection> {
    let mut to = Connection::open_in_memory()?;
    match Backup::new(from, &mut to)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(Error::unavailable("the database in memory could not be copied: call again")),
    }
    schema::compile_once(&to)?;
    Ok(to)
}

/// Read connections of one file.
pub(super) struct Pool {
    path: PathBuf,
    files: Arc<Files>,
    state: Mutex<State>,
    /// A connection came back, or the rest is over.
    changed: Condvar,
}

struct State {
    /// None once closed.
    idle: Option<Vec<Connection>>,
    /// How many are in use.
    out: usize,
    /// Nobody gets one.
    resting: bool,
}

impl Pool {
    fn take(&self) -> Result<Connection> {
        let mut state = lock(&self.state);
        while state.resting {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let idle = state.idle.as_mut().ok_or_else(fault::closed)?.pop();
        state.out += 1;
        drop(state);
        self.ready(idle).inspect_err(|_| self.came_back())
    }

    fn ready(&self, idle: Option<Connection>) -> Result<Connection> {
        if let Some(connection) = idle {
            self.files.glance()?;
            return Ok(connection);
        }
        // A new one is bound to whatever is there while it is opened.
        self.files.check()?;
        let connection = schema::connect(&self.path)?;
        connection.pragma_update(None, "query_only", true)?;
        let _ = Batch::newest(&connection)?;
        self.files.check()?;
        Ok(connection)
    }

    fn put(&self, connection: Connection) {
        let mut state = lock(&self.state);
        let keeps = !state.resting && connection.is_autocommit();
        let rest = match &mut state.idle {
            Some(idle) if keeps && idle.len() < IDLE => {
                idle.push(connection);
                None
            }
            _ => Some(connection),
        };
        drop(state);
        // Closed before it counts as back.
        drop(rest);
        self.came_back();
    }

    fn came_back(&self) {
        let mut state = lock(&self.state);
        state.out = state.out.saturating_sub(1);
        if state.resting {
            self.changed.notify_all();
        }
    }
}

/// A connection that sees one moment.
pub(super) enum View {
    Pooled(Option<Connection>, Arc<Pool>),
    Shared(Arc<Mutex<Connection>>),
}

impl View {
    pub(super) fn with<T>(&self, reads: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        match self {
            Self::Pooled(Some(connection), _) => reads(connection),
            Self::Pooled(None, _) => Err(fault::closed()),
            Self::Shared(connection) => reads(&lock(connection)),
        }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if let Self::Pooled(connection, pool) = self
            && let Some(connection) = mem::take(connection)
        {
            // A connection that cannot end its transaction is not put back.
            let _ = connection.prepare_cached("COMMIT").and_then(|mut end| end.execute([]));
            pool.put(connection);
        }
    }
}
