//! Items and their parts.

use super::{Moment, all, entries, one};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::sqlite::convert::Flag;
use crate::store::tree_key;
use crate::store::{ItemRow, PartsRow, VersionRow};

pub(in super::super) fn item(moment: &Moment<'_>, vault: Id, item: Id) -> Result<Option<ItemRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    one(
        moment,
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
    moment: &Moment<'_>,
    vault: Id,
    archived: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<ItemRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    let from = after.map_or(0, |after| after.saturating_add(1));
    all(
        moment,
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

pub(in super::super) fn all_items(moment: &Moment<'_>, vault: Id, from: u64, limit: u32) -> Result<Vec<ItemRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
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
    moment: &Moment<'_>,
    vault: Id,
    item: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<PartsRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT version, seq, overview, details FROM part \
         WHERE vault = ?1 AND item = (SELECT created FROM item WHERE vault = ?1 AND id = ?2) AND version >= ?3 \
         ORDER BY version LIMIT ?4",
        (leaf, item, from, limit),
        |row| Ok(PartsRow { version: row.get(0)?, seq: row.get(1)?, overview: row.get(2)?, details: row.get(3)? }),
    )
}

/// In one statement, for it is what reading an item comes to.
pub(in super::super) fn version(
    moment: &Moment<'_>,
    vault: Id,
    item: Id,
    version: Option<u64>,
) -> Result<Option<VersionRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    let log = LogId { kind: LogKind::Items, id: vault };
    let found = one(
        moment,
        "SELECT entry.seq, entry.time, operation, signatures, entry.hash, entry.root, position, \
         part.version, part.seq, overview, details, part.version = item.version, deleted, \
         CASE created WHEN entry.seq THEN entry.time ELSE (SELECT time FROM entry WHERE log = ?4 AND seq = created) END \
         FROM item JOIN part ON part.vault = ?1 AND part.item = item.created AND part.version = coalesce(?3, item.version) \
         LEFT JOIN entry ON entry.log = ?4 AND entry.seq = part.seq \
         WHERE item.vault = ?1 AND item.id = ?2",
        (leaf, item, version, tree_key::of_log(LogKind::Items, leaf)),
        |row| {
            let has_entry = row.get::<_, Option<u64>>(0)?.is_some();
            let version = VersionRow {
                parts: PartsRow {
                    version: row.get(7)?,
                    seq: row.get(8)?,
                    overview: row.get(9)?,
                    details: row.get(10)?,
                },
                newest: row.get(11)?,
                entry: has_entry.then(|| entries::read(log, row)).transpose()?,
                created_at: row.get(13)?,
            };
            Ok((!row.get::<_, Flag>(12)?.0).then_some(version))
        },
    )?;
    Ok(found.flatten())
}
