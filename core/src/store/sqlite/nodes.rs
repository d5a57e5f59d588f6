//! The stored trees, read and changed.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

use super::tree_key;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::tree::{self, Nodes, hash_node};
use crate::model::id::Id;

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

/// Changes leaves of a heads tree and adds new ones at its end; computes each node above them once, however many
/// leaves are below it.
pub(super) fn change_leaves(connection: &Connection, key: u64, size: u64, changed: BTreeMap<u64, Id>) -> Result<Head> {
    let stored = StoredNodes { connection, key };
    let (mut level, mut nodes) = (0, changed);
    while !nodes.is_empty() {
        for (index, hash) in &nodes {
            put(connection, key, level, *index, *hash)?;
        }
        // Only what is complete is stored; what hangs over the edge is computed with the root.
        let complete = size >> (level + 1);
        let mut parents = BTreeMap::new();
        for index in nodes.keys() {
            let parent = index >> 1;
            if parent >= complete || parents.contains_key(&parent) {
                continue;
            }
            let child = |index| nodes.get(&index).map_or_else(|| stored.node(level, index), |hash| Ok(*hash));
            parents.insert(parent, hash_node(&child(parent << 1)?, &child(parent << 1 | 1)?));
        }
        nodes = parents;
        level += 1;
    }
    Ok(Head { size, root: tree::root(&stored, size)? })
}
