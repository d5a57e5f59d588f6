//! Whole accounts whose large files are in a place of their own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use strongroom::client::{self, Client, ConnectOptions, backup, migrate, restore};
use strongroom::error::Error;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

use crate::setting::Setting;

const LARGE: usize = 2_500_000;

struct Class {
    owner: Secret,
    vault: String,
    item: String,
    file: String,
}

async fn open(location: &str, token: &Secret) -> Client {
    let options =
        ConnectOptions { location: Some(location.to_owned()), token: Some(token.clone()), ..ConnectOptions::default() };
    client::connect(options).await.unwrap()
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

impl Class {
    /// An account with one large file and one small.
    async fn begin(location: &str) -> Self {
        let kit = client::init(Some(location), "owner@example.edu", None).await.unwrap();
        Self::fill(location, kit.token).await
    }

    async fn fill(location: &str, owner: Secret) -> Self {
        let client = open(location, &owner).await;
        let spec = VaultSpec { name: "Class".to_owned(), ..VaultSpec::default() };
        let vault = client.vaults().create(spec).await.unwrap().id.to_string();
        let small = file("small.txt", b"a small file".to_vec());
        let item = NewItem { title: "Homework".to_owned(), files: vec![small], ..NewItem::default() };
        let item = client.items().create(&vault, item).await.unwrap().id.to_string();
        let attached = client.files().attach(&vault, &item, file("large.bin", vec![7; LARGE])).await.unwrap();
        client.close().await;
        Self { owner, vault, item, file: attached.id.to_string() }
    }

    async fn is_whole(&self, location: &str) {
        let client = open(location, &self.owner).await;
        assert_eq!(client.files().read(&self.vault, &self.item, &self.file).await.unwrap(), vec![7; LARGE]);
        client.audit().verify().await.unwrap();
        client.close().await;
    }
}

pub(crate) async fn files_go_there_and_go_with_their_item(setting: Setting) {
    let class = Class::begin(&setting.location()).await;
    class.is_whole(&setting.location()).await;
    assert_eq!(setting.objects().len(), 3);
    let client = open(&setting.location(), &class.owner).await;
    for object in setting.objects() {
        let bytes = std::fs::read(object).unwrap();
        assert!(!bytes.windows(64).any(|window| window == [7; 64]), "it is sealed");
    }
    let other = client.files().attach(&class.vault, &class.item, file("other.bin", vec![8; LARGE])).await.unwrap();
    assert_eq!(setting.objects().len(), 6);
    client.files().detach(&class.vault, &class.item, &other.id.to_string()).await.unwrap();
    setting.has_objects(3).await;
    // An upload that its author breaks off.
    let source =
        futures_util::stream::iter([Ok(vec![9; LARGE].into()), Err(Error::unavailable("the network went away"))]);
    let broken = NewFile { source: Source::Stream(Box::pin(source)), ..file("broken.bin", Vec::new()) };
    assert!(client.files().attach(&class.vault, &class.item, broken).await.is_err());
    setting.has_objects(3).await;
    client.vaults().delete(&class.vault).await.unwrap();
    setting.has_objects(0).await;
    client.close().await;
}

struct Serving {
    origin: String,
    child: Child,
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn serve(setting: &Setting, more: &[&str]) -> Result<Serving, String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--log-level", "error", "--database", &setting.bare()])
        .args(more)
        .env_remove("STRONGROOM_LOCATION")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let Ok(told) = serde_json::from_str::<Value>(&line) else {
        let ended = child.wait_with_output().unwrap();
        return Err(String::from_utf8(ended.stderr).unwrap());
    };
    Ok(Serving { origin: told["origin"].as_str().unwrap().to_owned(), child })
}

pub(crate) async fn a_server_has_it_too(setting: Setting) {
    let kit = client::init(Some(&setting.bare()), "owner@example.edu", None).await.unwrap();
    let place = setting.blobs();
    let server = serve(&setting, &["--blobs", &place]).unwrap();
    let class = Class::fill(&server.origin, kit.token).await;
    class.is_whole(&server.origin).await;
    assert_eq!(setting.objects().len(), 3);
    drop(server);
    class.is_whole(&setting.location()).await;
    let other = setting.other();
    let refused = serve(&setting, &["--blobs", &other.blobs()]).err().unwrap();
    assert!(refused.contains("invalid_argument") && refused.contains("is not a copy"), "{refused}");
    let untold = serve(&setting, &[]).unwrap();
    let client = open(&untold.origin, &class.owner).await;
    let refused = client.files().read(&class.vault, &class.item, &class.file).await.unwrap_err();
    assert!(refused.message().contains("--blobs"), "{refused}");
    client.close().await;
}

pub(crate) async fn copies_have_places_of_their_own(setting: Setting) {
    let class = Class::begin(&setting.location()).await;
    let (kept, again, moved) = (setting.other(), setting.other(), setting.other());
    let owner = || Some(class.owner.clone());
    backup(Some(&setting.location()), &kept.location(), owner()).await.unwrap();
    class.is_whole(&kept.location()).await;
    let taken = backup(Some(&setting.location()), &again.with(&setting.blobs()), owner()).await;
    assert_eq!(taken.unwrap_err().code(), "invalid_argument");
    class.is_whole(&setting.location()).await;
    restore(&kept.location(), Some(&again.location()), owner()).await.unwrap();
    class.is_whole(&again.location()).await;
    // And to where it has none, and back.
    migrate(&again.location(), &moved.bare(), owner()).await.unwrap();
    class.is_whole(&moved.bare()).await;
    for (setting, objects) in [(&setting, 3), (&kept, 3), (&again, 3), (&moved, 0)] {
        assert_eq!(setting.objects().len(), objects);
    }
    // What fails leaves nothing.
    std::fs::remove_file(setting.objects().pop().unwrap()).unwrap();
    let gone = setting.other();
    assert!(backup(Some(&setting.location()), &gone.location(), owner()).await.is_err());
    assert_eq!(gone.objects(), Vec::<PathBuf>::new());
    assert!(!gone.objects_in().join("strongroom").exists());
}
