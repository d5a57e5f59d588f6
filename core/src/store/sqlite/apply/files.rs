//! Files: what is attached, and where its pieces are.

use rusqlite::Connection;

use super::{Group, items, vault_leaf};
use crate::error::{Error, Result};
use crate::model::id::Id;

/// The bytes of a hash in the list of a file's pieces.
const HASH: usize = 32;

pub(super) fn attach(
    group: &mut Group<'_>,
    (vault, item, file): (Id, Id, Id),
    seq: u64,
    length: u64,
    leaves: &[u8],
) -> Result<()> {
    let leaf = vault_leaf(group, vault)?;
    items::number(group, leaf, item)?;
    let published = group.connection.prepare_cached("DELETE FROM upload WHERE file = ?1")?.execute([file])?;
    if published == 0 && leaves.len() > HASH {
        // More than one piece comes by an upload alone. Its day is over, or never began: nothing could be read.
        return Err(Error::conflict("the file's upload expired before it was attached: send the file again"));
    }
    group
        .connection
        .prepare_cached(
            "INSERT INTO file (vault, item, id, seq, length, leaves, detached) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
        )?
        .execute((leaf, item, file, seq, length, leaves))?;
    Ok(())
}

/// Keeps a piece as a row.
pub(in super::super) fn put_piece(connection: &Connection, file: Id, index: u64, piece: &[u8]) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO piece (file, idx, bytes) VALUES (?1, ?2, ?3)")?
        .execute((file, index, piece))?;
    Ok(())
}

pub(super) fn detach(group: &mut Group<'_>, vault: Id, file: Id) -> Result<()> {
    let leaf = vault_leaf(group, vault)?;
    group
        .connection
        .prepare_cached("UPDATE file SET detached = 1 WHERE vault = ?1 AND id = ?2")?
        .execute((leaf, file))?;
    discard(group.connection, file)
}

/// Drops the files of a vault, or of one item of it.
pub(super) fn forget(connection: &Connection, vault: u64, item: Option<Id>) -> Result<()> {
    let files: Vec<Id> = connection
        .prepare_cached("SELECT id FROM file WHERE vault = ?1 AND (?2 IS NULL OR item = ?2) AND detached = 0")?
        .query_map((vault, item), |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for file in files {
        discard(connection, file)?;
    }
    connection
        .prepare_cached("DELETE FROM file WHERE vault = ?1 AND (?2 IS NULL OR item = ?2)")?
        .execute((vault, item))?;
    Ok(())
}

/// Drops the pieces of a file: rows at once, objects once the writer comes to it.
pub(in super::super) fn discard(connection: &Connection, file: Id) -> Result<()> {
    let rows = connection.prepare_cached("DELETE FROM piece WHERE file = ?1")?.execute([file])?;
    if rows == 0 {
        connection.prepare_cached("INSERT OR IGNORE INTO garbage (file) VALUES (?1)")?.execute([file])?;
    }
    Ok(())
}
