//! The stored trees, read and changed.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::tree::Nodes;
use crate::model::id::Id;
use crate::store::{heads, tree_key};

/// One stored tree.
pub(super) struct StoredNodes<'c> {
    pub(super) connection: &'c Connection,
    pub(super) key: u64,
}

/// A node above the leaves, and a leaf of a heads tree.
const NODE: &str = "SELECT hash FROM node WHERE tree = ?1 AND level = ?2 AND idx = ?3";

impl StoredNodes<'_> {
    /// Many nodes, in order.
    pub(super) fn many(&self, wanted: &[(u8, u64)]) -> Result<Vec<Id>> {
        let mut find = self.connection.prepare_cached(NODE)?;
        let is_heads = matches!(self.key, tree_key::ACCOUNT_HEADS | tree_key::VAULT_HEADS);
        let mut node = |(level, index): &(u8, u64)| {
            if *level == 0 && !is_heads {
                return self.node(0, *index);
            }
            let found = find.query_row((self.key, level, index), |row| row.get(0)).optional()?;
            found.ok_or_else(|| missing(*level, *index))
        };
        wanted.iter().map(&mut node).collect()
    }
}

fn missing(level: u8, index: u64) -> Error {
    Error::tampered(format!(
        "node {index} of level {level} was asked of a stored tree that does not hold it: restore the database from a \
         backup"
    ))
}

impl Nodes for StoredNodes<'_> {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        let found = match (level, self.key) {
            (0, tree_key::FEED) => self
                .connection
                .prepare_cached("SELECT leaf FROM feed WHERE position = ?1")?
                .query_row([index], |row| row.get(0)),
            (1.., _) | (0, tree_key::ACCOUNT_HEADS | tree_key::VAULT_HEADS) => {
                self.connection.prepare_cached(NODE)?.query_row((self.key, level, index), |row| row.get(0))
            }
            (0, log) => self
                .connection
                .prepare_cached("SELECT hash FROM entry WHERE log = ?1 AND seq = ?2")?
                .query_row((log, index), |row| row.get(0)),
        };
        found.optional()?.ok_or_else(|| missing(level, index))
    }
}

/// Keeps a node, over the one that was there.
pub(super) fn put(connection: &Connection, key: u64, level: u8, index: u64, hash: Id) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO node (tree, level, idx, hash) VALUES (?1, ?2, ?3, ?4)")?
        .execute((key, level, index, hash))?;
    Ok(())
}

/// Changes leaves of a heads tree and adds new ones at its end.
pub(super) fn change_leaves(connection: &Connection, key: u64, size: u64, changed: BTreeMap<u64, Id>) -> Result<Head> {
    let (head, nodes) = heads::change_leaves(&StoredNodes { connection, key }, size, changed)?;
    nodes.into_iter().try_for_each(|(level, index, hash)| put(connection, key, level, index, hash))?;
    Ok(head)
}
