//! The content of large files in a place of its own: a folder, S3, Google Cloud Storage or Azure.
//!
//! A piece is an object, `<prefix>/<file>/<number>/<hash>`: so nobody can replace what is attached, whatever is still on its
//! way, and no object is ever locked. The place is marked as one database's own, by an object of a random value that the
//! database remembers too. A database never leads anybody to a place: whoever opens it names the place, and is told where
//! it is if that is another.

mod location;
mod looks;
mod marker;
mod object;

use std::fs::DirBuilder;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};

pub use location::BlobsLocation;
pub(super) use looks::Looks;
pub(super) use marker::{Remembered, elsewhere};
pub(super) use object::{get, of_the_system};

use crate::error::{Error, Result};
use crate::log::tree;
use crate::model::id::Id;

/// What is found is removed so often, at most: the last time there should be nothing left.
const TRIES: usize = 3;

/// The content of large files.
pub(super) struct Blobs {
    store: Arc<dyn ObjectStore>,
    root: Key,
    location: BlobsLocation,
}

impl Blobs {
    /// Nothing is asked of the place yet; a folder is made.
    pub(super) fn at(location: &BlobsLocation) -> Result<Self> {
        let (store, root) = location.open()?;
        Ok(Self { store, root, location: location.clone() })
    }

    /// Keeps a piece; on disk when this returns. Another of the same number stays beside it.
    pub(super) async fn put(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let key = self.piece(file, index).join(format!("{:?}", tree::hash_leaf(&piece)));
        self.store.put(&key, piece.into()).await.map(drop).map_err(|error| self.failed(&error))
    }

    /// The piece of this hash, if it is there, else any other of this number: whoever reads it holds it against the hash.
    pub(super) async fn get(&self, file: Id, index: u64, hash: Option<Id>) -> Result<Option<Vec<u8>>> {
        let of_number = self.piece(file, index);
        if let Some(hash) = hash
            && let Some(piece) = self.read(&of_number.clone().join(format!("{hash:?}"))).await?
        {
            return Ok(Some(piece));
        }
        match self.store.list(Some(&of_number)).next().await {
            Some(Ok(any)) => self.read(&any.location).await,
            Some(Err(error)) => Err(self.failed(&error)),
            None => Ok(None),
        }
    }

    async fn read(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        get(self.store.as_ref(), key).await.map_err(|error| self.failed(&error))
    }

    /// Removes all pieces of a file that are there.
    pub(super) async fn remove(&self, file: Id) -> Result<()> {
        self.clear(&self.root.clone().join(format!("{file:?}")), |_| true).await
    }

    /// Removes the objects below a prefix that are meant. Another engine may work at the same.
    async fn clear(&self, prefix: &Key, meant: impl Fn(&Key) -> bool) -> Result<()> {
        let mut failed = None;
        for _ in 0..TRIES {
            let mut listed = self.store.list(Some(prefix));
            let mut found = Vec::new();
            while let Some(object) = listed.next().await {
                found.push(object.map_err(|error| self.failed(&error))?.location);
            }
            found.retain(&meant);
            if found.is_empty() {
                return Ok(());
            }
            let removed = self.store.delete_stream(futures_util::stream::iter(found).map(Ok).boxed());
            let errors = removed.filter_map(|removed| std::future::ready(removed.err())).collect::<Vec<_>>().await;
            failed = errors.into_iter().find(|error| !matches!(error, object_store::Error::NotFound { .. }));
        }
        failed.map_or(Ok(()), |error| Err(self.failed(&error)))
    }

    fn piece(&self, file: Id, index: u64) -> Key {
        key(&self.root, file, index)
    }

    fn failed(&self, error: &object_store::Error) -> Error {
        object::refused(&self.location.to_string(), error)
    }
}

/// The key of a piece below a prefix.
pub(super) fn key(root: &Key, file: Id, index: u64) -> Key {
    root.clone().join(format!("{file:?}")).join(index.to_string())
}

/// Makes a folder that is its owner's alone, unless it is there.
pub(super) fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
