//! Reads and refusals, and where their chains stand.

use std::collections::HashMap;

use rusqlite::Connection;

use super::{Moment, all, entries, one};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Chain, anchor_id};
use crate::model::id::Id;
use crate::store::ReadRow;
use crate::store::packed::{Unpacking, damaged};

pub(in super::super) fn reads(connection: &Connection, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
    let names: HashMap<u64, Id> =
        all(connection, "SELECT number, id FROM reads_chain", (), |row| Ok((row.get(0)?, row.get(1)?)))?
            .into_iter()
            .collect();
    let mut statement = connection.prepare_cached(
        "SELECT place, count, time, entries FROM reads \
         WHERE place >= coalesce((SELECT max(place) FROM reads WHERE place <= ?1), ?1) ORDER BY place",
    )?;
    let (mut found, mut unpacking) = (statement.query([from])?, Unpacking::new(names, from, limit));
    while !unpacking.is_full()
        && let Some(row) = found.next()?
    {
        let entries = row.get_ref(3)?.as_blob().map_err(|_| damaged())?;
        unpacking.take(row.get(0)?, row.get(1)?, row.get(2)?, entries)?;
    }
    Ok(unpacking.into_rows())
}

pub(in super::super) fn since(connection: &Connection, time: u64) -> Result<u64> {
    // Rows may overlap in time, so the first by place, not by time.
    let first = one(connection, "SELECT min(place) FROM reads WHERE time >= ?1", [time], |row| row.get(0))?;
    let end = "SELECT place + count FROM reads ORDER BY place DESC LIMIT 1";
    match first.flatten() {
        Some(first) => Ok(first),
        None => Ok(one(connection, end, (), |row| row.get(0))?.unwrap_or(0)),
    }
}

pub(in super::super) fn chains(moment: &Moment<'_>) -> Result<Vec<Chain>> {
    let sql = "SELECT id, count, last, anchored FROM reads_chain ORDER BY number";
    let rows: Vec<(Chain, u64)> = all(moment, sql, (), |row| {
        Ok((Chain { id: row.get(0)?, count: row.get(1)?, last: row.get(2)? }, row.get(3)?))
    })?;
    let account = one(moment, "SELECT id FROM log WHERE key = 0 AND kind = 0", (), |row| row.get(0))?;
    for (chain, count) in rows.iter().filter(|(_, anchored)| *anchored > 0) {
        // One that is too large keeps what follows from being anchored.
        let account: Id = account.ok_or_else(damaged)?;
        let log = LogId { kind: LogKind::Reads, id: account };
        let id = anchor_id(Chain { count: *count, ..*chain });
        if entries::repeated(moment, None, log, id)?.is_none() {
            return Err(damaged());
        }
    }
    Ok(rows.into_iter().map(|(chain, _)| chain).collect())
}
