//! Pieces of files.

use std::time::Duration;

use strongroom::store::{Row, Store};

use crate::Place;
use crate::world::{attach, change, commit, entry, id, items_log, make_item, make_vault, vault_log, view};

async fn with_item(store: &dyn Store) {
    make_vault(store, "v", "ada").await;
    make_item(store, "v", "item", "ada").await;
}

async fn upload(store: &dyn Store, file: &str) {
    for index in 0..3_u8 {
        store.put_piece(id(file), u64::from(index), vec![index; 70_000].into()).await.unwrap();
    }
}

/// Waits for what is collected after the commit.
async fn gone(store: &dyn Store, file: &str) {
    for _ in 0..500 {
        let mut left = 0;
        for index in 0..3 {
            left += usize::from(store.piece(id(file), index).await.unwrap().is_some());
        }
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the pieces of {file} are still there");
}

pub(crate) async fn small_pieces_are_rows(place: Place) {
    let store = place.store.as_ref();
    with_item(store).await;
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), None);
    attach(store, "v", "item", "file", 1, vec![Row::Piece { file: id("file"), piece: vec![3; 1 << 20] }]).await;
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), Some(vec![3; 1 << 20]));
    assert_eq!(store.piece(id("file"), 1).await.unwrap(), None);
}

pub(crate) async fn an_upload_is_published(place: Place) {
    let store = place.store.as_ref();
    with_item(store).await;
    upload(store, "file").await;
    // A retry sends the same bytes.
    store.put_piece(id("file"), 1, vec![1; 70_000].into()).await.unwrap();
    attach(store, "v", "item", "file", 3, vec![]).await;
    for index in 0..3_u8 {
        assert_eq!(store.piece(id("file"), u64::from(index)).await.unwrap(), Some(vec![index; 70_000]));
    }
    assert_eq!(store.piece(id("file"), 3).await.unwrap(), None);
    assert_eq!(view(store).await.pieces_of(id("v"), id("file")).await.unwrap().unwrap().len(), 96);
    // What was never sent is not published.
    let row = Row::File { vault: id("v"), item: id("item"), file: id("no"), entry: 0, length: 9, leaves: vec![0; 64] };
    let refused = store.commit(change(vec![entry(items_log("v"), "ada", "no")], vec![row])).await;
    assert_eq!(refused.unwrap_err().code(), "conflict");
}

pub(crate) async fn pieces_go_with_their_file(place: Place) {
    let store = place.store.as_ref();
    with_item(store).await;
    make_item(store, "v", "second", "ada").await;
    for (item, file) in [("item", "a"), ("item", "b"), ("second", "c"), ("second", "kept")] {
        upload(store, file).await;
        if file != "kept" {
            attach(store, "v", item, file, 3, vec![]).await;
        }
    }
    commit(store, change(vec![], vec![Row::FileGone { vault: id("v"), file: id("a") }])).await;
    gone(store, "a").await;
    assert!(view(store).await.file(id("v"), id("a")).await.unwrap().unwrap().detached);
    let end = Row::ItemGone { vault: id("v"), item: id("item"), version: 2, entry: 0 };
    commit(store, change(vec![entry(items_log("v"), "ada", "end item")], vec![end])).await;
    gone(store, "b").await;
    assert!(store.piece(id("c"), 0).await.unwrap().is_some());
    let end = Row::VaultGone { vault: id("v") };
    commit(store, change(vec![entry(vault_log("v"), "ada", "end vault")], vec![end])).await;
    gone(store, "c").await;
    assert!(store.piece(id("kept"), 0).await.unwrap().is_some(), "an upload that goes on");
}

pub(crate) async fn an_attached_file_is_not_overwritten(place: Place) {
    let store = place.store.as_ref();
    with_item(store).await;
    attach(store, "v", "item", "file", 1, vec![Row::Piece { file: id("file"), piece: vec![3; 99] }]).await;
    assert_eq!(store.put_piece(id("file"), 0, vec![4; 99].into()).await.unwrap_err().code(), "conflict");
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), Some(vec![3; 99]));
}

pub(crate) async fn an_upload_is_given_up(place: Place) {
    let store = place.store.as_ref();
    with_item(store).await;
    upload(store, "given up").await;
    upload(store, "kept").await;
    store.give_up(id("given up"));
    store.give_up(id("never begun"));
    gone(store, "given up").await;
    let row =
        Row::File { vault: id("v"), item: id("item"), file: id("given up"), entry: 0, length: 9, leaves: vec![0; 64] };
    let refused = store.commit(change(vec![entry(items_log("v"), "ada", "given up")], vec![row])).await;
    assert_eq!(refused.unwrap_err().code(), "conflict");
    attach(store, "v", "item", "kept", 3, vec![]).await;
    // Too late: it is attached.
    store.give_up(id("kept"));
    make_item(store, "v", "second", "ada").await;
    assert!(store.piece(id("kept"), 2).await.unwrap().is_some());
}

pub(crate) async fn nothing_arrives_after_it_was_given_up(place: Place) {
    let store = place.store.as_ref();
    let names: Vec<String> = (0..16).map(|number| format!("broken off {number}")).collect();
    for name in &names {
        for index in 0..2 {
            let mut put = store.put_piece(id(name), index, vec![7; 70_000].into());
            // It is on its way when its author goes.
            let _ = futures_util::poll!(&mut put);
        }
        store.give_up(id(name));
    }
    for name in &names {
        gone(store, name).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    for name in &names {
        gone(store, name).await;
    }
}
