//! One transaction of the writer: the changes that waited together, and the state that they build on.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;

use rusqlite::{Connection, OptionalExtension};

use super::batch::Batch;
use super::nodes::StoredNodes;
use crate::error::{Error, Result};
use crate::log::feed::{Head, is_vault_log};
use crate::log::operation::{LogId, LogKind};
use crate::log::tree::{self, Frontier};
use crate::model::id::Id;
use crate::store::SessionRow;
use crate::store::tree_key;

/// A log as this group leaves it so far.
#[derive(Clone)]
pub(super) struct LogState {
    pub(super) key: u64,
    pub(super) state: Head,
    /// Read when the first entry comes.
    pub(super) tree: Option<Frontier>,
    pub(super) changed: bool,
}

/// Everything that is not in the database before the group ends.
pub(super) struct Group<'c> {
    pub(super) connection: &'c Connection,
    /// The clock when the group began.
    pub(super) now: u64,
    /// The time of the group's entries: the clock's, never before the newest entry's.
    pub(super) time: u64,
    /// Where the feed stood.
    pub(super) before: Batch,
    pub(super) feed: Frontier,
    pub(super) account_size: u64,
    pub(super) vaults_size: u64,
    /// None: looked for, and not there.
    logs: HashMap<LogId, Option<LogState>>,
    /// Whether a hold may stand, so that most groups look no further.
    pub(super) held: bool,
    actors: HashMap<Id, u64>,
    sessions: HashMap<Id, u64>,
    undo: Undo,
}

/// What a change that fails is taken back to.
#[derive(Default)]
struct Undo {
    feed: Frontier,
    account_size: u64,
    vaults_size: u64,
    logs: Vec<(LogId, Option<LogState>)>,
}

impl<'c> Group<'c> {
    /// Reads where everything stands, in the transaction. `known` is the feed's edge as this process left it, good if no
    /// other has written since.
    pub(super) fn begin(connection: &'c Connection, now: u64, known: Option<(Head, Frontier)>) -> Result<Self> {
        let before = Batch::newest(connection)?;
        let feed = match known {
            Some((head, feed)) if head == before.head => feed,
            _ => {
                let feed = tree::frontier(&StoredNodes { connection, key: tree_key::FEED }, before.head.size)?;
                believe(&feed, before.head)?;
                feed
            }
        };
        let held = connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM hold)")?.query_row([], |row| row.get(0))?;
        Ok(Self {
            connection,
            now,
            time: now.max(before.time),
            before,
            feed,
            account_size: before.roots.account.size,
            vaults_size: before.roots.vaults.size,
            logs: HashMap::new(),
            held,
            actors: HashMap::new(),
            sessions: HashMap::new(),
            undo: Undo::default(),
        })
    }

    /// Whether an entry was appended.
    pub(super) fn has_grown(&self) -> bool {
        self.feed.size() > self.before.head.size
    }

    /// The log of a key, if this group has looked at it.
    pub(super) fn known_log(&self, key: u64) -> Option<LogId> {
        self.logs.iter().find(|(_, state)| state.as_ref().is_some_and(|state| state.key == key)).map(|(log, _)| *log)
    }

    /// The logs that this group has changed, in order of creation, so that their rows go to the end of the table.
    pub(super) fn changed(&self) -> Vec<LogId> {
        let mut changed: Vec<_> = self
            .logs
            .iter()
            .filter_map(|(log, state)| state.as_ref().filter(|state| state.changed).map(|state| (state.key, *log)))
            .collect();
        changed.sort_unstable_by_key(|(key, _)| *key);
        changed.into_iter().map(|(_, log)| log).collect()
    }

    /// Goes on after a batch that ended in the same transaction.
    pub(super) fn go_on_after(&mut self, batch: Batch) {
        self.before = batch;
        for state in self.logs.values_mut().flatten() {
            state.changed = false;
        }
        self.undo.logs.clear();
    }

    /// Begins a change, applied whole or taken back by [`Self::take_back`].
    pub(super) fn mark(&mut self) -> Result<()> {
        self.undo = Undo {
            feed: self.feed.clone(),
            account_size: self.account_size,
            vaults_size: self.vaults_size,
            logs: mem::take(&mut self.undo.logs),
        };
        self.undo.logs.clear();
        self.connection.prepare_cached("SAVEPOINT change")?.execute([])?;
        Ok(())
    }

    /// Ends a change that is to stay.
    pub(super) fn keep(&mut self) -> Result<()> {
        self.connection.prepare_cached("RELEASE change")?.execute([])?;
        Ok(())
    }

    /// Takes the change back.
    pub(super) fn take_back(&mut self) -> Result<()> {
        self.connection.prepare_cached("ROLLBACK TO change")?.execute([])?;
        self.keep()?;
        self.feed = self.undo.feed.clone();
        self.account_size = self.undo.account_size;
        self.vaults_size = self.undo.vaults_size;
        for (log, state) in self.undo.logs.drain(..).rev() {
            self.logs.insert(log, state);
        }
        // Numbers given in this change are free again.
        self.actors.clear();
        self.sessions.clear();
        Ok(())
    }

    /// A log; none before its first entry (an item log's: before its vault's).
    pub(super) fn log(&mut self, log: LogId) -> Result<Option<&mut LogState>> {
        match self.logs.entry(log) {
            Entry::Occupied(known) => Ok(known.into_mut().as_mut()),
            Entry::Vacant(unknown) => {
                let found = find_log(self.connection, log)?;
                let state = found.map(|(key, state)| LogState { key, state, tree: None, changed: false });
                Ok(unknown.insert(state).as_mut())
            }
        }
    }

    /// A log that an entry is about to change, begun if need be.
    pub(super) fn log_to_append(&mut self, log: LogId) -> Result<&mut LogState> {
        let known = self.log(log)?.map(|state| state.clone());
        self.undo.logs.push((log, known.clone()));
        let state = match known {
            Some(mut state) => {
                if state.tree.is_none() {
                    let stored = StoredNodes { connection: self.connection, key: state.key };
                    let edge = tree::frontier(&stored, state.state.size)?;
                    believe(&edge, state.state)?;
                    state.tree = Some(edge);
                }
                state
            }
            None => self.begin_log(log)?,
        };
        Ok(self.logs.entry(log).or_default().insert(state))
    }

    fn begin_log(&mut self, log: LogId) -> Result<LogState> {
        let size = match log.kind {
            LogKind::Items => {
                return Err(Error::invalid_argument("an entry was to go to the items of a vault that has no log yet"));
            }
            LogKind::Vault => &mut self.vaults_size,
            _ => &mut self.account_size,
        };
        let leaf = *size;
        *size += 1;
        let begun = |kind, changed| LogState {
            key: tree_key::of_log(kind, leaf),
            state: Head::empty(),
            tree: Some(Frontier::new()),
            changed,
        };
        if log.kind == LogKind::Vault {
            let items = LogId { kind: LogKind::Items, id: log.id };
            self.undo.logs.push((items, None));
            self.logs.insert(items, Some(begun(LogKind::Items, true)));
        }
        Ok(begun(log.kind, true))
    }

    /// The place of a log in its heads tree, by which rows know a vault or a principal.
    pub(super) fn leaf(&mut self, kind: LogKind, id: Id) -> Result<u64> {
        let log = self.log(LogId { kind, id })?.ok_or_else(|| {
            Error::invalid_argument(format!("a row names a {} whose log has not begun", kind.as_str()))
        })?;
        Ok(tree_key::leaf(log.key))
    }

    /// The number of a principal or group, given if it has none yet.
    pub(super) fn actor(&mut self, id: Id) -> Result<u64> {
        if let Some(number) = self.known_actor(id)? {
            return Ok(number);
        }
        self.connection.prepare_cached("INSERT INTO actor (id) VALUES (?1)")?.execute([id])?;
        let number = u64::try_from(self.connection.last_insert_rowid()).map_err(|_| {
            Error::tampered("the store gave a row a number below 0: restore the database from a backup")
        })?;
        self.actors.insert(id, number);
        Ok(number)
    }

    /// The number of a session, given if it has none yet.
    pub(super) fn session(&mut self, row: &SessionRow) -> Result<u64> {
        if let Some(number) = self.sessions.get(&row.session) {
            return Ok(*number);
        }
        self.connection
            .prepare_cached("INSERT INTO session (id, app) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute((row.session, &row.app))?;
        let number = self
            .connection
            .prepare_cached("SELECT number FROM session WHERE id = ?1")?
            .query_row([row.session], |row| row.get(0))?;
        self.sessions.insert(row.session, number);
        Ok(number)
    }

    /// The number of a principal or group that has one.
    pub(super) fn known_actor(&mut self, id: Id) -> Result<Option<u64>> {
        if let Some(number) = self.actors.get(&id) {
            return Ok(Some(*number));
        }
        let number = find_actor(self.connection, id)?;
        if let Some(number) = number {
            self.actors.insert(id, number);
        }
        Ok(number)
    }
}

/// A log's key and state.
pub(super) fn find_log(connection: &Connection, log: LogId) -> Result<Option<(u64, Head)>> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, Head { size: row.get(1)?, root: row.get(2)? }));
    // `kind < 5` lets SQLite see that the index, which leaves item logs out, has the row.
    let found = if log.kind == LogKind::Items {
        connection
            .prepare_cached(
                "SELECT key, size, root FROM log \
                 WHERE key = (SELECT key FROM log WHERE id = ?1 AND kind = 4 AND kind < 5) + 1",
            )?
            .query_row([log.id], read)
    } else {
        connection
            .prepare_cached("SELECT key, size, root FROM log WHERE id = ?1 AND kind = ?2 AND kind < 5")?
            .query_row((log.id, log.kind), read)
    };
    Ok(found.optional()?)
}

/// The number of a principal or group.
pub(super) fn find_actor(connection: &Connection, id: Id) -> Result<Option<u64>> {
    let mut find = connection.prepare_cached("SELECT number FROM actor WHERE id = ?1")?;
    Ok(find.query_row([id], |row| row.get(0)).optional()?)
}

/// Refuses a tree whose stored nodes do not give its stored root, so that no entry is built on damage.
fn believe(edge: &Frontier, state: Head) -> Result<()> {
    if edge.root() == state.root {
        return Ok(());
    }
    Err(Error::tampered("a stored tree does not give its stored root: restore the database from a backup"))
}

/// Which heads tree a log's leaf is in.
pub(super) const fn heads_of(kind: LogKind) -> u64 {
    if is_vault_log(kind) { tree_key::VAULT_HEADS } else { tree_key::ACCOUNT_HEADS }
}
