//! An account in which everything has happened that leaves rows.

use std::path::PathBuf;

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::error::Result;
use strongroom::model::change::ChangeFilter;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;
use tempfile::TempDir;

use crate::postgresql::Schema;

pub(crate) const LARGE: usize = 2_500_000;

pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) owner: Secret,
    pub(crate) alice: Secret,
    pub(crate) vault: String,
    pub(crate) item: String,
    pub(crate) file: String,
}

pub(crate) fn options(location: &str, token: &Secret) -> ConnectOptions {
    ConnectOptions { location: Some(location.to_owned()), token: Some(token.clone()), ..ConnectOptions::default() }
}

/// With a state file.
pub(crate) fn remembering(world: &World, location: &str) -> ConnectOptions {
    ConnectOptions { state: Some(world.path("state")), ..options(location, &world.alice) }
}

pub(crate) fn after(cursor: &str) -> ChangeFilter {
    ChangeFilter { after: Some(cursor.to_owned()), ..ChangeFilter::default() }
}

pub(crate) async fn open(location: &str, token: &Secret) -> Client {
    connect(options(location, token)).await.unwrap()
}

pub(crate) fn code<T>(result: Result<T>) -> &'static str {
    result.err().map_or("done", |error| error.code())
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

pub(crate) fn file(name: &str, content: Vec<u8>) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(content.into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

pub(crate) fn vault(name: &str, access: &[(&str, &str)]) -> VaultSpec {
    let access = access.iter().map(|(who, role)| ((*who).to_owned(), (*role).to_owned())).collect();
    VaultSpec { name: name.to_owned(), access, external_id: Some(name.to_lowercase()), ..VaultSpec::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = folder.path().join("class.db").display().to_string();
        Self::at(folder, &location).await
    }

    /// The account in PostgreSQL, and an empty folder.
    pub(crate) async fn in_postgresql(schema: &Schema) -> Self {
        Self::at(tempfile::tempdir().unwrap(), &schema.0).await
    }

    async fn at(folder: TempDir, location: &str) -> Self {
        let kit = init(Some(location), "owner@example.edu", None).await.unwrap();
        let owner = open(location, &kit.token).await;
        let mut tokens = Vec::new();
        for name in ["alice", "ben", "carol"] {
            let email = format!("{name}@example.edu");
            tokens.push(owner.users().create(NewUser { email, ..NewUser::default() }, None).await.unwrap().token);
        }
        let members = [("alice@example.edu", "write"), ("ben@example.edu", "read"), ("carol@example.edu", "read")];
        let made = owner.vaults().create(vault("Class", &members)).await.unwrap().id.to_string();
        let alice = open(location, &tokens[0]).await;
        let (items, files) = (alice.items(), alice.files());
        let small = file("small.txt", b"a small file".to_vec());
        let homework = items.create(&made, NewItem { files: vec![small], ..item("Homework") }).await.unwrap();
        let id = homework.id.to_string();
        let large = files.attach(&made, &id, file("large.bin", vec![7; LARGE])).await.unwrap();
        let gone = files.attach(&made, &id, file("gone.bin", vec![8; LARGE])).await.unwrap();
        files.detach(&made, &id, &gone.id.to_string()).await.unwrap();
        for version in 0..3 {
            let title = Some(format!("Homework, {version}"));
            items.update(&made, &id, ItemUpdate { title, ..ItemUpdate::default() }).await.unwrap();
        }
        let archived = items.create(&made, item("Archived")).await.unwrap();
        items.archive(&made, &archived.id.to_string()).await.unwrap();
        let deleted =
            items.create(&made, NewItem { files: vec![file("x", vec![1])], ..item("Deleted") }).await.unwrap();
        owner.items().delete(&made, &deleted.id.to_string()).await.unwrap();
        owner.access().revoke(&made, "ben@example.edu").await.unwrap();
        owner.users().suspend("carol@example.edu").await.unwrap();
        let ended = owner.vaults().create(vault("Ended", &[])).await.unwrap();
        owner.vaults().delete(&ended.id.to_string()).await.unwrap();
        owner.users().delete("ben@example.edu", None, true).await.unwrap();
        let alice_token = alice.rotate_token(None).await.unwrap();
        alice.items().get(&made, &id, None).await.unwrap();
        for client in [alice, owner] {
            client.close().await;
        }
        let file = large.id.to_string();
        Self { folder, owner: kit.token, alice: alice_token, vault: made, item: id, file }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The names of what lies in the folder and belongs to this database.
    pub(crate) fn left_of(&self, name: &str) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|found| found.starts_with(name)).collect()
    }

    /// What Alice finds at a place.
    pub(crate) async fn is_whole(&self, location: &str) {
        let alice = open(location, &self.alice).await;
        let item = alice.items().get(&self.vault, &self.item, None).await.unwrap();
        assert_eq!((item.title.as_str(), item.files.len()), ("Homework, 2", 2));
        let history = alice.items().history(&self.vault, &self.item).await.unwrap().all().await.unwrap();
        assert_eq!(history.len() as u64, item.version);
        let read = async |id: &str| alice.files().read(&self.vault, &self.item, id).await.unwrap();
        assert_eq!(read(&item.files[0].id.to_string()).await, b"a small file");
        assert_eq!(read(&self.file).await, vec![7; LARGE]);
        let archived = alice
            .items()
            .list(&self.vault, ItemFilter { archived: true, ..ItemFilter::default() })
            .await
            .unwrap()
            .all()
            .await
            .unwrap();
        assert_eq!(archived.len(), 1);
        assert_eq!(alice.vaults().list().await.unwrap().all().await.unwrap().len(), 1);
        alice.close().await;
    }
}

pub(crate) async fn put(location: &str, token: &Secret, vault: &str, title: &str) {
    let client = open(location, token).await;
    client.items().create(vault, item(title)).await.unwrap();
    client.close().await;
}
