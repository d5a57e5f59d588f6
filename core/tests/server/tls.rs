//! Over TLS: HTTP/2, and certificates that are trusted, refused and replaced.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use reqwest::{Certificate, Version};
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::error::{ErrorKind, Result};
use strongroom::model::change::ChangeFilter;
use tokio::net::TcpListener;

use crate::process::{Account, Server, vault};
use crate::streams::next;

/// How long a new certificate may take to be served.
const FRESH: Duration = Duration::from_mins(1);

/// An authority of certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A new chain and key of this host, in the account's files.
    fn certify(&self, account: &Account) {
        let key = KeyPair::generate().unwrap();
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.0).unwrap();
        std::fs::write(path(account, "chain.pem"), certificate.pem()).unwrap();
        std::fs::write(path(account, "key.pem"), key.serialize_pem()).unwrap();
    }

    /// A client of HTTP that trusts it alone, and has no connection yet.
    fn http(&self) -> reqwest::ClientBuilder {
        let root = Certificate::from_pem(self.0.pem().as_bytes()).unwrap();
        reqwest::Client::builder().no_proxy().tls_certs_only([root])
    }

    /// Its certificate in a file.
    fn file(&self, account: &Account, name: &str) -> PathBuf {
        let file = path(account, name);
        std::fs::write(&file, self.0.pem()).unwrap();
        file
    }
}

fn path(account: &Account, name: &str) -> PathBuf {
    account.folder.path().join(name)
}

/// Serves over TLS, with the chain and key in the account's files.
async fn serve(account: &Account) -> Server {
    let free: SocketAddr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let origin = format!("https://localhost:{}", free.port());
    let [chain, key] = ["chain.pem", "key.pem"].map(|name| path(account, name).display().to_string());
    account.serve_at(&free.to_string(), &["--origin", &origin, "--tls-cert", &chain, "--tls-key", &key])
}

async fn connect(server: &Server, account: &Account, ca_file: PathBuf) -> Result<Client> {
    let options = ConnectOptions {
        location: Some(server.location.clone()),
        token: Some(account.owner.token.clone()),
        ca_file: Some(ca_file),
        max_retries: Some(0),
        ..ConnectOptions::default()
    };
    client::connect(options).await
}

/// How many connections are open, the one that asks not counted.
async fn connections(server: &Server, authority: &Authority) -> u32 {
    let asked = authority.http().build().unwrap().get(format!("{}/metrics", server.location)).send().await.unwrap();
    let metrics = asked.text().await.unwrap();
    let open = metrics.lines().find_map(|line| line.strip_prefix("strongroom_connections ")).unwrap();
    open.parse::<u32>().unwrap() - 1
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_and_the_newer_is_preferred() {
    let (account, authority) = (Account::new().await, Authority::new("School"));
    authority.certify(&account);
    let server = serve(&account).await;
    let health = format!("{}/healthz", server.location);
    for (http, version) in [(authority.http(), Version::HTTP_2), (authority.http().http1_only(), Version::HTTP_11)] {
        let answer = http.build().unwrap().get(&health).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_and_calls_at_once_share_one_connection() {
    let (account, authority) = (Account::new().await, Authority::new("School"));
    authority.certify(&account);
    let server = serve(&account).await;
    let client = connect(&server, &account, authority.file(&account, "root.pem")).await.unwrap();
    let feed = client.changes().watch(ChangeFilter::default()).unwrap();
    client.vaults().create(vault("first")).await.unwrap();
    next(&feed).await;
    let calls = (0..20).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { client.vaults().create(vault(&format!("vault {number}"))).await.unwrap().id })
    });
    let (mut made, mut heard) = (Vec::new(), Vec::new());
    for call in calls.collect::<Vec<_>>() {
        made.push(call.await.unwrap());
        heard.push(next(&feed).await.vault_id);
    }
    made.sort_unstable();
    heard.sort_unstable();
    assert_eq!(heard, made);
    assert_eq!(connections(&server, &authority).await, 1, "as HTTP/2 allows");
}

#[tokio::test]
async fn who_trusts_another_authority_is_told_why() {
    let (account, authority) = (Account::new().await, Authority::new("School"));
    authority.certify(&account);
    let server = serve(&account).await;
    let other = Authority::new("Other").file(&account, "other.pem");
    let error = connect(&server, &account, other).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_new_certificate_is_served_and_one_that_is_of_no_use_is_not() {
    let (account, before, after) = (Account::new().await, Authority::new("Before"), Authority::new("After"));
    before.certify(&account);
    let server = serve(&account).await;
    let client = connect(&server, &account, before.file(&account, "root.pem")).await.unwrap();
    let feed = client.changes().watch(ChangeFilter::default()).unwrap();
    let health = format!("{}/healthz", server.location);

    // A chain that its key does not fit, as somebody who replaces both leaves it for a moment.
    let key = std::fs::read(path(&account, "key.pem")).unwrap();
    after.certify(&account);
    let fitting = std::fs::read(path(&account, "key.pem")).unwrap();
    std::fs::write(path(&account, "key.pem"), key).unwrap();
    let refused = Instant::now();
    while !server.log().contains("the one before stays") {
        assert!(refused.elapsed() < FRESH, "it does not say that it can't be used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(before.http().build().unwrap().get(&health).send().await.unwrap().status().is_success());

    std::fs::write(path(&account, "key.pem"), fitting).unwrap();
    let replaced = Instant::now();
    while after.http().build().unwrap().get(&health).send().await.is_err() {
        assert!(replaced.elapsed() < FRESH, "it is not served");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(before.http().build().unwrap().get(&health).send().await.is_err());
    // Who was connected stays so.
    let direct = ConnectOptions {
        location: Some(account.database.clone()),
        token: Some(account.owner.token.clone()),
        ..ConnectOptions::default()
    };
    let made = client::connect(direct).await.unwrap().vaults().create(vault("after")).await.unwrap();
    assert_eq!(next(&feed).await.vault_id, made.id);
}
