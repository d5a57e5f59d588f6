//! Waiting for the feed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::Place;
use crate::world::{change, commit, entry, id, make_vault, vault_log};

pub(crate) async fn waiters_wake(place: Place) {
    let store = place.store.as_ref();
    let first = store.wait(0);
    let many: Vec<_> = (0..20).map(|_| tokio::spawn(store.wait(0))).collect();
    // One that is given up takes nothing along.
    assert!(store.wait(0).now_or_never().is_none());
    make_vault(store, "v", "ada").await;
    tokio::time::timeout(Duration::from_secs(10), first).await.unwrap().unwrap();
    for waiter in many {
        tokio::time::timeout(Duration::from_secs(10), waiter).await.unwrap().unwrap().unwrap();
    }
    let size = store.end().await.unwrap().size;
    store.wait(size - 1).now_or_never().expect("the feed is longer").unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(30), store.wait(size)).await.is_err());
    // Beyond the next commit.
    let later = tokio::spawn(store.wait(size + 2));
    commit(store, change(vec![entry(vault_log("v"), "ada", "1")], vec![])).await;
    commit(store, change(vec![entry(vault_log("v"), "ada", "2")], vec![])).await;
    tokio::time::timeout(Duration::from_secs(10), later).await.unwrap().unwrap().unwrap();
}

pub(crate) async fn the_closed_store_refuses(place: Place) {
    let store = Arc::clone(&place.store);
    let accepted = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { make_vault(store.as_ref(), "v", "ada").await })
    };
    accepted.await.unwrap();
    store.close().await;
    store.close().await;
    assert_eq!(store.commit(change(vec![], vec![])).await.unwrap_err().code(), "unavailable");
    assert_eq!(store.snapshot().await.err().map(|error| error.code()), Some("unavailable"));
    assert_eq!(store.end().await.unwrap_err().code(), "unavailable");
    assert_eq!(store.wait(0).await.unwrap_err().code(), "unavailable");
    assert_eq!(store.piece(id("file"), 0).await.unwrap_err().code(), "unavailable");
}
