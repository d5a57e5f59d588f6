//! Logs, batches and the nodes of trees.

use std::collections::HashMap;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound, kind_number};
use crate::error::{Error, Result};
use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::{BatchRow, LogRow, TreeId, tree_key};

/// A log's key and state.
pub(in super::super) async fn find(moment: &Transaction, log: LogId) -> Result<Option<(u64, Head)>> {
    let sql = "SELECT key, size, root FROM log WHERE id = $1 AND kind = $2";
    let row = moment.one(sql, &[&log.id, &kind_number(log.kind)]).await?;
    row.map(|row| Ok((row.number(0)?, Head { size: row.number(1)?, root: row.id(2)? }))).transpose()
}

pub(in super::super) async fn states(moment: &Transaction, logs: &[LogId]) -> Result<Vec<Option<LogRow>>> {
    if logs.is_empty() {
        return Ok(Vec::new());
    }
    let (kinds, ids): (Vec<i16>, Vec<Id>) = logs.iter().map(|log| (kind_number(log.kind), log.id)).unzip();
    let sql = "SELECT log.kind, log.id, key, size, root FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (kind, id) \
               JOIN log ON log.id = asked.id AND log.kind = asked.kind";
    let mut found = HashMap::with_capacity(logs.len());
    for row in moment.query(sql, &[&kinds, &ids]).await? {
        let log = LogId { kind: row.kind(0)?, id: row.id(1)? };
        let state = Head { size: row.number(3)?, root: row.id(4)? };
        found.insert(log, LogRow { log, state, leaf: tree_key::leaf(row.number(2)?) });
    }
    Ok(logs.iter().map(|log| found.get(log).copied()).collect())
}

/// `limit` counts leaves: both logs of a vault come together.
pub(in super::super) async fn logs(
    moment: &Transaction,
    roots: HeadsRoots,
    tree: TreeId,
    from: u64,
    limit: u32,
) -> Result<Vec<LogRow>> {
    // The keys of a heads tree have bit 1 set or not; the other tree's lie between them.
    let (bit, size) = match tree {
        TreeId::AccountHeads => (0_i64, roots.account.size),
        TreeId::VaultHeads => (2, roots.vaults.size),
        TreeId::Feed | TreeId::Log(_) => {
            return Err(Error::invalid_argument("logs were to be listed of a tree that is no heads tree"));
        }
    };
    if from >= size {
        return Ok(Vec::new());
    }
    let end = size.min(from.saturating_add(u64::from(limit)));
    let (first, end) = (bound(tree_key::first(from)), bound(tree_key::first(end)));
    let sql = "SELECT key, kind, id, size, root FROM log WHERE key >= $1 AND key < $2 AND key & 2 = $3 ORDER BY key";
    let rows = moment.query(sql, &[&first, &end, &bit]).await?;
    rows.iter()
        .map(|row| {
            Ok(LogRow {
                leaf: tree_key::leaf(row.number(0)?),
                log: LogId { kind: row.kind(1)?, id: row.id(2)? },
                state: Head { size: row.number(3)?, root: row.id(4)? },
            })
        })
        .collect()
}

/// Levels and indices.
type Places = Vec<(u8, u64)>;

pub(in super::super) async fn nodes(moment: &Transaction, tree: TreeId, wanted: &[(u8, u64)]) -> Result<Vec<Id>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let key = match tree {
        TreeId::Feed => tree_key::FEED,
        TreeId::AccountHeads => tree_key::ACCOUNT_HEADS,
        TreeId::VaultHeads => tree_key::VAULT_HEADS,
        TreeId::Log(log) => match find(moment, log).await? {
            Some((key, _)) => key,
            None => return Err(Error::not_found("nodes were asked of a log that has not begun")),
        },
    };
    let is_heads = matches!(tree, TreeId::AccountHeads | TreeId::VaultHeads);
    let (inner, leaves): (Places, Places) = wanted.iter().partition(|(level, _)| *level > 0 || is_heads);
    let mut found = HashMap::with_capacity(wanted.len());
    if !inner.is_empty() {
        let (levels, indices): (Vec<i16>, Vec<i64>) =
            inner.into_iter().map(|(level, index)| (i16::from(level), bound(index))).unzip();
        let sql = "SELECT node.level, node.idx, hash FROM unnest($2::SMALLINT[], $3::BIGINT[]) AS asked (level, idx) \
                   JOIN node ON node.tree = $1 AND node.level = asked.level AND node.idx = asked.idx";
        for row in moment.query(sql, &[&bound(key), &levels, &indices]).await? {
            found.insert((row.byte(0)?, row.number(1)?), row.id(2)?);
        }
    }
    if !leaves.is_empty() {
        let indices: Vec<i64> = leaves.into_iter().map(|(_, index)| bound(index)).collect();
        let rows = if tree == TreeId::Feed {
            moment.query("SELECT position, leaf FROM feed WHERE position = ANY($1)", &[&indices]).await?
        } else {
            let sql = "SELECT seq, hash FROM entry WHERE log = $1 AND seq = ANY($2)";
            moment.query(sql, &[&bound(key), &indices]).await?
        };
        for row in rows {
            found.insert((0, row.number(0)?), row.id(1)?);
        }
    }
    wanted
        .iter()
        .map(|(level, index)| {
            found.get(&(*level, *index)).copied().ok_or_else(|| {
                Error::tampered(format!(
                    "node {index} of level {level} was asked of a stored tree that does not hold it: restore the \
                     database from a backup"
                ))
            })
        })
        .collect()
}

/// The head of this size, if a batch ended there.
pub(in super::super) async fn head_at(moment: &Transaction, size: u64) -> Result<Option<Head>> {
    if size == 0 {
        return Ok(Some(Head::empty()));
    }
    let row = moment.one("SELECT size, root FROM batch WHERE size = $1", &[&bound(size)]).await?;
    row.map(|row| Ok(Head { size: row.number(0)?, root: row.id(1)? })).transpose()
}

/// The batches whose last leaf is at this position or after it.
pub(in super::super) async fn batches(moment: &Transaction, from: u64, limit: u32) -> Result<Vec<BatchRow>> {
    let sql = "SELECT size, root, time, account_size, account_root, vaults_size, vaults_root FROM batch \
               WHERE size > $1 ORDER BY size LIMIT $2";
    let rows = moment.query(sql, &[&bound(from), &i64::from(limit)]).await?;
    rows.iter()
        .map(|row| {
            Ok(BatchRow {
                head: Head { size: row.number(0)?, root: row.id(1)? },
                time: row.number(2)?,
                roots: HeadsRoots {
                    account: Head { size: row.number(3)?, root: row.id(4)? },
                    vaults: Head { size: row.number(5)?, root: row.id(6)? },
                },
            })
        })
        .collect()
}
