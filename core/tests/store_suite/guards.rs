//! Guards each way, repeats, and groups.

use futures_util::future::join_all;
use strongroom::store::{Guard, Outcome, Row};

use crate::Place;
use crate::world::{
    change, commit, entry, guarded, id, items_log, make_item, make_vault, principal_log, stale, vault_log, view,
};

pub(crate) async fn each_guard_holds_and_fails(place: Place) {
    let store = place.store.as_ref();
    let made = make_vault(store, "v", "ada").await;
    make_vault(store, "w", "ben").await;
    let put = make_item(store, "v", "item", "ada").await;
    let external = Row::Vault { vault: id("x"), creator: id("ada"), external_id: Some("7".to_owned()) };
    commit(store, change(vec![entry(vault_log("x"), "ada", "x")], vec![external])).await;
    let email = Row::Principal {
        principal: id("ada"),
        kind: 0,
        name: String::new(),
        email: Some("a@example.org".to_owned()),
        salt: vec![],
        active: true,
    };
    let (last, end) = commit(store, change(vec![entry(principal_log("ada"), "ada", "p")], vec![email])).await;

    let (v, ada) = (id("v"), id("ada"));
    let since = |signer, vault, size| Guard::NoneSince { signer: id(signer), vault, size };
    let no_external = |creator, text: &str| Guard::NoExternal { creator: id(creator), external_id: text.to_owned() };
    let no_email = |text: &str| Guard::NoEmail { email: text.to_owned() };
    let item_at = |item, version| Guard::ItemAt { vault: v, item: id(item), version };
    let cases = [
        (Guard::LogAt { log: vault_log("v"), size: 1 }, true),
        (Guard::LogAt { log: vault_log("v"), size: 0 }, false),
        (Guard::LogAt { log: vault_log("v"), size: 2 }, false),
        (Guard::LogAt { log: items_log("v"), size: 1 }, true),
        (Guard::LogAt { log: items_log("w"), size: 0 }, true),
        (Guard::LogAt { log: vault_log("none"), size: 0 }, true),
        (Guard::LogAt { log: vault_log("none"), size: 1 }, false),
        (item_at("item", 1), true),
        (item_at("item", 0), false),
        (item_at("none", 0), true),
        (Guard::ItemAt { vault: id("none"), item: v, version: 0 }, true),
        (no_external("ada", "7"), false),
        (no_external("ada", "8"), true),
        (no_external("ben", "7"), true),
        (no_email("a@example.org"), false),
        (no_email("b@example.org"), true),
        (since("ada", Some(v), made.position), false),
        (since("ada", Some(v), put.position), false),
        (since("ada", Some(v), put.position + 1), true),
        (since("ada", Some(id("w")), 0), true),
        (since("ada", None, last[0].position), false),
        (since("ada", None, end.size), true),
        (since("ben", Some(v), 0), true),
        (since("nobody", None, 0), true),
        (Guard::NotHeld { signer: ada, vault: Some(v) }, true),
        (Guard::NotHeld { signer: ada, vault: None }, true),
    ];
    for (guard, expected) in cases {
        let outcome = store.commit(Guarded(guard.clone()).alone()).await.unwrap();
        assert_eq!(matches!(outcome, Outcome::Committed(..)), expected, "{guard:?}");
        assert_eq!(matches!(outcome, Outcome::Stale(0)), !expected, "{guard:?}");
    }
    assert_eq!(store.end().await.unwrap(), end, "nothing was appended");
}

struct Guarded(Guard);

impl Guarded {
    fn alone(self) -> strongroom::store::ChangeSet {
        strongroom::store::ChangeSet { guards: vec![self.0], ..Default::default() }
    }
}

pub(crate) async fn a_repeat_gets_the_first_receipt(place: Place) {
    let store = place.store.as_ref();
    let first = make_vault(store, "v", "ada").await;
    let begin = entry(vault_log("v"), "ada", "make v");
    // A retry fails its own guard by now, and gets its answer all the same.
    let retry = guarded(Guard::LogAt { log: vault_log("v"), size: 0 }, begin.clone());
    match store.commit(retry).await.unwrap() {
        Outcome::Repeated(0, receipt) => assert_eq!(receipt, first),
        other => panic!("{other:?}"),
    }
    let mut second = change(vec![entry(vault_log("v"), "ada", "other"), begin.clone()], vec![]);
    assert!(matches!(store.commit(second.clone()).await.unwrap(), Outcome::Repeated(1, receipt) if receipt == first));
    // The same id is another's own, by signer and by log.
    second.appends[1].signer = Some(id("ben"));
    commit(store, second).await;
    commit(store, change(vec![strongroom::store::Append { log: items_log("v"), ..begin.clone() }], vec![])).await;
    let unsigned = strongroom::store::Append { signer: None, ..begin.clone() };
    commit(store, change(vec![unsigned.clone()], vec![])).await;
    assert!(matches!(store.commit(change(vec![unsigned], vec![])).await.unwrap(), Outcome::Repeated(0, _)));
    let twice = change(vec![entry(vault_log("v"), "ada", "twice"), entry(vault_log("v"), "ada", "twice")], vec![]);
    assert_eq!(store.commit(twice).await.unwrap_err().code(), "invalid_argument");

    let mut view = view(store).await;
    let found = view.repeated(Some(id("ada")), vault_log("v"), begin.operation_id).await.unwrap().unwrap();
    assert_eq!(
        (found.seq, found.hash, found.position, found.operation),
        (0, first.hash, first.position, begin.operation)
    );
    assert_eq!(found.signatures, begin.signatures);
    assert_eq!(view.repeated(Some(id("cat")), vault_log("v"), begin.operation_id).await.unwrap(), None);
    assert_eq!(view.repeated(None, vault_log("v"), begin.operation_id).await.unwrap().unwrap().seq, 3);
    assert_eq!(view.log(vault_log("v")).await.unwrap().unwrap().state.size, 4);
}

pub(crate) async fn a_bad_change_leaves_its_group_whole(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    // Sent together, so most go in one group; every third is refused after its entries were written.
    let outcomes = join_all((0..60).map(|number| {
        let name = format!("n{number}");
        let mut rows = vec![Row::Vault { vault: id(&name), creator: id("ada"), external_id: None }];
        if number % 3 == 0 {
            rows.push(Row::Name { vault: id("none"), epoch: 1, sealed: vec![] });
        }
        let appends = vec![
            entry(vault_log(&name), &name, &format!("make {name}")),
            entry(vault_log("v"), &name, &format!("add {name}")),
            entry(items_log(&name), &name, &format!("put {name}")),
        ];
        store.commit(change(appends, rows))
    }))
    .await;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match outcome {
            Ok(Outcome::Committed(receipts, head)) => {
                assert_ne!(number % 3, 0);
                assert!(receipts.iter().all(|receipt| receipt.position < head.size));
            }
            Err(error) => assert_eq!((number % 3, error.code()), (0, "invalid_argument")),
            other => panic!("{other:?}"),
        }
    }
    let mut view = view(store).await;
    assert_eq!(view.log(vault_log("v")).await.unwrap().unwrap().state.size, 41);
    assert_eq!(view.vault(id("n3")).await.unwrap(), None);
    assert_eq!(view.log(vault_log("n3")).await.unwrap(), None);
    assert!(view.vault(id("n4")).await.unwrap().is_some());
    crate::trees::verify(view.as_mut()).await;
}

pub(crate) async fn two_changes_of_one_group_see_each_other(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    let guard = Guard::LogAt { log: vault_log("v"), size: 1 };
    let outcomes =
        join_all((0..8).map(|number| {
            store.commit(guarded(guard.clone(), entry(vault_log("v"), "ada", &format!("race {number}"))))
        }))
        .await;
    let taken = outcomes.into_iter().filter(|outcome| matches!(outcome, Ok(Outcome::Committed(..)))).count();
    assert_eq!(taken, 1);
    assert_eq!(stale(store, guarded(guard, entry(vault_log("v"), "ada", "late"))).await, 0);
}
