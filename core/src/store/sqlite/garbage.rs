//! Removes the objects of files that are gone. Their rows say so until it is done, so a crash leaks nothing.

use std::path::Path;

use rusqlite::Connection;

use super::queue::Queue;
use super::{elsewhere, pieces};
use crate::error::Result;
use crate::model::id::Id;

/// The most objects of one step, between two groups; at 20 µs each it delays them by about 1 ms.
const STEP: usize = 64;

/// Takes one step; returns whether there is more to do.
pub(super) fn collect(path: &Path, connection: &Connection, queue: &mut Queue) -> Result<bool> {
    let files: Vec<Id> = connection
        .prepare_cached("SELECT file FROM garbage LIMIT ?1")?
        .query_map([STEP], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut left = STEP;
    let mut gone = Vec::new();
    for file in &files {
        let (removed, all) = pieces::remove(path, *file, left)?;
        left -= removed;
        if all {
            gone.push(*file);
        }
        if left == 0 {
            break;
        }
    }
    if !gone.is_empty() {
        queue.write(connection, || forget(connection, &gone))?;
    }
    Ok(files.len() == STEP || gone.len() < files.len())
}

fn forget(connection: &Connection, gone: &[Id]) -> Result<()> {
    let mut forget = connection.prepare_cached("DELETE FROM garbage WHERE file = ?1")?;
    for file in gone {
        elsewhere::litter(connection, *file)?;
        forget.execute([*file])?;
    }
    Ok(())
}
