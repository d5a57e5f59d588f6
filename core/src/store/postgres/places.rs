//! Where the feed and the logs stand while a batch is given its places, and all nodes that this completes.

use std::collections::{BTreeMap, HashMap};

use super::convert::{Columns, damaged, encode_signatures, int, join, kind_number, split};
use super::staged::StagedEntry;
use super::tables::Leaves;
use super::writes::{Writes, params};
use crate::error::{Error, Result};
use crate::log::entry;
use crate::log::feed::{self, Head, HeadsRoots, is_vault_log};
use crate::log::operation::{LogId, LogKind};
use crate::log::tree::Frontier;
use crate::model::id::Id;
use crate::store::heads::Node;
use crate::store::{Receipt, SessionRow, tree_key};

/// A log as the batch leaves it so far.
struct LogState {
    key: u64,
    edge: Frontier,
    changed: bool,
}

impl LogState {
    fn head(&self) -> Head {
        Head { size: self.edge.size(), root: self.edge.root() }
    }
}

/// The rows of entries and of the feed's leaves, a column each.
#[derive(Default)]
struct Entries {
    positions: Vec<i64>,
    logs: Vec<i64>,
    seqs: Vec<i64>,
    times: Vec<i64>,
    signers: Vec<Option<Id>>,
    operation_ids: Vec<Id>,
    hashes: Vec<Id>,
    roots: Vec<Id>,
    signatures: Vec<Vec<u8>>,
    operations: Vec<Vec<u8>>,
    sessions: Vec<Option<Id>>,
}

/// Positions, logs, places in them, and leaves.
type FeedColumns = (Vec<i64>, Vec<Option<i64>>, Vec<Option<i64>>, Vec<Id>);

/// Gives places.
pub(super) struct Places {
    roots: HeadsRoots,
    /// The time of the batch's entries: the clock's, never before the newest entry's.
    time: u64,
    feed: Frontier,
    account_size: u64,
    vaults_size: u64,
    logs: HashMap<LogId, LogState>,
    nodes: BTreeMap<(u64, u8, u64), Id>,
    entries: Entries,
    feed_rows: FeedColumns,
    sessions: HashMap<Id, Option<String>>,
}

/// Both heads trees as they are to be: their leaves that change.
pub(super) struct ChangedHeads {
    pub(super) account: (u64, BTreeMap<u64, Id>),
    pub(super) vaults: (u64, BTreeMap<u64, Id>),
}

impl Places {
    /// Where the head's row says that everything stands.
    pub(super) fn at(row: &tokio_postgres::Row) -> Result<Self> {
        let before = Head { size: row.number(0)?, root: row.id(1)? };
        let feed = believed(before, &row.bytes(2)?)?;
        let roots = HeadsRoots {
            account: Head { size: row.number(4)?, root: row.id(5)? },
            vaults: Head { size: row.number(6)?, root: row.id(7)? },
        };
        Ok(Self {
            roots,
            time: row.number(3)?.max(row.number(8)?),
            feed,
            account_size: roots.account.size,
            vaults_size: roots.vaults.size,
            logs: HashMap::new(),
            nodes: BTreeMap::new(),
            entries: Entries::default(),
            feed_rows: Default::default(),
            sessions: HashMap::new(),
        })
    }

    /// For a batch that is copied, whose time was another's.
    pub(super) const fn set_time(&mut self, time: u64) {
        self.time = time;
    }

    /// Takes up a log that is stored.
    pub(super) fn know(&mut self, row: &tokio_postgres::Row) -> Result<()> {
        let log = LogId { kind: row.kind(1)?, id: row.id(2)? };
        let edge = believed(Head { size: row.number(3)?, root: row.id(4)? }, &row.bytes(5)?)?;
        self.logs.insert(log, LogState { key: row.number(0)?, edge, changed: false });
        Ok(())
    }

    fn log(&mut self, log: LogId) -> Result<&mut LogState> {
        if !self.logs.contains_key(&log) {
            self.begin(log)?;
        }
        self.logs.get_mut(&log).ok_or_else(damaged)
    }

    fn begin(&mut self, log: LogId) -> Result<()> {
        let size = match log.kind {
            LogKind::Items => return Err(damaged()),
            LogKind::Vault => &mut self.vaults_size,
            _ => &mut self.account_size,
        };
        let leaf = *size;
        *size += 1;
        let begun = |kind| LogState { key: tree_key::of_log(kind, leaf), edge: Frontier::new(), changed: true };
        if log.kind == LogKind::Vault {
            self.logs.insert(LogId { kind: LogKind::Items, id: log.id }, begun(LogKind::Items));
        }
        self.logs.insert(log, begun(log.kind));
        Ok(())
    }

    /// Gives an entry its place.
    pub(super) fn append(&mut self, staged: StagedEntry, session: Option<&SessionRow>) -> Result<Receipt> {
        let log = staged.log()?;
        let (time, position) = (self.time, self.feed.size());
        let target = self.log(log)?;
        let (key, seq) = (target.key, target.edge.size());
        if seq != staged.seq {
            return Err(Error::tampered(format!(
                "an entry was committed at place {} of its log, and {seq} is the next: restore the database from a \
                 backup",
                staged.seq
            )));
        }
        let entry = entry::Entry { seq, time, operation: staged.operation, signatures: staged.signatures };
        let hash = entry.hash();
        let mut completed = Vec::new();
        target.edge.append_with(hash, |level, index, hash| completed.push((level, index, hash)));
        target.changed = true;
        let state = target.head();
        self.complete(key, completed);
        let signatures: Vec<Vec<u8>> = entry.signatures.into_iter().map(Vec::from).collect();
        let rows = &mut self.entries;
        rows.positions.push(int(position)?);
        rows.logs.push(int(key)?);
        rows.seqs.push(int(seq)?);
        rows.times.push(int(time)?);
        rows.signers.push(staged.signer);
        rows.operation_ids.push(staged.operation_id);
        rows.hashes.push(hash);
        rows.roots.push(state.root);
        rows.signatures.push(encode_signatures(&signatures));
        rows.operations.push(entry.operation.into());
        rows.sessions.push(session.map(|session| session.session));
        if let Some(session) = session {
            self.sessions.entry(session.session).or_insert_with(|| session.app.clone());
        }
        self.append_leaf(Some((key, seq)), feed::entry_leaf(log, state))?;
        Ok(Receipt { log, seq, time, hash, state, position })
    }

    fn append_leaf(&mut self, entry: Option<(u64, u64)>, leaf: Id) -> Result<()> {
        let (positions, logs, seqs, leaves) = &mut self.feed_rows;
        positions.push(int(self.feed.size())?);
        let (log, seq) = entry.unzip();
        logs.push(log.map(int).transpose()?);
        seqs.push(seq.map(int).transpose()?);
        leaves.push(leaf);
        let mut completed = Vec::new();
        self.feed.append_with(leaf, |level, index, hash| completed.push((level, index, hash)));
        self.complete(tree_key::FEED, completed);
        Ok(())
    }

    /// Keeps nodes above the leaves, which have tables of their own.
    fn complete(&mut self, key: u64, completed: Vec<(u8, u64, Id)>) {
        let above = completed.into_iter().filter(|(level, ..)| *level > 0);
        self.nodes.extend(above.map(|(level, index, hash)| ((key, level, index), hash)));
    }

    /// The leaves of all logs that were looked at.
    pub(super) fn leaves(&self) -> Leaves {
        let of = |(log, state): (&LogId, &LogState)| ((log.kind, log.id), tree_key::leaf(state.key));
        Leaves(self.logs.iter().map(of).collect())
    }

    /// The leaves of the heads trees that the batch changes.
    pub(super) fn changed_heads(&self) -> ChangedHeads {
        let (mut account, mut vaults) = (BTreeMap::new(), BTreeMap::new());
        for (log, state) in self.logs.iter().filter(|(_, state)| state.changed) {
            let leaf = tree_key::leaf(state.key);
            if is_vault_log(log.kind) {
                vaults.entry(leaf).or_insert_with(|| {
                    let head =
                        |kind| self.logs.get(&LogId { kind, id: log.id }).map_or_else(Head::empty, LogState::head);
                    feed::vault_leaf(log.id, head(LogKind::Vault), head(LogKind::Items))
                });
            } else {
                account.insert(leaf, feed::log_leaf(*log, state.head()));
            }
        }
        ChangedHeads { account: (self.account_size, account), vaults: (self.vaults_size, vaults) }
    }

    /// Ends the batch: what its last leaf holds, and every statement that writes it.
    pub(super) fn finish(
        mut self,
        account: Option<(Head, Vec<Node>)>,
        vaults: Option<(Head, Vec<Node>)>,
    ) -> Result<(Head, HeadsRoots, Writes)> {
        let mut heads = |key: u64, before: Head, changed: Option<(Head, Vec<Node>)>| {
            let Some((head, nodes)) = changed else { return before };
            self.nodes.extend(nodes.into_iter().map(|(level, index, hash)| ((key, level, index), hash)));
            head
        };
        let roots = HeadsRoots {
            account: heads(tree_key::ACCOUNT_HEADS, self.roots.account, account),
            vaults: heads(tree_key::VAULT_HEADS, self.roots.vaults, vaults),
        };
        self.append_leaf(None, roots.leaf())?;
        let head = Head { size: self.feed.size(), root: self.feed.root() };
        let mut writes = Writes::default();
        self.write_head(&mut writes, head, roots)?;
        self.write_logs(&mut writes)?;
        self.write_entries(&mut writes);
        Ok((head, roots, writes))
    }

    fn write_head(&self, writes: &mut Writes, head: Head, roots: HeadsRoots) -> Result<()> {
        let (size, time) = (int(head.size)?, int(self.time)?);
        let (account, vaults) = (int(roots.account.size)?, int(roots.vaults.size)?);
        writes.push(
            "UPDATE feed_head SET size = $1, root = $2, peaks = $3, time = $4, account_size = $5, account_root = $6, \
             vaults_size = $7, vaults_root = $8 WHERE one = 1",
            params![
                size,
                head.root,
                join(self.feed.peaks()),
                time,
                account,
                roots.account.root,
                vaults,
                roots.vaults.root
            ],
        );
        writes.push(
            "INSERT INTO batch (size, root, time, account_size, account_root, vaults_size, vaults_root) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![size, head.root, time, account, roots.account.root, vaults, roots.vaults.root],
        );
        Ok(())
    }

    fn write_logs(&self, writes: &mut Writes) -> Result<()> {
        let mut changed: Vec<(&LogId, &LogState)> = self.logs.iter().filter(|(_, state)| state.changed).collect();
        changed.sort_unstable_by_key(|(_, state)| state.key);
        let (mut keys, mut kinds, mut ids, mut sizes, mut roots, mut peaks) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (log, state) in changed {
            keys.push(int(state.key)?);
            kinds.push(kind_number(log.kind));
            ids.push(log.id);
            sizes.push(int(state.edge.size())?);
            roots.push(state.edge.root());
            peaks.push(join(state.edge.peaks()));
        }
        writes.push(
            "INSERT INTO log (key, kind, id, size, root, peaks) SELECT * FROM unnest($1::BIGINT[], $2::SMALLINT[], \
             $3::BYTEA[], $4::BIGINT[], $5::BYTEA[], $6::BYTEA[]) ON CONFLICT (key) DO UPDATE SET \
             size = excluded.size, root = excluded.root, peaks = excluded.peaks",
            params![keys, kinds, ids, sizes, roots, peaks],
        );
        let nodes = &self.nodes;
        if !nodes.is_empty() {
            let (mut trees, mut levels, mut indices) = (Vec::new(), Vec::new(), Vec::new());
            for (tree, level, index) in nodes.keys() {
                trees.push(int(*tree)?);
                levels.push(i16::from(*level));
                indices.push(int(*index)?);
            }
            writes.push(
                "INSERT INTO node (tree, level, idx, hash) SELECT * FROM unnest($1::BIGINT[], $2::SMALLINT[], \
                 $3::BIGINT[], $4::BYTEA[]) ON CONFLICT (tree, level, idx) DO UPDATE SET hash = excluded.hash",
                params![trees, levels, indices, nodes.values().copied().collect::<Vec<Id>>()],
            );
        }
        Ok(())
    }

    fn write_entries(self, writes: &mut Writes) {
        if !self.sessions.is_empty() {
            let (ids, apps): (Vec<Id>, Vec<Option<String>>) = self.sessions.into_iter().unzip();
            writes.push(
                "INSERT INTO session (id, app) SELECT * FROM unnest($1::BYTEA[], $2::TEXT[]) ON CONFLICT DO NOTHING",
                params![ids, apps],
            );
        }
        let rows = self.entries;
        writes.push(
            "INSERT INTO entry (position, log, seq, time, signer, operation_id, hash, root, signatures, operation, \
             session) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[], \
             $6::BYTEA[], $7::BYTEA[], $8::BYTEA[], $9::BYTEA[], $10::BYTEA[], $11::BYTEA[])",
            params![
                rows.positions,
                rows.logs,
                rows.seqs,
                rows.times,
                rows.signers,
                rows.operation_ids,
                rows.hashes,
                rows.roots,
                rows.signatures,
                rows.operations,
                rows.sessions,
            ],
        );
        let (positions, logs, seqs, leaves) = self.feed_rows;
        writes.push(
            "INSERT INTO feed (position, log, seq, leaf) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], \
             $3::BIGINT[], $4::BYTEA[])",
            params![positions, logs, seqs, leaves],
        );
    }
}

/// The edge of a tree whose stored peaks give its stored root; no entry is built on damage.
fn believed(head: Head, peaks: &[u8]) -> Result<Frontier> {
    let edge = Frontier::from_peaks(head.size, split(peaks)?)?;
    if edge.root() == head.root {
        return Ok(edge);
    }
    Err(Error::tampered("a stored tree does not give its stored root: restore the database from a backup"))
}
