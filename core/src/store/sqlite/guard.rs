//! What must still be so when a change is applied.

use rusqlite::OptionalExtension;

use super::group::Group;
use super::hold::LONGEST;
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::tree_key;
use crate::store::{Append, Guard, Receipt};

/// Whether this holds now, in the transaction.
pub(super) fn holds(group: &mut Group<'_>, guard: &Guard) -> Result<bool> {
    match guard {
        Guard::Empty => Ok(group.feed.size() == 0),
        Guard::LogAt { log, size } => Ok(group.log(*log)?.map_or(0, |log| log.state.size) == *size),
        Guard::ItemAt { vault, item, version } => {
            let Some(vault) = vault_leaf(group, *vault)? else { return Ok(*version == 0) };
            let mut find = group.connection.prepare_cached("SELECT version FROM item WHERE vault = ?1 AND id = ?2")?;
            let found: Option<u64> = find.query_row((vault, *item), |row| row.get(0)).optional()?;
            Ok(found.unwrap_or(0) == *version)
        }
        Guard::NoExternal { creator, external_id } => {
            let Some(creator) = group.known_actor(*creator)? else { return Ok(true) };
            let mut find = group.connection.prepare_cached(
                "SELECT NOT EXISTS (SELECT 1 FROM vault WHERE creator = ?1 AND external_id = ?2 AND deleted = 0)",
            )?;
            Ok(find.query_row((creator, external_id), |row| row.get(0))?)
        }
        Guard::NoEmail { email } => {
            let mut find = group
                .connection
                .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM principal WHERE email = ?1 AND active = 1)")?;
            Ok(find.query_row([email], |row| row.get(0))?)
        }
        Guard::NoneSince { signer, vault, size } => none_since(group, *signer, *vault, *size),
        Guard::NotHeld { .. } if !group.held => Ok(true),
        Guard::NotHeld { signer, vault } => {
            let mut find = group.connection.prepare_cached(
                "SELECT NOT EXISTS (SELECT 1 FROM hold WHERE signer = ?1 AND until > ?2 \
                 AND until <= ?4 AND (vault IS NULL OR vault = ?3))",
            )?;
            Ok(find.query_row((*signer, group.now, *vault, group.now + LONGEST), |row| row.get(0))?)
        }
    }
}

/// The leaf of a vault, if it has begun.
fn vault_leaf(group: &mut Group<'_>, vault: Id) -> Result<Option<u64>> {
    Ok(group.log(LogId { kind: LogKind::Vault, id: vault })?.map(|log| tree_key::leaf(log.key)))
}

fn none_since(group: &mut Group<'_>, signer: Id, vault: Option<Id>, size: u64) -> Result<bool> {
    let Some(signer) = group.known_actor(signer)? else { return Ok(true) };
    let Some(vault) = vault else {
        let mut find = group
            .connection
            .prepare_cached("SELECT NOT EXISTS (SELECT 1 FROM entry WHERE signer = ?1 AND position >= ?2)")?;
        return Ok(find.query_row((signer, size), |row| row.get(0))?);
    };
    let Some(leaf) = vault_leaf(group, vault)? else { return Ok(true) };
    let mut find = group.connection.prepare_cached(
        "SELECT NOT EXISTS (SELECT 1 FROM entry WHERE log IN (?1, ?2) AND signer = ?3 AND position >= ?4)",
    )?;
    let logs = (tree_key::of_log(LogKind::Vault, leaf), tree_key::of_log(LogKind::Items, leaf));
    Ok(find.query_row((logs.0, logs.1, signer, size), |row| row.get(0))?)
}

/// Whether a hold of somebody else keeps this entry out of its log.
pub(super) fn is_held(group: &Group<'_>, append: &Append) -> Result<bool> {
    if !group.held {
        return Ok(false);
    }
    let mut find = group.connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM hold WHERE log_kind = ?1 AND log_id = ?2 AND until > ?3 AND until <= ?5 \
         AND holder IS NOT ?4)",
    )?;
    let until = group.now + LONGEST;
    Ok(find.query_row((append.log.kind, append.log.id, group.now, append.signer, until), |row| row.get(0))?)
}

/// The entry that used this operation id before.
pub(super) fn repeated(group: &mut Group<'_>, append: &Append) -> Result<Option<Receipt>> {
    let signer = match append.signer {
        None => None,
        Some(signer) => match group.known_actor(signer)? {
            None => return Ok(None),
            known => known,
        },
    };
    let key = group.log(append.log)?.map(|log| log.key);
    let mut find = group.connection.prepare_cached(
        "SELECT log, seq, time, hash, root, position FROM entry \
         WHERE operation_id = ?1 AND signer IS ?3 AND CASE WHEN ?2 IS NULL THEN seq = 0 ELSE log = ?2 END",
    )?;
    let found = find
        .query_row((append.operation_id, key, signer), |row| {
            let seq: u64 = row.get(1)?;
            let state = Head { size: seq + 1, root: row.get(4)? };
            let (log, time, hash, position) = (append.log, row.get(2)?, row.get(3)?, row.get(5)?);
            Ok((row.get(0)?, Receipt { log, seq, time, hash, state, position }))
        })
        .optional()?;
    match found {
        Some((found, receipt)) => Ok(Some(Receipt { log: log_of(group, found)?, ..receipt })),
        None => Ok(None),
    }
}

/// The log of a key, which this group may have begun.
fn log_of(group: &Group<'_>, key: u64) -> Result<LogId> {
    if let Some(log) = group.known_log(key) {
        return Ok(log);
    }
    let mut find = group.connection.prepare_cached("SELECT kind, id FROM log WHERE key = ?1")?;
    Ok(find.query_row([key], |row| Ok(LogId { kind: row.get(0)?, id: row.get(1)? }))?)
}
