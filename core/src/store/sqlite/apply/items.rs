//! Items: their newest version, and the sealed parts of each.

use rusqlite::OptionalExtension;

use super::{Group, files, vault_leaf};
use crate::error::{Error, Result};
use crate::model::id::Id;

pub(super) fn put(
    group: &mut Group<'_>,
    (vault, item, version, archived): (Id, Id, u64, bool),
    seq: u64,
    overview: &[u8],
    details: &[u8],
) -> Result<()> {
    let leaf = vault_leaf(group, vault)?;
    // The first entry's place is kept: it is the order of creation.
    let created: u64 = group
        .connection
        .prepare_cached(
            "INSERT INTO item (vault, id, version, archived, deleted, created, seq) \
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5) ON CONFLICT (vault, id) DO UPDATE SET version = excluded.version, \
             archived = excluded.archived, deleted = 0, seq = excluded.seq RETURNING created",
        )?
        .query_row((leaf, item, version, archived, seq), |row| row.get(0))?;
    group
        .connection
        .prepare_cached(
            "INSERT INTO part (vault, item, version, seq, overview, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((leaf, created, version, seq, overview, details))?;
    Ok(())
}

pub(super) fn end(group: &mut Group<'_>, vault: Id, item: Id, version: u64, seq: u64) -> Result<()> {
    let leaf = vault_leaf(group, vault)?;
    let created = number(group, leaf, item)?;
    files::forget(group.connection, leaf, Some(item))?;
    group.connection.prepare_cached("DELETE FROM part WHERE vault = ?1 AND item = ?2")?.execute((leaf, created))?;
    group
        .connection
        .prepare_cached("UPDATE item SET version = ?3, seq = ?4, deleted = 1 WHERE vault = ?1 AND id = ?2")?
        .execute((leaf, item, version, seq))?;
    Ok(())
}

/// The number by which parts know an item, which must be there.
pub(super) fn number(group: &Group<'_>, leaf: u64, item: Id) -> Result<u64> {
    group
        .connection
        .prepare_cached("SELECT created FROM item WHERE vault = ?1 AND id = ?2")?
        .query_row((leaf, item), |row| row.get(0))
        .optional()?
        .ok_or_else(|| Error::invalid_argument("a row names an item that its vault does not have"))
}
