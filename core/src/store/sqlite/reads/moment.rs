//! One moment of the database, and the logs and memberships that were looked up at its head: while the head stays, none
//! changes.
//!
//! One call asks for the same few again and again, and so do the calls after it.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;

use super::one;
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::MemberRow;
use crate::store::sqlite::database::lock;
use crate::store::sqlite::group::find_log;
use crate::store::tree_key;

/// Logs, and memberships, that are remembered of one head; one takes about 150 bytes.
const MOST: usize = 16_384;

/// What was looked up at the newest head.
pub(in super::super) struct Recent(Mutex<Arc<AtHead>>);

/// What was looked up at one head.
pub(in super::super) struct AtHead {
    head: Head,
    /// The key and the state of each log that was looked up; none: it is not there.
    logs: Mutex<HashMap<LogId, Option<(u64, Head)>>>,
    /// Each membership that was looked up, by vault and grantee; none: it is not there.
    members: Mutex<HashMap<(Id, Id), Option<MemberRow>>>,
}

impl Recent {
    pub(in super::super) fn new() -> Self {
        Self(Mutex::new(AtHead::new(Head::empty())))
    }

    /// What was looked up at this head, shared with all that look at it while it is the newest.
    pub(in super::super) fn at(&self, head: Head) -> Arc<AtHead> {
        let mut newest = lock(&self.0);
        if newest.head != head {
            let this = AtHead::new(head);
            if head.size < newest.head.size {
                return this;
            }
            *newest = this;
        }
        Arc::clone(&newest)
    }

    /// Forgets what was looked up: rows were changed by themselves, and the head stayed.
    pub(in super::super) fn forget(&self) {
        let mut newest = lock(&self.0);
        *newest = AtHead::new(newest.head);
    }
}

impl AtHead {
    fn new(head: Head) -> Arc<Self> {
        Arc::new(Self { head, logs: Mutex::default(), members: Mutex::default() })
    }
}

/// A connection that sees one moment, and what was looked up at its head.
pub(in super::super) struct Moment<'m> {
    connection: &'m Connection,
    known: &'m AtHead,
}

impl<'m> Moment<'m> {
    pub(in super::super) fn new(connection: &'m Connection, known: &'m AtHead) -> Self {
        Self { connection, known }
    }

    /// A log's key and state.
    pub(super) fn log(&self, log: LogId) -> Result<Option<(u64, Head)>> {
        remembered(&self.known.logs, log, || match log.kind {
            LogKind::Items => self.items_log(log.id),
            _ => find_log(self, log),
        })
    }

    /// A membership, looked for once.
    pub(super) fn member(
        &self,
        vault: Id,
        grantee: Id,
        look: impl FnOnce() -> Result<Option<MemberRow>>,
    ) -> Result<Option<MemberRow>> {
        remembered(&self.known.members, (vault, grantee), look)
    }

    /// The item log stands right after its vault's.
    fn items_log(&self, vault: Id) -> Result<Option<(u64, Head)>> {
        let Some(leaf) = self.vault_leaf(vault)? else { return Ok(None) };
        let key = tree_key::of_log(LogKind::Items, leaf);
        one(self, "SELECT size, root FROM log WHERE key = ?1", [key], |row| {
            Ok((key, Head { size: row.get(0)?, root: row.get(1)? }))
        })
    }

    /// The leaf of a vault, by which its rows know it.
    pub(super) fn vault_leaf(&self, vault: Id) -> Result<Option<u64>> {
        Ok(self.log(LogId { kind: LogKind::Vault, id: vault })?.map(|(key, _)| tree_key::leaf(key)))
    }
}

/// What is remembered, or looked up.
fn remembered<K: Eq + Hash, V: Clone>(
    known: &Mutex<HashMap<K, V>>,
    key: K,
    look: impl FnOnce() -> Result<V>,
) -> Result<V> {
    if let Some(known) = lock(known).get(&key) {
        return Ok(known.clone());
    }
    let found = look()?;
    let mut known = lock(known);
    if known.len() >= MOST {
        known.clear();
    }
    known.insert(key, found.clone());
    Ok(found)
}

impl Deref for Moment<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}
