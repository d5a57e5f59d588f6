//! An account in a file, an item to attach to, and what is beside the database.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use strongroom::authority::Authority;
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::error::Result;
use strongroom::model::credential::Credential;
use strongroom::model::file::{ByteStream, NewFile, Source};
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

pub(crate) const MIB: usize = 1 << 20;

/// An account in a folder of its own, with one item.
pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) kit: Credential,
    pub(crate) client: Client,
    pub(crate) vault: String,
    pub(crate) item: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::within(tempfile::tempdir().unwrap()).await
    }

    pub(crate) async fn within(folder: tempfile::TempDir) -> Self {
        let path = folder.path().join("vaults.db");
        let kit = client::init(path.to_str(), "owner@example.edu", None).await.unwrap();
        let client = open(&path, kit.token.expose()).await;
        let spec = VaultSpec { name: "vault".to_owned(), ..VaultSpec::default() };
        let vault = client.vaults().create(spec).await.unwrap().id.to_string();
        let item = NewItem { title: "item".to_owned(), ..NewItem::default() };
        let item = client.items().create(&vault, item).await.unwrap().id.to_string();
        Self { folder, kit, client, vault, item }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder().join("vaults.db")
    }

    pub(crate) fn token(&self) -> &str {
        self.kit.token.expose()
    }

    pub(crate) async fn attach(&self, source: Source) -> Result<strongroom::model::file::File> {
        self.client.files().attach(&self.vault, &self.item, new("file", source)).await
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        let item = self.client.items().get(&self.vault, &self.item, None).await.unwrap();
        item.files.into_iter().map(|file| file.id.to_string()).collect()
    }

    /// What is kept in the folder beside the database: for each file its objects.
    pub(crate) fn kept(&self) -> Vec<Vec<String>> {
        let list = |path: &Path| -> Vec<PathBuf> {
            std::fs::read_dir(path).map_or_else(|_| Vec::new(), |read| read.map(|one| one.unwrap().path()).collect())
        };
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        list(&self.folder().join("vaults.db-files"))
            .iter()
            .map(|file| list(file).iter().map(name).filter(|name| !name.contains('#')).collect())
            .collect()
    }

    /// Waits until as many files have pieces, and their uploads are no more.
    pub(crate) async fn keeps(&self, files: usize) {
        for _ in 0..2000 {
            let kept = self.kept();
            if kept.len() == files && kept.iter().flatten().all(|name| name != "upload") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{files} files are attached, and these are kept: {:?}", self.kept());
    }
}

/// A client of the database at this path.
pub(crate) async fn open(path: &Path, token: &str) -> Client {
    let location = path.to_str().map(str::to_owned);
    let options = ConnectOptions { location, token: Some(Secret::new(token)), ..ConnectOptions::default() };
    client::connect(options).await.unwrap()
}

/// A client of an authority.
pub(crate) async fn connect(authority: Arc<dyn Authority>, kit: &Credential) -> Result<Client> {
    let backend = Sealed::connect(authority, kit.token.expose(), SealedOptions::default()).await?;
    Ok(Client::new(Arc::new(backend), Duration::from_secs(30), 2))
}

pub(crate) fn new(name: &str, source: Source) -> NewFile {
    NewFile { name: name.to_owned(), source, content_type: None, replace: None, progress: None, idempotency_key: None }
}

/// The block of this number: no two are alike.
pub(crate) fn block(number: usize) -> Vec<u8> {
    let mut block = vec![u8::try_from(number % 251).unwrap(); MIB];
    block[..8].copy_from_slice(&(number as u64).to_be_bytes());
    block
}

pub(crate) fn content(blocks: usize) -> Vec<u8> {
    (0..blocks).map(block).collect::<Vec<_>>().concat()
}

/// Blocks made as they are asked for.
pub(crate) fn stream(blocks: usize) -> ByteStream {
    Box::pin(futures_util::stream::iter((0..blocks).map(|number| Ok(block(number).into()))))
}

/// Bytes that cost nothing, so that as many are soon there as a test needs.
pub(crate) fn random(below: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0) % below
}

impl World {
    /// A piece as it is kept.
    pub(crate) fn piece(&self, file: &str, number: usize) -> Vec<u8> {
        let file: strongroom::model::id::FileId = file.parse().unwrap();
        std::fs::read(self.folder().join("vaults.db-files").join(format!("{:?}", file.0)).join(number.to_string()))
            .unwrap()
    }
}
