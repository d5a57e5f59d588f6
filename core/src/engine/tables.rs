//! What the tables hold, for an audit; and whether the stored trees are those of their leaves.

use super::{Engine, pages};
use crate::authority::{FileTable, ItemTable, PartsTable, PrincipalTable, Session, Tables, TablesRequest, VaultTable};
use crate::error::{Error, Result};
use crate::log::body::{kem_hash, sealed_hash};
use crate::log::feed::{self, Head};
use crate::log::operation::LogKind;
use crate::log::tree::hash_node;
use crate::model::id::Id;
use crate::store::{LogRow, Snapshot, TreeId};

/// Leaves of one page; a vault of them has all its rows in it.
const LEAVES: u32 = 64;
/// Nodes that are compared at a time.
const NODES: u64 = 512;

impl Engine {
    pub(super) async fn read_tables(&self, session: Session, request: TablesRequest) -> Result<Tables> {
        let mut look = self.look(session).await?;
        if !self.standing(&mut look).await?.auditor {
            return Err(Error::permission_denied(
                "all tables were asked: this needs the right to read the audit: ask the owner for it",
            ));
        }
        let snapshot = &mut *look.snapshot;
        let TablesRequest { vaults, from, limit } = request;
        let (head, roots) = (snapshot.head().await?, snapshot.heads().await?);
        let (tree, size) =
            if vaults { (TreeId::VaultHeads, roots.vaults.size) } else { (TreeId::AccountHeads, roots.account.size) };
        if from == 0 {
            check_tree(snapshot, tree, size).await?;
            if !vaults {
                check_tree(snapshot, TreeId::Feed, head.size).await?;
            }
        }
        let limit = limit.clamp(1, LEAVES);
        let logs = snapshot.logs(tree, from, limit).await?;
        check_heads(snapshot, tree, &logs).await?;
        let mut tables = Tables { head, logs, principals: Vec::new(), vaults: Vec::new(), next: None };
        for row in tables.logs.clone() {
            check_tree(snapshot, TreeId::Log(row.log), row.state.size).await?;
            match row.log.kind {
                LogKind::Principal => tables.principals.push(principal_table(snapshot, row.log.id).await?),
                LogKind::Vault => tables.vaults.push(vault_table(snapshot, row.log.id).await?),
                _ => {}
            }
        }
        let next = from.saturating_add(u64::from(limit));
        tables.next = (next < size).then_some(next);
        Ok(tables)
    }
}

/// Refuses a stored tree of so many leaves in which a node is missing, or is not that of the two below it.
async fn check_tree(snapshot: &mut dyn Snapshot, tree: TreeId, size: u64) -> Result<()> {
    for level in 0..63_u8 {
        let complete = size >> (level + 1);
        let mut from = 0;
        while from < complete {
            let until = complete.min(from + NODES);
            let above: Vec<(u8, u64)> = (from..until).map(|index| (level + 1, index)).collect();
            let below: Vec<(u8, u64)> = (2 * from..2 * until).map(|index| (level, index)).collect();
            let (above, below) = (snapshot.nodes(tree, &above).await?, snapshot.nodes(tree, &below).await?);
            let fits =
                |(node, children): (&Id, &[Id])| matches!(children, [left, right] if *node == hash_node(left, right));
            if !above.iter().zip(below.chunks(2)).all(fits) {
                return Err(Error::tampered("a stored tree is not that of its leaves: restore the store"));
            }
            from = until;
        }
    }
    Ok(())
}

/// Refuses leaves of a heads tree that are not those of their logs' states.
async fn check_heads(snapshot: &mut dyn Snapshot, tree: TreeId, logs: &[LogRow]) -> Result<()> {
    for row in logs.iter().filter(|row| row.log.kind != LogKind::Items) {
        let leaf = if row.log.kind == LogKind::Vault {
            let items = logs.iter().find(|items| items.log.kind == LogKind::Items && items.leaf == row.leaf);
            feed::vault_leaf(row.log.id, row.state, items.map_or_else(Head::empty, |items| items.state))
        } else {
            feed::log_leaf(row.log, row.state)
        };
        if snapshot.nodes(tree, &[(0, row.leaf)]).await? != [leaf] {
            return Err(Error::tampered("a leaf of a heads tree is not that of its log: restore the store"));
        }
    }
    Ok(())
}

async fn principal_table(snapshot: &mut dyn Snapshot, principal: Id) -> Result<PrincipalTable> {
    let row = snapshot.principal(principal).await?;
    let keys = snapshot.kem_keys(principal).await?;
    Ok(PrincipalTable { row, kem: keys.into_iter().map(|(generation, key)| (generation, kem_hash(&key))).collect() })
}

async fn vault_table(snapshot: &mut dyn Snapshot, vault: Id) -> Result<VaultTable> {
    let mut row = snapshot.vault(vault).await?;
    let name = row.as_mut().map(|row| std::mem::take(&mut row.name)).unwrap_or_default();
    let mut wraps = snapshot.all_wraps(vault).await?;
    for wrap in &mut wraps {
        wrap.sealed.clear();
    }
    let previous = snapshot.previous_keys(vault).await?;
    let mut table = VaultTable {
        row,
        name: sealed_hash(&name),
        members: snapshot.members(vault).await?,
        people: snapshot.people(vault).await?,
        wraps,
        previous: previous.into_iter().map(|(epoch, sealed)| (epoch, sealed_hash(&sealed))).collect(),
        items: Vec::new(),
    };
    let mut from = 0;
    loop {
        let page = snapshot.all_items(vault, from, pages::LIMIT).await?;
        let Some(last) = page.last() else { break };
        from = last.created.saturating_add(1);
        for row in page {
            let files = snapshot.files_of(vault, row.item).await?;
            let files = files.into_iter().map(|(row, leaves)| FileTable { row, leaves }).collect();
            table.items.push(ItemTable { row, parts: parts(snapshot, vault, row.item).await?, files });
        }
    }
    Ok(table)
}

async fn parts(snapshot: &mut dyn Snapshot, vault: Id, item: Id) -> Result<Vec<PartsTable>> {
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        // Few at a time: each may have megabytes.
        let page = snapshot.parts(vault, item, from, 16).await?;
        let Some(last) = page.last() else { return Ok(parts) };
        from = last.version.saturating_add(1);
        parts.extend(page.iter().map(|row| PartsTable {
            version: row.version,
            seq: row.seq,
            overview: sealed_hash(&row.overview),
            details: sealed_hash(&row.details),
        }));
    }
}
