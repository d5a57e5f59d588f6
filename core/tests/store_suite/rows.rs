//! Every kind of row, written and read back.

use strongroom::log::operation::LogKind;
use strongroom::store::{FileRow, ItemRow, MemberRow, PartsRow, Row, Snapshot, VersionRow, WrapForm, WrapRow};

use crate::Place;
use crate::world::{
    attach, change, commit, entry, id, items_log, log, make_item, make_vault, member, principal_log, vault_log,
    version, view,
};

fn profile(name: &str, email: Option<&str>, active: bool) -> Row {
    Row::Principal {
        principal: id(name),
        kind: 1,
        name: name.to_owned(),
        email: email.map(str::to_owned),
        salt: vec![5; 16],
        active,
    }
}

fn wrap(epoch: u32, principal: &str, form: WrapForm, sealed: u8) -> WrapRow {
    WrapRow {
        vault: id("v"),
        epoch,
        principal: id(principal),
        generation: 2,
        form,
        maker: id("ada"),
        maker_generation: 1,
        sealed: vec![sealed; 1200],
    }
}

pub(crate) async fn every_row_comes_back(place: Place) {
    let store = place.store.as_ref();
    let account = log(LogKind::Account, "account");
    let first = vec![
        entry(account, "ada", "begin"),
        entry(principal_log("ada"), "ada", "add ada"),
        entry(principal_log("ben"), "ada", "add ben"),
    ];
    let key = Row::KemKey { principal: id("ada"), generation: 1, key: vec![7; 1216] };
    commit(store, change(first, vec![profile("ada", Some("a@example.org"), true), profile("ben", None, true), key]))
        .await;
    make_vault(store, "v", "ada").await;
    let rows = vec![
        Row::Member(MemberRow { vault: id("v"), grantee: id("ben"), role: 1, expires_at: Some(9) }),
        Row::Person { vault: id("v"), principal: id("ben") },
        Row::Person { vault: id("v"), principal: id("ben") },
        Row::Wrap(wrap(1, "ada", WrapForm::Hpke, 1)),
        Row::Wrap(wrap(1, "ada", WrapForm::Own, 2)),
        Row::Wrap(wrap(1, "ben", WrapForm::Recovery, 3)),
        Row::Wrap(wrap(2, "ada", WrapForm::Hpke, 4)),
        Row::Wrap(wrap(2, "ada", WrapForm::Hpke, 5)),
        Row::PreviousKey { vault: id("v"), epoch: 2, sealed: vec![6; 64] },
        Row::Name { vault: id("v"), epoch: 2, sealed: vec![8; 300] },
    ];
    commit(store, change(vec![entry(vault_log("v"), "ada", "more")], rows)).await;
    make_item(store, "v", "item", "ada").await;
    commit(store, change(vec![entry(items_log("v"), "ben", "second")], vec![version("v", "item", 2)])).await;

    let mut view = view(store).await;
    let ada = view.principal(id("ada")).await.unwrap().unwrap();
    assert_eq!((ada.leaf, ada.kind, ada.name.as_str(), ada.active), (1, 1, "ada", true));
    assert_eq!((ada.email.as_deref(), ada.salt.as_slice()), (Some("a@example.org"), [5; 16].as_slice()));
    assert_eq!(view.principal_by_email("a@example.org").await.unwrap(), Some(ada.clone()));
    assert_eq!(view.principal_by_email("b@example.org").await.unwrap(), None);
    assert_eq!(view.kem_key(id("ada"), 1).await.unwrap(), Some(vec![7; 1216]));
    assert_eq!(view.kem_key(id("ada"), 2).await.unwrap(), None);

    let vault = view.vault(id("v")).await.unwrap().unwrap();
    assert_eq!((vault.leaf, vault.creator, vault.name_epoch, vault.deleted), (0, id("ada"), 2, false));
    assert_eq!(vault.name, [8; 300]);
    assert_eq!(view.members(id("v")).await.unwrap().len(), 2);
    let ben = view.member(id("v"), id("ben")).await.unwrap().unwrap();
    assert_eq!((ben.role, ben.expires_at), (1, Some(9)));
    assert_eq!(
        view.wraps(id("v"), id("ada")).await.unwrap(),
        [wrap(1, "ada", WrapForm::Hpke, 1), wrap(1, "ada", WrapForm::Own, 2), wrap(2, "ada", WrapForm::Hpke, 5)]
    );
    assert_eq!(view.wraps_of_epoch(id("v"), 1).await.unwrap().len(), 3);
    assert_eq!(view.wraps_of_epoch(id("v"), 2).await.unwrap(), [wrap(2, "ada", WrapForm::Hpke, 5)]);
    assert_eq!(view.previous_key(id("v"), 2).await.unwrap(), Some(vec![6; 64]));
    assert_eq!(view.previous_key(id("v"), 1).await.unwrap(), None);

    let item = view.item(id("v"), id("item")).await.unwrap().unwrap();
    let expected =
        ItemRow { vault: id("v"), item: id("item"), version: 2, archived: false, deleted: false, created: 0, seq: 1 };
    assert_eq!(item, expected);
    let parts = view.parts(id("v"), id("item"), 2, 9).await.unwrap();
    let second =
        PartsRow { version: 2, seq: 1, overview: b"item overview 2".to_vec(), details: b"item details 2".to_vec() };
    assert_eq!(parts, [second]);
    assert_eq!(view.parts(id("v"), id("item"), 0, 9).await.unwrap().len(), 2);
    versions_have_their_entries(view.as_mut()).await;
    let last = view.entries(items_log("v"), 1, 1).await.unwrap()[0].time;
    assert_eq!(view.last_signed(id("v"), id("ben")).await.unwrap(), Some(last));
    assert_eq!(view.last_signed(id("v"), id("eve")).await.unwrap(), None);
    drop(view);

    // Nothing that was read before is told of rows that change without an entry.
    commit(store, change(vec![], vec![Row::Member(MemberRow { role: 2, ..ben })])).await;
    let ben = crate::world::view(store).await.member(id("v"), id("ben")).await.unwrap().unwrap();
    assert_eq!((ben.role, ben.expires_at), (2, Some(9)));

    profiles_are_replaced(place).await;
}

async fn versions_have_their_entries(view: &mut dyn Snapshot) {
    let parts = view.parts(id("v"), id("item"), 1, 2).await.unwrap();
    let entries = view.entries(items_log("v"), 0, 2).await.unwrap();
    let created_at = Some(entries[0].time);
    for (asked, place) in [(Some(1), 0), (Some(2), 1), (None, 1)] {
        let (parts, entry) = (parts[place].clone(), Some(entries[place].clone()));
        let expected = VersionRow { newest: place == 1, parts, entry, created_at };
        assert_eq!(view.version(id("v"), id("item"), asked).await.unwrap(), Some(expected));
    }
    for (vault, item, asked) in
        [("v", "item", Some(3)), ("v", "item", Some(0)), ("v", "other", None), ("w", "item", None)]
    {
        assert_eq!(view.version(id(vault), id(item), asked).await.unwrap(), None);
    }
}

async fn profiles_are_replaced(place: Place) {
    let store = place.store.as_ref();
    commit(store, change(vec![], vec![profile("ada", Some("a@example.org"), false)])).await;
    // The address is free again, and taken twice it is refused.
    commit(store, change(vec![], vec![profile("ben", Some("a@example.org"), true)])).await;
    let twice = change(vec![], vec![profile("ada", Some("a@example.org"), true)]);
    assert_eq!(store.commit(twice).await.unwrap_err().code(), "conflict");
    commit(store, change(vec![], vec![Row::MemberGone { vault: id("v"), grantee: id("ben") }])).await;
    let mut view = view(store).await;
    assert_eq!(view.principal_by_email("a@example.org").await.unwrap().unwrap().principal, id("ben"));
    assert!(!view.principal(id("ada")).await.unwrap().unwrap().active);
    assert_eq!(view.member(id("v"), id("ben")).await.unwrap(), None);
}

pub(crate) async fn a_vault_ends_with_all_that_is_in_it(place: Place) {
    let store = place.store.as_ref();
    for vault in ["v", "other"] {
        make_vault(store, vault, "ada").await;
        make_item(store, vault, "item", "ada").await;
    }
    let piece = Row::Piece { file: id("file"), piece: vec![1; 99] };
    attach(store, "v", "item", "file", 1, vec![piece]).await;
    let named = Row::Wrap(wrap(1, "ada", WrapForm::Own, 1));
    let previous = Row::PreviousKey { vault: id("v"), epoch: 2, sealed: vec![6; 64] };
    commit(store, change(vec![], vec![named, previous])).await;
    let end = entry(vault_log("v"), "ada", "end");
    commit(store, change(vec![end], vec![Row::VaultGone { vault: id("v") }])).await;

    let mut view = view(store).await;
    let vault = view.vault(id("v")).await.unwrap().unwrap();
    assert_eq!(
        (vault.deleted, vault.name_epoch, vault.name.as_slice(), vault.creator),
        (true, 0, [].as_slice(), id("ada"))
    );
    assert_eq!(view.members(id("v")).await.unwrap(), []);
    assert_eq!(view.wraps(id("v"), id("ada")).await.unwrap(), []);
    assert_eq!(view.previous_key(id("v"), 2).await.unwrap(), None);
    assert_eq!(view.item(id("v"), id("item")).await.unwrap(), None);
    assert_eq!(view.version(id("v"), id("item"), None).await.unwrap(), None);
    assert_eq!(view.parts(id("v"), id("item"), 0, 9).await.unwrap(), []);
    assert_eq!(view.file(id("v"), id("file")).await.unwrap(), None);
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), None);
    assert_eq!(view.entries(vault_log("v"), 0, 9).await.unwrap().len(), 2);
    assert!(!view.vault(id("other")).await.unwrap().unwrap().deleted);
    assert_eq!(view.parts(id("other"), id("item"), 0, 9).await.unwrap().len(), 1);
    assert_eq!(view.vaults_of(id("ada"), 0, 9).await.unwrap().len(), 1);
}

pub(crate) async fn an_item_ends_and_its_vault_stays(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    make_item(store, "v", "item", "ada").await;
    make_item(store, "v", "kept", "ada").await;
    let piece = |file| Row::Piece { file: id(file), piece: vec![1; 99] };
    attach(store, "v", "item", "file", 1, vec![piece("file")]).await;
    attach(store, "v", "item", "off", 1, vec![piece("off")]).await;
    commit(store, change(vec![], vec![Row::FileGone { vault: id("v"), file: id("off") }])).await;
    let mut before = view(store).await;
    let expected = |detached| FileRow { item: id("item"), file: id("off"), seq: 3, length: 7, detached };
    assert_eq!(before.file(id("v"), id("off")).await.unwrap(), Some(expected(true)));
    assert_eq!(before.file(id("other"), id("off")).await.unwrap(), None);
    assert_eq!(store.piece(id("off"), 0).await.unwrap(), None);
    drop(before);

    let end = Row::ItemGone { vault: id("v"), item: id("item"), version: 2, entry: 0 };
    commit(store, change(vec![entry(items_log("v"), "ada", "end")], vec![end])).await;
    let mut view = view(store).await;
    let item = view.item(id("v"), id("item")).await.unwrap().unwrap();
    assert_eq!((item.version, item.deleted, item.created, item.seq), (2, true, 0, 4));
    assert_eq!(view.version(id("v"), id("item"), None).await.unwrap(), None);
    assert_eq!(view.parts(id("v"), id("item"), 0, 9).await.unwrap(), []);
    assert_eq!(view.file(id("v"), id("file")).await.unwrap(), None);
    assert_eq!(store.piece(id("file"), 0).await.unwrap(), None);
    let left = view.items(id("v"), false, None, 9).await.unwrap();
    assert_eq!(left.iter().map(|row| row.item).collect::<Vec<_>>(), [id("kept")]);
}

pub(crate) async fn pages_meet_without_gap_or_overlap(place: Place) {
    let store = place.store.as_ref();
    for number in 0..7 {
        make_vault(store, &format!("v{number}"), "ada").await;
        make_item(store, "v0", &format!("i{number}"), "ada").await;
        let name = format!("p{number}");
        let append = entry(principal_log(&name), "ada", &format!("add {name}"));
        commit(store, change(vec![append], vec![profile(&name, None, true)])).await;
    }
    let archive = Row::Item {
        vault: id("v0"),
        item: id("i3"),
        version: 2,
        archived: true,
        entry: 0,
        overview: vec![],
        details: vec![],
    };
    commit(store, change(vec![entry(items_log("v0"), "ada", "archive")], vec![archive])).await;

    let mut view = view(store).await;
    let (mut vaults, mut principals, mut items) = (vec![], vec![], vec![]);
    let (mut vault, mut principal, mut item) = (0, 0, None);
    for _ in 0..4 {
        let page = view.vaults_of(id("ada"), vault, 2).await.unwrap();
        vault = page.last().map_or(vault, |row| row.leaf + 1);
        vaults.extend(page.into_iter().map(|row| row.vault));
        let page = view.principals(principal, 2).await.unwrap();
        principal = page.last().map_or(principal, |row| row.leaf + 1);
        principals.extend(page.into_iter().map(|row| row.principal));
        let page = view.items(id("v0"), false, item, 2).await.unwrap();
        item = page.last().map(|row| row.created).or(item);
        items.extend(page.into_iter().map(|row| row.item));
    }
    let names = |prefix: &str| (0..7).map(|number| id(&format!("{prefix}{number}"))).collect::<Vec<_>>();
    assert_eq!(vaults, names("v"));
    assert_eq!(principals, names("p"));
    assert_eq!(items, names("i").into_iter().filter(|item| *item != id("i3")).collect::<Vec<_>>());
    let archived = view.items(id("v0"), true, None, 9).await.unwrap();
    assert_eq!((archived.len(), archived[0].item, archived[0].created, archived[0].seq), (1, id("i3"), 3, 7));
}

pub(crate) async fn people_know_each_other_through_vaults(place: Place) {
    let store = place.store.as_ref();
    make_vault(store, "v", "ada").await;
    make_vault(store, "w", "eve").await;
    let person = |vault, name| Row::Person { vault: id(vault), principal: id(name) };
    commit(store, change(vec![], vec![member("v", "ben"), person("v", "ben"), person("v", "cat")])).await;
    let mut before = view(store).await;
    assert!(before.share_a_vault(id("ben"), id("ada")).await.unwrap());
    assert!(before.share_a_vault(id("ben"), id("cat")).await.unwrap());
    assert!(!before.share_a_vault(id("cat"), id("ben")).await.unwrap(), "cat is no member");
    assert!(!before.share_a_vault(id("ada"), id("eve")).await.unwrap());
    let mut known = vec![id("ada"), id("ben"), id("cat")];
    known.sort_unstable();
    assert_eq!(before.acquaintances(id("ben")).await.unwrap(), known);
    assert_eq!(before.acquaintances(id("cat")).await.unwrap(), []);
    drop(before);
    commit(store, change(vec![], vec![Row::MemberGone { vault: id("v"), grantee: id("ben") }])).await;
    let mut after = view(store).await;
    assert!(!after.share_a_vault(id("ben"), id("ada")).await.unwrap());
    assert!(after.met(id("ben"), id("ada")).await.unwrap(), "they were named together");
    assert!(after.met(id("cat"), id("ben")).await.unwrap());
    assert!(!after.met(id("ben"), id("eve")).await.unwrap());
    assert!(after.named(id("v"), id("ben")).await.unwrap());
    assert!(!after.named(id("w"), id("ben")).await.unwrap());
    assert!(!after.named(id("none"), id("ben")).await.unwrap());
    let naming = after.vaults_naming(id("ben"), 0, 9).await.unwrap();
    assert_eq!(naming.iter().map(|row| row.vault).collect::<Vec<_>>(), [id("v")]);
    assert!(after.vaults_naming(id("ben"), naming[0].leaf + 1, 9).await.unwrap().is_empty());
}

pub(crate) async fn a_row_of_nothing_is_refused(place: Place) {
    let store = place.store.as_ref();
    let vault = Row::Vault { vault: id("v"), creator: id("ada"), external_id: None };
    assert_eq!(store.commit(change(vec![], vec![vault])).await.unwrap_err().code(), "invalid_argument");
    make_vault(store, "v", "ada").await;
    assert_eq!(
        store.commit(change(vec![], vec![version("v", "item", 1)])).await.unwrap_err().code(),
        "invalid_argument"
    );
    let items = change(vec![entry(items_log("none"), "ada", "x")], vec![]);
    assert_eq!(store.commit(items).await.unwrap_err().code(), "invalid_argument");
    let mut view = view(store).await;
    assert_eq!(view.log(items_log("none")).await.unwrap(), None);
    assert_eq!(view.vault(id("none")).await.unwrap(), None);
    assert_eq!(view.members(id("none")).await.unwrap(), []);
    assert_eq!(view.entries(vault_log("none"), 0, 9).await.unwrap(), []);
}
