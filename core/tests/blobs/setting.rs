//! A database, and a place for the content of its large files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use strongroom::error::Result;
use strongroom::store::Store;
use strongroom::store::blobs::BlobsLocation;
use strongroom::store::postgres::{PostgresLocation, PostgresStore};
use strongroom::store::sqlite::SqliteStore;

use crate::postgresql::Schema;
use crate::s3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Database {
    Sqlite,
    Postgresql,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Folder,
    S3,
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format!("{self:?}").to_lowercase())
    }
}

pub(crate) fn all() -> impl Iterator<Item = (Database, Content)> {
    let databases = [Database::Sqlite, Database::Postgresql];
    databases.into_iter().flat_map(|database| [Content::Folder, Content::S3].map(|content| (database, content)))
}

pub(crate) struct Setting {
    pub(crate) database: Database,
    pub(crate) content: Content,
    folder: tempfile::TempDir,
    schema: Option<Schema>,
    prefix: String,
}

impl Setting {
    pub(crate) fn new(database: Database, content: Content) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let schema = (database == Database::Postgresql).then(Schema::new);
        let prefix = format!("class/{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self { database, content, folder: tempfile::tempdir().unwrap(), schema, prefix }
    }

    /// Another of the kind.
    pub(crate) fn other(&self) -> Self {
        Self::new(self.database, self.content)
    }

    /// The database's file, where it has one.
    fn path(&self) -> PathBuf {
        self.folder.path().join("school.db")
    }

    /// The URL of the place.
    pub(crate) fn blobs(&self) -> String {
        match self.content {
            Content::Folder => format!("file://{}", self.objects_in().display()),
            Content::S3 => format!("s3://{}/{}", s3::BUCKET, self.prefix),
        }
    }

    /// The folder that has the objects, whoever serves them.
    pub(crate) fn objects_in(&self) -> PathBuf {
        match self.content {
            Content::Folder => self.folder.path().join("content of files"),
            Content::S3 => s3::folder(&self.prefix),
        }
    }

    /// All objects, without the mark.
    pub(crate) fn objects(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        below(&self.objects_in(), &mut found);
        found.retain(|path| !path.ends_with("strongroom"));
        found
    }

    /// Waits until so many are left.
    pub(crate) async fn has_objects(&self, count: usize) {
        for _ in 0..1_000 {
            if self.objects().len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.objects());
    }

    /// The location without the place.
    pub(crate) fn bare(&self) -> String {
        match &self.schema {
            Some(schema) => schema.0.clone(),
            None => format!("sqlite:{}", self.path().display()),
        }
    }

    pub(crate) fn location(&self) -> String {
        self.with(&self.blobs())
    }

    /// The location with another place.
    pub(crate) fn with(&self, blobs: &str) -> String {
        let (bare, blobs) = (self.bare(), blobs.replace(' ', "%20"));
        if self.schema.is_some() { format!("{bare}&blobs={blobs}") } else { format!("{bare}?blobs={blobs}") }
    }

    pub(crate) async fn store(&self, create: bool) -> Result<Arc<dyn Store>> {
        self.store_with(Some(&self.blobs()), create).await
    }

    pub(crate) async fn store_with(&self, blobs: Option<&str>, create: bool) -> Result<Arc<dyn Store>> {
        Ok(match (self.database, blobs) {
            (Database::Sqlite, None) => SqliteStore::open(&self.path(), create)?,
            (Database::Sqlite, Some(blobs)) => {
                SqliteStore::open_with(&self.path(), create, &BlobsLocation::parse(blobs)?).await?
            }
            (Database::Postgresql, blobs) => {
                let location = blobs.map_or_else(|| self.bare(), |blobs| self.with(blobs));
                PostgresStore::open(&PostgresLocation::parse(&location)?, create).await?
            }
        })
    }

    /// Lets the day of every upload be over.
    pub(crate) async fn end_the_day(&self) {
        let sql = "UPDATE upload SET expires = 1";
        match &self.schema {
            None => _ = rusqlite::Connection::open(self.path()).unwrap().execute(sql, []).unwrap(),
            Some(schema) => {
                let (base, named) = schema.0.split_once("?schema=").unwrap();
                let (client, connection) = tokio_postgres::connect(base, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(connection);
                client.batch_execute(&format!("SET search_path = {named}; {sql}")).await.unwrap();
            }
        }
    }
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        // It may be gone by now.
        let Ok(entry) = entry else { continue };
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => below(&entry.path(), found),
            Ok(_) => found.push(entry.path()),
            Err(_) => (),
        }
    }
}
