//! What a reader with three vaults pays for those of others: a page of changes and the list of vaults, before and after the
//! account has grown.

use std::path::Path;
use std::time::{Duration, Instant};

use strongroom::client::Client;
use strongroom::log::label::sha256;
use strongroom::log::operation::{LogId, LogKind};
use strongroom::model::change::{ChangeFilter, ChangePage};
use strongroom::model::id::Id;
use strongroom::model::item::NewItem;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{Append, ChangeSet, MemberRow, Outcome, Row, Store};

use crate::school;
use crate::timing::{median, row};

/// Vaults of others, and the entries of each: a thousand changes, then a million.
const FEW: usize = 100;
const EACH: usize = 10;
const ROUNDS: usize = 60;

pub(crate) async fn run(folder: &Path, vaults: usize) {
    let path = folder.join("growth.db");
    let (_, program) = school::program(path.to_str().unwrap()).await;
    let [user, other] = school::users(&program, 2).await.try_into().unwrap();
    let vault = school::vaults(&program, 3..4, 2).await.remove(0).id.to_string();
    for vault in school::vaults(&program, 0..3, 1).await {
        for number in 0..10 {
            let item = NewItem { title: format!("Homework {number}"), ..NewItem::default() };
            program.items().create(&vault.id.to_string(), item).await.unwrap();
        }
    }
    program.close().await;

    grow(&path, 0..FEW).await;
    let before = (measure(&user).await, news(&other, &vault).await);
    grow(&path, FEW..vaults).await;
    let after = (measure(&user).await, news(&other, &vault).await);
    let (few, many) = (FEW * EACH, vaults * EACH);
    row(&format!("changes.list, {many} changes stored"), after.0.0, &format!("{few} stored"), before.0.0, "≤ 1.2");
    row("    the same from the feed's end", after.0.1, &format!("{few} stored"), before.0.1, "≤ 1.2");
    row("    the same for one change, just made", after.1, &format!("{few} stored"), before.1, "≤ 1.2");
    row(&format!("vaults.list, 3 of {vaults}"), after.0.2, &format!("3 of {FEW}"), before.0.2, "≤ 1.2");
    row("    the same in a fresh client, connecting", after.0.3, &format!("3 of {FEW}"), before.0.3, "-");
}

type Figures = (Duration, Duration, Duration, Duration);

async fn measure(user: &strongroom::model::credential::Credential) -> Figures {
    let (mut pages, mut ends, mut lists, mut fresh) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let client = school::client(user).await;
    changes(&client, Some("start".to_owned())).await;
    let end = client.changes().cursor().await.unwrap();
    for _ in 0..ROUNDS {
        pages.push(changes(&client, Some("start".to_owned())).await);
        ends.push(changes(&client, Some(end.clone())).await);
        let began = Instant::now();
        assert_eq!(client.vaults().list().await.unwrap().data.len(), 3);
        lists.push(began.elapsed());
    }
    client.close().await;
    for _ in 0..ROUNDS / 4 {
        let began = Instant::now();
        let client = school::client(user).await;
        assert_eq!(client.vaults().list().await.unwrap().data.len(), 3);
        fresh.push(began.elapsed());
        client.close().await;
    }
    (median(pages), median(ends), median(lists), median(fresh))
}

/// A page of one change, which another client made right before.
async fn news(user: &strongroom::model::credential::Credential, vault: &str) -> Duration {
    let (client, writer) = (school::client(user).await, school::client(user).await);
    let mut after = client.changes().cursor().await.unwrap();
    let mut pages = Vec::new();
    for number in 0..ROUNDS {
        let item = NewItem { title: format!("Essay {number}"), ..NewItem::default() };
        writer.items().create(vault, item).await.unwrap();
        let (found, took) = page(&client, Some(after)).await;
        assert_eq!(found.data.len(), 1);
        pages.push(took);
        after = found.cursor;
    }
    writer.close().await;
    client.close().await;
    median(pages)
}

async fn changes(client: &Client, after: Option<String>) -> Duration {
    page(client, after).await.1
}

async fn page(client: &Client, after: Option<String>) -> (ChangePage, Duration) {
    let began = Instant::now();
    let filter = ChangeFilter { after, limit: Some(500), ..ChangeFilter::default() };
    let page = client.changes().list(filter).await.unwrap();
    (page, began.elapsed())
}

/// Vaults of somebody whom no client here ever looks at, so their entries need not be real.
async fn grow(path: &Path, numbers: std::ops::Range<usize>) {
    let store = SqliteStore::open(path, false).unwrap();
    for chunk in numbers.collect::<Vec<_>>().chunks(2_000) {
        let mut change = ChangeSet::default();
        for number in chunk {
            vault(*number, &mut change);
        }
        assert!(matches!(store.commit(change).await.unwrap(), Outcome::Committed(..)));
    }
    store.close().await;
}

fn vault(number: usize, change: &mut ChangeSet) {
    let named = |what: &str, entry: usize| -> Id { sha256(format!("{what} {number} {entry}").as_bytes()) };
    let (vault, creator) = (named("vault", 0), sha256(b"somebody else"));
    for entry in 0..EACH {
        let kind = if entry == 0 { LogKind::Vault } else { LogKind::Items };
        change.appends.push(Append {
            log: LogId { kind, id: vault },
            operation: vec![7; 300],
            signatures: vec![vec![1; 64]],
            signer: Some(creator),
            operation_id: named("operation", entry),
        });
    }
    change.rows.push(Row::Vault { vault, creator, external_id: None });
    change.rows.push(Row::Name { vault, epoch: 1, sealed: vec![2; 128] });
    change.rows.push(Row::Member(MemberRow { vault, grantee: creator, role: 3, expires_at: None }));
}
