//! What a store does with its place, and with a place that is not its own.

use std::process::Command;
use std::time::Duration;

use strongroom::error::Error;
use strongroom::log::tree::hash_leaf;
use strongroom::store::{Row, Store};

use crate::s3;
use crate::setting::{Content, Database, Setting};
use crate::world::{attach, change, commit, entry, id, items_log, make_item, make_vault};

async fn put(store: &dyn Store, file: &str, index: u64, byte: u8) -> Result<(), Error> {
    store.put_piece(id(file), index, vec![byte; 5_000].into()).await
}

async fn with_item(store: &dyn Store) {
    make_vault(store, "v", "ada").await;
    make_item(store, "v", "item", "ada").await;
}

fn refusal<T>(result: Result<T, Error>) -> Error {
    let error = result.err().expect("it was taken");
    assert_eq!(error.code(), "invalid_argument", "{error}");
    assert!(error.message().starts_with("blobs: ") && !format!("{error:?}").contains(s3::SECRET), "{error:?}");
    error
}

pub(crate) async fn an_attached_piece_is_never_replaced(setting: Setting) {
    let store = setting.store(true).await.unwrap();
    with_item(store.as_ref()).await;
    let mut leaves = Vec::new();
    for index in 0..=s3::SLOW {
        put(store.as_ref(), "file", index, 1).await.unwrap();
        leaves.extend(hash_leaf(&[1; 5_000]).0);
    }
    // Sent again, as after an answer that was lost.
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    assert_eq!(setting.objects().len(), 8);
    let late = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { put(store.as_ref(), "file", s3::SLOW, 2).await }
    });
    tokio::time::sleep(s3::SLOWLY / 4).await;
    assert!(!late.is_finished() || setting.content == Content::Folder);
    let row = Row::File { vault: id("v"), item: id("item"), file: id("file"), entry: 0, length: 40_000, leaves };
    commit(store.as_ref(), change(vec![entry(items_log("v"), "ada", "attach")], vec![row])).await;
    // Whatever it is told, it is not what is read.
    let _ = late.await.unwrap();
    assert_eq!(setting.objects().len(), 9);
    for index in 0..=s3::SLOW {
        assert_eq!(store.piece(id("file"), index).await.unwrap(), Some(vec![1; 5_000]), "{index}");
    }
    assert_eq!(put(store.as_ref(), "file", 1, 2).await.unwrap_err().code(), "conflict");
    commit(store.as_ref(), change(vec![], vec![Row::FileGone { vault: id("v"), file: id("file") }])).await;
    setting.has_objects(0).await;
    store.close().await;
}

pub(crate) async fn what_comes_late_goes_too(setting: Setting) {
    if setting.content == Content::Folder {
        // Nothing delays a folder.
        return;
    }
    let store = setting.store(true).await.unwrap();
    // A store comes after what it has on its way itself; another engine does not know of it.
    let ends = match setting.database {
        Database::Postgresql => setting.store(false).await.unwrap(),
        Database::Sqlite => std::sync::Arc::clone(&store),
    };
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    let late = tokio::spawn({
        let store = std::sync::Arc::clone(&store);
        async move { put(store.as_ref(), "file", s3::SLOW, 1).await }
    });
    tokio::time::sleep(s3::SLOWLY / 4).await;
    assert!(!late.is_finished());
    ends.give_up(id("file"));
    let late = late.await.unwrap();
    if setting.database == Database::Postgresql {
        assert_eq!(late.unwrap_err().code(), "conflict");
    }
    setting.has_objects(0).await;
    let again = put(store.as_ref(), "file", 1, 1).await;
    assert_eq!(again.unwrap_err().code(), "conflict", "its objects may be about to go");
    put(store.as_ref(), "file anew", 1, 1).await.unwrap();
}

pub(crate) async fn what_could_not_be_removed_is_tried_again_soon(setting: Setting) {
    if setting.content == Content::S3 {
        // A folder can be put out of reach.
        return;
    }
    let store = setting.store(true).await.unwrap();
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    let (place, aside) = (setting.objects_in(), setting.objects_in().with_extension("aside"));
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, "no folder").unwrap();
    store.give_up(id("file"));
    tokio::time::sleep(Duration::from_millis(500)).await;
    std::fs::remove_file(&place).unwrap();
    std::fs::rename(&aside, &place).unwrap();
    assert_eq!(setting.objects().len(), 1);
    setting.has_objects(0).await;
    store.close().await;
}

pub(crate) async fn a_place_is_one_databases(setting: Setting) {
    let store = setting.store(true).await.unwrap();
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    // Another program of the same account finds the same.
    let beside = setting.store(false).await.unwrap();
    assert_eq!(beside.piece(id("file"), 0).await.unwrap(), Some(vec![1; 5_000]));
    let other = setting.other();
    let taken = refusal(other.store_with(Some(&setting.blobs()), true).await);
    assert!(taken.message().contains("another account"), "{taken}");
    // It can have one of its own nevertheless.
    let own = other.store(true).await.unwrap();
    put(own.as_ref(), "file", 0, 2).await.unwrap();
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), Some(vec![1; 5_000]));
    for store in [store, beside, own] {
        store.close().await;
    }
}

pub(crate) async fn a_database_leads_nobody_to_a_place(setting: Setting) {
    let store = setting.store(true).await.unwrap();
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    let untold = setting.store_with(None, false).await.unwrap();
    let told = refusal(untold.piece(id("file"), 0).await);
    assert!(told.message().contains(&setting.blobs().replace(' ', "%20")), "{told}");
    // What it puts itself is where it is without a place.
    put(untold.as_ref(), "here", 0, 3).await.unwrap();
    assert_eq!(setting.objects().len(), 1);
    let elsewhere = setting.other();
    let wrong = refusal(setting.store_with(Some(&elsewhere.blobs()), false).await);
    assert!(wrong.message().contains("is not a copy"), "{wrong}");
    assert!(elsewhere.objects().is_empty());
    for store in [store, untold] {
        store.close().await;
    }
}

pub(crate) async fn a_place_may_be_moved_whole(setting: Setting) {
    let store = setting.store(true).await.unwrap();
    put(store.as_ref(), "file", 0, 1).await.unwrap();
    store.close().await;
    let moved = setting.other();
    std::fs::create_dir_all(moved.objects_in().parent().unwrap()).unwrap();
    std::fs::rename(setting.objects_in(), moved.objects_in()).unwrap();
    let store = setting.store_with(Some(&moved.blobs()), false).await.unwrap();
    if setting.database == Database::Postgresql {
        assert_eq!(store.piece(id("file"), 0).await.unwrap(), Some(vec![1; 5_000]));
    }
    // The old one is empty now, and no longer the one.
    refusal(setting.store(false).await);
    store.close().await;
}

pub(crate) async fn files_from_before_stay_where_they_are(setting: Setting) {
    let store = setting.store_with(None, true).await.unwrap();
    with_item(store.as_ref()).await;
    for index in 0..2 {
        put(store.as_ref(), "before", index, 1).await.unwrap();
    }
    attach(store.as_ref(), "v", "item", "before", 2, vec![]).await;
    store.close().await;
    let store = setting.store(false).await.unwrap();
    for index in 0..2 {
        put(store.as_ref(), "after", index, 2).await.unwrap();
    }
    attach(store.as_ref(), "v", "item", "after", 2, vec![]).await;
    for (file, byte) in [("before", 1), ("after", 2)] {
        assert_eq!(store.piece(id(file), 1).await.unwrap(), Some(vec![byte; 5_000]), "{file}");
    }
    assert_eq!(setting.objects().len(), 2);
    let end = Row::ItemGone { vault: id("v"), item: id("item"), version: 2, entry: 0 };
    commit(store.as_ref(), change(vec![entry(items_log("v"), "ada", "end item")], vec![end])).await;
    setting.has_objects(0).await;
    assert_eq!(store.piece(id("before"), 1).await.unwrap(), None);
    store.close().await;
}

pub(crate) async fn what_was_left_behind_goes_with_the_next_opener(setting: Setting) {
    let store = setting.store(true).await.unwrap();
    with_item(store.as_ref()).await;
    for index in 0..2 {
        put(store.as_ref(), "pending", index, 1).await.unwrap();
        put(store.as_ref(), "attached", index, 1).await.unwrap();
    }
    attach(store.as_ref(), "v", "item", "attached", 2, vec![]).await;
    store.close().await;
    setting.end_the_day().await;
    let store = setting.store(false).await.unwrap();
    if setting.database == Database::Sqlite {
        // It looks for what is over when it writes.
        make_item(store.as_ref(), "v", "second", "ada").await;
    }
    setting.has_objects(2).await;
    assert!(store.piece(id("attached"), 1).await.unwrap().is_some());
    store.close().await;
}

pub(crate) async fn what_is_refused_says_why() {
    for database in [Database::Sqlite, Database::Postgresql] {
        let setting = Setting::new(database, Content::S3);
        for wrong in ["ftp://school/class", "s3://school/class?key=1", "memory:///"] {
            refusal(setting.store_with(Some(wrong), true).await);
        }
        for (name, value, said) in [
            ("AWS_SECRET_ACCESS_KEY", "hunter2", "SignatureDoesNotMatch"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1", "call again"),
        ] {
            let program = Command::new(env!("CARGO_BIN_EXE_strongroom"))
                .args(["init", "--owner", "owner@example.edu", "--location", &setting.location()])
                .env(name, value)
                .output()
                .unwrap();
            let told = String::from_utf8(program.stderr).unwrap();
            assert!(
                !program.status.success() && told.starts_with("strongroom: init: ") && told.contains(said),
                "{told}"
            );
            assert!(!told.contains("hunter2") && told.contains("s3://school/"), "{told}");
        }
        // None of them is remembered.
        let store = setting.store(true).await.unwrap();
        put(store.as_ref(), "file", 0, 1).await.unwrap();
        store.close().await;
    }
}
