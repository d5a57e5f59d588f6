//! The one thread that writes: it commits what waits as one group.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

use super::batch::Batch;
use super::bell::{Bell, Listener};
use super::commit::{self, Committed, Memory};
use super::database::Database;
use super::identity::Files;
use super::queue::Queue;
use super::request::{Answer, Pending, Request};
use super::{fault, garbage, schema, uploads};
use crate::error::Result;

/// The most requests of one group: at 50 µs each, other processes wait 50 ms at most.
const GROUP: usize = 1024;

/// How often the uploads of processes that have ended are looked for, in milliseconds.
const SWEEP: u64 = 60_000;

/// Where the writer writes.
pub(super) enum Medium {
    /// None is held while the process forks.
    File {
        path: PathBuf,
        held: Option<Held>,
        files: Arc<Files>,
    },
    Memory(Arc<Database>),
}

/// What the writer has open.
pub(super) struct Held {
    pub(super) connection: Connection,
    pub(super) queue: Queue,
    pub(super) bell: Bell,
}

impl Held {
    /// The same files again.
    fn again(path: &Path, files: &Files) -> Result<Self> {
        files.check_database()?;
        let held = Self { connection: connect(path)?, queue: Queue::open(path)?, bell: Bell::open(path)? };
        files.check_database()?;
        files.know();
        Ok(held)
    }
}

/// The connection that writes.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let connection = schema::connect(path)?;
    // A group of 10,000 vaults changes about 30 MB of pages; beyond this they are written twice.
    connection.pragma_update(None, "cache_size", -32_768)?;
    // A read, so that the connection holds all its files, of which none may go away from now on.
    let _ = Batch::newest(&connection)?;
    Ok(connection)
}

/// The writer's state.
pub(super) struct Writer {
    medium: Medium,
    requests: Receiver<Request>,
    listener: Arc<Listener>,
    memory: Memory,
    /// Whether there may be objects to remove.
    garbage: bool,
    /// When the uploads of processes that have ended were last looked for.
    swept: u64,
}

/// Milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Writer {
    pub(super) fn new(medium: Medium, requests: Receiver<Request>, listener: Arc<Listener>) -> Self {
        // A file may hold the garbage of whoever wrote before.
        let garbage = matches!(medium, Medium::File { .. });
        Self { medium, requests, listener, memory: Memory::default(), garbage, swept: 0 }
    }

    /// Writes until it is closed, or until nobody can ask any more.
    pub(super) fn run(mut self) {
        let closing = self.write();
        // The connection is closed before the answer, so that whoever asked may move the file.
        drop(self);
        if let Some(answer) = closing {
            let _ = answer.send(Ok(()));
        }
    }

    /// Returns who asked to close.
    fn write(&mut self) -> Option<Answer<()>> {
        loop {
            let first = match self.requests.try_recv() {
                Ok(request) => Some(request),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if self.garbage => None,
                Err(TryRecvError::Empty) => Some(self.requests.recv().ok()?),
            };
            let last = match first {
                Some(last @ (Request::Close(_) | Request::Rest(..))) => Some(last),
                Some(first) => self.group(first),
                None => None,
            };
            match last {
                Some(Request::Close(answer)) => return Some(answer),
                Some(Request::Rest(rests, wake)) => self.rest(&rests, &wake),
                _ => {}
            }
            self.sweep();
            if self.garbage {
                self.collect();
            }
        }
    }

    /// Lets go of the files until it is woken.
    fn rest(&mut self, rests: &Sender<()>, wake: &Receiver<Sender<()>>) {
        if let Medium::File { held, .. } = &mut self.medium {
            *held = None;
        }
        // Each fails if whoever forks has given up.
        let _ = rests.send(());
        let woken = wake.recv();
        if let Medium::File { path, held, files } = &mut self.medium
            && let Err(error) = hold_again(path, held, files)
        {
            tracing::warn!(?error, "the database could not be opened again after a fork: the next write tries again");
        }
        if let Ok(woken) = woken {
            let _ = woken.send(());
        }
    }

    /// Commits what waits and answers it; returns what ended the group.
    fn group(&mut self, first: Request) -> Option<Request> {
        let mut requests = VecDeque::from([first]);
        let mut pending = Vec::new();
        let (committed, last) = self.commit(&mut requests, &mut pending);
        match committed {
            Ok(Committed { head, grown, garbage }) => {
                if grown {
                    if let Medium::File { held: Some(held), .. } = &mut self.medium {
                        held.bell.ring(head.size);
                    }
                    self.listener.hear(head.size);
                }
                self.garbage |= garbage;
                self.unlock_uploads();
                for pending in pending {
                    pending.answer(head);
                }
            }
            Err(error) => {
                tracing::warn!(?error, "a group of changes could not be written");
                for pending in pending {
                    pending.fail(&error);
                }
                for request in requests {
                    if let Request::GiveUp(file) = &request {
                        self.memory.given_up.push(*file);
                    }
                    request.fail(&error);
                }
                self.end_uploads();
            }
        }
        last
    }

    fn commit(
        &mut self,
        requests: &mut VecDeque<Request>,
        pending: &mut Vec<Pending>,
    ) -> (Result<Committed>, Option<Request>) {
        let (memory, mut last) = (&mut self.memory, None);
        let committed = match &mut self.medium {
            Medium::File { path, held, files } => hold_again(path, held, files).and_then(|held| {
                let Held { connection, queue, .. } = held;
                in_place(files, connection)?;
                let turn = queue.turn()?;
                // What came while this store waited for its turn goes along.
                last = drain(&self.requests, requests);
                let committed = commit::group(connection, memory, now(), requests, pending);
                drop(turn);
                // What went to a file that is gone is on no disk.
                committed.and_then(|done| in_place(files, connection).map(|()| done))
            }),
            Medium::Memory(database) => database.write_memory(|connection| {
                last = drain(&self.requests, requests);
                commit::group(connection, memory, now(), requests, pending)
            }),
        };
        (committed, last)
    }

    /// Removes the locks of uploads that were given up; of those that are attached nevertheless nobody else would.
    fn unlock_uploads(&mut self) {
        let files = std::mem::take(&mut self.memory.given_up);
        let Medium::File { path, .. } = &self.medium else { return };
        for file in files {
            uploads::unlock(path, file);
        }
    }

    /// Ends the uploads that were given up in a group which failed.
    fn end_uploads(&mut self) {
        let files = std::mem::take(&mut self.memory.given_up);
        let Medium::File { path, held: Some(held), .. } = &mut self.medium else { return };
        if files.is_empty() {
            return;
        }
        self.garbage = true;
        if let Err(error) = uploads::end(path, &held.connection, &mut held.queue, &files) {
            tracing::warn!(?error, "uploads that were given up stay until the next look");
        }
    }

    fn sweep(&mut self) {
        let Medium::File { path, held: Some(held), .. } = &mut self.medium else { return };
        let now = now();
        if now.abs_diff(self.swept) < SWEEP {
            return;
        }
        self.swept = now;
        self.garbage |= uploads::sweep(path, &held.connection, &mut held.queue).unwrap_or_else(|error| {
            tracing::warn!(?error, "the uploads of processes that have ended stay until the next look");
            false
        });
    }

    fn collect(&mut self) {
        let Medium::File { path, held: Some(held), .. } = &mut self.medium else {
            self.garbage = false;
            return;
        };
        self.garbage = garbage::collect(path, &held.connection, &mut held.queue).unwrap_or_else(|error| {
            tracing::warn!(?error, "the pieces of files that are gone stay until the next change");
            false
        });
    }
}

/// Refuses files that are no longer at their paths.
fn in_place(files: &Files, connection: &Connection) -> Result<()> {
    files.check().inspect_err(|_| {
        // What was acknowledged is in a log that nobody finds again, but for this connection.
        if files.can_be_rescued()
            && let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(FULL)")
        {
            tracing::error!(%error, "the -wal of the database was removed, and what is in it could not be kept");
        }
    })
}

/// What the writer has open, opened again if need be.
fn hold_again<'h>(path: &Path, held: &'h mut Option<Held>, files: &Files) -> Result<&'h mut Held> {
    if held.is_none() {
        *held = Some(Held::again(path, files)?);
    }
    held.as_mut().ok_or_else(fault::closed)
}

/// Takes what waits, up to one that asks to close or to rest.
fn drain(from: &Receiver<Request>, requests: &mut VecDeque<Request>) -> Option<Request> {
    while requests.len() < GROUP {
        match from.try_recv() {
            Ok(last @ (Request::Close(_) | Request::Rest(..))) => return Some(last),
            Ok(request) => requests.push_back(request),
            Err(_) => return None,
        }
    }
    None
}
