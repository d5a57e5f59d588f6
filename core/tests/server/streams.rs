//! The stream of changes: at once, resumed, and for everybody's writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use strongroom::client::changes::ChangeFeed;
use strongroom::client::{self, ConnectOptions};
use strongroom::model::change::{Change, ChangeFilter};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::process::{Account, Server, bearer, vault};
use crate::raw;

const PATIENCE: Duration = Duration::from_secs(20);

/// A stream as its bytes.
struct Stream(TcpStream, String);

impl Stream {
    async fn open(server: &Server, bearer: &str, last: Option<u64>) -> Self {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let head =
            format!("GET /v1/changes/stream HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {bearer}\r\n{last}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(stream, String::new())
    }

    /// The id of the next event within this time.
    async fn next(&mut self, within: Duration) -> Option<u64> {
        let reading = async {
            loop {
                if let Some((event, rest)) = self.1.split_once("\n\n") {
                    let id = event.lines().find_map(|line| line.strip_prefix("id: ")?.parse().ok());
                    self.1 = rest.to_string();
                    return id.unwrap();
                }
                let mut buffer = [0; 4096];
                let length = self.0.read(&mut buffer).await.unwrap();
                assert!(length > 0, "the stream ended: {}", self.1);
                self.1.push_str(&String::from_utf8_lossy(&buffer[..length]));
            }
        };
        tokio::time::timeout(within, reading).await.ok()
    }
}

pub(crate) async fn next(feed: &ChangeFeed) -> Change {
    tokio::time::timeout(PATIENCE, feed.next()).await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn events_are_the_sizes_of_the_feed_and_resumed_after_the_last() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let owner = server.client(&account.owner).await.unwrap();
    let known = bearer(&server, &account.owner).await;
    let mut stream = Stream::open(&server, &known, None).await;
    let size = stream.next(PATIENCE).await.unwrap();
    owner.vaults().create(vault("one")).await.unwrap();
    let longer = stream.next(PATIENCE).await.unwrap();
    assert!(longer > size, "{longer} {size}");
    drop(stream);
    // The feed grows by itself now and then, when reads are anchored.
    let mut last = longer;
    let mut resumed = loop {
        let mut resumed = Stream::open(&server, &known, Some(last)).await;
        match resumed.next(Duration::from_millis(300)).await {
            Some(id) => assert!(id > std::mem::replace(&mut last, id), "it was told already"),
            None => break resumed,
        }
    };
    // Written by another process, past the server.
    let options = ConnectOptions {
        location: Some(account.database.clone()),
        token: Some(account.owner.token.clone()),
        ..ConnectOptions::default()
    };
    client::connect(options).await.unwrap().vaults().create(vault("two")).await.unwrap();
    assert!(resumed.next(PATIENCE).await.unwrap() > last);
    let mut late = Stream::open(&server, &known, Some(size)).await;
    assert!(late.next(PATIENCE).await.unwrap() > last);
    assert_eq!(raw::get(server.address, "/v1/changes/stream", Some(&"A".repeat(43))).await.0, 401);
}

#[tokio::test]
async fn a_watcher_whose_connections_are_cut_misses_nothing_and_hears_nothing_twice() {
    let account = Account::new().await;
    let origin = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = origin.local_addr().unwrap();
    let server = account.serve(&["--origin", &format!("http://{address}")]);
    let inner = server.address;
    let stopped = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&stopped);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = origin.accept().await {
            let until = Arc::clone(&until);
            tokio::spawn(async move {
                let mut server = TcpStream::connect(inner).await.unwrap();
                let passing = tokio::io::copy_bidirectional(&mut client, &mut server);
                if until.load(Ordering::Relaxed) {
                    let _ = passing.await;
                } else {
                    let _ = tokio::time::timeout(Duration::from_millis(120), passing).await;
                }
            });
        }
    });
    let options = ConnectOptions {
        location: Some(server.location.clone()),
        token: Some(account.owner.token.clone()),
        max_retries: Some(20),
        ..ConnectOptions::default()
    };
    let watcher = client::connect(options).await.unwrap();
    let feed =
        watcher.changes().watch(ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() }).unwrap();
    let writer = {
        let direct = ConnectOptions {
            location: Some(account.database.clone()),
            token: Some(account.owner.token.clone()),
            ..ConnectOptions::default()
        };
        client::connect(direct).await.unwrap()
    };
    let writing = tokio::spawn(async move {
        let mut made = Vec::new();
        for number in 0..60 {
            made.push(writer.vaults().create(vault(&format!("vault {number}"))).await.unwrap().id);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        made
    });
    let mut heard = Vec::new();
    for _ in 0..60 {
        heard.push(next(&feed).await.vault_id);
    }
    assert_eq!(heard, writing.await.unwrap());
    stopped.store(true, Ordering::Relaxed);
    assert!(tokio::time::timeout(Duration::from_millis(300), feed.next()).await.is_err(), "and no more");
}

#[tokio::test]
async fn a_feed_lives_through_a_restart_of_the_server() {
    let account = Account::new().await;
    let mut first = account.serve(&[]);
    let listen = first.address.to_string();
    let watcher = first.client(&account.owner).await.unwrap();
    let feed = watcher.changes().watch(ChangeFilter::default()).unwrap();
    watcher.vaults().create(vault("one")).await.unwrap();
    let one = next(&feed).await;
    let waiting = tokio::spawn(async move {
        let two = next(&feed).await;
        (feed, two)
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let _second = account.serve_at(&listen, &[]);
    let two = watcher.vaults().create(vault("two")).await.unwrap();
    let (_feed, heard) = waiting.await.unwrap();
    assert_eq!(heard.vault_id, two.id);
    assert_ne!(heard.vault_id, one.vault_id);
}

#[tokio::test]
async fn one_stream_serves_all_watchers_of_a_client_and_ends_with_it() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let client = server.client(&account.owner).await.unwrap();
    let feeds: Vec<ChangeFeed> = (0..10).map(|_| client.changes().watch(ChangeFilter::default()).unwrap()).collect();
    let waiting: Vec<_> = feeds
        .into_iter()
        .map(|feed| {
            tokio::spawn(async move {
                let change = next(&feed).await;
                (feed, change)
            })
        })
        .collect();
    let streams = async || {
        let (_, metrics) = raw::get(server.address, "/metrics", None).await;
        let line = metrics.lines().find_map(|line| line.strip_prefix("strongroom_streams ")).unwrap();
        line.parse::<u32>().unwrap()
    };
    let reaches = async |wanted: u32| {
        for _ in 0..400 {
            if streams().await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} streams, and not {wanted}", streams().await);
    };
    reaches(1).await;
    let made = client.vaults().create(vault("one")).await.unwrap();
    for task in waiting {
        let (feed, change) = task.await.unwrap();
        assert_eq!(change.vault_id, made.id);
        feed.close();
    }
    assert_eq!(streams().await, 1);
    drop(client);
    reaches(0).await;
}
