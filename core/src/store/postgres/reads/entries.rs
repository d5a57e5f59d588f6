//! Entries of one log.

use tokio_postgres::Row;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound, damaged, kind_number};
use crate::error::Result;
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::{EntryRow, OriginRow, SessionRow};

/// An entry whose columns come first.
pub(super) fn read(log: LogId, row: &Row) -> Result<EntryRow> {
    Ok(EntryRow {
        log,
        seq: row.number(0)?,
        time: row.number(1)?,
        operation: row.bytes(2)?,
        signatures: row.signatures(3)?,
        hash: row.id(4)?,
        root: row.id(5)?,
        position: row.number(6)?,
    })
}

pub(in super::super) async fn entries(
    moment: &Transaction,
    log: LogId,
    from: u64,
    limit: u32,
) -> Result<Vec<EntryRow>> {
    let rows = moment
        .query(
            "SELECT seq, time, operation, signatures, hash, root, position FROM entry \
             WHERE log = (SELECT key FROM log WHERE id = $1 AND kind = $2) AND seq >= $3 ORDER BY seq LIMIT $4",
            &[&log.id, &kind_number(log.kind), &bound(from), &i64::from(limit)],
        )
        .await?;
    rows.iter().map(|row| read(log, row)).collect()
}

pub(in super::super) async fn repeated(
    moment: &Transaction,
    signer: Option<Id>,
    log: LogId,
    operation_id: Id,
) -> Result<Option<EntryRow>> {
    // A log that has not begun: what began another is its repeat.
    let rows = moment
        .query(
            "SELECT seq, time, operation, signatures, entry.hash, entry.root, position, kind, id, \
             EXISTS (SELECT 1 FROM log WHERE id = $2 AND kind = $3) \
             FROM entry JOIN log ON log.key = entry.log \
             WHERE operation_id = $1 AND signer IS NOT DISTINCT FROM $4",
            &[&operation_id, &log.id, &kind_number(log.kind), &signer],
        )
        .await?;
    for row in rows {
        let of = LogId { kind: row.kind(7)?, id: row.id(8)? };
        let entry = read(of, &row)?;
        if if row.flag(9)? { of == log } else { entry.seq == 0 } {
            return Ok(Some(entry));
        }
    }
    Ok(None)
}

pub(in super::super) async fn last_signed(moment: &Transaction, vault: Id, signer: Id) -> Result<Option<u64>> {
    let row = moment
        .one(
            "SELECT max((SELECT time FROM entry WHERE entry.log = log.key AND signer = $2 \
             ORDER BY position DESC LIMIT 1)) FROM log WHERE id = $1 AND kind IN (4, 5)",
            &[&vault, &signer],
        )
        .await?;
    Ok(row.map(|row| row.maybe_number(0)).transpose()?.flatten())
}

pub(in super::super) async fn origin(moment: &Transaction, position: u64) -> Result<Option<OriginRow>> {
    let sql = "SELECT time, entry.session, session.id, app FROM entry LEFT JOIN session ON session.id = entry.session \
               WHERE position = $1";
    let Some(row) = moment.one(sql, &[&bound(position)]).await? else { return Ok(None) };
    let (of, session): (Option<Id>, Option<Id>) = (row.get_as(1)?, row.get_as(2)?);
    if of != session {
        return Err(damaged());
    }
    let app = row.get_as(3)?;
    Ok(Some(OriginRow { time: row.number(0)?, session: session.map(|session| SessionRow { session, app }) }))
}

pub(in super::super) async fn of_session(
    moment: &Transaction,
    log: LogId,
    signer: Id,
    session: Id,
) -> Result<Vec<EntryRow>> {
    let rows = moment
        .query(
            "SELECT seq, time, operation, signatures, hash, root, position FROM entry \
             WHERE log = (SELECT key FROM log WHERE id = $1 AND kind = $2) AND signer = $3 AND session = $4 \
             ORDER BY seq",
            &[&log.id, &kind_number(log.kind), &signer, &session],
        )
        .await?;
    rows.iter().map(|row| read(log, row)).collect()
}
