//! The feed: everything, or what is of some vaults.

use std::collections::HashMap;

use tokio_postgres::Row;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound, damaged};
use crate::error::Result;
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::FeedRow;

/// Up to so many vaults are read each for itself; more by a scan of the feed first.
const FEW: usize = 64;
/// How many leaves a scan looks at before it thinks again.
const SCAN: u64 = 16_384;
/// A scan of this many leaves costs as much as looking up one log.
const LEAVES_PER_LOG: u64 = 16;

pub(in super::super) async fn leaves(moment: &Transaction, from: u64, limit: u32) -> Result<Vec<Id>> {
    let sql = "SELECT leaf FROM feed WHERE position >= $1 ORDER BY position LIMIT $2";
    moment.query(sql, &[&bound(from), &i64::from(limit)]).await?.iter().map(|row| row.id(0)).collect()
}

pub(in super::super) async fn feed(
    moment: &Transaction,
    end: u64,
    from: u64,
    vaults: Option<&[Id]>,
    limit: u32,
) -> Result<Vec<FeedRow>> {
    if from >= end || limit == 0 {
        return Ok(Vec::new());
    }
    let Some(vaults) = vaults else {
        let rows = moment
            .query(
                "SELECT position, seq, kind, id FROM feed JOIN log ON log.key = feed.log \
                 WHERE position >= $1 ORDER BY position LIMIT $2",
                &[&bound(from), &i64::from(limit)],
            )
            .await?;
        let read = |row: &Row| {
            let log = LogId { kind: row.kind(2)?, id: row.id(3)? };
            Ok(FeedRow { position: row.number(0)?, seq: row.number(1)?, log })
        };
        return rows.iter().map(read).collect();
    };
    let sql = "SELECT key, kind, id FROM log WHERE id = ANY($1) AND kind IN (4, 5)";
    let mut logs = HashMap::new();
    for row in moment.query(sql, &[&vaults]).await? {
        logs.insert(row.get_as::<i64>(0)?, LogId { kind: row.kind(1)?, id: row.id(2)? });
    }
    some(moment, end, from, &logs, limit as usize).await
}

/// Scans while that is cheaper than looking up every log, then looks them up.
async fn some(
    moment: &Transaction,
    end: u64,
    mut from: u64,
    logs: &HashMap<i64, LogId>,
    limit: usize,
) -> Result<Vec<FeedRow>> {
    let keys: Vec<i64> = logs.keys().copied().collect();
    let mut rows = Vec::new();
    let few = keys.len() <= 2 * FEW;
    while !few && from < end && rows.len() < limit {
        let until = end.min(from.saturating_add(SCAN));
        let left = i64::try_from(limit - rows.len()).unwrap_or(i64::MAX);
        let sql = "SELECT position, seq, log FROM feed WHERE position >= $1 AND position < $2 AND log = ANY($3) \
                   ORDER BY position LIMIT $4";
        for row in moment.query(sql, &[&bound(from), &bound(until), &keys, &left]).await? {
            rows.push(read(logs, &row)?);
        }
        from = until;
        if end - from > (keys.len() as u64).saturating_mul(LEAVES_PER_LOG) {
            break;
        }
    }
    if keys.is_empty() || from >= end || rows.len() >= limit {
        return Ok(rows);
    }
    let left = i64::try_from(limit - rows.len()).unwrap_or(i64::MAX);
    let found = moment
        .query(
            "SELECT found.position, found.seq, found.log FROM unnest($1::BIGINT[]) AS asked (key) CROSS JOIN LATERAL \
             (SELECT position, seq, log FROM feed WHERE log = asked.key AND position >= $2 ORDER BY position LIMIT $3) \
             AS found ORDER BY found.position LIMIT $3",
            &[&keys, &bound(from), &left],
        )
        .await?;
    for row in found {
        rows.push(read(logs, &row)?);
    }
    Ok(rows)
}

fn read(logs: &HashMap<i64, LogId>, row: &Row) -> Result<FeedRow> {
    let log = *logs.get(&row.get_as::<i64>(2)?).ok_or_else(damaged)?;
    Ok(FeedRow { position: row.number(0)?, seq: row.number(1)?, log })
}
