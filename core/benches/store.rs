//! The store against the disk: commits a second, one wide change, and how soon another process hears of a commit.
//!
//! `cargo bench --bench store`. One line a figure; for comparing on one machine, not for passing or failing.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use strongroom::log::label::sha256;
use strongroom::log::operation::{LogId, LogKind};
use strongroom::model::id::Id;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{Append, ChangeSet, Guard, MemberRow, Outcome, Row, Store, WrapForm, WrapRow};

const CHILD: &str = "STRONGROOM_BENCH_CHILD";

fn id(name: &str) -> Id {
    sha256(name.as_bytes())
}

/// A vault with its creator and one member, as large as a real one.
fn vault(name: &str, change: &mut ChangeSet) {
    let (vault, creator, member) = (id(name), id("creator"), id(&format!("member of {name}")));
    let log = LogId { kind: LogKind::Vault, id: vault };
    change.guards.push(Guard::LogAt { log, size: 0 });
    change.appends.push(Append {
        log,
        operation: vec![7; 450],
        signatures: vec![vec![1; 64]],
        signer: Some(creator),
        operation_id: id(&format!("make {name}")),
    });
    change.rows.push(Row::Vault { vault, creator, external_id: Some(name.to_owned()) });
    change.rows.push(Row::Name { vault, epoch: 1, sealed: vec![2; 128] });
    for (principal, form, length) in [(creator, WrapForm::Own, 80), (member, WrapForm::Hpke, 1168)] {
        change.rows.push(Row::Member(MemberRow { vault, grantee: principal, role: 3, expires_at: None }));
        change.rows.push(Row::Person { vault, principal });
        let (maker, maker_generation, generation, epoch) = (creator, 1, 1, 1);
        let sealed = vec![3; length];
        change.rows.push(Row::Wrap(WrapRow {
            vault,
            epoch,
            principal,
            generation,
            form,
            maker,
            maker_generation,
            sealed,
        }));
    }
}

fn one(name: &str) -> ChangeSet {
    let mut change = ChangeSet::default();
    vault(name, &mut change);
    change
}

async fn callers(store: &Arc<dyn Store>, count: usize, commits: usize) {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..count)
        .map(|caller| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for number in 0..commits / count {
                    let done = store.commit(one(&format!("{count} {caller} {number}"))).await.unwrap();
                    assert!(matches!(done, Outcome::Committed(..)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!("{}: {count} callers: {} commits/s", store.name(), commits as u128 * 1000 / begin.elapsed().as_millis());
}

async fn wide(store: &Arc<dyn Store>, round: u32) {
    let mut change = ChangeSet::default();
    for number in 0..10_000 {
        vault(&format!("wide {round} {number}"), &mut change);
    }
    let (used, begin) = (cpu(), Instant::now());
    assert!(matches!(store.commit(change).await.unwrap(), Outcome::Committed(..)));
    let used = cpu().saturating_sub(used);
    println!("{}: 10,000 vaults in one change: {:?}, {used:?} of it computing", store.name(), begin.elapsed());
}

async fn reads(store: &Arc<dyn Store>) {
    let begin = Instant::now();
    for _ in 0..10_000 {
        let mut view = store.snapshot().await.unwrap();
        view.vault(id("wide 0 5000")).await.unwrap().unwrap();
    }
    println!("{}: a snapshot and a vault's row: {:?}", store.name(), begin.elapsed() / 10_000);
    let begin = Instant::now();
    for _ in 0..10_000 {
        store.end().await.unwrap();
    }
    println!("{}: the feed's end: {:?}", store.name(), begin.elapsed() / 10_000);
}

fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// The child commits the time; the parent says how long ago that was.
async fn delivery(store: &Arc<dyn Store>, path: &Path) {
    let mut child = Command::new(env::current_exe().unwrap()).env(CHILD, path).spawn().unwrap();
    let log = LogId { kind: LogKind::Account, id: id("clock") };
    let (mut taken, mut seen) = (Vec::new(), 0);
    while taken.len() < 200 {
        let end = store.end().await.unwrap().size;
        store.wait(end).await.unwrap();
        let mut view = store.snapshot().await.unwrap();
        for entry in view.entries(log, seen, 10).await.unwrap() {
            seen += 1;
            taken.push(micros() - u64::from_be_bytes(entry.operation[..8].try_into().unwrap()));
        }
    }
    child.wait().unwrap();
    taken.sort_unstable();
    println!("another process hears, from before the commit: median {} µs, p99 {} µs", taken[100], taken[197]);
    let (used, begin) = (cpu(), Instant::now());
    let _ = tokio::time::timeout(Duration::from_secs(3), store.wait(store.end().await.unwrap().size)).await;
    let used = cpu().saturating_sub(used).as_secs_f64();
    println!("waiting idle: {:.2} % of a core", 100.0 * used / begin.elapsed().as_secs_f64());
}

/// Processor time of this process, from Linux; elsewhere nothing.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(10 * ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>())
}

async fn child(path: &Path) {
    let store = SqliteStore::open(path, false).unwrap();
    for number in 0..200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let append = Append {
            log: LogId { kind: LogKind::Account, id: id("clock") },
            operation: micros().to_be_bytes().to_vec(),
            signatures: vec![],
            signer: None,
            operation_id: id(&format!("tick {number}")),
        };
        store.commit(ChangeSet { appends: vec![append], ..ChangeSet::default() }).await.unwrap();
    }
    store.close().await;
}

#[tokio::main]
async fn main() {
    if let Some(path) = env::var_os(CHILD) {
        return child(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("vaults.db");
    let file: Arc<dyn Store> = SqliteStore::open(&path, true).unwrap();
    let memory: Arc<dyn Store> = SqliteStore::memory("bench", true).unwrap();
    for store in [&file, &memory] {
        for (count, commits) in [(1, 2000), (8, 8000), (64, 32_000)] {
            callers(store, count, commits).await;
        }
        for round in 0..3 {
            wide(store, round).await;
        }
        reads(store).await;
    }
    delivery(&file, &path).await;
    file.close().await;
}
