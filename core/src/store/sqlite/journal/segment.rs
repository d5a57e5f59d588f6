//! Two append-only files of one engine, one of which is written while the other is folded and emptied.
//!
//! Whoever has the lock file locked is alive. `flock` ends with the process, and the folder is not the database's, so
//! closing a file here drops none of SQLite's locks.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::super::{fault, place};
use crate::error::Result;
use crate::model::id::Id;

const WHAT: &str = "a read could not be noted for the audit";

/// The lock file and both segments of a chain.
pub(super) struct Paths {
    pub(super) lock: PathBuf,
    pub(super) segments: [PathBuf; 2],
}

impl Paths {
    pub(super) fn of(folder: &Path, chain: Id) -> Self {
        Self {
            lock: folder.join(format!("{chain:?}.lock")),
            segments: [folder.join(format!("{chain:?}.0")), folder.join(format!("{chain:?}.1"))],
        }
    }

    /// Removes the segments, then the lock file: while that is there, they are found again.
    pub(super) fn remove(&self) -> std::io::Result<()> {
        for path in self.segments.iter().chain([&self.lock]) {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The segments of a running engine.
pub(super) struct Segment {
    paths: Paths,
    /// Held, never read.
    _lock: File,
    files: [File; 2],
    /// Where the last whole frame ends.
    ends: [u64; 2],
    active: usize,
    /// A frame was broken off and could not be taken back.
    torn: bool,
}

impl Segment {
    /// Makes the files of this chain, and the folder if it is the first.
    pub(super) fn make(folder: &Path, chain: Id) -> Result<Self> {
        let failed = |error| fault::file(WHAT, error);
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let paths = Paths::of(folder, chain);
        let lock = loop {
            let lock = place::private().create(true).truncate(false).open(&paths.lock).map_err(failed)?;
            lock.lock().map_err(failed)?;
            // Between the two calls another engine may have taken the file for one of the dead, and removed it.
            if paths.lock.exists() {
                break lock;
            }
        };
        let open = |path: &PathBuf| place::private().append(true).create(true).open(path).map_err(failed);
        let files = [open(&paths.segments[0])?, open(&paths.segments[1])?];
        Ok(Self { paths, _lock: lock, files, ends: [0, 0], active: 0, torn: false })
    }

    /// Appends a frame whole, or leaves the segment as it was.
    pub(super) fn append(&mut self, frame: &[u8]) -> Result<()> {
        let (file, end) = (&mut self.files[self.active], self.ends[self.active]);
        if self.torn {
            file.set_len(end).map_err(|error| fault::file(WHAT, error))?;
            self.torn = false;
        }
        if let Err(error) = file.write_all(frame) {
            self.torn = file.set_len(end).is_err();
            return Err(fault::file(WHAT, error));
        }
        self.ends[self.active] += frame.len() as u64;
        Ok(())
    }

    /// Turns to the other file, if there is nothing in it.
    pub(super) fn turn(&mut self) {
        let other = 1 - self.active;
        if self.ends[other] == 0 && !self.torn {
            self.active = other;
        }
    }

    /// Empties the file that is not written. One that can't be emptied stays, for what is folded is not folded twice.
    pub(super) fn empty(&mut self) {
        let other = 1 - self.active;
        if self.ends[other] > 0 && self.files[other].set_len(0).is_ok() {
            self.ends[other] = 0;
        }
    }

    /// Removes the files. What stays is found by the next engine.
    pub(super) fn remove(self) {
        if let Err(error) = self.paths.remove() {
            tracing::warn!(%error, "segments of reads that are folded could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_is_written_while_the_other_is_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("reads");
        let mut segment = Segment::make(&folder, Id([1; 32])).unwrap();
        let paths = Paths::of(&folder, Id([1; 32]));
        let read = || paths.segments.each_ref().map(|path| fs::read(path).unwrap());
        segment.append(b"a").unwrap();
        segment.turn();
        segment.append(b"b").unwrap();
        assert_eq!(read(), [b"a", b"b"]);
        // The other is not empty yet.
        segment.turn();
        segment.append(b"c").unwrap();
        assert_eq!(read(), [&b"a"[..], b"bc"]);
        segment.empty();
        segment.turn();
        segment.append(b"d").unwrap();
        assert_eq!(read(), [&b"d"[..], b"bc"]);
        assert!(File::open(&paths.lock).unwrap().try_lock().is_err());
        segment.remove();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
