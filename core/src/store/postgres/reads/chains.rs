//! Reads and refusals, and where their chains stand.

use std::collections::HashMap;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound};
use super::entries;
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Chain, anchor_id};
use crate::model::id::Id;
use crate::store::ReadRow;
use crate::store::packed::{Unpacking, damaged};

pub(in super::super) async fn reads(moment: &Transaction, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
    let mut names: HashMap<u64, Id> = HashMap::new();
    for row in moment.query("SELECT number, id FROM reads_chain", &[]).await? {
        names.insert(row.number(0)?, row.id(1)?);
    }
    let (mut unpacking, mut after) = (Unpacking::new(names, from, limit), -1_i64);
    while !unpacking.is_full() {
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
            let first = row.number(0)?;
            after = bound(first);
            unpacking.take(first, row.number(1)?, row.number(2)?, row.get_as(3)?)?;
        }
        if is_last {
            break;
        }
    }
    Ok(unpacking.into_rows())
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
