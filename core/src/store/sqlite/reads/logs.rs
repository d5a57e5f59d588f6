//! Logs and the nodes of trees.

use rusqlite::Connection;

use super::{Moment, all};
use crate::error::{Error, Result};
use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::sqlite::nodes::StoredNodes;
use crate::store::tree_key;
use crate::store::{LogRow, TreeId};

pub(in super::super) fn nodes(moment: &Moment<'_>, tree: TreeId, wanted: &[(u8, u64)]) -> Result<Vec<Id>> {
    let key = match tree {
        TreeId::Feed => tree_key::FEED,
        TreeId::AccountHeads => tree_key::ACCOUNT_HEADS,
        TreeId::VaultHeads => tree_key::VAULT_HEADS,
        TreeId::Log(log) => match moment.log(log)? {
            Some((key, _)) => key,
            None if wanted.is_empty() => return Ok(Vec::new()),
            None => return Err(Error::not_found("nodes were asked of a log that has not begun")),
        },
    };
    StoredNodes { connection: moment, key }.many(wanted)
}

pub(in super::super) fn log(moment: &Moment<'_>, log: LogId) -> Result<Option<LogRow>> {
    Ok(moment.log(log)?.map(|(key, state)| LogRow { log, state, leaf: tree_key::leaf(key) }))
}

/// `limit` counts leaves: both logs of a vault come together.
pub(in super::super) fn logs(
    connection: &Connection,
    roots: HeadsRoots,
    tree: TreeId,
    from: u64,
    limit: u32,
) -> Result<Vec<LogRow>> {
    // The keys of a heads tree have bit 1 set or not; the other tree's lie between them. So the end of this tree's
    // stops the scan, and no more than the logs of both trees up to there are looked at.
    let (bit, size) = match tree {
        TreeId::AccountHeads => (0, roots.account.size),
        TreeId::VaultHeads => (2, roots.vaults.size),
        TreeId::Feed | TreeId::Log(_) => {
            return Err(Error::invalid_argument("logs were to be listed of a tree that is no heads tree"));
        }
    };
    if from >= size {
        return Ok(Vec::new());
    }
    let end = size.min(from.saturating_add(u64::from(limit)));
    all(
        connection,
        "SELECT key, kind, id, size, root FROM log WHERE key >= ?1 AND key < ?2 AND key & 2 = ?3 ORDER BY key",
        (tree_key::first(from), tree_key::first(end), bit),
        |row| {
            Ok(LogRow {
                leaf: tree_key::leaf(row.get(0)?),
                log: LogId { kind: row.get(1)?, id: row.get(2)? },
                state: Head { size: row.get(3)?, root: row.get(4)? },
            })
        },
    )
}
