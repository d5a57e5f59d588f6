//! What happens around a fork: no connection to a file is left that a child could inherit, and the parent goes on.
//!
//! The fork itself is in the tests of the Python package, which forks for its users.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use strongroom::client::{after_fork_in_parent, before_fork};
use strongroom::model::change::ChangeFilter;
use strongroom::model::item::{ItemFilter, NewItem};

use crate::child::{Told, Worker, say};
use crate::world::{account, client, vault};

/// Which files of this folder the process has open.
#[cfg(target_os = "linux")]
fn open_below(folder: &Path) -> Vec<String> {
    let fds = std::fs::read_dir("/proc/self/fd").unwrap();
    let paths = fds.filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
    paths.filter(|path| path.starts_with(folder)).map(|path| path.display().to_string()).collect()
}

/// In a process of its own, since all that a process has open rests.
#[cfg(target_os = "linux")]
pub(crate) async fn rest(told: Told) {
    let folder = told.path.parent().unwrap();
    let owner = Arc::new(client(&told.path, &told.token).await);
    let second = client(&told.path, &told.token).await;
    let feed =
        owner.changes().watch(ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() }).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..4)
        .map(|number| {
            let (owner, vault, done) = (Arc::clone(&owner), told.argument.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut made = 0;
                while !done.load(Ordering::SeqCst) {
                    let item = NewItem { title: number.to_string(), ..NewItem::default() };
                    owner.items().create(&vault, item).await.unwrap();
                    owner.items().list(&vault, ItemFilter::default()).await.unwrap();
                    made += 1;
                }
                made
            })
        })
        .collect();
    for round in 0..20 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        tokio::task::spawn_blocking(before_fork).await.unwrap();
        if round % 2 == 1 {
            // Another thread forks meanwhile.
            tokio::task::spawn_blocking(before_fork).await.unwrap();
            tokio::task::spawn_blocking(after_fork_in_parent).await.unwrap();
        }
        assert_eq!(open_below(folder), [""; 0], "what a child would inherit");
        tokio::task::spawn_blocking(after_fork_in_parent).await.unwrap();
        second.vaults().list().await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    let mut made = 0;
    for task in tasks {
        made += task.await.unwrap();
    }
    for _ in 0..=made {
        feed.next().await.unwrap().unwrap();
    }
    owner.audit().verify().await.unwrap();
    say(&made.to_string());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_open_while_the_process_forks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("classroom.db");
    let token = account(&path).await.token.expose().to_owned();
    let owner = client(&path, &token).await;
    let vault = vault(&owner, "Alice", &[]).await.id.to_string();
    let (said, status) = Worker::start("rest", &path, &token, &vault).rest();
    assert!(status.success());
    let there = owner.items().list(&vault, ItemFilter::default()).await.unwrap().all().await.unwrap();
    assert_eq!(there.len().to_string(), said[0]);
    owner.audit().verify().await.unwrap();
}
