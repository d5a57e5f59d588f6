//! Gives what is committed its place in the feed, and brings it into the tables: one batch, in one transaction.
//!
//! Whoever has the head's row does it, for all engines at once; nobody waits for that row. What is read after the row is
//! locked is newer than all that was sequenced before, and what is committed is looked for itself, not by a number or a
//! time: so nothing is done twice, and a late commit is skipped by nobody.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use deadpool_postgres::Object;
use futures_util::future::{join, try_join};

use super::connect::Transaction;
use super::convert::{Columns, bound};
use super::places::Places;
use super::request::unit_of;
use super::staged::{Staged, VERSION};
use super::tables::Tables;
use super::writes::{Writes, params};
use crate::error::{Error, Result};
use crate::log::feed::{Head, HeadsRoots};
use crate::log::tree::MemoryNodes;
use crate::model::id::Id;
use crate::store::heads::{Asked, change_leaves};
use crate::store::{Receipt, tree_key};

/// The most changes of one batch.
const CHANGES: i64 = 1024;
/// And about as many bytes of them.
const BYTES: i64 = 32 << 20;

/// Where everything stands, and the clock.
pub(super) const HEAD: &str = "SELECT size, root, peaks, time, account_size, account_root, vaults_size, vaults_root, \
                               (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT FROM feed_head WHERE one = 1";

/// The name of a group of changes that were committed together: the time, then random bytes.
pub(super) type GroupId = [u8; 16];

/// A batch that is on disk.
pub(super) struct Sequenced {
    pub(super) head: Head,
    /// The receipts of each change, by its group and its number there.
    pub(super) receipts: HashMap<(GroupId, i32), Vec<Receipt>>,
}

/// What came of it.
pub(super) enum Step {
    /// Somebody else is at it.
    Busy,
    /// There is nothing that waits.
    Nothing,
    Done(Sequenced),
}

/// A change that waits.
struct Pending {
    group: GroupId,
    number: i32,
    change: Staged,
}

/// Sequences these groups, and what else was committed since `from`: the beginning of a group's name.
pub(super) async fn sequence(client: Object, own: &[GroupId], from: &[u8]) -> Result<Step> {
    let own: Vec<&[u8]> = own.iter().map(<[u8; 16]>::as_slice).collect();
    let from_now = format!("{HEAD} FOR UPDATE SKIP LOCKED");
    let (transaction, heads) = Transaction::begin(client, "BEGIN", &from_now, &[]).await?;
    let Some(head) = heads.first() else { return Ok(Step::Busy) };
    let waiting = transaction
        .query(
            "SELECT grp, number, change FROM (SELECT grp, number, change, \
             sum(octet_length(change)) OVER (ORDER BY grp, number) - octet_length(change) AS before FROM staged \
             WHERE version <= $1 AND (grp = ANY($2) OR grp >= $3)) AS waiting \
             WHERE before < $4 ORDER BY grp, number LIMIT $5",
            &[&VERSION, &own, &from, &BYTES, &CHANGES],
        )
        .await?;
    if waiting.is_empty() {
        return Ok(Step::Nothing);
    }
    let pending = waiting
        .iter()
        .map(|row| {
            let group = row.get_as::<&[u8]>(0)?.try_into().map_err(|_| super::convert::damaged())?;
            Ok(Pending { group, number: row.get_as(1)?, change: Staged::from_bytes(row.get_as(2)?)? })
        })
        .collect::<Result<Vec<_>>>()?;
    let sequenced = batch(&transaction, Places::at(head)?, pending).await?;
    transaction.commit().await?;
    Ok(Step::Done(sequenced))
}

async fn batch(transaction: &Transaction, mut places: Places, pending: Vec<Pending>) -> Result<Sequenced> {
    let mut ids = HashSet::new();
    for change in pending.iter().map(|pending| &pending.change) {
        for entry in &change.entries {
            ids.insert(entry.log()?.id);
        }
        ids.extend(change.rows.iter().filter_map(unit_of).map(|unit| unit.id));
    }
    let ids: Vec<Id> = ids.into_iter().collect();
    know(transaction, &mut places, &ids).await?;

    let mut receipts = HashMap::with_capacity(pending.len());
    let mut rows = Vec::new();
    let (mut groups, mut numbers) = (Vec::new(), Vec::new());
    for Pending { group, number, change } in pending {
        let Staged { session, entries, rows: of_change } = change;
        let own =
            entries.into_iter().map(|entry| places.append(entry, session.as_ref())).collect::<Result<Vec<_>>>()?;
        rows.push((of_change, own.iter().map(|receipt| receipt.seq).collect::<Vec<u64>>()));
        receipts.insert((group, number), own);
        groups.push(group.to_vec());
        numbers.push(number);
    }
    // Once every log has its leaf.
    let mut tables = Tables::new(places.leaves());
    for (of_change, seqs) in rows {
        for row in of_change {
            tables.put(row, |entry| seqs.get(entry).copied().ok_or_else(super::convert::damaged))?;
        }
    }
    let (head, _, mut writes) = finish(transaction, places).await?;
    writes.append(tables.into_writes()?);
    writes.push(
        "DELETE FROM staged USING unnest($1::BYTEA[], $2::INT[]) AS done (grp, number) \
         WHERE staged.grp = done.grp AND staged.number = done.number",
        params![groups, numbers],
    );
    writes.run(transaction).await?;
    Ok(Sequenced { head, receipts })
}

/// Takes up the stored logs of these ids.
pub(super) async fn know(transaction: &Transaction, places: &mut Places, ids: &[Id]) -> Result<()> {
    let sql = "SELECT key, kind, id, size, root, peaks FROM log WHERE id = ANY($1)";
    transaction.query(sql, &[&ids]).await?.iter().try_for_each(|row| places.know(row))
}

/// Ends the batch: its head, and every statement that writes it.
pub(super) async fn finish(transaction: &Transaction, places: Places) -> Result<(Head, HeadsRoots, Writes)> {
    let changed = places.changed_heads();
    let (account, vaults) = try_join(
        heads(transaction, tree_key::ACCOUNT_HEADS, changed.account),
        heads(transaction, tree_key::VAULT_HEADS, changed.vaults),
    )
    .await?;
    places.finish(account, vaults)
}

/// Changes leaves of a heads tree whose nodes are stored, if any change.
async fn heads(
    transaction: &Transaction,
    key: u64,
    (size, changed): (u64, BTreeMap<u64, Id>),
) -> Result<Option<(Head, Vec<(u8, u64, Id)>)>> {
    if changed.is_empty() {
        return Ok(None);
    }
    let asked = Asked::default();
    change_leaves(&asked, size, changed.clone())?;
    let mut nodes = MemoryNodes::new();
    let asked: BTreeSet<(u8, u64)> = asked.into_inner();
    if !asked.is_empty() {
        let (levels, indices): (Vec<i16>, Vec<i64>) =
            asked.into_iter().map(|(level, index)| (i16::from(level), bound(index))).unzip();
        let sql = "SELECT node.level, node.idx, hash FROM unnest($2::SMALLINT[], $3::BIGINT[]) AS asked (level, idx) \
                   JOIN node ON node.tree = $1 AND node.level = asked.level AND node.idx = asked.idx";
        for row in transaction.query(sql, &[&bound(key), &levels, &indices]).await? {
            nodes.set(row.byte(0)?, row.number(1)?, row.id(2)?);
        }
    }
    change_leaves(&nodes, size, changed).map(Some)
}

/// The receipts of entries that somebody else sequenced, in order, and a head that covers them; none if one is missing.
pub(super) async fn look_up(
    client: &Object,
    entries: &[(crate::log::operation::LogId, u64, Id)],
) -> Result<Option<(Vec<Receipt>, Head)>> {
    let kinds: Vec<i16> = entries.iter().map(|(log, ..)| super::convert::kind_number(log.kind)).collect();
    let ids: Vec<Id> = entries.iter().map(|(log, ..)| log.id).collect();
    let seqs: Vec<i64> = entries.iter().map(|(_, seq, _)| bound(*seq)).collect();
    let operations: Vec<Id> = entries.iter().map(|(.., operation)| *operation).collect();
    let numbers: Vec<i32> = (0..).take(entries.len()).collect();
    // The head after the entries: whatever it is, it covers them.
    let found = client.prepare_cached(
        "SELECT entry.time, entry.hash, entry.root, entry.position FROM unnest($1::SMALLINT[], $2::BYTEA[], \
         $3::BIGINT[], $4::BYTEA[], $5::INT[]) AS asked (kind, id, seq, operation_id, number) \
         JOIN log ON log.id = asked.id AND log.kind = asked.kind \
         JOIN entry ON entry.log = log.key AND entry.seq = asked.seq AND entry.operation_id = asked.operation_id \
         ORDER BY asked.number",
    );
    let head = client.prepare_cached("SELECT size, root FROM feed_head WHERE one = 1");
    let (found, head) = join(found, head).await;
    let rows = client.query(&found?, &[&kinds, &ids, &seqs, &operations, &numbers]).await?;
    let head = client.query_one(&head?, &[]).await?;
    if rows.len() != entries.len() {
        return Ok(None);
    }
    let receipts = rows.iter().zip(entries).map(|(row, (log, seq, _))| {
        let state = Head { size: seq + 1, root: row.id(2)? };
        Ok(Receipt { log: *log, seq: *seq, time: row.number(0)?, hash: row.id(1)?, state, position: row.number(3)? })
    });
    let receipts = receipts.collect::<Result<Vec<_>>>()?;
    Ok(Some((receipts, Head { size: head.number(0)?, root: head.id(1)? })))
}

/// For changes that were committed and are nowhere: PostgreSQL lost them when it crashed.
pub(super) fn lost() -> Error {
    Error::unavailable("PostgreSQL was stopped before the change was on disk: call again")
}
