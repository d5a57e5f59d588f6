//! The feed: everything, or what is of some vaults.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet, VecDeque};

use rusqlite::{Connection, Row};

use super::{Moment, all};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::FeedRow;
use crate::store::tree_key;

/// Up to so many vaults are read each for itself; more by a scan of the feed first.
const FEW: usize = 64;
/// How many leaves a scan looks at before it thinks again; about half a millisecond.
const SCAN: u64 = 4096;
/// A scan of this many leaves costs as much as looking up one log.
const LEAVES_PER_LOG: u64 = 8;
/// The least rows that a merge reads of a log at once.
const CHUNK: usize = 8;

const RANGE: &str = "SELECT feed.position, feed.seq, log.kind, log.id FROM feed JOIN log ON log.key = feed.log \
     WHERE feed.position >= ?1 AND feed.position < ?2 ORDER BY feed.position LIMIT ?3";

fn read(row: &Row<'_>) -> rusqlite::Result<FeedRow> {
    Ok(FeedRow { position: row.get(0)?, seq: row.get(1)?, log: LogId { kind: row.get(2)?, id: row.get(3)? } })
}

pub(in super::super) fn leaves(connection: &Connection, from: u64, limit: u32) -> Result<Vec<Id>> {
    let sql = "SELECT leaf FROM feed WHERE position >= ?1 ORDER BY position LIMIT ?2";
    all(connection, sql, (from, limit), |row| row.get(0))
}

pub(in super::super) fn feed(
    moment: &Moment<'_>,
    end: u64,
    from: u64,
    vaults: Option<&[Id]>,
    limit: u32,
) -> Result<Vec<FeedRow>> {
    if from >= end || limit == 0 {
        return Ok(Vec::new());
    }
    match vaults {
        None => all(moment, RANGE, (from, end, limit), read),
        Some(vaults) if vaults.len() <= FEW => {
            let mut rows = Vec::new();
            merge(moment, from, vaults, limit as usize, &mut rows)?;
            Ok(rows)
        }
        Some(vaults) => many(moment, end, from, vaults, limit as usize),
    }
}

/// Scans while that is cheaper than looking up every vault, then looks them up.
fn many(moment: &Moment<'_>, end: u64, from: u64, vaults: &[Id], limit: usize) -> Result<Vec<FeedRow>> {
    let wanted: HashSet<Id> = vaults.iter().copied().collect();
    let logs = u64::try_from(wanted.len()).unwrap_or(u64::MAX).saturating_mul(2);
    let (mut rows, mut from) = (Vec::new(), from);
    loop {
        let until = end.min(from.saturating_add(SCAN));
        let mut statement = moment.prepare_cached(RANGE)?;
        let mut scanned = statement.query((from, until, -1))?;
        while let Some(row) = scanned.next()? {
            let row = read(row)?;
            if matches!(row.log.kind, LogKind::Vault | LogKind::Items) && wanted.contains(&row.log.id) {
                rows.push(row);
                if rows.len() == limit {
                    return Ok(rows);
                }
            }
        }
        from = until;
        if from >= end {
            return Ok(rows);
        }
        if end - from > logs.saturating_mul(LEAVES_PER_LOG) {
            merge(moment, from, vaults, limit, &mut rows)?;
            return Ok(rows);
        }
    }
}

/// One log of a merge, and the rows of it that were read ahead.
struct Source {
    log: LogId,
    key: u64,
    ahead: VecDeque<(u64, u64)>,
    /// How many to read at a time; fewer come at the end.
    chunk: usize,
    ended: bool,
}

impl Source {
    fn fill(&mut self, connection: &Connection, from: u64) -> Result<()> {
        let rows = all(
            connection,
            "SELECT position, seq FROM feed WHERE log = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
            (self.key, from, self.chunk),
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.ended = rows.len() < self.chunk;
        self.ahead = rows.into();
        self.chunk *= 2;
        Ok(())
    }
}

/// Adds the rows of these vaults' logs from a position on, in order, until there are `limit`.
fn merge(moment: &Moment<'_>, from: u64, vaults: &[Id], limit: usize, rows: &mut Vec<FeedRow>) -> Result<()> {
    let chunk = CHUNK.max(limit / vaults.len().max(1)).min(limit);
    let mut sources = Vec::new();
    let mut newest = BinaryHeap::new();
    let mut seen = HashSet::new();
    for vault in vaults.iter().filter(|vault| seen.insert(**vault)) {
        let Some(leaf) = moment.vault_leaf(*vault)? else { continue };
        for kind in [LogKind::Vault, LogKind::Items] {
            let (log, key) = (LogId { kind, id: *vault }, tree_key::of_log(kind, leaf));
            let mut source = Source { log, key, ahead: VecDeque::new(), chunk, ended: false };
            source.fill(moment, from)?;
            if let Some((position, _)) = source.ahead.front() {
                newest.push(Reverse((*position, sources.len())));
                sources.push(source);
            }
        }
    }
    while let Some(Reverse((position, number))) = newest.pop()
        && rows.len() < limit
    {
        let Some(source) = sources.get_mut(number) else { break };
        let Some((_, seq)) = source.ahead.pop_front() else { break };
        rows.push(FeedRow { position, log: source.log, seq });
        if source.ahead.is_empty() && !source.ended {
            source.fill(moment, position + 1)?;
        }
        if let Some((next, _)) = source.ahead.front() {
            newest.push(Reverse((*next, number)));
        }
    }
    Ok(())
}
