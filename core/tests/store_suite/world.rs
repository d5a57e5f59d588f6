//! Names, entries and rows to fill a store with.

use strongroom::log::feed::Head;
use strongroom::log::operation::{LogId, LogKind};
use strongroom::model::id::Id;
use strongroom::store::{Append, ChangeSet, Guard, Outcome, Receipt, Row, Snapshot, Store};

/// The id of this name.
pub(crate) fn id(name: &str) -> Id {
    strongroom::log::label::sha256(name.as_bytes())
}

pub(crate) fn log(kind: LogKind, name: &str) -> LogId {
    LogId { kind, id: id(name) }
}

pub(crate) fn vault_log(name: &str) -> LogId {
    log(LogKind::Vault, name)
}

pub(crate) fn items_log(name: &str) -> LogId {
    log(LogKind::Items, name)
}

pub(crate) fn principal_log(name: &str) -> LogId {
    log(LogKind::Principal, name)
}

/// An entry whose operation id is unique for its operation's text.
pub(crate) fn entry(log: LogId, signer: &str, operation: &str) -> Append {
    Append {
        log,
        operation: operation.as_bytes().to_vec(),
        signatures: vec![vec![1; 64], operation.as_bytes().to_vec()],
        signer: Some(id(signer)),
        operation_id: id(operation),
    }
}

pub(crate) fn change(appends: Vec<Append>, rows: Vec<Row>) -> ChangeSet {
    ChangeSet { appends, rows, ..ChangeSet::default() }
}

pub(crate) fn guarded(guard: Guard, append: Append) -> ChangeSet {
    ChangeSet { guards: vec![guard], appends: vec![append], ..ChangeSet::default() }
}

/// Commits what must be taken.
pub(crate) async fn commit(store: &dyn Store, change: ChangeSet) -> (Vec<Receipt>, Head) {
    match store.commit(change).await.unwrap() {
        Outcome::Committed(receipts, head) => (receipts, head),
        refused => panic!("refused: {refused:?}"),
    }
}

/// Commits what must be stale, and says by which guard.
pub(crate) async fn stale(store: &dyn Store, change: ChangeSet) -> usize {
    match store.commit(change).await.unwrap() {
        Outcome::Stale(guard) => guard,
        other => panic!("not stale: {other:?}"),
    }
}

pub(crate) async fn view(store: &dyn Store) -> Box<dyn Snapshot> {
    store.snapshot().await.unwrap()
}

/// A vault of this name and creator, who is a member.
pub(crate) async fn make_vault(store: &dyn Store, name: &str, creator: &str) -> Receipt {
    let (vault, creator_id) = (id(name), id(creator));
    let rows = vec![
        Row::Vault { vault, creator: creator_id, external_id: None },
        Row::Name { vault, epoch: 1, sealed: name.as_bytes().to_vec() },
        member(name, creator),
        Row::Person { vault, principal: creator_id },
    ];
    commit(store, change(vec![entry(vault_log(name), creator, &format!("make {name}"))], rows)).await.0[0]
}

pub(crate) fn member(vault: &str, grantee: &str) -> Row {
    Row::Member(strongroom::store::MemberRow { vault: id(vault), grantee: id(grantee), role: 3, expires_at: None })
}

/// A first version of an item.
pub(crate) async fn make_item(store: &dyn Store, vault: &str, item: &str, signer: &str) -> Receipt {
    let text = format!("put {item} in {vault}");
    commit(store, change(vec![entry(items_log(vault), signer, &text)], vec![version(vault, item, 1)])).await.0[0]
}

pub(crate) fn version(vault: &str, item: &str, version: u64) -> Row {
    Row::Item {
        vault: id(vault),
        item: id(item),
        version,
        archived: false,
        entry: 0,
        overview: format!("{item} overview {version}").into_bytes(),
        details: format!("{item} details {version}").into_bytes(),
    }
}

/// Attaches a file of so many pieces.
pub(crate) async fn attach(store: &dyn Store, vault: &str, item: &str, file: &str, pieces: usize, rows: Vec<Row>) {
    let attached = Row::File {
        vault: id(vault),
        item: id(item),
        file: id(file),
        entry: 0,
        length: 7,
        leaves: vec![9; 32 * pieces],
    };
    let append = entry(items_log(vault), "ada", &format!("attach {file}"));
    commit(store, change(vec![append], [vec![attached], rows].concat())).await;
}
