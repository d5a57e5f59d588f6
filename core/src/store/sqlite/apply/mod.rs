//! A change as rows: guards, entries, then its rows in order.

pub(super) mod copied;
pub(super) mod files;
mod items;
mod principals;
mod vaults;

use std::collections::HashSet;

use super::group::Group;
use super::{guard, hold, sequence};
use crate::error::{Error, Result};
use crate::log::operation::LogKind;
use crate::model::id::Id;
use crate::store::{ChangeSet, Guard, Receipt, Row};

/// What became of a change, as far as its group has come.
pub(super) enum Applied {
    /// It is in the transaction.
    Done(Vec<Receipt>),
    Stale(usize),
    Repeated(usize, Receipt),
}

/// Applies a change whole, or takes it back and says why. The outer error: the whole transaction is lost.
pub(super) fn change(group: &mut Group<'_>, change: ChangeSet) -> Result<Result<Applied>> {
    group.mark()?;
    let applied = attempt(group, change);
    if let Ok(Applied::Done(_)) = applied { group.keep() } else { group.take_back() }?;
    Ok(applied)
}

fn attempt(group: &mut Group<'_>, change: ChangeSet) -> Result<Applied> {
    // Before the guards: a retry of what was committed fails its own guards, and must still get its answer.
    let mut own = HashSet::with_capacity(change.appends.len());
    for (number, append) in change.appends.iter().enumerate() {
        if !own.insert((append.log, append.signer, append.operation_id)) {
            return Err(Error::invalid_argument(
                "one change was to append two entries with one operation id to one log",
            ));
        }
        if let Some(receipt) = guard::repeated(group, append)? {
            return Ok(Applied::Repeated(number, receipt));
        }
    }
    for (number, guard) in change.guards.iter().enumerate() {
        if !guard::holds(group, guard)? {
            return Ok(Applied::Stale(number));
        }
    }
    for append in &change.appends {
        if guard::is_held(group, append)? {
            let on_log = |guard: &Guard| matches!(guard, Guard::LogAt { log, .. } if *log == append.log);
            return Ok(Applied::Stale(change.guards.iter().position(on_log).unwrap_or(change.guards.len())));
        }
    }
    let session = change.session.as_ref().map(|row| group.session(row)).transpose()?;
    let mut receipts = Vec::with_capacity(change.appends.len());
    for append in change.appends {
        receipts.push(sequence::append(group, append, session)?);
    }
    for row in change.rows {
        put(group, &receipts, row)?;
    }
    Ok(Applied::Done(receipts))
}

fn put(group: &mut Group<'_>, receipts: &[Receipt], row: Row) -> Result<()> {
    match row {
        Row::Principal { .. } | Row::KemKey { .. } => principals::put(group, row),
        Row::Vault { .. }
        | Row::Name { .. }
        | Row::Member(_)
        | Row::MemberGone { .. }
        | Row::Person { .. }
        | Row::Wrap(_)
        | Row::PreviousKey { .. }
        | Row::VaultGone { .. } => vaults::put(group, row),
        Row::Item { vault, item, version, archived, entry, overview, details } => {
            let seq = seq_of(receipts, entry)?;
            items::put(group, (vault, item, version, archived), seq, &overview, &details)
        }
        Row::ItemGone { vault, item, version, entry } => {
            let seq = seq_of(receipts, entry)?;
            items::end(group, vault, item, version, seq)
        }
        Row::File { vault, item, file, entry, length, leaves } => {
            let seq = seq_of(receipts, entry)?;
            files::attach(group, (vault, item, file), seq, length, &leaves)
        }
        Row::Piece { file, piece } => files::put_piece(group.connection, file, 0, &piece),
        Row::FileGone { vault, file } => files::detach(group, vault, file),
        Row::Release { by, signer, vault } => hold::release(group, by, signer, vault),
    }
}

/// The place in the item log of the entry that a row names.
fn seq_of(receipts: &[Receipt], entry: usize) -> Result<u64> {
    match receipts.get(entry) {
        Some(receipt) if receipt.log.kind == LogKind::Items => Ok(receipt.seq),
        _ => Err(Error::invalid_argument(format!(
            "a row names entry {entry} of its change, which is none of an item log"
        ))),
    }
}

/// The leaf of a vault that has begun.
fn vault_leaf(group: &mut Group<'_>, vault: Id) -> Result<u64> {
    group.leaf(LogKind::Vault, vault)
}
