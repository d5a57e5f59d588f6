//! Brings groups of all chains into the tables, in order of time, and anchors chains.

use rusqlite::OptionalExtension;

use super::super::group::Group as Transaction;
use super::super::sequence;
use crate::error::{Error, ErrorKind, Result};
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Chain, Group, anchor};
use crate::model::id::{AccountId, Id};
use crate::store::Append;
use crate::store::packed::{self, Moved, Packed};

/// What there is of a chain, folded already or not.
pub(in super::super) struct Gathered<'g> {
    pub(in super::super) chain: Id,
    pub(in super::super) groups: &'g [Group],
    /// Whether where it stands becomes an entry of the reads log.
    pub(in super::super) anchor: bool,
}

/// Where a chain stands in the tables.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Folded {
    pub(in super::super) count: u64,
    pub(in super::super) anchored: u64,
}

/// A chain's row.
#[derive(Clone, Copy)]
struct Stored {
    number: u64,
    before: Chain,
    chain: Chain,
    anchored: u64,
}

/// Folds what is not folded yet; answers where the first chain stands then.
///
/// The first chain is this engine's own, whose groups are whole. Of others, what does not continue the chain stays out: a
/// segment that was damaged.
pub(in super::super) fn fold(transaction: &mut Transaction<'_>, chains: &[Gathered<'_>]) -> Result<Folded> {
    let (mut moved, mut stored) = (Vec::new(), Vec::new());
    for (number, gathered) in chains.iter().enumerate() {
        let Some(mut row) = find(transaction, gathered)? else { continue };
        for group in gathered.groups {
            if group.end() <= row.chain.count {
                continue;
            }
            match group.continues(row.chain) {
                Ok(chain) => {
                    moved.extend(packed::of_group(group, row.number)?);
                    row.chain = chain;
                }
                Err(error) if number == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "the rest of a segment of reads does not continue its chain");
                    break;
                }
            }
        }
        stored.push((row, gathered.anchor));
    }
    insert(transaction, moved)?;
    let mut own = Folded::default();
    for (row, anchored) in stored {
        let Stored { number, before, chain, anchored: mut until } = row;
        if anchored && chain.count > until && append(transaction, chain)? {
            until = chain.count;
        }
        if (before, row.anchored) != (chain, until) {
            transaction
                .connection
                .prepare_cached("UPDATE reads_chain SET count = ?2, last = ?3, anchored = ?4 WHERE number = ?1")?
                .execute((number, chain.count, chain.last, until))?;
        }
        if chains.first().is_some_and(|first| first.chain == chain.id) {
            own = Folded { count: chain.count, anchored: until };
        }
    }
    Ok(own)
}

/// A chain's row, made if there is anything to put there.
fn find(transaction: &Transaction<'_>, gathered: &Gathered<'_>) -> Result<Option<Stored>> {
    let (connection, id) = (transaction.connection, gathered.chain);
    let found = connection
        .prepare_cached("SELECT number, count, last, anchored FROM reads_chain WHERE id = ?1")?
        .query_row([id], |row| {
            let chain = Chain { id, count: row.get(1)?, last: row.get(2)? };
            Ok(Stored { number: row.get(0)?, before: chain, chain, anchored: row.get(3)? })
        })
        .optional()?;
    if found.is_some() || gathered.groups.is_empty() {
        return Ok(found);
    }
    let chain = Chain::new(id);
    let number = connection
        .prepare_cached("INSERT INTO reads_chain (id, count, last, anchored) VALUES (?1, 0, ?2, 0) RETURNING number")?
        .query_row((id, chain.last), |row| row.get(0))?;
    Ok(Some(Stored { number, before: chain, chain, anchored: 0 }))
}

fn insert(transaction: &Transaction<'_>, moved: Vec<Moved>) -> Result<()> {
    let connection = transaction.connection;
    let place: u64 = connection
        .prepare_cached("SELECT place + count FROM reads ORDER BY place DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?
        .unwrap_or(0);
    put(transaction, packed::in_order(place, moved)).map_err(taken)
}

/// Writes rows of reads.
pub(in super::super) fn put(transaction: &Transaction<'_>, rows: Vec<Packed>) -> Result<()> {
    for Packed { place, count, time, entries } in rows {
        transaction
            .connection
            .prepare_cached("INSERT INTO reads (place, count, time, entries) VALUES (?1, ?2, ?3, ?4)")?
            .execute((place, count, time, entries))?;
    }
    Ok(())
}

/// Anchors a chain, if there is an account to anchor it in.
fn append(transaction: &mut Transaction<'_>, chain: Chain) -> Result<bool> {
    let account: Option<Id> = transaction
        .connection
        .prepare_cached("SELECT id FROM log WHERE key = 0 AND kind = 0")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(account) = account else { return Ok(false) };
    let operation = anchor(AccountId(account), chain);
    let append = Append {
        log: LogId { kind: LogKind::Reads, id: account },
        operation: operation.to_bytes(),
        signatures: Vec::new(),
        signer: None,
        operation_id: operation.id,
    };
    if super::super::guard::repeated(transaction, &append)?.is_some() {
        return Err(Error::tampered(
            "a chain of reads is anchored further than its table says: restore the store from a backup",
        ));
    }
    sequence::append(transaction, append, None)?;
    Ok(true)
}

/// An entry's place is taken where the counts of rows were changed.
fn taken(error: Error) -> Error {
    if error.kind() == ErrorKind::Conflict {
        Error::tampered("the rows of reads overlap: some were changed; restore the store from a backup")
            .caused_by(error)
    } else {
        error
    }
}
