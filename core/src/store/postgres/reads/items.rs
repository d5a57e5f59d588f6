//! Items and their parts.

use tokio_postgres::Row;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound};
use super::{entries, of_vault};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::{ItemRow, PartsRow, VersionRow};

fn read(vault: Id, row: &Row) -> Result<ItemRow> {
    Ok(ItemRow {
        vault,
        item: row.id(0)?,
        version: row.number(1)?,
        archived: row.flag(2)?,
        deleted: row.flag(3)?,
        created: row.number(4)?,
        seq: row.number(5)?,
    })
}

pub(in super::super) async fn item(moment: &Transaction, vault: Id, item: Id) -> Result<Option<ItemRow>> {
    let sql = concat!(
        "SELECT id, version, archived, deleted, created, seq FROM item WHERE id = $2 AND vault = ",
        of_vault!()
    );
    moment.one(sql, &[&vault, &item]).await?.map(|row| read(vault, &row)).transpose()
}

/// Those created after `after`.
pub(in super::super) async fn items(
    moment: &Transaction,
    vault: Id,
    archived: bool,
    after: Option<u64>,
    limit: u32,
) -> Result<Vec<ItemRow>> {
    let from = after.map_or(0, |after| after.saturating_add(1));
    let sql = concat!(
        "SELECT id, version, archived, deleted, created, seq FROM item WHERE archived = $2 AND NOT deleted \
         AND created >= $3 AND vault = ",
        of_vault!(),
        " ORDER BY created LIMIT $4"
    );
    let rows = moment.query(sql, &[&vault, &archived, &bound(from), &i64::from(limit)]).await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

pub(in super::super) async fn all_items(
    moment: &Transaction,
    vault: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<ItemRow>> {
    let sql = concat!(
        "SELECT id, version, archived, deleted, created, seq FROM item WHERE created >= $2 AND vault = ",
        of_vault!(),
        " ORDER BY created LIMIT $3"
    );
    let rows = moment.query(sql, &[&vault, &bound(from), &i64::from(limit)]).await?;
    rows.iter().map(|row| read(vault, row)).collect()
}

pub(in super::super) async fn parts(
    moment: &Transaction,
    vault: Id,
    item: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<PartsRow>> {
    let sql = concat!(
        "SELECT version, seq, overview, details FROM part WHERE item = $2 AND version >= $3 AND vault = ",
        of_vault!(),
        " ORDER BY version LIMIT $4"
    );
    let rows = moment.query(sql, &[&vault, &item, &bound(from), &i64::from(limit)]).await?;
    rows.iter()
        .map(|row| {
            Ok(PartsRow {
                version: row.number(0)?,
                seq: row.number(1)?,
                overview: row.bytes(2)?,
                details: row.bytes(3)?,
            })
        })
        .collect()
}

/// In one statement, for it is what reading an item comes to.
pub(in super::super) async fn version(
    moment: &Transaction,
    vault: Id,
    item: Id,
    version: Option<u64>,
) -> Result<Option<VersionRow>> {
    let log = LogId { kind: LogKind::Items, id: vault };
    let sql = "SELECT entry.seq, entry.time, operation, signatures, entry.hash, entry.root, position, \
               part.version, part.seq, overview, details, part.version = item.version, deleted, \
               (SELECT time FROM entry AS first WHERE first.log = own.key AND first.seq = created) \
               FROM log AS own JOIN item ON item.vault = own.key >> 2 AND item.id = $2 \
               JOIN part ON part.vault = item.vault AND part.item = item.id \
               AND part.version = coalesce($3, item.version) \
               LEFT JOIN entry ON entry.log = own.key AND entry.seq = part.seq \
               WHERE own.id = $1 AND own.kind = 5";
    let Some(row) = moment.one(sql, &[&vault, &item, &version.map(bound)]).await? else { return Ok(None) };
    if row.flag(12)? {
        return Ok(None);
    }
    let has_entry = row.maybe_number(0)?.is_some();
    Ok(Some(VersionRow {
        parts: PartsRow {
            version: row.number(7)?,
            seq: row.number(8)?,
            overview: row.bytes(9)?,
            details: row.bytes(10)?,
        },
        newest: row.flag(11)?,
        entry: has_entry.then(|| entries::read(log, &row)).transpose()?,
        created_at: row.maybe_number(13)?,
    }))
}
