//! Attack 13: whoever stands between a client and a server, and passes on the server's challenge.

use std::net::SocketAddr;
use std::sync::Arc;

use strongroom::client::{self, ConnectOptions};
use strongroom::error::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::process::{Account, bearer};
use crate::raw;

/// Passes everything on, and may change what comes back.
async fn between(
    server: SocketAddr,
    change: impl Fn(Vec<u8>, SocketAddr) -> Vec<u8> + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, change) = (listener.local_addr().unwrap(), Arc::new(change));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let change = Arc::clone(&change);
            tokio::spawn(async move {
                let server = TcpStream::connect(server).await.unwrap();
                let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
                    (client.into_split(), server.into_split());
                let up = tokio::spawn(async move { tokio::io::copy(&mut from_client, &mut to_server).await });
                let mut buffer = vec![0; 65_536];
                while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
                    if to_client.write_all(&change(buffer[..length].to_vec(), address)).await.is_err() {
                        break;
                    }
                }
                up.abort();
            });
        }
    });
    address
}

fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len(), "the answer keeps its length");
    String::from_utf8(bytes.to_vec()).unwrap().replace(from, to).into_bytes()
}

async fn attempt(account: &Account, address: SocketAddr) -> strongroom::error::Error {
    let options = ConnectOptions {
        location: Some(format!("http://{address}")),
        token: Some(account.owner.token.clone()),
        ..ConnectOptions::default()
    };
    client::connect(options).await.unwrap_err()
}

#[tokio::test]
async fn a_challenge_of_another_origin_is_not_answered() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let honest = between(server.address, |bytes, _| bytes).await;
    let error = attempt(&account, honest).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains(&server.location), "it says whose challenge it was: {error}");
    let (_, metrics) = raw::get(server.address, "/metrics", None).await;
    assert!(metrics.contains("strongroom_sign_ins_total 0"), "nothing was signed: {metrics}");
}

#[tokio::test]
async fn a_signature_for_another_origin_opens_nothing() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let theirs = server.location.clone();
    let lying = between(server.address, move |bytes, address| {
        let ours = format!("http://{address}");
        if ours.len() == theirs.len() { replaced(&bytes, &theirs, &ours) } else { bytes }
    })
    .await;
    let error = attempt(&account, lying).await;
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let (_, metrics) = raw::get(server.address, "/metrics", None).await;
    assert!(metrics.contains("strongroom_sign_ins_total 0"), "{metrics}");
}

#[tokio::test]
async fn behind_a_proxy_the_origin_is_the_proxys() {
    let account = Account::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let address = listener.local_addr().unwrap();
    drop(listener);
    let server = account.serve(&["--origin", &origin]);
    assert_eq!(server.location, origin);
    // At its own address it is not the server that it says it is.
    assert_eq!(attempt(&account, server.address).await.kind(), ErrorKind::Unauthenticated);
    let inner = server.address;
    let proxy = TcpListener::bind(address).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = proxy.accept().await {
            tokio::spawn(async move {
                let mut server = TcpStream::connect(inner).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    server.client(&account.owner).await.unwrap();
}

#[tokio::test]
async fn a_session_of_one_origin_is_none_at_another() {
    let account = Account::new().await;
    let (one, other) = (account.serve(&[]), account.serve(&["--origin", "http://127.0.0.1:1"]));
    let known = bearer(&one, &account.owner).await;
    assert_eq!(raw::get(one.address, "/v1/sessions", Some(&known)).await.0, 200);
    assert_eq!(raw::get(other.address, "/v1/sessions", Some(&known)).await.0, 401);
}
