//! Many tasks and threads on one client, two clients on one file in one process, and closing while calls run.

use std::collections::BTreeSet;
use std::sync::Arc;

use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};

use crate::child::Worker;
use crate::world::{account, client, concealed, file, program, vault};

/// Writes and reads of every kind, in a vault of its own and in one that all share.
async fn mixed(client: Client, shared: String, number: usize) -> Result<()> {
    let title = number.to_string();
    let own = vault(&client, &title, &[]).await.id.to_string();
    for round in 0..3 {
        let put = NewItem { title: title.clone(), ..NewItem::default() };
        let item = client.items().create(&shared, put).await?.id.to_string();
        let grade = vec![concealed("grade", &round.to_string())];
        client.items().update(&shared, &item, ItemUpdate { set_fields: grade, ..ItemUpdate::default() }).await?;
        let got = client.items().get(&shared, &item, None).await?;
        assert_eq!((got.version, got.title.as_str()), (2, title.as_str()));
        let content = vec![u8::try_from(number).unwrap(); 3_000];
        let put = NewItem { files: vec![file("essay", content.clone())], title: title.clone(), ..NewItem::default() };
        let item = client.items().create(&own, put).await?;
        let read = client.files().read(&own, &item.id.to_string(), &item.files[0].id.to_string()).await?;
        assert!(read == content);
        client.items().list(&shared, ItemFilter::default()).await?;
    }
    client.vaults().delete(&own).await
}

/// An account, its owner's client and a vault.
async fn started(path: &std::path::Path) -> (String, Client, String) {
    let token = account(path).await.token.expose().to_owned();
    let owner = client(path, &token).await;
    let shared = vault(&owner, "Shared", &[]).await.id.to_string();
    (token, owner, shared)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_tasks_share_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let (_, owner, shared) = started(&folder.path().join("classroom.db")).await;
    let tasks: Vec<_> = (0..64).map(|number| tokio::spawn(mixed(owner.clone(), shared.clone(), number))).collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    let listed = owner.items().list(&shared, ItemFilter::default()).await.unwrap().all().await.unwrap();
    assert_eq!(listed.len(), 64 * 3);
    assert_eq!(owner.vaults().list().await.unwrap().data.len(), 1);
    owner.audit().verify().await.unwrap();
}

#[test]
fn threads_with_a_runtime_each_share_a_client() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (_, owner, shared) = runtime().block_on(started(&path));
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (owner, shared) = (owner.clone(), shared.clone());
            scope.spawn(move || runtime().block_on(mixed(owner, shared, number)).unwrap());
        }
    });
    runtime().block_on(owner.audit().verify()).unwrap();
}

/// What a call answers while somebody closes the client.
fn ended(error: &strongroom::error::Error) -> bool {
    error.message() == "this client is closed, and its keys are wiped: connect again"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_close_ends_what_runs_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let (token, first, shared) = started(&path).await;
    first.close().await;
    let mut there = BTreeSet::new();
    for round in 0..8_u64 {
        let owner = client(&path, &token).await;
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let (owner, shared) = (owner.clone(), shared.clone());
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    for count in 0.. {
                        let title = format!("{round} {number} {count}");
                        let put = NewItem { title: title.clone(), ..NewItem::default() };
                        match owner.items().create(&shared, put).await {
                            Ok(_) => done.push(title),
                            Err(error) => {
                                assert!(ended(&error), "{error:?}");
                                break;
                            }
                        }
                    }
                    done
                })
            })
            .collect();
        let feed = owner
            .changes()
            .watch(strongroom::model::change::ChangeFilter { after: Some("start".to_owned()), ..Default::default() });
        let feed = feed.unwrap();
        let watcher = tokio::spawn(async move {
            loop {
                match feed.next().await {
                    Ok(change) => assert!(change.is_some()),
                    Err(error) => break error,
                }
            }
        });
        tokio::time::sleep(std::time::Duration::from_millis(20 + 13 * round)).await;
        let closing: Vec<_> = (0..2)
            .map(|_| {
                let owner = owner.clone();
                tokio::spawn(async move { owner.close().await })
            })
            .collect();
        for closed in closing {
            closed.await.unwrap();
        }
        for task in tasks {
            there.extend(task.await.unwrap());
        }
        let error = watcher.await.unwrap();
        assert!(ended(&error), "{error:?}");
    }
    let owner = client(&path, &token).await;
    let listed = owner.items().list(&shared, ItemFilter::default()).await.unwrap().all().await.unwrap();
    let listed: BTreeSet<String> = listed.into_iter().map(|item| item.title).collect();
    assert!(there.is_subset(&listed), "{:?}", there.difference(&listed).collect::<Vec<_>>());
    owner.audit().verify().await.unwrap();
}

/// Whoever closes a file drops all POSIX locks that the process has on it: one of two clients that goes must not open the
/// file to others.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_clients_of_one_process_and_another_process_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let (token, owner, shared) = started(&path).await;
    let helper = program(&owner, "helper").await;
    owner.access().grant(&shared, &helper.principal.id.to_string(), "write", None).await.unwrap();
    let mut child = Worker::start("put until refused", &path, helper.token.expose(), &shared);
    child.next().unwrap();
    let owner = Arc::new(owner);
    let tasks: Vec<_> = (0..2)
        .map(|number| {
            let (owner, path, token, shared) = (Arc::clone(&owner), path.clone(), token.clone(), shared.clone());
            tokio::spawn(async move {
                for round in 0..10 {
                    // Comes and goes beside the one that stays.
                    let passing = client(&path, &token).await;
                    for client in [&passing, owner.as_ref()] {
                        let put = NewItem { title: format!("own {number} {round}"), ..NewItem::default() };
                        client.items().create(&shared, put).await.unwrap();
                    }
                    passing.close().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    child.child.kill().unwrap();
    let told = child.rest().0;
    let listed = owner.items().list(&shared, ItemFilter::default()).await.unwrap().all().await.unwrap();
    let titles: BTreeSet<&str> = listed.iter().map(|item| item.title.as_str()).collect();
    assert_eq!(listed.iter().filter(|item| item.title.starts_with("own")).count(), 40);
    assert!(!told.is_empty() && told.iter().all(|title| titles.contains(title.as_str())));
    owner.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_put_out_a_moment_ago_still_verifies_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let (_, owner, _) = started(&path).await;
    let helper = program(&owner, "helper").await;
    let helping = client(&path, helper.token.expose()).await;
    let theirs = vault(&helping, "Theirs", &[("teacher@example.edu", "write")]).await.id.to_string();
    owner.vaults().get(&theirs).await.unwrap();
    helping.access().revoke(&theirs, "teacher@example.edu").await.unwrap();
    owner.audit().verify().await.unwrap();
    assert_eq!(owner.vaults().get(&theirs).await.unwrap_err().code(), "not_found");
}
