//! Told to end, a server finishes what it accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use strongroom::client::{self, ConnectOptions};
use strongroom::model::change::ChangeFilter;
use tokio::net::TcpStream;

use crate::process::{Account, vault};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_it_ends_by_itself_and_loses_nothing() {
    let account = Account::new().await;
    let mut server = account.serve(&["--grace-seconds", "20"]);
    let client = server.client(&account.owner).await.unwrap();
    let client = client.with_options(None, Some(0)).unwrap();
    // What keeps a connection open and asks nothing.
    let _idle = TcpStream::connect(server.address).await.unwrap();
    let feed = client.changes().watch(ChangeFilter::default()).unwrap();
    let watching = tokio::spawn(async move { while let Ok(Some(_)) = feed.next().await {} });
    let acknowledged = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in 0.. {
                    match client.vaults().create(vault(&format!("vault {writer}-{number}"))).await {
                        Ok(vault) => made.push(vault.id),
                        Err(error) => return (made, error),
                    }
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                unreachable!("the server ends");
            })
        })
        .collect();
    while acknowledged.load(Ordering::Relaxed) < 40 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.stop();
    let status = server.ended(Duration::from_secs(30)).await;
    assert_eq!(status.and_then(|status| status.code()), Some(0), "{}", server.log());
    watching.abort();
    let options = ConnectOptions {
        location: Some(account.database.clone()),
        token: Some(account.owner.token.clone()),
        ..ConnectOptions::default()
    };
    let direct = client::connect(options).await.unwrap();
    let kept: Vec<_> =
        direct.vaults().list().await.unwrap().all().await.unwrap().into_iter().map(|vault| vault.id).collect();
    for writer in writers {
        let (made, error) = writer.await.unwrap();
        assert_eq!(error.code(), "unavailable", "{error}");
        assert!(made.iter().all(|vault| kept.contains(vault)), "what was acknowledged is there");
    }
    direct.audit().verify().await.unwrap();
}
