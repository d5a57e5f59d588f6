//! Whose place it is: an object that says so, against two databases in one place and one database in two.

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode};

use super::Blobs;
use crate::error::{Error, Result};
use crate::model::id::Id;

/// The object's name; no file has it, for theirs are hashes.
const NAME: &str = "strongroom";

/// What a database remembers of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct Remembered {
    /// Where it was when it was last opened.
    pub(in crate::store) url: String,
    /// What its marker says.
    pub(in crate::store) marker: Id,
}

impl Blobs {
    /// The place as it would be remembered.
    pub(in crate::store) fn remembered_as(&self, marker: Id) -> Remembered {
        Remembered { url: self.location.to_string(), marker }
    }

    /// Marks the place for a database; says whether it is marked so now, or was marked for another.
    pub(in crate::store) async fn mark(&self, marker: Id) -> Result<bool> {
        if self.read(&self.marker()).await?.is_some() {
            return Ok(false);
        }
        let content = Bytes::from(format!("{marker:?}\n"));
        match self.store.put_opts(&self.marker(), content.into(), PutMode::Create.into()).await {
            // Some services replace an object nevertheless: of two that mark the place at once, the later has it.
            Ok(_) | Err(StoreError::AlreadyExists { .. }) => self.says(marker).await,
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Takes the mark away.
    pub(in crate::store) async fn unmark(&self) -> Result<()> {
        match self.store.delete(&self.marker()).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed(&error)),
        }
    }

    /// Refuses a place that is not the one which the database remembers. It may have been moved, whole.
    pub(in crate::store) async fn belongs(&self, to: &Remembered) -> Result<()> {
        if self.says(to.marker).await? { Ok(()) } else { Err(self.is_not(to)) }
    }

    /// Refuses a place that is marked for any database.
    pub(in crate::store) async fn is_free(&self) -> Result<()> {
        if self.read(&self.marker()).await?.is_some() { Err(self.is_taken()) } else { Ok(()) }
    }

    /// Whether the place is marked for this database.
    pub(in crate::store) async fn says(&self, marker: Id) -> Result<bool> {
        let there = self.read(&self.marker()).await?;
        Ok(there.is_some_and(|there| there.trim_ascii() == format!("{marker:?}").as_bytes()))
    }

    fn is_not(&self, to: &Remembered) -> Error {
        Error::argument(
            "blobs",
            format!(
                "the content of this account's files is at {}, and {} is not a copy of it: name the first, or move all of \
                 its objects",
                to.url, self.location
            ),
        )
    }

    /// The refusal of a place that is marked for another database.
    pub(in crate::store) fn is_taken(&self) -> Error {
        Error::argument(
            "blobs",
            format!(
                "{} has the content of another account's files, or is left of one: name an empty place, such as another prefix",
                self.location
            ),
        )
    }

    /// Removes all pieces, if the place is this database's. What else is below the prefix stays.
    pub(in crate::store) async fn remove_all(&self, marker: Id) -> Result<()> {
        if !self.says(marker).await? {
            return Ok(());
        }
        self.clear(&self.root, |key| is_piece(&self.root, key)).await?;
        self.unmark().await
    }

    fn marker(&self) -> Key {
        self.root.clone().join(NAME)
    }
}

/// Whether this is the key of a piece.
fn is_piece(root: &Key, key: &Key) -> bool {
    let Some(parts) = key.prefix_match(root) else { return false };
    let parts: Vec<_> = parts.collect();
    let [file, index, hash] = parts.as_slice() else { return false };
    let length = format!("{:?}", Id([0; 32])).len();
    [file, hash].iter().all(|id| id.as_ref().len() == length)
        && index.as_ref().bytes().all(|byte| byte.is_ascii_digit())
}

/// The refusal of a call that needs the place, where none was named.
pub(in crate::store) fn elsewhere(remembered: &Remembered) -> Error {
    Error::argument(
        "blobs",
        format!(
            "the content of files over 1 MiB is at {}: add it to the location as `blobs=…`, or give `--blobs` to the server",
            remembered.url
        ),
    )
}
