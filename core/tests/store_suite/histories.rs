//! Places, times, moments, and the feed for some vaults.

use std::collections::HashMap;

use strongroom::log::operation::LogKind;
use strongroom::store::{ChangeSet, Row};

use crate::Place;
use crate::trees::verify;
use crate::world::{change, commit, entry, id, items_log, log, make_item, make_vault, principal_log, vault_log, view};

pub(crate) async fn places_and_times_are_in_order(place: Place) {
    let store = place.store.as_ref();
    assert_eq!(store.end().await.unwrap().size, 0);
    let (receipts, head) = commit(
        store,
        change(
            vec![
                entry(log(LogKind::Account, "a"), "ada", "1"),
                entry(vault_log("v"), "ada", "2"),
                entry(log(LogKind::Account, "a"), "ada", "3"),
            ],
            vec![],
        ),
    )
    .await;
    assert_eq!(receipts.iter().map(|receipt| receipt.seq).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(receipts.iter().map(|receipt| receipt.position).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(receipts[2].state.size, 2);
    assert_eq!((head.size, store.end().await.unwrap()), (4, head));
    for number in 0..20 {
        make_item(store, "v", &format!("i{number}"), "ada").await;
    }
    let mut view = view(store).await;
    let rows = view.feed(0, None, 1000).await.unwrap();
    assert_eq!(rows.len(), 23);
    let (mut time, mut next) = (0, HashMap::new());
    for row in rows {
        let entry = view.entries(row.log, row.seq, 1).await.unwrap().remove(0);
        assert_eq!(entry.position, row.position);
        assert!(entry.time >= time);
        time = entry.time;
        let seq = next.entry(row.log).or_insert(0);
        assert_eq!(row.seq, *seq);
        *seq += 1;
    }
    // A change without entries makes no batch.
    let (_, same) = commit(store, ChangeSet::default()).await;
    assert_eq!(same, view.head().await.unwrap());
}

pub(crate) async fn a_snapshot_is_of_one_moment(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    let mut before = view(store).await;
    // Held over a commit: neither waits for the other.
    make_vault(store, "w", "ada").await;
    make_item(store, "v", "item", "ada").await;
    let mut after = view(store).await;
    assert_eq!(before.head().await.unwrap().size, 2);
    assert_eq!(before.vault(id("w")).await.unwrap(), None);
    assert_eq!(before.item(id("v"), id("item")).await.unwrap(), None);
    assert_eq!(before.feed(0, None, 9).await.unwrap().len(), 1);
    assert_eq!(after.head().await.unwrap(), store.end().await.unwrap());
    assert!(after.vault(id("w")).await.unwrap().is_some());
    assert_eq!(after.head_at(2).await.unwrap(), Some(before.head().await.unwrap()));
    assert_eq!(after.head_at(3).await.unwrap(), None);
    verify(before.as_mut()).await;
    verify(after.as_mut()).await;
}

pub(crate) async fn wide_changes_bind_every_log(place: Place) {
    let store = place.store.as_ref();
    let wide = |range: std::ops::Range<u32>| {
        let names: Vec<_> = range.map(|number| format!("v{number}")).collect();
        let appends = names.iter().map(|name| entry(vault_log(name), "ada", &format!("make {name}"))).collect();
        let rows = names
            .iter()
            .map(|name| Row::Vault { vault: id(name), creator: id("ada"), external_id: Some(name.clone()) })
            .collect();
        change(appends, rows)
    };
    commit(store, change(vec![entry(principal_log("ada"), "ada", "add ada")], vec![])).await;
    let (receipts, _) = commit(store, wide(0..301)).await;
    assert_eq!(receipts.len(), 301);
    commit(store, wide(301..350)).await;
    let mut view = view(store).await;
    assert_eq!(view.vault_by_external_id(id("ada"), "v300").await.unwrap(), Some(id("v300")));
    assert_eq!(view.vault_by_external_id(id("ben"), "v300").await.unwrap(), None);
    assert_eq!(view.log(vault_log("v349")).await.unwrap().unwrap().leaf, 349);
    assert_eq!(view.log(items_log("v349")).await.unwrap().unwrap().leaf, 349);
    assert_eq!(view.log(items_log("v349")).await.unwrap().unwrap().state.size, 0);
    verify(view.as_mut()).await;
}

pub(crate) async fn many_vaults_are_read_like_few(place: Place) {
    let store = place.store.as_ref();
    let names: Vec<_> = (0..100).map(|number| format!("v{number}")).collect();
    let made = names.iter().map(|name| entry(vault_log(name), "ada", &format!("make {name}"))).collect();
    commit(store, change(made, vec![])).await;
    for round in 0..30 {
        let put = |name: &String| entry(items_log(name), "ada", &format!("put {round} {name}"));
        let own = entry(principal_log("ada"), "ada", &format!("own {round}"));
        commit(store, change(names.iter().step_by(1 + round).map(put).chain([own]).collect(), vec![])).await;
    }
    let mut view = view(store).await;
    let everything = view.feed(0, None, u32::MAX).await.unwrap();
    for chosen in [0_usize, 1, 3, 63, 64, 65, 100] {
        // The last is named twice, and one is not there.
        let mut vaults: Vec<_> = names.iter().take(chosen).map(|name| id(name)).collect();
        vaults.extend(vaults.last().copied());
        vaults.push(id("none"));
        let expected: Vec<_> = everything.iter().filter(|row| vaults.contains(&row.log.id)).copied().collect();
        for (from, limit) in [(0, 7), (0, 5000), (40, 1), (900, 100), (u64::MAX >> 1, 10)] {
            let rows = view.feed(from, Some(&vaults), limit).await.unwrap();
            let beyond = expected.iter().filter(|row| row.position >= from).take(limit as usize);
            assert_eq!(rows, beyond.copied().collect::<Vec<_>>(), "{chosen} vaults from {from}");
        }
    }
}

pub(crate) async fn states_come_in_the_order_that_they_are_asked_in(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    make_item(store, "v", "item", "ada").await;
    let mut view = view(store).await;
    let asked = [items_log("v"), vault_log("none"), vault_log("v"), items_log("v")];
    let states = view.states(&asked).await.unwrap();
    for (log, state) in asked.into_iter().zip(&states) {
        assert_eq!(state.map(|row| row.log), (log != vault_log("none")).then_some(log));
        assert_eq!(view.log(log).await.unwrap(), *state);
    }
    assert_eq!(states.len(), 4);
    assert_eq!(view.states(&[]).await.unwrap(), []);
}
