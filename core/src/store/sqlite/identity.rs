//! Whether the files of an open database are still the ones at their paths.
//!
//! Whoever renames another database over an open one, or removes its write-ahead log, leaves this process writing to files
//! that nobody finds again, or reading one file with the log of another. SQLite does not look; so this does, by device and
//! number of each file, around every group of changes and whenever a connection is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::database::lock;
use super::place;
use crate::error::{Error, Result};

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl Identity {
    /// The file at this path; none if there is none.
    #[cfg(unix)]
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|found| Self::from(&found))
    }

    /// The file that is open.
    #[cfg(unix)]
    pub(super) fn of(file: &std::fs::File) -> io::Result<Self> {
        file.metadata().map(|found| Self::from(&found))
    }

    /// Elsewhere an open file can be neither removed nor replaced.
    #[cfg(not(unix))]
    pub(super) fn at(path: &Path) -> Option<Self> {
        path.exists().then_some(Self(0, 0))
    }

    /// See [`Self::at`].
    #[cfg(not(unix))]
    pub(super) fn of(_: &std::fs::File) -> io::Result<Self> {
        Ok(Self(0, 0))
    }
}

#[cfg(unix)]
impl From<&std::fs::Metadata> for Identity {
    fn from(found: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(found.dev(), found.ino())
    }
}

/// A look at the database is good for so long: to find a path costs more than to read a row.
const GOOD: Duration = Duration::from_millis(1);

/// The database, its write-ahead log and its shared memory, as one connection that stays open holds them.
pub(super) struct Files {
    files: Mutex<[(PathBuf, Option<Identity>); 3]>,
    /// When the database was last found in its place.
    found: Mutex<Option<Instant>>,
}

impl Files {
    /// Those at their paths now. The connection that stays must have read by then, so that it holds all of them.
    pub(super) fn beside(database: &Path) -> Self {
        let paths = [database.to_owned(), place::beside(database, "-wal"), place::beside(database, "-shm")];
        let files = Self { files: Mutex::new(paths.map(|path| (path, None))), found: Mutex::default() };
        files.know();
        files
    }

    /// The same again, where all connections were closed in between.
    pub(super) fn know(&self) {
        for (path, identity) in &mut *lock(&self.files) {
            *identity = Identity::at(path);
        }
    }

    /// Refuses if one of them is gone or another.
    pub(super) fn check(&self) -> Result<()> {
        if lock(&self.files).iter().all(in_place) { Ok(()) } else { Err(moved()) }
    }

    /// The same of the database alone.
    pub(super) fn check_database(&self) -> Result<()> {
        let [database, ..] = &*lock(&self.files);
        if in_place(database) { Ok(()) } else { Err(moved()) }
    }

    /// As [`Self::check_database`], unless that was found a moment ago: for a read, which changes nothing.
    pub(super) fn glance(&self) -> Result<()> {
        let mut found = lock(&self.found);
        if found.is_some_and(|found| found.elapsed() < GOOD) {
            return Ok(());
        }
        *found = None;
        self.check_database()?;
        *found = Some(Instant::now());
        Ok(())
    }

    /// The database.
    pub(super) fn database(&self) -> Option<Identity> {
        lock(&self.files)[0].1
    }

    /// Whether the write-ahead log alone is lost, so that what is in it can still go into the database.
    pub(super) fn can_be_rescued(&self) -> bool {
        let [database, log, memory] = &*lock(&self.files);
        in_place(database) && !in_place(log) && (in_place(memory) || Identity::at(&memory.0).is_none())
    }
}

fn in_place((path, identity): &(PathBuf, Option<Identity>)) -> bool {
    identity.is_none() || Identity::at(path) == *identity
}

/// What is said then.
pub(super) fn moved() -> Error {
    Error::unavailable(
        "the database file, its -wal or its -shm was removed or replaced while it was open, so nothing more is written \
         to it: end all programs that use it, put the file back, and connect again",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_known_by_more_than_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let [path, log, other] = ["v.db", "v.db-wal", "other"].map(|name| folder.path().join(name));
        std::fs::write(&path, "one").unwrap();
        std::fs::write(&log, "log").unwrap();
        let files = Files::beside(&path);
        files.check().unwrap();
        std::fs::write(&path, "more in the same file").unwrap();
        files.check().unwrap();
        std::fs::rename(&log, &other).unwrap();
        assert!(files.can_be_rescued());
        files.check_database().unwrap();
        files.glance().unwrap();
        let error = files.check().unwrap_err();
        assert_eq!(error.code(), "unavailable");
        std::fs::rename(&other, &log).unwrap();
        files.check().unwrap();
        std::fs::rename(&path, &other).unwrap();
        assert!(files.check_database().is_err() && !files.can_be_rescued());
        std::thread::sleep(2 * GOOD);
        assert!(files.glance().is_err() && files.glance().is_err());
        std::fs::write(&path, "another").unwrap();
        assert!(files.check_database().is_err());
    }
}
