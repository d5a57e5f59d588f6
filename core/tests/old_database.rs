//! A database of version 1, made once, opens with its tokens ever after, and says what it said then.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::path::Path;

use serde_json::Value;
use strongroom::client::{Client, ConnectOptions, connect};
use strongroom::model::change::{ChangeFilter, ChangeKind};
use strongroom::model::item::ItemFilter;
use strongroom::model::secret::Secret;

async fn open(location: &Path, token: &Value) -> Client {
    let options = ConnectOptions {
        location: Some(location.display().to_string()),
        token: Some(Secret::new(token.as_str().unwrap())),
        ..ConnectOptions::default()
    };
    connect(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_version_1_wrote_is_read() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1/database");
    let said: Value = serde_json::from_slice(&std::fs::read(kept.join("classroom.json")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("classroom.db");
    std::fs::copy(kept.join("classroom.db"), &location).unwrap();
    let (vault, item) = (said["vault"].as_str().unwrap(), said["item"].as_str().unwrap());

    let student = open(&location, &said["student"]).await;
    let found = student.vaults().get(vault).await.unwrap();
    assert_eq!((found.name.as_str(), found.description.as_str()), ("Alice", "Homework"));
    assert_eq!(found.external_id.as_deref(), Some("student-42"));
    let read = student.items().get(vault, item, None).await.unwrap();
    assert_eq!((read.version, read.title.as_str(), read.notes.as_str()), (2, "Homework 1", "A note"));
    assert_eq!(read.field("password", None).unwrap().value.expose(), "hunter2");
    assert_eq!(read.field("grade", None).unwrap().value.expose(), "A");
    let file = read.files[0].id.to_string();
    assert_eq!(student.files().read(vault, item, &file).await.unwrap(), b"An essay");
    let listed = student.items().list(vault, ItemFilter::default()).await.unwrap().all().await.unwrap();
    assert_eq!(listed.iter().map(|item| item.title.as_str()).collect::<Vec<_>>(), ["Homework 1", "Homework 2"]);

    let owner = open(&location, &said["owner"]).await;
    let changes = owner.changes().list(ChangeFilter::default()).await.unwrap();
    assert_eq!(changes.data[0].kind, ChangeKind::VaultCreated);
    let after = ChangeFilter { after: Some(said["cursor"].as_str().unwrap().to_owned()), ..ChangeFilter::default() };
    assert!(owner.changes().list(after).await.unwrap().data.is_empty());
    owner.audit().verify().await.unwrap();

    let rescue = open(&location, &said["recovery"]).await;
    rescue.access().grant(vault, "bob@example.edu", "read", None).await.unwrap();
    assert_eq!(owner.access().list(vault, None).await.unwrap().data.len(), 3);
}
