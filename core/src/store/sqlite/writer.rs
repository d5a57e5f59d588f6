//! The one thread that writes: it commits what waits as one group.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

use super::batch::Batch;
use super::bell::{Bell, Listener};
use super::commit::{self, Committed, Memory};
use super::database::Database;
use super::identity::Files;
use super::journal::{self, Gathered, Journal};
use super::queue::Queue;
use super::request::{Answer, Pending, Request};
use super::{apply, fault, garbage, schema, uploads};
use crate::error::Result;
use crate::log::reads::Group;
use crate::store::Copied;

/// The most requests of one group: at 50 µs each, other processes wait 50 ms at most.
const GROUP: usize = 1024;

/// How often the uploads of processes that have ended are looked for, in milliseconds.
const SWEEP: u64 = 60_000;
/// Reads that were noted are in the database so much later.
const FOLD: Duration = Duration::from_secs(1);
/// How often reads are folded before a fork while others go on.
const RESTS: usize = 3;
/// A chain of reads is anchored so often.
const ANCHOR: Duration = Duration::from_secs(5);

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
    journal: Arc<Journal>,
    /// When reads are to be folded, or their chain anchored.
    due: Option<Instant>,
    /// When the chain was anchored last.
    anchored: Instant,
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
    pub(super) fn new(
        medium: Medium,
        requests: Receiver<Request>,
        listener: Arc<Listener>,
        journal: Arc<Journal>,
    ) -> Self {
        // A file may hold the garbage of whoever wrote before, and beside it may be their reads.
        let is_file = matches!(medium, Medium::File { .. });
        let now = Instant::now();
        let (memory, due) = (Memory::default(), is_file.then_some(now));
        Self { medium, requests, listener, memory, journal, due, anchored: now, garbage: is_file, swept: 0 }
    }

    /// Writes until it is closed, or until nobody can ask any more.
    pub(super) fn run(mut self) {
        let closing = self.write();
        self.journal.close();
        let folded = self.fold(true);
        if folded.is_ok() {
            self.journal.remove();
        }
        // The connection is closed before the answer, so that whoever asked may move the file.
        drop(self);
        if let Some(answer) = closing {
            let _ = answer.send(folded);
        }
    }

    /// Returns who asked to close.
    fn write(&mut self) -> Option<Answer<()>> {
        loop {
            let first = match self.requests.try_recv() {
                Ok(request) => Some(request),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) if self.garbage => None,
                Err(TryRecvError::Empty) => self.wait().ok()?,
            };
            let (mut first, mut last) = (first, None);
            if let Some(request) = first.take_if(|request| !ends_group(request)) {
                last = self.group(request);
            }
            match first.or(last) {
                Some(Request::Close(answer)) => return Some(answer),
                Some(Request::Fold(answer)) => {
                    // Fails only if whoever asked no longer waits.
                    let _ = answer.send(self.fold(false));
                }
                Some(Request::TakeIn(parts, answer)) => {
                    let _ = answer.send(self.take_in(parts));
                }
                Some(Request::Rest(rests, wake)) => self.rest(&rests, &wake),
                Some(Request::Reads) => {
                    let soon = Instant::now() + FOLD;
                    self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
                }
                _ => {}
            }
            if self.due.is_some_and(|due| due <= Instant::now())
                && let Err(error) = self.fold(false)
            {
                tracing::warn!(?error, "reads could not be brought into the database; they are tried again");
                self.due = Some(Instant::now() + FOLD);
            }
            self.sweep();
            if self.garbage {
                self.collect();
            }
        }
    }

    /// Lets go of the files until it is woken.
    fn rest(&mut self, rests: &Sender<()>, wake: &Receiver<Sender<()>>) {
        let journal = Arc::clone(&self.journal);
        let notes = self.rest_journal(&journal);
        if let Medium::File { held, .. } = &mut self.medium {
            *held = None;
        }
        // Each fails if whoever forks has given up.
        let _ = rests.send(());
        let woken = wake.recv();
        drop(notes);
        if let Medium::File { path, held, files } = &mut self.medium
            && let Err(error) = hold_again(path, held, files)
        {
            tracing::warn!(?error, "the database could not be opened again after a fork: the next write tries again");
        }
        if let Ok(woken) = woken {
            let _ = woken.send(());
        }
    }

    /// Lets go of the segments of reads, whose lock a child would share; reads wait while what is answered is held.
    fn rest_journal<'j>(&mut self, journal: &'j Journal) -> Option<impl Sized + use<'j>> {
        let mut tries = 0..RESTS;
        let rests = loop {
            match self.fold(true).and_then(|()| journal.rest()) {
                Ok(None) if tries.next().is_some() => {}
                rests => break rests,
            }
        };
        rests.unwrap_or_else(|error| {
            tracing::warn!(
                ?error,
                "reads could not be brought into the database before a fork: the child has their files open"
            );
            None
        })
    }

    /// The next request; none if reads are to be folded before one comes.
    fn wait(&self) -> Result<Option<Request>, RecvTimeoutError> {
        let Some(due) = self.due else {
            return self.requests.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected);
        };
        match self.requests.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Err(RecvTimeoutError::Timeout) => Ok(None),
            received => received.map(Some),
        }
    }

    /// Commits what waits and answers it; returns the request that ended the group.
    fn group(&mut self, first: Request) -> Option<Request> {
        let mut requests = VecDeque::from([first]);
        let mut pending = Vec::new();
        let (committed, last) = self.commit(&mut requests, &mut pending);
        match committed {
            Ok(committed) => {
                let head = committed.head;
                self.tell(committed);
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

    /// Tells everybody of what was committed.
    fn tell(&mut self, committed: Committed) {
        let Committed { head, grown, garbage } = committed;
        if grown {
            if let Medium::File { held: Some(held), .. } = &mut self.medium {
                held.bell.ring(head.size);
            }
            self.listener.hear(head.size);
        }
        self.garbage |= garbage;
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

    /// Brings all reads that were noted into the database, this store's and those of others beside it, and anchors this
    /// chain if it is time to or `last` says so, and the chains of engines that have ended.
    fn fold(&mut self, last: bool) -> Result<()> {
        let own = self.journal.take();
        let folded = self.fold_with(&own, last);
        match &folded {
            Ok(()) => self.journal.folded(),
            Err(_) => self.journal.put_back(own),
        }
        folded
    }

    fn fold_with(&mut self, own: &[Group], last: bool) -> Result<()> {
        let chain = self.journal.chain();
        let anchors = last || self.anchored.elapsed() >= ANCHOR;
        let idle = own.is_empty() && self.due.is_none() && !last;
        let (memory, now) = (&mut self.memory, now());
        let (committed, folded) = match &mut self.medium {
            Medium::File { path, held, files } => {
                let folder = journal::folder(path);
                if own.is_empty() && (idle || !self.journal.is_begun()) && !journal::any(&folder, chain)? {
                    self.due = None;
                    return Ok(());
                }
                let Held { connection, queue, .. } = hold_again(path, held, files)?;
                in_place(files, connection)?;
                let turn = queue.turn()?;
                let others = journal::others(&folder, chain)?;
                let mut gathered = vec![Gathered { chain, groups: own, anchor: anchors }];
                gathered.extend(others.iter().map(|other| Gathered {
                    chain: other.chain,
                    groups: &other.groups,
                    anchor: other.is_dead(),
                }));
                let done = commit::within(connection, memory, now, |group| journal::fold(group, &gathered))?;
                // What went to a file that is gone is on no disk: the segments keep it.
                in_place(files, connection)?;
                others.into_iter().for_each(journal::Other::remove);
                drop(turn);
                done
            }
            Medium::Memory(database) => {
                if idle || !self.journal.is_begun() {
                    self.due = None;
                    return Ok(());
                }
                let gathered = [Gathered { chain, groups: own, anchor: anchors }];
                database.write_memory(|connection| {
                    commit::within(connection, memory, now, |group| journal::fold(group, &gathered))
                })?
            }
        };
        if anchors {
            self.anchored = Instant::now();
        }
        self.due = (folded.count > folded.anchored).then(|| self.anchored + ANCHOR);
        self.tell(committed);
        Ok(())
    }

    /// Takes parts of a copy, in one transaction.
    fn take_in(&mut self, parts: Vec<Copied>) -> Result<()> {
        let (memory, now) = (&mut self.memory, now());
        let committed = match &mut self.medium {
            Medium::File { path, held, files } => {
                let Held { connection, queue, .. } = hold_again(path, held, files)?;
                in_place(files, connection)?;
                let turn = queue.turn()?;
                let (committed, ()) =
                    commit::within(connection, memory, now, |group| apply::copied::take(group, parts))?;
                drop(turn);
                in_place(files, connection)?;
                committed
            }
            Medium::Memory(database) => {
                let (committed, ()) = database.write_memory(|connection| {
                    commit::within(connection, memory, now, |group| apply::copied::take(group, parts))
                })?;
                committed
            }
        };
        self.tell(committed);
        Ok(())
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

/// Whether a request is carried out outside of a group.
fn ends_group(request: &Request) -> bool {
    matches!(request, Request::Close(_) | Request::Fold(_) | Request::TakeIn(..) | Request::Reads | Request::Rest(..))
}

/// Takes what waits, up to one that ends the group.
fn drain(from: &Receiver<Request>, requests: &mut VecDeque<Request>) -> Option<Request> {
    while requests.len() < GROUP {
        match from.try_recv() {
            Ok(request) if ends_group(&request) => return Some(request),
            Ok(request) => requests.push_back(request),
            Err(_) => return None,
        }
    }
    None
}
