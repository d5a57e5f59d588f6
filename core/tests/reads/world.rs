//! An account in a file, its owner, and a vault that somebody shares.

use std::path::{Path, PathBuf};

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::audit::{AuditEvent, AuditFilter};
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::NewItem;
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

pub(crate) struct World {
    pub(crate) path: PathBuf,
    pub(crate) owner: Client,
    pub(crate) owner_token: Secret,
    pub(crate) alice: Secret,
    pub(crate) vault: String,
    pub(crate) item: String,
    pub(crate) file: String,
    /// Dropped last.
    _folder: tempfile::TempDir,
}

pub(crate) async fn open(path: &Path, token: &Secret, app: Option<&str>) -> Client {
    let options = ConnectOptions {
        location: Some(path.display().to_string()),
        token: Some(token.clone()),
        app: app.map(str::to_owned),
        ..ConnectOptions::default()
    };
    connect(options).await.unwrap()
}

pub(crate) fn item(title: &str) -> NewItem {
    let field = Field {
        label: "password".to_owned(),
        value: Secret::new("hunter2"),
        field_type: FieldType::Concealed,
        section: None,
    };
    NewItem { title: title.to_owned(), fields: vec![field], ..NewItem::default() }
}

impl World {
    /// Alice may `role` in the owner's vault, which holds an item with a file of three pieces.
    pub(crate) async fn new(role: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("class.db");
        let kit = init(Some(path.to_str().unwrap()), "owner@example.edu", None).await.unwrap();
        let owner = open(&path, &kit.token, Some("teacher/1")).await;
        let user =
            NewUser { email: "alice@example.edu".to_owned(), name: Some("Alice".to_owned()), ..NewUser::default() };
        let alice = owner.users().create(user, None).await.unwrap().token;
        let access = vec![("alice@example.edu".to_owned(), role.to_owned())];
        let spec = VaultSpec { name: "Class".to_owned(), access, ..VaultSpec::default() };
        let vault = owner.vaults().create(spec).await.unwrap().id.to_string();
        let content = NewFile {
            name: "essay.pdf".to_owned(),
            source: Source::Bytes(vec![7; 2_500_000].into()),
            content_type: None,
            replace: None,
            progress: None,
            idempotency_key: None,
        };
        let made = owner.items().create(&vault, NewItem { files: vec![content], ..item("Homework 1") }).await.unwrap();
        let (item, file) = (made.id.to_string(), made.files[0].id.to_string());
        Self { path, owner, owner_token: kit.token, alice, vault, item, file, _folder: folder }
    }

    pub(crate) async fn events(&self, actions: &[&str]) -> Vec<AuditEvent> {
        list(&self.owner, actions).await
    }

    /// Ends the owner's client, which brings all reads into the file and anchors them.
    pub(crate) async fn close(&self) {
        self.owner.close().await;
    }
}

pub(crate) async fn list(client: &Client, actions: &[&str]) -> Vec<AuditEvent> {
    let filter =
        AuditFilter { action: actions.iter().map(|action| (*action).to_owned()).collect(), ..AuditFilter::default() };
    client.audit().list(filter).await.unwrap().all().await.unwrap()
}

pub(crate) fn actions(events: &[AuditEvent]) -> Vec<&str> {
    events.iter().map(|event| event.action.as_str()).collect()
}
