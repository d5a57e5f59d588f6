//! The feed, as much of it as a caller may see, and the audit.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::look::Look;
use super::states::visible::Sight;
use super::{Engine, pages};
use crate::authority::{AuditPage, AuditRow, Session};
use crate::error::{Error, Result};
use crate::log::feed::{self, Head, is_vault_log};
use crate::log::operation::{LogKind, Operation};
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{EntryRow, FeedRow, Snapshot};

/// Up to how many vaults are joined with the feed; for more, the feed is read and filtered.
const JOINED: u32 = 64;
/// How many rows of the feed are looked through for one page.
const SCANNED: u32 = 4_096;

/// What a page is for.
#[derive(Clone, Copy)]
enum Filter<'a> {
    /// Vaults that the caller is in.
    Mine,
    /// Those of these vaults that the caller is in.
    These(&'a HashSet<Id>),
    /// What the caller signed, and the vaults that it administers.
    Audit,
}

impl Engine {
    pub(super) async fn read_feed(
        &self,
        session: Session,
        from: u64,
        vaults: Option<Vec<Id>>,
        limit: u32,
    ) -> Result<(Vec<FeedRow>, u64)> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let asked = if let Some(vaults) = &vaults {
            vaults.clone()
        } else {
            let page = self.vault_page(&mut look, 0, JOINED + 1).await?;
            page.into_iter().map(|row| row.vault).collect()
        };
        if asked.len() > JOINED as usize {
            let these = vaults.map(|vaults| vaults.into_iter().collect::<HashSet<_>>());
            return self.scan(&mut look, from, limit, these.as_ref().map_or(Filter::Mine, Filter::These)).await;
        }
        let mut visible = Vec::new();
        for vault in asked {
            if self.role(&mut look, vault, Role::Read).await?.is_some() {
                visible.push(vault);
            }
        }
        let end = look.snapshot.head().await?.size.max(from);
        if visible.is_empty() {
            return Ok((Vec::new(), end));
        }
        let rows = look.snapshot.feed(from, Some(&visible), limit).await?;
        let next = rows.last().filter(|_| rows.len() >= limit as usize).map_or(end, |last| last.position + 1);
        Ok((rows, next))
    }

    pub(super) async fn read_audit(&self, session: Session, from: u64, limit: u32) -> Result<AuditPage> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let end = look.snapshot.head().await?.size.max(from);
        let (rows, next) = if self.standing(&mut look).await?.auditor {
            let rows = look.snapshot.feed(from, None, limit).await?;
            let next = rows.last().filter(|_| rows.len() >= limit as usize).map_or(end, |last| last.position + 1);
            (rows, next)
        } else {
            self.scan(&mut look, from, limit, Filter::Audit).await?
        };
        let mut places = Vec::with_capacity(rows.len());
        // Where chains of reads stand is nobody's action.
        for row in rows.into_iter().filter(|row| row.log.kind != LogKind::Reads) {
            let origin = look.snapshot.origin(row.position).await?.ok_or_else(gone)?;
            places.push((row, origin));
        }
        Ok(AuditPage { places, next, ended: next >= end })
    }

    pub(super) async fn read_export(&self, session: Session, from: u64, limit: u32) -> Result<Vec<AuditRow>> {
        let mut look = self.look(session).await?;
        self.need_auditor(&mut look).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let until = from.saturating_add(u64::from(limit));
        let snapshot = &mut *look.snapshot;
        let mut rows = BTreeMap::new();
        for batch in snapshot.batches(from, limit).await? {
            rows.insert(batch.head.size.saturating_sub(1), AuditRow::Heads(batch));
        }
        for row in snapshot.feed(from, None, limit).await? {
            if row.position >= until {
                break;
            }
            let entry = pages::entry(snapshot, row.log, row.seq).await?.ok_or_else(gone)?;
            check_indexed(snapshot, &entry).await?;
            let origin = snapshot.origin(row.position).await?.ok_or_else(gone)?;
            rows.insert(row.position, AuditRow::Entry(entry, origin.session));
        }
        let rows: Vec<(u64, AuditRow)> = rows.into_iter().take_while(|(position, _)| *position < until).collect();
        let leaves = snapshot.leaves(from, limit).await?;
        if rows.iter().zip(leaves).any(|((_, row), leaf)| leaf != leaf_of(row)) {
            return Err(Error::tampered("a leaf of the feed is not that of its entry: restore the store"));
        }
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Looks through the feed for one page; where it stopped, the next begins, be the page full or not.
    async fn scan(&self, look: &mut Look, from: u64, limit: u32, filter: Filter<'_>) -> Result<(Vec<FeedRow>, u64)> {
        let end = look.snapshot.head().await?.size.max(from);
        let (mut rows, mut next, mut seen) = (Vec::new(), from, 0);
        let mut roles = HashMap::new();
        while seen < SCANNED {
            let page = look.snapshot.feed(next, None, pages::LIMIT).await?;
            let is_last = page.len() < pages::LIMIT as usize;
            for row in page {
                (next, seen) = (row.position + 1, seen + 1);
                if self.passes(look, row, filter, &mut roles).await? {
                    rows.push(row);
                    if rows.len() >= limit as usize {
                        return Ok((rows, next));
                    }
                }
            }
            if is_last {
                return Ok((rows, end));
            }
        }
        Ok((rows, next))
    }

    async fn passes(
        &self,
        look: &mut Look,
        row: FeedRow,
        filter: Filter<'_>,
        roles: &mut HashMap<Id, bool>,
    ) -> Result<bool> {
        let need = if matches!(filter, Filter::Audit) { Role::Admin } else { Role::Read };
        let asked = !matches!(filter, Filter::These(these) if !these.contains(&row.log.id));
        if is_vault_log(row.log.kind) && asked {
            let has = if let Some(has) = roles.get(&row.log.id) {
                *has
            } else {
                let has = self.role(look, row.log.id, need).await? >= Some(need);
                *roles.entry(row.log.id).or_insert(has)
            };
            if has {
                return Ok(true);
            }
        }
        if !matches!(filter, Filter::Audit) {
            return Ok(false);
        }
        let entry = pages::entry(&mut *look.snapshot, row.log, row.seq).await?.ok_or_else(gone)?;
        let own = Operation::from_bytes(&entry.operation)?.signer == Some(look.caller.principal);
        // A vault's log is verified as a whole: to whom it is not shown, an entry of it is none.
        Ok(own && (!is_vault_log(row.log.kind) || self.sight(look, row.log.id).await? != Sight::None))
    }
}

/// The leaf that belongs where a row stands.
fn leaf_of(row: &AuditRow) -> Id {
    match row {
        AuditRow::Entry(entry, _) => feed::entry_leaf(entry.log, Head { size: entry.seq + 1, root: entry.root }),
        AuditRow::Heads(batch) => batch.roots.leaf(),
    }
}

/// Refuses an entry that is not found by its own operation's signer and id.
async fn check_indexed(snapshot: &mut dyn Snapshot, entry: &EntryRow) -> Result<()> {
    let Operation { signer, id, .. } = Operation::from_bytes(&entry.operation)?;
    let found = snapshot.repeated(signer, entry.log, id).await?;
    // Nobody repeats what nobody signs.
    if entry.log.kind == LogKind::Reads || found.as_ref() == Some(entry) {
        return Ok(());
    }
    Err(Error::tampered("an entry is kept under another signer or id than its own: restore the store"))
}

fn gone() -> Error {
    Error::tampered("an entry of the feed is missing from its log: restore the store")
}
