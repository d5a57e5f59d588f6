//! Gives entries their places, and keeps the trees that bind them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use minicbor::bytes::ByteVec;

use super::batch::Batch;
use super::convert::Signatures;
use super::group::{Group, heads_of};
use super::nodes;
use crate::error::Result;
use crate::log::entry;
use crate::log::feed::{self, Head, HeadsRoots};
use crate::log::operation::{LogId, LogKind};
use crate::log::tree::Frontier;
use crate::model::id::Id;
use crate::store::tree_key;
use crate::store::{Append, Receipt};

/// Appends an entry to its log and to the feed; beside it, the number of the session that submitted it.
pub(super) fn append(group: &mut Group<'_>, append: Append, session: Option<u64>) -> Result<Receipt> {
    let Append { log, operation, signatures, signer, operation_id } = append;
    let signer = signer.map(|signer| group.actor(signer)).transpose()?;
    let (connection, time, position) = (group.connection, group.time, group.feed.size());

    let target = group.log_to_append(log)?;
    let (key, seq) = (target.key, target.state.size);
    let entry = entry::Entry {
        seq,
        time,
        operation: ByteVec::from(operation),
        signatures: signatures.iter().cloned().map(ByteVec::from).collect(),
    };
    let hash = entry.hash();
    let mut edge = target.tree.take().unwrap_or_default();
    grow(&mut edge, hash, |level, index, hash| nodes::put(connection, key, level, index, hash))?;
    target.state = Head { size: edge.size(), root: edge.root() };
    target.tree = Some(edge);
    target.changed = true;
    let state = target.state;

    connection
        .prepare_cached(
            "INSERT INTO entry \
             (position, log, seq, time, signer, operation_id, hash, root, signatures, operation, session) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute((
            position,
            key,
            seq,
            time,
            signer,
            operation_id,
            hash,
            state.root,
            Signatures(signatures),
            entry.operation.as_slice(),
            session,
        ))?;
    append_leaf(group, Some((key, seq)), feed::entry_leaf(log, state))?;
    Ok(Receipt { log, seq, time, hash, state, position })
}

/// Ends the group: writes its logs and the heads trees, and the batch that covers all of it, if anything was appended.
pub(super) fn finish(group: &mut Group<'_>) -> Result<Batch> {
    if !group.has_grown() {
        return Ok(group.before);
    }
    let (mut account, mut vaults) = (BTreeMap::new(), BTreeMap::new());
    for log in group.changed() {
        let Some((key, state)) = group.log(log)?.map(|log| (log.key, log.state)) else { continue };
        group
            .connection
            .prepare_cached(
                "INSERT INTO log (key, kind, id, size, root) VALUES (?1, ?2, ?3, ?4, ?5) \
                 ON CONFLICT (key) DO UPDATE SET size = excluded.size, root = excluded.root",
            )?
            .execute((key, log.kind, log.id, state.size, state.root))?;
        let leaf = tree_key::leaf(key);
        if heads_of(log.kind) == tree_key::ACCOUNT_HEADS {
            account.insert(leaf, feed::log_leaf(log, state));
        } else if let Entry::Vacant(vacant) = vaults.entry(leaf) {
            vacant.insert(vault_leaf(group, log.id)?);
        }
    }
    let (connection, before) = (group.connection, group.before.roots);
    let heads = |key, size, before: Head, changed: BTreeMap<u64, Id>| {
        if changed.is_empty() { Ok(before) } else { nodes::change_leaves(connection, key, size, changed) }
    };
    let roots = HeadsRoots {
        account: heads(tree_key::ACCOUNT_HEADS, group.account_size, before.account, account)?,
        vaults: heads(tree_key::VAULT_HEADS, group.vaults_size, before.vaults, vaults)?,
    };
    append_leaf(group, None, roots.leaf())?;
    let batch = Batch { head: Head { size: group.feed.size(), root: group.feed.root() }, roots, time: group.time };
    batch.insert(group.connection)?;
    Ok(batch)
}

fn vault_leaf(group: &mut Group<'_>, vault: Id) -> Result<Id> {
    let mut state = |kind| -> Result<Head> {
        let log = group.log(LogId { kind, id: vault })?;
        Ok(log.map_or_else(Head::empty, |log| log.state))
    };
    Ok(feed::vault_leaf(vault, state(LogKind::Vault)?, state(LogKind::Items)?))
}

fn append_leaf(group: &mut Group<'_>, entry: Option<(u64, u64)>, leaf: Id) -> Result<()> {
    let (connection, position) = (group.connection, group.feed.size());
    let (log, seq) = entry.unzip();
    connection
        .prepare_cached("INSERT INTO feed (position, log, seq, leaf) VALUES (?1, ?2, ?3, ?4)")?
        .execute((position, log, seq, leaf))?;
    grow(&mut group.feed, leaf, |level, index, hash| nodes::put(connection, tree_key::FEED, level, index, hash))
}

/// Adds a leaf, and keeps the nodes above it that are complete with it.
fn grow(edge: &mut Frontier, leaf: Id, mut keep: impl FnMut(u8, u64, Id) -> Result<()>) -> Result<()> {
    let mut kept = Ok(());
    edge.append_with(leaf, |level, index, hash| {
        if level > 0 && kept.is_ok() {
            kept = keep(level, index, hash);
        }
    });
    kept
}
