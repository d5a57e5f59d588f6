//! The files of an open database are renamed, removed or cut off: a clear refusal or no effect, and nothing is lost.

use std::fs;
use std::path::{Path, PathBuf};

use strongroom::client::Client;
use strongroom::error::Error;
use strongroom::model::change::ChangeFilter;
use strongroom::model::item::{ItemFilter, NewItem};

use crate::child::{Told, Worker, say};
use crate::world::{account, client, program, try_client, try_remembering, vault};

const MOVED: &str = "the database file, its -wal or its -shm was removed or replaced while it was open, so nothing more \
                     is written to it: end all programs that use it, put the file back, and connect again";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

async fn put(client: &Client, vault: &str, title: &str) -> strongroom::error::Result<String> {
    let item = NewItem { title: title.to_owned(), ..NewItem::default() };
    client.items().create(vault, item).await.map(|item| item.id.to_string())
}

async fn titles(client: &Client, vault: &str) -> Vec<String> {
    let page = client.items().list(vault, ItemFilter::default()).await.unwrap();
    page.all().await.unwrap().into_iter().map(|item| item.title).collect()
}

fn refused(error: &Error, code: &str, message: &str) {
    assert_eq!((error.code(), error.message()), (code, message));
}

/// An account with a vault, its owner's client and the vault's id.
async fn started(folder: &Path) -> (PathBuf, String, Client, String) {
    let path = folder.join("classroom.db");
    let token = account(&path).await.token.expose().to_owned();
    let owner = client(&path, &token).await;
    let vault = vault(&owner, "Alice", &[]).await.id.to_string();
    (path, token, owner, vault)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_database_takes_the_place_of_an_open_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, token, owner, vault) = started(folder.path()).await;
    put(&owner, &vault, "before").await.unwrap();
    let feed = owner.changes().watch(ChangeFilter::default()).unwrap();
    let waiting = tokio::spawn(async move { feed.next().await });
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let other = folder.path().join("other.db");
    account(&other).await;
    let (kept, bytes) = (folder.path().join("kept.db"), fs::read(&other).unwrap());
    fs::hard_link(&path, &kept).unwrap();
    fs::rename(&other, &path).unwrap();

    refused(&put(&owner, &vault, "lost").await.unwrap_err(), "unavailable", MOVED);
    refused(&owner.items().list(&vault, ItemFilter::default()).await.unwrap_err(), "unavailable", MOVED);
    refused(&waiting.await.unwrap().unwrap_err(), "unavailable", MOVED);
    assert!(fs::read(&path).unwrap() == bytes, "the other database was left alone");

    // Back in its place, it goes on.
    fs::rename(&kept, &path).unwrap();
    put(&owner, &vault, "after").await.unwrap();
    owner.audit().verify().await.unwrap();
    owner.close().await;
    let again = client(&path, &token).await;
    assert_eq!(titles(&again, &vault).await, ["before", "after"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_database_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (path, token, owner, vault) = started(folder.path()).await;
    put(&owner, &vault, "before").await.unwrap();
    let kept = folder.path().join("kept.db");
    fs::rename(&path, &kept).unwrap();
    refused(&put(&owner, &vault, "lost").await.unwrap_err(), "unavailable", MOVED);
    refused(&owner.vaults().list().await.unwrap_err(), "unavailable", MOVED);
    let error = try_client(&path, &token).await.unwrap_err();
    refused(&error, "not_found", &format!("there is no database at {}: make one with `init`", path.display()));
    assert!(!path.exists(), "nothing was made in its place");
    fs::rename(&kept, &path).unwrap();
    put(&owner, &vault, "after").await.unwrap();
    assert_eq!(titles(&owner, &vault).await, ["before", "after"]);
    owner.audit().verify().await.unwrap();
}

/// Puts items until one is refused, says each and the refusal, and dies.
pub(crate) async fn put_until_refused(told: Told) {
    let client = client(&told.path, &told.token).await;
    for number in 0..5000 {
        let title = number.to_string();
        match put(&client, &told.argument, &title).await {
            Ok(_) => say(&title),
            Err(error) => {
                say(&format!("{}: {}", error.code(), error.message()));
                std::process::abort();
            }
        }
    }
}

/// What a child that dies of it has acknowledged, is there, whatever was taken away beside the database.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_removed_loses_nothing() {
    for suffixes in [&["-wal"][..], &["-shm"], &["-wal", "-shm"]] {
        let folder = tempfile::tempdir().unwrap();
        let (path, token, owner, vault) = started(folder.path()).await;
        owner.close().await;
        let mut child = Worker::start("put until refused", &path, &token, &vault);
        let mut told: Vec<String> = (0..20).map(|_| child.next().unwrap()).collect();
        for suffix in suffixes {
            fs::remove_file(beside(&path, suffix)).unwrap();
        }
        told.extend(child.rest().0);
        assert_eq!(told.pop().unwrap(), format!("unavailable: {MOVED}"));
        let owner = client(&path, &token).await;
        let there = titles(&owner, &vault).await;
        // What was refused after it was written may be there besides.
        assert!(
            there.starts_with(&told) && there.len() <= told.len() + 1,
            "without {suffixes:?}: {there:?} of {told:?}"
        );
        owner.audit().verify().await.unwrap();
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_or_a_bell_that_is_removed_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, token, owner, shared) = started(folder.path()).await;
    let helper = program(&owner, "helper").await;
    let id = helper.principal.id.to_string();
    owner.access().grant(&shared, &id, "write", None).await.unwrap();
    let feed = owner.changes().watch(ChangeFilter::default()).unwrap();
    let mut child = Worker::start("put until refused", &path, helper.token.expose(), &shared);
    let mut told: Vec<String> = (0..5).map(|_| child.next().unwrap()).collect();
    for suffix in ["-next", "-now", "-bell"] {
        fs::remove_file(beside(&path, suffix)).unwrap();
        for number in 0..10 {
            let title = format!("{suffix} {number}");
            put(&owner, &shared, &title).await.unwrap();
            told.extend(child.next());
        }
        assert!(beside(&path, suffix).exists(), "{suffix} is there again");
    }
    child.child.kill().unwrap();
    told.extend(child.rest().0);
    let all = titles(&owner, &shared).await;
    assert_eq!(all.iter().filter(|title| title.starts_with('-')).count(), 30);
    assert!(told.iter().all(|title| all.contains(title)), "all that the child was told is there");
    for _ in &all {
        feed.next().await.unwrap().unwrap();
    }
    owner.audit().verify().await.unwrap();
    owner.close().await;
    client(&path, &token).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_cut_off_is_never_read_as_if_it_were_whole() {
    let folder = tempfile::tempdir().unwrap();
    let (path, token, owner, vault) = started(folder.path()).await;
    for number in 0..40 {
        put(&owner, &vault, &number.to_string()).await.unwrap();
    }
    owner.close().await;
    let whole = fs::read(&path).unwrap();
    // Each in a folder of its own: a client that is dropped still brings its reads into the file that it had open.
    let copy = |kept: usize| {
        let beside = tempfile::tempdir().unwrap();
        let path = beside.path().join("classroom.db");
        fs::write(&path, &whole[..kept]).unwrap();
        (beside, path)
    };
    for kept in [0, 16, 100, 4096, whole.len() / 4, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        let (_folder, path) = copy(kept);
        let read = async {
            let owner = try_client(&path, &token).await?;
            owner.audit().verify().await
        };
        let error = read.await.expect_err("a file without its end");
        let expected = if kept < 100 { "invalid_argument" } else { "tampered" };
        assert_eq!(error.code(), expected, "{kept} of {} bytes: {error:?}", whole.len());
    }
    let (_folder, path) = copy(whole.len());
    let owner = client(&path, &token).await;
    assert_eq!(titles(&owner, &vault).await.len(), 40);
}

/// What an open file is written over with, what calls are refused with from then on, and what the next process is.
///
/// Yesterday's copy under a log that still holds all since then changes nothing, for that is what the file was when the log began.
const OVER: [(&str, &[&str], &[&str]); 4] = [
    ("yesterday's", &[], &[]),
    ("yesterday's, the log folded in before", &["tampered"], &["tampered"]),
    ("another's", &["not_found", "tampered"], &["tampered"]),
    ("zeros", &["tampered"], &["tampered", "invalid_argument"]),
];

/// A copy over it leaves it the same file, so its content alone can tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_database_that_is_overwritten_is_refused_unless_nothing_is_lost() {
    for (over, meanwhile, afterwards) in OVER {
        let folder = tempfile::tempdir().unwrap();
        let (path, token, owner, vault) = started(folder.path()).await;
        put(&owner, &vault, "yesterday").await.unwrap();
        owner.close().await;
        let bytes = match over {
            "another's" => {
                let other = folder.path().join("other.db");
                let token = account(&other).await.token.expose().to_owned();
                client(&other, &token).await.close().await;
                fs::read(&other).unwrap()
            }
            "zeros" => vec![0; 65_536],
            _ => fs::read(&path).unwrap(),
        };
        let state = folder.path().join("state");
        let owner = try_remembering(&path, &token, &state).await.unwrap();
        let mut there = vec!["yesterday".to_owned()];
        for number in 0..10 {
            if number == 5 {
                if over.ends_with("folded in before") {
                    // Never closed: that would drop the locks that the store in this process has.
                    let beside = std::mem::ManuallyDrop::new(rusqlite::Connection::open(&path).unwrap());
                    beside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
                }
                fs::write(&path, &bytes).unwrap();
            }
            let refusal = put(&owner, &vault, &number.to_string()).await.err();
            match refusal {
                None => {
                    assert!(number < 5 || meanwhile.is_empty(), "{over}: {number} was taken");
                    there.push(number.to_string());
                }
                Some(error) => assert!(number >= 5 && meanwhile.contains(&error.code()), "{over}: {error:?}"),
            }
        }
        owner.close().await;
        let read = async {
            let owner = try_remembering(&path, &token, &state).await?;
            owner.audit().verify().await?;
            owner.items().list(&vault, ItemFilter::default()).await?.all().await
        };
        match read.await {
            Ok(listed) => {
                let titles: Vec<String> = listed.into_iter().map(|item| item.title).collect();
                assert!(afterwards.is_empty() && titles == there, "{over}: {titles:?}");
            }
            Err(error) => assert!(afterwards.contains(&error.code()), "{over}: {error:?}"),
        }
    }
}
