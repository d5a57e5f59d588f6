//! Several stores on one file, in one process and in several.
//!
//! A child is this test binary again, told by the environment what to do.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant};

use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{Guard, Outcome, Store};

use crate::trees::verify;
use crate::world::{change, entry, make_vault, principal_log, vault_log, view};

const TASK: &str = "STRONGROOM_SUITE_TASK";
const PATH: &str = "STRONGROOM_SUITE_PATH";
const COMMITS: usize = 250;

fn child(task: &str, path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::a_child_does_its_task", "--nocapture"])
        .env(TASK, task)
        .env(PATH, path)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn a_child_does_its_task() {
    let (Ok(task), Some(path)) = (std::env::var(TASK), std::env::var_os(PATH).map(PathBuf::from)) else { return };
    let store = SqliteStore::open(&path, false).unwrap();
    match task.as_str() {
        "ring" => {
            tokio::time::sleep(Duration::from_millis(300)).await;
            make_vault(store.as_ref(), "rung", "child").await;
        }
        name => write(store.as_ref(), name).await,
    }
    // Not closed: a process may end as it likes.
}

/// Commits to a log of its own, and every fifth time to one that all want, judged again until it is taken.
async fn write(store: &dyn Store, name: &str) {
    for number in 0..COMMITS {
        let text = format!("{name} {number}");
        let own = change(vec![entry(principal_log(name), name, &text)], vec![]);
        assert!(matches!(store.commit(own).await.unwrap(), Outcome::Committed(..)));
        if number % 5 > 0 {
            continue;
        }
        loop {
            let at = view(store).await.log(vault_log("v")).await.unwrap().unwrap().state.size;
            let mut shared = change(vec![entry(vault_log("v"), name, &text)], vec![]);
            shared.guards.push(Guard::LogAt { log: vault_log("v"), size: at });
            match store.commit(shared).await.unwrap() {
                Outcome::Committed(..) => break,
                Outcome::Stale(0) => {}
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_writers_share_one_feed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let first = SqliteStore::open(&path, true).unwrap();
    make_vault(first.as_ref(), "v", "ada").await;
    let mut children = [child("c", &path), child("d", &path)];
    let second = SqliteStore::open(&path, false).unwrap();
    let writers = [("a", Arc::clone(&first)), ("b", second)]
        .map(|(name, store)| tokio::spawn(async move { write(store.as_ref(), name).await }));
    for writer in writers {
        writer.await.unwrap();
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let mut view = view(first.as_ref()).await;
    for name in ["a", "b", "c", "d"] {
        assert_eq!(view.log(principal_log(name)).await.unwrap().unwrap().state.size, COMMITS as u64);
    }
    assert_eq!(view.log(vault_log("v")).await.unwrap().unwrap().state.size, 1 + 4 * COMMITS as u64 / 5);
    assert_eq!(view.leaves(0, u32::MAX).await.unwrap().len() as u64, view.head().await.unwrap().size);
    verify(view.as_mut()).await;
}

#[tokio::test]
async fn a_waiter_hears_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let store = SqliteStore::open(&path, true).unwrap();
    let waiter = store.wait(0);
    let mut child = child("ring", &path);
    tokio::time::timeout(Duration::from_secs(30), waiter).await.unwrap().unwrap();
    assert_eq!(store.end().await.unwrap().size, 2);
    assert!(child.wait().unwrap().success());

    // Another store of this process rings as a process does. Well below half a second: heard, not looked for.
    let other = SqliteStore::open(&path, false).unwrap();
    let mut taken = Vec::new();
    for number in 0..9 {
        let waiter = tokio::spawn(store.wait(store.end().await.unwrap().size));
        tokio::time::sleep(Duration::from_millis(5)).await;
        let begin = Instant::now();
        make_vault(other.as_ref(), &format!("v{number}"), "ada").await;
        waiter.await.unwrap().unwrap();
        taken.push(begin.elapsed());
    }
    taken.sort_unstable();
    assert!(taken[4] < Duration::from_millis(250), "{taken:?}");
}
