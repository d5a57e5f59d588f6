//! Reads and refusals, and where their chains stand.

use std::collections::HashMap;

use minicbor::bytes::ByteVec;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound};
use super::entries;
use crate::error::{Error, Result};
use crate::log::encoding;
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Chain, ReadEntry, anchor_id};
use crate::model::id::Id;
use crate::store::ReadRow;

pub(in super::super) async fn reads(moment: &Transaction, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
    let limit = limit as usize;
    let mut names: HashMap<u64, Id> = HashMap::new();
    for row in moment.query("SELECT number, id FROM reads_chain", &[]).await? {
        names.insert(row.number(0)?, row.id(1)?);
    }
    let (mut rows, mut next, mut after): (Vec<ReadRow>, Option<u64>, i64) = (Vec::new(), None, -1);
    while rows.len() < limit {
        // Some hundreds of entries a row.
        let found = moment
            .query(
                "SELECT place, count, time, entries FROM reads WHERE place > $2 AND \
                 place >= coalesce((SELECT max(place) FROM reads WHERE place <= $1), $1) ORDER BY place LIMIT 16",
                &[&bound(from), &after],
            )
            .await?;
        let is_last = found.len() < 16;
        for row in found {
            let (first, count, time) = (row.number(0)?, row.number(1)?, row.number(2)?);
            after = bound(first);
            let entries: Vec<(u64, u64, ByteVec)> = encoding::decode("a row of reads", row.get_as::<&[u8]>(3)?)?;
            if next.is_some_and(|next| next != first) || entries.len() as u64 != count {
                return Err(damaged());
            }
            // Reads since a time are found by the row's: one that is too small hides them.
            let newest = entries.last().map(|(.., entry)| ReadEntry::from_bytes(entry)).transpose()?;
            if newest.is_some_and(|entry| entry.time != time) {
                return Err(damaged());
            }
            next = Some(first.saturating_add(count));
            for (place, (number, index, entry)) in (first..).zip(entries) {
                if place >= from && rows.len() < limit {
                    let chain = *names.get(&number).ok_or_else(damaged)?;
                    rows.push(ReadRow { place, chain, index, entry: entry.into() });
                }
            }
        }
        if is_last {
            break;
        }
    }
    Ok(rows)
}

pub(in super::super) async fn since(moment: &Transaction, time: u64) -> Result<u64> {
    // Rows may overlap in time, so the first by place, not by time.
    let sql = "SELECT min(place), (SELECT place + count FROM reads ORDER BY place DESC LIMIT 1) FROM reads \
               WHERE time >= $1";
    let Some(row) = moment.one(sql, &[&bound(time)]).await? else { return Ok(0) };
    Ok(row.maybe_number(0)?.or(row.maybe_number(1)?).unwrap_or(0))
}

pub(in super::super) async fn chains(moment: &Transaction) -> Result<Vec<Chain>> {
    let rows = moment.query("SELECT id, count, last, anchored FROM reads_chain ORDER BY number", &[]).await?;
    let account = moment.one("SELECT id FROM log WHERE key = 0 AND kind = 0", &[]).await?;
    let account = account.map(|row| row.id(0)).transpose()?;
    let mut chains = Vec::with_capacity(rows.len());
    for row in rows {
        let chain = Chain { id: row.id(0)?, count: row.number(1)?, last: row.id(2)? };
        let anchored = row.number(3)?;
        if anchored > 0 {
            // One that is too large keeps what follows from being anchored.
            let log = LogId { kind: LogKind::Reads, id: account.ok_or_else(damaged)? };
            let id = anchor_id(Chain { count: anchored, ..chain });
            if entries::repeated(moment, None, log, id).await?.is_none() {
                return Err(damaged());
            }
        }
        chains.push(chain);
    }
    Ok(chains)
}

fn damaged() -> Error {
    Error::tampered("the rows of reads are not whole: some were changed or taken away; restore the store")
}
