//! Who waits for the feed to grow, and how they hear of it.
//!
//! Commits of this process tell them at once. Those of others ring a bell: eight bytes written to a file beside the
//! database after the commit, which the system's notification tells in 0.07 ms. (Its write-ahead log is no bell: that is
//! written before the commit can be seen.)

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use notify::event::ModifyKind;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

use super::batch::Batch;
use super::database::{Database, lock};
use super::identity::Identity;
use super::{fault, identity, place};
use crate::error::Result;

/// A look at the database for writers that died between the commit and the bell.
const LOOK: Duration = Duration::from_millis(500);
/// The same where there is no notification: 1.75 % of a core, and only while somebody waits.
const POLL: Duration = Duration::from_millis(5);
/// The listener stays this long after the last waiter, who mostly comes back for the next change.
const LINGER: Duration = Duration::from_secs(5);

/// The writer's end.
pub(super) struct Bell {
    path: PathBuf,
    file: File,
}

impl Bell {
    pub(super) fn open(database: &Path) -> Result<Self> {
        let path = path_of(database);
        match open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(error) => Err(fault::file("the bell beside the database could not be opened", error)),
        }
    }

    /// Tells other processes that the feed has this size. It is committed, so a failure is no error: they look anyway.
    pub(super) fn ring(&mut self, size: u64) {
        if let Err(error) = self.write(size).and_then(|()| self.ring_in_place(size)) {
            tracing::warn!(%error, "the bell beside the database could not be written: other processes hear later");
        }
    }

    fn write(&mut self, size: u64) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&size.to_be_bytes())
    }

    /// Rings the file that is in its place, made again, if somebody removed the one that was rung.
    fn ring_in_place(&mut self, size: u64) -> std::io::Result<()> {
        if Identity::at(&self.path) != Some(Identity::of(&self.file)?) {
            self.file = open(&self.path)?;
            self.write(size)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    place::private().create(true).truncate(false).open(path)
}

fn path_of(database: &Path) -> PathBuf {
    place::beside(database, "-bell")
}

/// The newest that was heard.
#[derive(Clone, Copy, Default)]
struct News {
    size: u64,
    closed: bool,
    /// How often the database was found removed or replaced.
    lost: u64,
}

/// The waiters' end.
pub(super) struct Listener {
    /// None: memory, which no other process writes.
    bell: Option<PathBuf>,
    database: Arc<Database>,
    news: watch::Sender<News>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    count: usize,
    listening: bool,
}

impl Listener {
    pub(super) fn new(path: Option<&Path>, database: Arc<Database>) -> Self {
        Self { bell: path.map(path_of), database, news: watch::Sender::new(News::default()), waiting: Mutex::default() }
    }

    /// The feed has this size.
    pub(super) fn hear(&self, size: u64) {
        self.news.send_if_modified(|news| {
            let longer = size > news.size;
            news.size = news.size.max(size);
            longer
        });
    }

    /// Sends all waiters away.
    pub(super) fn close(&self) {
        self.news.send_modify(|news| news.closed = true);
    }

    /// Returns once the feed is longer than `size`.
    pub(super) async fn wait(self: Arc<Self>, size: u64) -> Result<()> {
        // Before the look, so that what is committed after it is heard.
        let mut news = self.news.subscribe();
        let lost = news.borrow_and_update().lost;
        let waiter = Waiter::enter(&self)?;
        self.look()?;
        let heard = news
            .wait_for(|news| news.closed || news.size > size || news.lost > lost)
            .await
            .map(|news| (news.closed, news.size > size));
        drop(waiter);
        match heard {
            Ok((false, true)) => Ok(()),
            Ok((false, false)) => Err(identity::moved()),
            _ => Err(fault::closed()),
        }
    }

    fn look(&self) -> Result<()> {
        if !self.news.borrow().closed {
            self.hear(self.database.read(Batch::newest)?.head.size);
        }
        Ok(())
    }

    /// Listens until nobody has waited for a while.
    fn listen(self: &Arc<Self>, bell: &Path) {
        let (wake, woken) = mpsc::channel();
        let mut watched = Watched::begin(bell, self, &wake);
        let mut last = Instant::now();
        loop {
            // Also right after the watch began, for what came before it. A look that fails is taken again.
            if let Err(error) = self.look() {
                tracing::debug!(%error, "the feed's end could not be read");
            }
            if self.database.check().is_err() {
                self.news.send_modify(|news| news.lost += 1);
            }
            pause_until(&woken, watched.pause());
            if !watched.is_in_place(bell) {
                watched = Watched::begin(bell, self, &wake);
            }
            let mut waiting = lock(&self.waiting);
            if waiting.count > 0 {
                last = Instant::now();
            }
            if last.elapsed() > LINGER || self.news.borrow().closed {
                waiting.listening = false;
                return;
            }
        }
    }
}

/// A bell that is watched, if the system can.
struct Watched {
    watcher: notify::Result<RecommendedWatcher>,
    bell: Option<Identity>,
}

impl Watched {
    fn begin(bell: &Path, listener: &Arc<Listener>, wake: &Sender<()>) -> Self {
        // Somebody may have removed it.
        let opened = open(bell).and_then(|file| Identity::of(&file));
        let watcher = watch_file(bell, Arc::clone(listener), wake.clone());
        if let Err(error) = &watcher {
            tracing::warn!(%error, "file notification does not work here: polling while somebody waits");
        }
        Self { watcher, bell: opened.ok() }
    }

    fn pause(&self) -> Duration {
        if self.watcher.is_ok() { LOOK } else { POLL }
    }

    /// Whether the file that is watched is the one that is rung.
    fn is_in_place(&self, bell: &Path) -> bool {
        self.watcher.is_err() || Identity::at(bell) == self.bell
    }
}

/// Looks as soon as the system tells of a write, in the thread that is told; all else, and a look that fails, wakes the
/// listener's.
fn watch_file(bell: &Path, listener: Arc<Listener>, wake: Sender<()>) -> notify::Result<RecommendedWatcher> {
    if cfg!(windows) {
        // There the write tells nothing while the writer keeps the file open (notify-rs/notify#422).
        return Err(notify::Error::generic("no notification of a file that stays open"));
    }
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        let kind = event.map(|event| event.kind);
        if kind.as_ref().is_ok_and(EventKind::is_access) {
            return;
        }
        let is_write = matches!(kind, Ok(EventKind::Modify(ModifyKind::Data(_))));
        if !is_write || listener.look().is_err() {
            // Fails once the listener has gone, and the watcher goes with it.
            let _ = wake.send(());
        }
    })?;
    watcher.watch(bell, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

fn pause_until(woken: &Receiver<()>, pause: Duration) {
    match woken.recv_timeout(pause) {
        // One look answers all of them.
        Ok(()) => while woken.try_recv().is_ok() {},
        // The listener keeps a sender of its own, so it is never disconnected.
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
    }
}

/// Counts among those who wait, until dropped.
struct Waiter<'l>(&'l Listener);

impl<'l> Waiter<'l> {
    fn enter(listener: &'l Arc<Listener>) -> Result<Self> {
        let mut waiting = lock(&listener.waiting);
        if let Some(bell) = listener.bell.clone().filter(|_| !waiting.listening) {
            let of_thread = Arc::clone(listener);
            std::thread::Builder::new()
                .name("strongroom-bell".to_owned())
                .spawn(move || of_thread.listen(&bell))
                .map_err(|error| fault::file("the thread that hears of changes could not be started", error))?;
            waiting.listening = true;
        }
        waiting.count += 1;
        Ok(Self(listener))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        lock(&self.0.waiting).count -= 1;
    }
}
