//! A database that goes, with all that is beside it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{fault, place};
use crate::error::{Error, Result};

/// The names of what is beside a database: SQLite's own, the queue and the bell, then the folders.
const FILES: [&str; 5] = ["-wal", "-shm", "-now", "-next", "-bell"];
const FOLDERS: [&str; 2] = ["-files", "-reads"];

/// Refuses a path where a database, or what one left, is in the way of a new one.
pub(super) fn is_free(path: &Path) -> Result<()> {
    let suffixes = FILES.into_iter().chain(FOLDERS);
    let mut taken = std::iter::once(path.to_path_buf()).chain(suffixes.map(|suffix| place::beside(path, suffix)));
    match taken.find(|path| path.exists()) {
        None => Ok(()),
        Some(taken) => Err(Error::already_exists(format!(
            "{} is there already: name a path where nothing is, or move it away",
            taken.display()
        ))),
    }
}

/// Removes a database that no program has open.
pub(super) fn remove(path: &Path) -> Result<()> {
    // The database first: what is beside it is of no use without it, and it would be without its files.
    let files = std::iter::once(path.to_path_buf()).chain(FILES.map(|suffix| place::beside(path, suffix)));
    for file in files {
        gone(fs::remove_file(file))?;
    }
    for folder in FOLDERS.map(|suffix| place::beside(path, suffix)) {
        gone(fs::remove_dir_all(folder))?;
    }
    Ok(())
}

fn gone(removed: std::io::Result<()>) -> Result<()> {
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(fault::file("a database could not be removed", error)),
        _ => Ok(()),
    }
}
