//! The state file: the newest verified head, kept between runs (PROTOCOL, rule 4).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::model::id::{AccountId, Id};

#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    account: String,
    size: u64,
    root: String,
}

/// Remembers a head, whole or not at all.
pub(super) struct StateFile {
    path: PathBuf,
    account: AccountId,
    head: Mutex<Option<Head>>,
}

impl StateFile {
    /// Reads what the file remembers; a file that is not there remembers nothing.
    pub(super) fn open(path: PathBuf, account: AccountId) -> Result<Self> {
        let head = match std::fs::read(&path) {
            Ok(bytes) => Some(parse(&bytes, account)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::argument("state", format!("{} can't be read: {error}", path.display()))),
        };
        Ok(Self { path, account, head: Mutex::new(head) })
    }

    pub(super) fn head(&self) -> Option<Head> {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a newer head.
    pub(super) fn keep(&self, head: Head) -> Result<()> {
        let mut kept = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_some_and(|kept| kept.size >= head.size) {
            return Ok(());
        }
        self.write(head)?;
        *kept = Some(head);
        Ok(())
    }

    /// Remembers a head in place of the one before, be it newer or not.
    pub(super) fn replace(&self, head: Head) -> Result<()> {
        let mut kept = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        self.write(head)?;
        *kept = Some(head);
        Ok(())
    }

    fn write(&self, head: Head) -> Result<()> {
        let text = text(head, self.account)?;
        replace(&self.path, &text)
            .map_err(|error| Error::argument("state", format!("{} can't be written: {error}", self.path.display())))
    }
}

/// The bytes of the file.
pub(super) fn text(head: Head, account: AccountId) -> Result<Vec<u8>> {
    let root = data_encoding::HEXLOWER.encode(head.root.as_bytes());
    let record = Record { version: 1, account: account.to_string(), size: head.size, root };
    serde_json::to_vec(&record).map_err(|error| Error::unavailable("the state could not be written").caused_by(error))
}

/// The head that the bytes remember.
pub(super) fn parse(bytes: &[u8], account: AccountId) -> Result<Head> {
    let wrong = || Error::argument("state", "this is no state file of strongroom: name another, or remove it");
    let record: Record = serde_json::from_slice(bytes).map_err(|_| wrong())?;
    if record.version != 1 {
        return Err(Error::unsupported("the state file was written by a newer version: upgrade strongroom"));
    }
    if record.account != account.to_string() {
        return Err(Error::argument("state", "this state file is of another account: use one for each account"));
    }
    let root = data_encoding::HEXLOWER.decode(record.root.as_bytes()).map_err(|_| wrong())?;
    Ok(Head { size: record.size, root: Id::try_from(root.as_slice()).map_err(|_| wrong())? })
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(part);
    let mut file = std::fs::File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&part, path)
}
