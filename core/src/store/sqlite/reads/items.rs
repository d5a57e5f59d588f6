//! Items and their parts.

use rusqlite::Connection;

use super::{all, one, vault_leaf};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::sqlite::convert::Flag;
use crate::store::{ItemRow, PartsRow};

pub(in super::super) fn item(connection: &Connection, vault: Id, item: Id) -> Result<Option<ItemRow>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(None) };
    one(
        connection,
        "SELECT version, archived, deleted, created, seq FROM item WHERE vault = ?1 AND id = ?2",
        (leaf, item),
        |row| {
            Ok(ItemRow {
                vault,
                item,
                version: row.get(0)?,
                archived: row.get::<_, Flag>(1)?.0,
                deleted: row.get::<_, Flag>(2)?.0,
                created: row.get(3)?,
                seq: row.get(4)?,
            })
        },
    )
}

/// Those created after `after`.
pub(in super::super) fn items(
    connection: &Connection,
    vault: Id,
    archived: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<ItemRow>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(Vec::new()) };
    let from = after.map_or(0, |after| after.saturating_add(1));
    all(
        connection,
        "SELECT id, version, created, seq FROM item \
         WHERE vault = ?1 AND archived = ?2 AND deleted = 0 AND created >= ?3 ORDER BY created LIMIT ?4",
        (leaf, archived, from, limit),
        |row| {
            Ok(ItemRow {
                vault,
                item: row.get(0)?,
                version: row.get(1)?,
                archived,
                deleted: false,
                created: row.get(2)?,
                seq: row.get(3)?,
            })
        },
    )
}

pub(in super::super) fn all_items(connection: &Connection, vault: Id, from: u64, limit: u32) -> Result<Vec<ItemRow>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(Vec::new()) };
    all(
        connection,
        "SELECT id, version, archived, deleted, created, seq FROM item \
         WHERE vault = ?1 AND created >= ?2 ORDER BY created LIMIT ?3",
        (leaf, from, limit),
        |row| {
            Ok(ItemRow {
                vault,
                item: row.get(0)?,
                version: row.get(1)?,
                archived: row.get::<_, Flag>(2)?.0,
                deleted: row.get::<_, Flag>(3)?.0,
                created: row.get(4)?,
                seq: row.get(5)?,
            })
        },
    )
}

pub(in super::super) fn parts(
    connection: &Connection,
    vault: Id,
    item: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<PartsRow>> {
    let Some(leaf) = vault_leaf(connection, vault)? else { return Ok(Vec::new()) };
    all(
        connection,
        "SELECT version, seq, overview, details FROM part \
         WHERE vault = ?1 AND item = (SELECT created FROM item WHERE vault = ?1 AND id = ?2) AND version >= ?3 \
         ORDER BY version LIMIT ?4",
        (leaf, item, from, limit),
        |row| Ok(PartsRow { version: row.get(0)?, seq: row.get(1)?, overview: row.get(2)?, details: row.get(3)? }),
    )
}
