//! What is SQLite's own: files that are not ours, reopening, what is left on disk.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{Guard, Row, Store};

use crate::Place;
use crate::trees::verify;
use crate::world::{
    attach, change, commit, entry, guarded, id, items_log, make_item, make_vault, stale, vault_log, view,
};

pub(crate) fn file() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("vaults.db"), true).unwrap();
    Place::new(store, folder)
}

struct Named(String);

impl Drop for Named {
    fn drop(&mut self) {
        SqliteStore::drop_memory(&self.0);
    }
}

pub(crate) fn memory() -> Place {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("suite {}", NEXT.fetch_add(1, Ordering::Relaxed));
    Place::new(SqliteStore::memory(&name, true).unwrap(), Named(name))
}

fn refused(path: &Path, create: bool) -> &'static str {
    SqliteStore::open(path, create).err().map_or("opened", |error| error.code())
}

#[tokio::test]
async fn what_was_committed_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    assert_eq!(refused(&path, false), "not_found");
    let store = SqliteStore::open(&path, true).unwrap();
    // Made, and nothing in it yet: making it again is no loss.
    let again = SqliteStore::open(&path, true).unwrap();
    again.close().await;
    make_vault(store.as_ref(), "v", "ada").await;
    let mut held = view(store.as_ref()).await;
    store.close().await;
    assert_eq!(held.feed(0, None, 9).await.unwrap().len(), 1, "a snapshot outlives the close");
    drop(held);
    assert!(!folder.path().join("vaults.db-wal").exists(), "the last to close folds the log in");
    assert_eq!(refused(&path, true), "already_exists");

    let store = SqliteStore::open(&path, false).unwrap();
    make_item(store.as_ref(), "v", "item", "ada").await;
    let mut view = view(store.as_ref()).await;
    assert_eq!(view.head().await.unwrap().size, 4);
    verify(view.as_mut()).await;
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = file();
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    store.put_piece(id("file"), 0, vec![1; 10].into()).await.unwrap();
    let folder = place.keep.downcast_ref::<tempfile::TempDir>().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(seen, 7, "the database, its -wal, -shm, -now, -next, -bell and -files");
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text");
    std::fs::write(&text, "a".repeat(9000)).unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    let before = std::fs::read(&other).unwrap();
    for create in [false, true] {
        assert_eq!(refused(&text, create), "invalid_argument");
        assert_eq!(refused(&other, create), "invalid_argument");
    }
    assert_eq!(refused(&empty, false), "invalid_argument");
    assert_eq!(std::fs::read(&other).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "nothing was left beside them");
    assert_eq!(refused(&empty, true), "opened");
    assert_eq!(refused(&folder.path().join("none/vaults.db"), true), "unavailable");
}

#[tokio::test]
async fn a_newer_file_asks_for_an_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    SqliteStore::open(&path, true).unwrap().close().await;
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "INSERT INTO refinery_schema_history SELECT 999, 'later', applied_on, checksum FROM refinery_schema_history LIMIT 1",
        )
        .unwrap();
    let error = SqliteStore::open(&path, false).err().unwrap();
    assert_eq!(error.code(), "unsupported");
    assert!(error.message().contains("upgrade"), "{error}");
}

#[tokio::test]
async fn a_hold_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let store = SqliteStore::open(&path, true).unwrap();
    make_vault(store.as_ref(), "v", "ada").await;
    store.hold(id("eve"), None, vault_log("v"), id("ada")).await.unwrap().unwrap();
    let write = |signer: &str, text: &str| {
        guarded(Guard::NotHeld { signer: id(signer), vault: None }, entry(vault_log("v"), signer, text))
    };
    assert_eq!(stale(store.as_ref(), write("eve", "1")).await, 0);
    assert_eq!(stale(store.as_ref(), write("ben", "2")).await, 1);
    let later = rusqlite::Connection::open(&path).unwrap();
    assert_eq!(later.execute("UPDATE hold SET until = until - 60000", []).unwrap(), 1);
    commit(store.as_ref(), write("eve", "1")).await;
    commit(store.as_ref(), write("ben", "2")).await;
    assert!(store.hold(id("eve"), None, vault_log("v"), id("ben")).await.unwrap().is_some());
}

#[tokio::test]
async fn damage_is_tampered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let store = SqliteStore::open(&path, true).unwrap();
    for number in 0..3 {
        make_vault(store.as_ref(), &format!("v{number}"), "ada").await;
    }
    store.close().await;
    let damage = rusqlite::Connection::open(&path).unwrap();
    damage
        .execute_batch(
            "UPDATE entry SET hash = randomblob(32) WHERE log = 2; UPDATE log SET root = x'00' WHERE key = 6",
        )
        .unwrap();
    drop(damage);
    let store = SqliteStore::open(&path, false).unwrap();
    let more = |vault| change(vec![entry(vault_log(vault), "ada", "more")], vec![]);
    assert_eq!(store.commit(more("v0")).await.unwrap_err().code(), "tampered");
    assert_eq!(store.commit(more("v1")).await.unwrap_err().code(), "tampered");
    commit(store.as_ref(), more("v2")).await;
    assert_eq!(view(store.as_ref()).await.log(vault_log("v1")).await.unwrap_err().code(), "tampered");
}

#[tokio::test]
async fn memories_are_shared_by_name_and_live_until_dropped() {
    let (name, other) = ("shared by name", "another");
    assert_eq!(SqliteStore::memory(name, false).err().unwrap().code(), "not_found");
    let first = SqliteStore::memory(name, true).unwrap();
    let second = SqliteStore::memory(name, true).unwrap();
    let apart = SqliteStore::memory(other, true).unwrap();
    make_vault(first.as_ref(), "v", "ada").await;
    assert_eq!(second.end().await.unwrap(), first.end().await.unwrap());
    assert_eq!(apart.end().await.unwrap().size, 0);
    assert_eq!(SqliteStore::memory(name, true).err().unwrap().code(), "already_exists");
    first.close().await;
    make_vault(second.as_ref(), "w", "ada").await;
    drop((first, second));
    let third = SqliteStore::memory(name, false).unwrap();
    assert_eq!((third.end().await.unwrap().size, third.name()), (4, "memory"));
    SqliteStore::drop_memory(name);
    SqliteStore::drop_memory(other);
    assert_eq!(SqliteStore::memory(name, false).err().unwrap().code(), "not_found");
}

#[tokio::test]
async fn uploads_that_nobody_will_end_are_collected_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let first: Arc<dyn Store> = SqliteStore::open(&path, true).unwrap();
    make_vault(first.as_ref(), "v", "ada").await;
    make_item(first.as_ref(), "v", "item", "ada").await;
    for file in ["late", "kept", "alive"] {
        for index in 0..2 {
            first.put_piece(id(file), index, vec![7; 9000].into()).await.unwrap();
        }
    }
    attach(first.as_ref(), "v", "item", "kept", 2, vec![]).await;
    let by_hand = rusqlite::Connection::open(&path).unwrap();
    by_hand.execute("UPDATE upload SET expires = 1 WHERE file = ?1", [id("late").as_bytes()]).unwrap();
    let pieces = folder.path().join("vaults.db-files");
    let folder_of = |file| pieces.join(format!("{:?}", id(file)));
    // As a crash leaves it: between the commit and the removal, with an object that was half written; and in an upload.
    for (file, object) in [("dead", "9#1"), ("killed", "0")] {
        std::fs::create_dir(folder_of(file)).unwrap();
        std::fs::write(folder_of(file).join(object), "half").unwrap();
    }
    by_hand.execute("INSERT INTO garbage (file) VALUES (?1)", [id("dead").as_bytes()]).unwrap();
    by_hand.execute("INSERT INTO upload (file, expires) VALUES (?1, ?2)", (id("killed").as_bytes(), i64::MAX)).unwrap();
    std::fs::write(folder_of("killed").join("upload"), "").unwrap();
    drop(by_hand);

    let second: Arc<dyn Store> = SqliteStore::open(&path, false).unwrap();
    commit(second.as_ref(), change(vec![], vec![Row::Person { vault: id("v"), principal: id("ben") }])).await;
    let folders = || std::fs::read_dir(&pieces).unwrap().count();
    until(|| folders() == 2).await;
    assert!(folder_of("kept").is_dir() && folder_of("alive").is_dir());
    first.put_piece(id("alive"), 2, vec![7; 9000].into()).await.unwrap();
    attach(first.as_ref(), "v", "item", "alive", 3, vec![]).await;
    for (file, index) in [("kept", 1), ("alive", 0), ("alive", 2)] {
        assert!(second.piece(id(file), index).await.unwrap().is_some(), "{file}");
    }

    // Whoever closes gives up what is not attached.
    first.put_piece(id("left"), 0, vec![7; 9000].into()).await.unwrap();
    assert_eq!(folders(), 3);
    first.close().await;
    commit(second.as_ref(), change(vec![], vec![Row::Person { vault: id("v"), principal: id("eve") }])).await;
    until(|| folders() == 2).await;
    assert!(!folder_of("left").exists());
}

/// Waits for what is done after a commit.
async fn until(done: impl Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(done());
}

#[tokio::test]
async fn the_room_of_what_is_deleted_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaults.db");
    let store = SqliteStore::open(&path, true).unwrap();
    make_vault(store.as_ref(), "v", "ada").await;
    let size = || std::fs::metadata(&path).unwrap().len();
    let mut first = 0;
    for round in 0..12 {
        let item = format!("item {round}");
        make_item(store.as_ref(), "v", &item, "ada").await;
        for number in 0..8 {
            let file = format!("{number} of {round}");
            let piece = Row::Piece { file: id(&file), piece: vec![3; 1 << 20] };
            attach(store.as_ref(), "v", &item, &file, 1, vec![piece]).await;
        }
        let end = Row::ItemGone { vault: id("v"), item: id(&item), version: 2, entry: 0 };
        let text = format!("end {item}");
        commit(store.as_ref(), change(vec![entry(items_log("v"), "ada", &text)], vec![end])).await;
        if round == 1 {
            first = size();
        }
    }
    store.close().await;
    assert!(size() < first + (3 << 20), "{} and then {}", first, size());
}
