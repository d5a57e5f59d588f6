//! Holds.

use strongroom::store::{Guard, Row};

use crate::Place;
use crate::world::{change, commit, entry, guarded, id, make_vault, principal_log, stale, vault_log};

fn not_held(signer: &str, vault: Option<&str>) -> Guard {
    Guard::NotHeld { signer: id(signer), vault: vault.map(id) }
}

pub(crate) async fn a_hold_stops_the_signer_and_covers_the_rest(place: Place) {
    let store = place.store.as_ref();
    let made = make_vault(store, "v", "eve").await;
    make_vault(store, "w", "eve").await;
    let head = store.hold(id("eve"), Some(id("v")), vault_log("v"), id("ada")).await.unwrap().unwrap();
    assert_eq!(head, store.end().await.unwrap());
    assert!(made.position < head.size);

    let write = |vault: &str, text: &str| entry(vault_log(vault), "eve", text);
    assert_eq!(stale(store, guarded(not_held("eve", Some("v")), write("v", "1"))).await, 0);
    commit(store, guarded(not_held("eve", Some("w")), write("w", "2"))).await;
    commit(store, guarded(not_held("eve", None), entry(principal_log("eve"), "eve", "3"))).await;
    let other = guarded(not_held("ben", Some("v")), entry(principal_log("ben"), "ben", "4"));
    commit(store, other).await;

    // The ending: nothing of hers since, and the hold ends with it.
    let mut ending = guarded(
        Guard::NoneSince { signer: id("eve"), vault: Some(id("v")), size: head.size },
        entry(vault_log("v"), "ada", "end"),
    );
    ending.guards.push(not_held("ada", Some("v")));
    ending.rows.push(Row::Release { by: id("ada"), signer: id("eve"), vault: Some(id("v")) });
    commit(store, ending).await;
    commit(store, guarded(not_held("eve", Some("v")), write("v", "5"))).await;

    // Held everywhere.
    store.hold(id("eve"), None, principal_log("eve"), id("ada")).await.unwrap().unwrap();
    assert_eq!(stale(store, guarded(not_held("eve", Some("w")), write("w", "6"))).await, 0);
    assert_eq!(stale(store, guarded(not_held("eve", None), entry(principal_log("x"), "eve", "7"))).await, 0);
    // One's own hold stops oneself too, but for what has no such guard: the ending that it was asked for.
    store.hold(id("cat"), None, principal_log("cat"), id("cat")).await.unwrap().unwrap();
    assert_eq!(stale(store, guarded(not_held("cat", None), entry(principal_log("cat"), "cat", "8"))).await, 0);
    commit(store, change(vec![entry(principal_log("cat"), "cat", "9")], vec![])).await;
}

pub(crate) async fn a_hold_keeps_others_from_its_log(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    store.hold(id("eve"), Some(id("v")), vault_log("v"), id("ada")).await.unwrap().unwrap();
    let ben = entry(vault_log("v"), "ben", "ben");
    let mut late = guarded(not_held("ben", Some("v")), ben.clone());
    late.guards.push(Guard::LogAt { log: vault_log("v"), size: 1 });
    assert_eq!(stale(store, late).await, 1, "the guard on the log that is held");
    assert_eq!(stale(store, change(vec![ben.clone()], vec![])).await, 0, "beyond its guards");
    commit(store, change(vec![entry(vault_log("v"), "ada", "ada")], vec![])).await;
    commit(store, change(vec![], vec![Row::Release { by: id("ada"), signer: id("eve"), vault: Some(id("v")) }])).await;
    commit(store, change(vec![ben], vec![])).await;
}

pub(crate) async fn holds_exclude_each_other(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    make_vault(store, "w", "ada").await;
    let hold = |signer: &str, vault: Option<&str>, log: &str, by: &str| {
        store.hold(id(signer), vault.map(id), vault_log(log), id(by))
    };
    assert!(hold("eve", Some("v"), "v", "ada").await.unwrap().is_some());
    assert!(hold("eve", Some("v"), "v", "ada").await.unwrap().is_some(), "again, by the same");
    assert!(hold("eve", Some("v"), "x", "ben").await.unwrap().is_none(), "on the signer, by another");
    assert!(hold("eve", None, "x", "ben").await.unwrap().is_none(), "on the signer, wider");
    assert!(hold("cat", Some("v"), "v", "ben").await.unwrap().is_none(), "on the log");
    assert!(hold("ada", Some("v"), "y", "eve").await.unwrap().is_none(), "by the one who is held");
    assert!(hold("eve", Some("w"), "w", "ben").await.unwrap().is_some(), "in another vault");
    commit(store, change(vec![], vec![Row::Release { by: id("ada"), signer: id("eve"), vault: Some(id("v")) }])).await;
    assert!(hold("eve", Some("v"), "x", "ben").await.unwrap().is_some());
}
