//! Files.

use rusqlite::Connection;

use super::{one, vault_leaf};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::FileRow;

pub(in super::super) fn file(connection: &Connection, vault: Id, file: Id) -> Result<Option<FileRow>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(None) };
    one(connection, "SELECT item, seq, length, detached FROM file WHERE id = ?1 AND vault = ?2", (file, leaf), |row| {
        Ok(FileRow { item: row.get(0)?, file, seq: row.get(1)?, length: row.get(2)?, detached: row.get(3)? })
    })
}

pub(in super::super) fn pieces_of(connection: &Connection, vault: Id, file: Id) -> Result<Option<Vec<u8>>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(None) };
    one(connection, "SELECT leaves FROM file WHERE id = ?1 AND vault = ?2", (file, leaf), |row| row.get(0))
}
