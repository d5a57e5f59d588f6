//! Letting go of database files while the process forks.
//!
//! SQLite remembers in the process which locks it has on a file, and a forked child inherits that memory without the locks:
//! whatever it opens then is unprotected, and others may remove the write-ahead log under it. So all connections to files
//! are closed right before a fork and opened again after it, in the parent; the child starts with none. The same goes for
//! the files of the queue, whose locks a child would share with its parent and hold on to if that dies.

use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;
use std::{mem, process};

use super::Shared;
use super::database::lock;
use super::request::Request;

/// How long a fork waits for those who read or write.
const PATIENCE: Duration = Duration::from_secs(5);

/// The files that are open, each with the process that opened it: a child inherits the list, and no thread that writes.
static OPEN: Mutex<Vec<(u32, Weak<Shared>)>> = Mutex::new(Vec::new());
static FORKS: Mutex<Forks> = Mutex::new(Forks { process: 0, under_way: 0, resting: Vec::new() });

/// The forks of a process that are under way: several threads may fork at once.
struct Forks {
    process: u32,
    under_way: usize,
    resting: Vec<Resting>,
}

struct Resting {
    shared: Arc<Shared>,
    /// Wakes the writer, which answers once it has its connection again.
    wake: Sender<Sender<()>>,
}

/// Notes a file that was opened.
pub(super) fn opened(shared: &Arc<Shared>) {
    let mut open = lock(&OPEN);
    open.retain(|(_, known)| known.strong_count() > 0);
    open.push((process::id(), Arc::downgrade(shared)));
}

/// Closes all connections of this process to database files, until [`after_in_parent`]: to be called right before a fork.
///
/// Calls that need a connection meanwhile wait. One that holds its connection for longer than five seconds is not waited for.
pub fn before() {
    let me = process::id();
    let mut forks = lock(&FORKS);
    if forks.process != me {
        // What was at rest when this process was forked is its parent's to wake.
        mem::forget(mem::take(&mut forks.resting));
        (forks.process, forks.under_way) = (me, 0);
    }
    forks.under_way += 1;
    if forks.under_way > 1 {
        return;
    }
    let mine = |(process, shared): &(u32, Weak<Shared>)| (*process == me).then(|| shared.upgrade()).flatten();
    let open: Vec<Arc<Shared>> = lock(&OPEN).iter().filter_map(mine).collect();
    for shared in open {
        let (wake, woken) = mpsc::channel();
        let (rests, rested) = mpsc::channel();
        // A writer that has ended has closed its connection.
        if shared.requests.send(Request::Rest(rests, woken)).is_ok() && rested.recv_timeout(PATIENCE).is_err() {
            tracing::warn!("a fork did not wait for a write that takes long: the child should open no database");
        }
        if !shared.database.rest(PATIENCE) {
            tracing::warn!("a fork did not wait for a read that takes long: the child should open no database");
        }
        forks.resting.push(Resting { shared, wake });
    }
}

/// Lets this process use its database files again: to be called in the parent, right after a fork.
pub fn after_in_parent() {
    let mut forks = lock(&FORKS);
    forks.under_way = forks.under_way.saturating_sub(1);
    if forks.under_way > 0 {
        return;
    }
    for Resting { shared, wake } in forks.resting.drain(..) {
        let (wakes, woken) = mpsc::channel();
        // Its connection is the first again, so that no other finds the files changed. It fails if the writer has ended.
        if wake.send(wakes).is_ok() {
            let _ = woken.recv_timeout(PATIENCE);
        }
        shared.database.wake();
    }
}
