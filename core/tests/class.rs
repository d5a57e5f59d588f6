//! The class, driven from Rust: what the library is for, in one story.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

use std::time::Duration;

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::change::{ChangeFilter, ChangeKind, Subject};
use strongroom::model::credential::Credential;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights};
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

async fn client(kit: &Credential) -> Client {
    let options = ConnectOptions {
        location: Some(kit.location.clone()),
        token: Some(kit.token.clone()),
        ..ConnectOptions::default()
    };
    connect(options).await.unwrap()
}

fn concealed(label: &str, value: &str) -> Field {
    Field { label: label.to_owned(), value: Secret::new(value), field_type: FieldType::Concealed, section: None }
}

fn file(name: &str, content: Vec<u8>) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(content.into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

async fn class(location: &str) {
    let kit = init(Some(location), "teacher@example.edu", None).await.unwrap();
    let again = init(Some(&kit.location), "teacher@example.edu", None).await.unwrap_err();
    assert_eq!(again.code(), "already_exists");
    let teacher = client(&kit).await;
    let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: "grader".to_owned(), rights, ..NewServiceAccount::default() };
    let grader_kit = teacher.service_accounts().create(account, None).await.unwrap();
    let grader = client(&grader_kit).await;
    let feed = grader.changes().watch(ChangeFilter::default()).unwrap();

    let mut students = Vec::new();
    for name in ["alice", "bob", "carol"] {
        let email = format!("{name}@example.edu");
        let user = NewUser { email: email.clone(), name: Some(name.to_owned()), ..NewUser::default() };
        let kit = grader.users().create(user, None).await.unwrap();
        let spec = VaultSpec {
            name: format!("{name}'s vault"),
            description: Some("Homework".to_owned()),
            external_id: Some(format!("student-{name}")),
            access: vec![(email, "write".to_owned())],
            ..VaultSpec::default()
        };
        let vault = grader.vaults().create(spec).await.unwrap();
        students.push((client(&kit).await, vault));
    }

    for (number, (student, vault)) in students.iter().enumerate() {
        let listed = student.vaults().list().await.unwrap().all().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].name, vault.name);
        let content = vec![u8::try_from(number).unwrap(); 300_000 + 2_000_000 * number];
        let item = NewItem {
            title: "Homework 1".to_owned(),
            fields: vec![concealed("password", "hunter2")],
            files: vec![file("essay.pdf", content.clone())],
            ..NewItem::default()
        };
        let item = student.items().create(&vault.id.to_string(), item).await.unwrap();
        loop {
            let change = tokio::time::timeout(Duration::from_secs(5), feed.next()).await.unwrap().unwrap().unwrap();
            if change.kind == ChangeKind::FileAttached {
                let Subject::File { item_id, file_id, .. } = change.subject else { panic!("{change:?}") };
                assert_eq!((item_id, change.vault_id), (item.id, vault.id));
                let read = grader
                    .files()
                    .read(&vault.id.to_string(), &item_id.to_string(), &file_id.to_string())
                    .await
                    .unwrap();
                assert!(read == content);
                break;
            }
        }
        let grade = ItemUpdate { set_fields: vec![concealed("grade", "A")], ..ItemUpdate::default() };
        grader.items().update(&vault.id.to_string(), &item.id.to_string(), grade).await.unwrap();
        let seen = student.items().get(&vault.id.to_string(), &item.id.to_string(), None).await.unwrap();
        assert_eq!(seen.field("grade", None).unwrap().value.expose(), "A");
        assert_eq!(seen.version, 2);
    }

    for (number, (student, _)) in students.iter().enumerate() {
        for (other, (_, vault)) in students.iter().enumerate() {
            let got = student.items().list(&vault.id.to_string(), ItemFilter::default()).await;
            if number == other {
                assert_eq!(got.unwrap().data.len(), 1);
            } else {
                assert_eq!(got.unwrap_err().code(), "not_found");
            }
        }
    }

    let (student, vault) = &students[1];
    grader.access().revoke(&vault.id.to_string(), "bob@example.edu").await.unwrap();
    assert_eq!(student.vaults().get(&vault.id.to_string()).await.unwrap_err().code(), "not_found");
    assert!(student.vaults().list().await.unwrap().data.is_empty());
    let still = grader.items().list(&vault.id.to_string(), ItemFilter::default()).await.unwrap();
    assert_eq!(still.data.len(), 1);

    let proof = teacher.audit().verify().await.unwrap();
    assert!(proof.events > 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_runs_in_memory() {
    class("memory:").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_class_runs_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    class(folder.path().join("classroom.db").to_str().unwrap()).await;
}
