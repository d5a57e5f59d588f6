//! Sessions: renewed inside a call, refused for good only where signing in is.

use std::time::Duration;

use strongroom::error::ErrorKind;
use strongroom::model::audit::AuditFilter;
use strongroom::model::principal::NewUser;

use crate::process::{Account, bearer, vault};
use crate::raw;

#[tokio::test]
async fn a_client_goes_on_when_the_server_has_forgotten_its_session() {
    let account = Account::new().await;
    let mut first = account.serve(&[]);
    let client = first.client(&account.owner).await.unwrap();
    client.vaults().create(vault("before")).await.unwrap();
    first.kill();
    let listen = first.address.to_string();
    let error = client.vaults().create(vault("meanwhile")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("no server answers"), "{error}");
    let _second = account.serve_at(&listen, &[]);
    // Calls at once, all in the session that is gone.
    let calls = (0..8).map(|number| {
        let client = client.clone();
        tokio::spawn(async move { client.vaults().create(vault(&format!("after {number}"))).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    let opened = AuditFilter { action: vec!["session.opened".to_owned()], ..AuditFilter::default() };
    let opened = client.audit().list(opened).await.unwrap().data.len();
    assert_eq!(opened, 2, "signed in once more, and once alone");
}

#[tokio::test]
async fn who_may_not_sign_in_any_more_is_told_so() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let owner = server.client(&account.owner).await.unwrap();
    let user = NewUser { email: "alice@example.edu".to_owned(), ..NewUser::default() };
    let kit = owner.users().create(user, None).await.unwrap();
    let alice = server.client(&kit).await.unwrap();
    alice.vaults().list().await.unwrap();
    let known = bearer(&server, &kit).await;
    owner.users().suspend("alice@example.edu").await.unwrap();
    let error = alice.vaults().list().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    let body = br#"{"from": 0, "limit": 1}"#;
    assert_eq!(raw::ask(server.address, "POST", "/v1/vaults", Some(&known), body).await.0, 401);
    owner.users().reactivate("alice@example.edu").await.unwrap();
    alice.vaults().list().await.unwrap();
    assert_eq!(raw::ask(server.address, "POST", "/v1/vaults", Some(&known), body).await.0, 401, "it has ended");
}

#[tokio::test]
async fn nothing_in_the_log_opens_anything() {
    let account = Account::new().await;
    let server = account.serve(&["--log-level", "debug", "--log-format", "json"]);
    let client = server.client(&account.owner).await.unwrap();
    client.vaults().create(vault("Swordfish")).await.unwrap();
    let known = bearer(&server, &account.owner).await;
    raw::ask(server.address, "POST", "/v1/vaults?hunter2=1", Some(&known), br#"{"from": 0, "limit": "hunter2"}"#).await;
    raw::get(server.address, "/v1/hunter2", Some(&known)).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let log = server.log();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string(), "{line}");
    }
    assert!(log.contains("\"route\":\"/v1/operations\"") && log.contains("\"status\":200"), "{log}");
    for secret in [known.as_str(), account.owner.token.expose(), "Swordfish", "hunter2"] {
        assert!(!log.contains(secret), "{secret}");
    }
}
