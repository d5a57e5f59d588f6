//! Engine processes on PostgreSQL that are stopped, or killed, where it hurts most: in the middle of a commit, while they give
//! places in the feed, and between the two.
//!
//! A child is this test binary again, told by the environment what to do.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use strongroom::error::ErrorKind;
use strongroom::log::operation::LogId;
use strongroom::store::postgres::PostgresStore;
use strongroom::store::{Outcome, Store};
use tokio_postgres::Client;

use crate::postgres::{open, somebody};
use crate::postgresql::Schema;
use crate::trees::verify;
use crate::world::{change, commit, entry, make_vault, vault_log, view};

const LOCATION: &str = "STRONGROOM_SUITE_STOPPED";
const NAME: &str = "STRONGROOM_SUITE_STOPPED_NAME";
/// Writers of a child at once.
const WRITERS: usize = 4;
/// PostgreSQL ends who rests in a transaction that writes after a second; the rest is for a machine that is busy.
const BOUND: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(30);

/// Where somebody is caught.
#[derive(Clone, Copy, Debug)]
enum At {
    /// A commit has locked what it rests on.
    Commit,
    /// The row of the feed's head is locked: no other gives places.
    Places,
    /// Changes are staged and have no places yet.
    Between,
}

/// A process that writes until it is told to end.
struct Writing {
    name: String,
    process: Child,
    acknowledged: Arc<Mutex<Vec<String>>>,
    reading: Option<std::thread::JoinHandle<()>>,
}

impl Writing {
    fn begin(location: &str, name: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "stopped::a_child_writes_until_it_is_told_to_end", "--nocapture"])
            .env(LOCATION, format!("{location}&application_name={name}"))
            .env(NAME, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let (lines, known) = (BufReader::new(process.stdout.take().unwrap()).lines(), Arc::clone(&acknowledged));
        let reading = std::thread::spawn(move || {
            for line in lines {
                if let Some(text) = line.unwrap().strip_prefix("did ") {
                    known.lock().unwrap().push(text.to_owned());
                }
            }
        });
        Self { name: name.to_owned(), process, acknowledged, reading: Some(reading) }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits until so many more are acknowledged.
    async fn goes_on(&self, more: usize) {
        let (begun, before) = (Instant::now(), self.count());
        while self.count() < before + more {
            assert!(begun.elapsed() < PATIENCE, "{} does not go on", self.name);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(told.success());
    }

    /// Stops it in such a moment.
    async fn caught(&self, looking: &Client, at: At) {
        for _ in 0..2_000 {
            self.signal("-STOP");
            if is_caught(looking, &self.name, at).await {
                return;
            }
            self.signal("-CONT");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("it is never caught at {at:?}");
    }

    /// What was acknowledged in all, once it has ended.
    fn ended(&mut self, killed: bool) -> Vec<String> {
        if killed {
            self.process.kill().unwrap();
        }
        drop(self.process.stdin.take());
        assert_eq!(self.process.wait().unwrap().success(), !killed);
        self.reading.take().unwrap().join().unwrap();
        std::mem::take(&mut self.acknowledged.lock().unwrap())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // It has ended, or its test fails.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Whether the connections of a stopped program, once they have done what it had sent, rest in such a moment.
async fn is_caught(looking: &Client, name: &str, at: At) -> bool {
    let active = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'";
    while looking.query_one(active, &[&name]).await.unwrap().get::<_, i64>(0) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let table = match at {
        At::Commit => "intake",
        At::Places => "feed_head",
        At::Between => {
            let staged = looking.query_one("SELECT count(*) FROM staged", &[]).await.unwrap().get::<_, i64>(0);
            return staged > 0;
        }
    };
    // Whoever has the number of a transaction has locked a row; by `FOR UPDATE`, of this table.
    let resting = "SELECT count(*) FROM pg_stat_activity JOIN pg_locks USING (pid) JOIN pg_class ON pg_class.oid = relation \
                   WHERE application_name = $1 AND state = 'idle in transaction' AND backend_xid IS NOT NULL \
                   AND relname = $2 AND mode = 'RowShareLock'";
    looking.query_one(resting, &[&name, &table]).await.unwrap().get::<_, i64>(0) > 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_writes_until_it_is_told_to_end() {
    let (Ok(location), Ok(name)) = (std::env::var(LOCATION), std::env::var(NAME)) else { return };
    let store = open(&location, false).await.unwrap();
    let told = Arc::new(AtomicBool::new(false));
    let hearing = Arc::clone(&told);
    std::thread::spawn(move || {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        hearing.store(true, Ordering::Release);
    });
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, told, name) = (Arc::clone(&store), Arc::clone(&told), name.clone());
        writers.push(tokio::spawn(async move {
            for number in 0.. {
                if told.load(Ordering::Acquire) {
                    break;
                }
                let text = format!("{name} {writer} {number}");
                persistently(store.as_ref(), &name, &text).await;
                println!("did {text}");
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    store.close().await;
}

/// Commits the same until it is answered, as a client does.
async fn persistently(store: &dyn Store, name: &str, text: &str) {
    let begun = Instant::now();
    loop {
        match store.commit(change(vec![entry(vault_log("shared"), name, text)], vec![])).await {
            Ok(Outcome::Committed(..) | Outcome::Repeated(..)) => return,
            Ok(other) => panic!("{other:?}"),
            Err(error) if error.kind() == ErrorKind::Unavailable && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}

/// Follows the feed until it is told how long it is to become.
async fn follow(store: Arc<dyn Store>, until: tokio::sync::watch::Receiver<u64>) -> Vec<(LogId, u64, u64)> {
    let (mut seen, mut next) = (Vec::new(), 0);
    while next < *until.borrow() {
        store.wait(next).await.unwrap();
        let mut view = store.snapshot().await.unwrap();
        let size = view.head().await.unwrap().size;
        seen.extend(view.feed(next, None, u32::MAX).await.unwrap().iter().map(|row| (row.log, row.seq, row.position)));
        next = size;
    }
    seen
}

async fn nobody_waits_for_long_and_nothing_is_lost(more: &str) {
    let schema = Schema::new();
    let location = format!("{}{more}", schema.0);
    let (watcher, other) = (open(&location, true).await.unwrap(), open(&location, false).await.unwrap());
    for vault in ["shared", "own"] {
        make_vault(watcher.as_ref(), vault, "ada").await;
    }
    let (base, named) = schema.0.split_once("?schema=").unwrap();
    let looking = somebody(base).await;
    looking.batch_execute(&format!("SET search_path = {named}")).await.unwrap();
    let (end, until) = tokio::sync::watch::channel(u64::MAX);
    let following = tokio::spawn(follow(Arc::<PostgresStore>::clone(&watcher), until));

    let mut promised = Vec::new();
    for (number, (at, killed)) in
        [(At::Commit, false), (At::Places, false), (At::Commit, true), (At::Places, true), (At::Between, true)]
            .into_iter()
            .enumerate()
    {
        let mut child = Writing::begin(&location, &format!("child_{number}"));
        child.goes_on(2 * WRITERS).await;
        child.caught(&looking, at).await;
        if killed {
            promised.extend(child.ended(true));
        }
        for vault in ["own", "shared"] {
            let text = format!("other {number}");
            let done = commit(other.as_ref(), change(vec![entry(vault_log(vault), "ada", &text)], vec![]));
            let done = tokio::time::timeout(BOUND, done).await;
            done.unwrap_or_else(|_| panic!("whoever writes in {vault} waits for who is caught at {at:?}"));
        }
        if !killed {
            child.signal("-CONT");
            child.goes_on(2 * WRITERS).await;
            promised.extend(child.ended(false));
        }
    }
    assert_eq!(looking.query_one("SELECT count(*) FROM staged", &[]).await.unwrap().get::<_, i64>(0), 0);

    let mut view = view(other.as_ref()).await;
    let stored = view.entries(vault_log("shared"), 0, u32::MAX).await.unwrap();
    let texts: Vec<_> = stored.into_iter().map(|entry| String::from_utf8(entry.operation).unwrap()).collect();
    let distinct: HashSet<_> = texts.iter().collect();
    assert_eq!(distinct.len(), texts.len(), "nothing is doubled");
    assert!(promised.iter().all(|text| distinct.contains(text)), "nothing is lost");
    verify(view.as_mut()).await;
    let size = view.head().await.unwrap().size;
    let feed: Vec<_> = view.feed(0, None, u32::MAX).await.unwrap();
    drop(view);
    end.send(size).unwrap();
    // Whoever waits hears of one more.
    commit(other.as_ref(), change(vec![entry(vault_log("own"), "ada", "the last")], vec![])).await;
    let seen = tokio::time::timeout(PATIENCE, following).await.unwrap().unwrap();
    let feed: Vec<_> = feed.iter().map(|row| (row.log, row.seq, row.position)).collect();
    assert_eq!(seen[..feed.len()], feed, "the watcher skipped nothing and heard nothing twice");
    for store in [watcher, other] {
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_advisory_locks_nobody_waits_for_long() {
    nobody_waits_for_long_and_nothing_is_lost("").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_serializable_transactions_nobody_waits_for_long() {
    nobody_waits_for_long_and_nothing_is_lost("&advisory_locks=off").await;
}
