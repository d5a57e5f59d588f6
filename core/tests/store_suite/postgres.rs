//! What is PostgreSQL's own: schemas, opening again, what another program left.

use std::sync::Arc;
use std::time::Duration;

use strongroom::store::Store;
use strongroom::store::postgres::{PostgresLocation, PostgresStore};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::Place;
use crate::postgresql::Schema;
use crate::trees::verify;
use crate::world::{change, commit, entry, id, make_vault, vault_log, view};

pub(crate) async fn open(url: &str, create: bool) -> strongroom::error::Result<Arc<PostgresStore>> {
    PostgresStore::open(&PostgresLocation::parse(url)?, create).await
}

fn place(more: &str) -> Place {
    let schema = Schema::new();
    let url = format!("{}{more}", schema.0);
    let store = block_in_place(|| Handle::current().block_on(open(&url, true))).unwrap();
    Place::new(store, schema)
}

pub(crate) fn locks() -> Place {
    place("")
}

pub(crate) fn serializable() -> Place {
    place("&advisory_locks=off")
}

/// A connection of somebody else's, to this database or to another.
pub(crate) async fn somebody(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_a_transaction_that_is_left_open_elsewhere() {
    let schema = Schema::new();
    let store = open(&schema.0, true).await.unwrap();
    for vault in ["a", "b"] {
        make_vault(store.as_ref(), vault, "ada").await;
    }
    let (base, named) = schema.0.split_once("?schema=").unwrap();
    let stuck = somebody(base).await;
    stuck.batch_execute(&format!("SET search_path = {named}; BEGIN")).await.unwrap();
    let locked = stuck.query("SELECT 1 FROM intake WHERE id = $1 FOR UPDATE", &[&id("a").0.as_slice()]).await.unwrap();
    assert_eq!(locked.len(), 1);

    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { commit(store.as_ref(), change(vec![entry(vault_log("a"), "ada", "late")], vec![])).await.0[0] }
    });
    let mut size = store.end().await.unwrap().size;
    for number in 0..20 {
        let append = entry(vault_log("b"), "ada", &format!("meanwhile {number}"));
        let done = tokio::time::timeout(Duration::from_secs(5), commit(store.as_ref(), change(vec![append], vec![])));
        let (receipts, head) = done.await.expect("it waits for a vault that is not its own");
        assert!(receipts[0].position >= size && head.size > receipts[0].position);
        size = head.size;
    }
    assert!(!waiting.is_finished());
    stuck.batch_execute("ROLLBACK").await.unwrap();
    let late = tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap().unwrap();
    assert!(late.position >= size, "it comes after those that did not wait");
    verify(view(store.as_ref()).await.as_mut()).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_commit_is_skipped_however_many_engines_write() {
    const ENGINES: usize = 4;
    const WRITERS: usize = 50;
    const COMMITS: usize = 4;
    let schema = Schema::new();
    let watcher = open(&schema.0, true).await.unwrap();
    let (base, named) = schema.0.split_once("?schema=").unwrap();
    // Transactions that are left open, here and in another database of the same server.
    let mut open_ones = Vec::new();
    for url in [base.to_owned(), base.rsplit_once('/').map(|(server, _)| format!("{server}/template1")).unwrap()] {
        let somebody = somebody(&url).await;
        somebody.batch_execute("BEGIN; SELECT pg_current_xact_id()").await.unwrap();
        open_ones.push(somebody);
    }
    let looking = somebody(base).await;
    looking.batch_execute(&format!("SET search_path = {named}; BEGIN ISOLATION LEVEL REPEATABLE READ")).await.unwrap();
    looking.query("SELECT count(*) FROM staged", &[]).await.unwrap();

    let following = tokio::spawn({
        let watcher = Arc::clone(&watcher);
        async move {
            let (mut seen, mut next) = (Vec::new(), 0);
            while seen.len() < ENGINES * WRITERS * (COMMITS + 1) {
                watcher.wait(next).await.unwrap();
                let mut view = watcher.snapshot().await.unwrap();
                let size = view.head().await.unwrap().size;
                seen.extend(
                    view.feed(next, None, 10_000).await.unwrap().iter().map(|row| (row.log, row.seq, row.position)),
                );
                next = size;
            }
            seen
        }
    });
    let mut writers = Vec::new();
    let mut stores = Vec::new();
    for engine in 0..ENGINES {
        let store = open(&schema.0, false).await.unwrap();
        stores.push(Arc::clone(&store));
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            writers.push(tokio::spawn(async move {
                let name = format!("vault {engine}.{writer}");
                let mut receipts = vec![make_vault(store.as_ref(), &name, &name).await];
                for number in 0..COMMITS {
                    let append = entry(vault_log(&name), &name, &format!("{name} {number}"));
                    receipts.push(commit(store.as_ref(), change(vec![append], vec![])).await.0[0]);
                }
                receipts
            }));
        }
    }
    let mut promised = Vec::new();
    for writer in writers {
        promised.extend(writer.await.unwrap().into_iter().map(|receipt| (receipt.log, receipt.seq, receipt.position)));
    }
    let seen = tokio::time::timeout(Duration::from_secs(30), following).await.unwrap().unwrap();
    assert!(seen.is_sorted_by_key(|(.., position)| *position), "in order");
    let (mut seen, count) = (seen, promised.len());
    for list in [&mut seen, &mut promised] {
        list.sort_by_key(|(.., position)| *position);
    }
    assert_eq!(count, ENGINES * WRITERS * (COMMITS + 1));
    assert_eq!(seen, promised, "each once, where its receipt says");
    verify(view(watcher.as_ref()).await.as_mut()).await;
    for store in stores.into_iter().chain([watcher]) {
        store.close().await;
    }
}
