//! The feed, as much of it as a caller may see, and the audit.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::former::Past;
use super::look::Look;
use super::states::visible::Sight;
use super::{Engine, pages};
use crate::authority::{AuditPage, AuditRow, FeedPage, Session};
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
    ) -> Result<FeedPage> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let asked = if let Some(vaults) = &vaults {
            vaults.clone()
        } else {
            let mut page = self.vault_page(&mut look, 0, JOINED + 1).await?;
            page.extend(look.snapshot.vaults_naming(look.caller.principal, 0, JOINED + 1).await?);
            let ids: BTreeSet<Id> = page.into_iter().map(|row| row.vault).collect();
            ids.into_iter().collect()
        };
        if asked.len() > JOINED as usize {
            let these = vaults.map(|vaults| vaults.into_iter().collect::<HashSet<_>>());
            return self.scan(&mut look, from, limit, these.as_ref().map_or(Filter::Mine, Filter::These)).await;
        }
        let (mut visible, mut endings) = (Vec::new(), Vec::new());
        for vault in asked {
            if self.role(&mut look, vault, Role::Read).await?.is_some() {
                visible.push(vault);
            } else if let Some(ending) = self.past(&mut look, vault).await?.and_then(|past| past.ending) {
                endings.push(ending);
            }
        }
        let end = look.snapshot.head().await?.size.max(from);
        let mut places =
            if visible.is_empty() { Vec::new() } else { look.snapshot.feed(from, Some(&visible), limit).await? };
        places.extend(endings.iter().filter(|ending| ending.position >= from));
        places.sort_unstable_by_key(|row| row.position);
        places.truncate(limit as usize);
        let next = places.last().filter(|_| places.len() >= limit as usize).map_or(end, |last| last.position + 1);
        let former = endings.into_iter().filter(|ending| places.contains(ending)).map(|ending| ending.log.id).collect();
        Ok(FeedPage { places, former, next, ended: next >= end })
    }

    pub(super) async fn read_audit(&self, session: Session, from: u64, limit: u32) -> Result<AuditPage> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let end = look.snapshot.head().await?.size.max(from);
        let FeedPage { places: rows, former, next, ended } = if self.standing(&mut look).await?.auditor {
            let places = look.snapshot.feed(from, None, limit).await?;
            let next = places.last().filter(|_| places.len() >= limit as usize).map_or(end, |last| last.position + 1);
            FeedPage { places, former: Vec::new(), next, ended: next >= end }
        } else {
            self.scan(&mut look, from, limit, Filter::Audit).await?
        };
        let mut places = Vec::with_capacity(rows.len());
        // Where chains of reads stand is nobody's action.
        for row in rows.into_iter().filter(|row| row.log.kind != LogKind::Reads) {
            let origin = look.snapshot.origin(row.position).await?.ok_or_else(gone)?;
            places.push((row, origin));
        }
        Ok(AuditPage { places, former, next, ended })
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
    async fn scan(&self, look: &mut Look, from: u64, limit: u32, filter: Filter<'_>) -> Result<FeedPage> {
        let end = look.snapshot.head().await?.size.max(from);
        let (mut places, mut former, mut next, mut seen) = (Vec::new(), BTreeSet::new(), from, 0);
        let mut views = HashMap::new();
        let page = |places, former: BTreeSet<Id>, next| FeedPage {
            places,
            former: former.into_iter().collect(),
            next,
            ended: next >= end,
        };
        while seen < SCANNED {
            let rows = look.snapshot.feed(next, None, pages::LIMIT).await?;
            let is_last = rows.len() < pages::LIMIT as usize;
            for row in rows {
                (next, seen) = (row.position + 1, seen + 1);
                if self.passes(look, row, filter, &mut views).await? {
                    places.push(row);
                    if matches!(views.get(&row.log.id), Some(View::Past(_))) {
                        former.insert(row.log.id);
                    }
                    if places.len() >= limit as usize {
                        return Ok(page(places, former, next));
                    }
                }
            }
            if is_last {
                return Ok(page(places, former, end));
            }
        }
        Ok(page(places, former, next))
    }

    async fn passes(
        &self,
        look: &mut Look,
        row: FeedRow,
        filter: Filter<'_>,
        views: &mut HashMap<Id, View>,
    ) -> Result<bool> {
        let is_audit = matches!(filter, Filter::Audit);
        if !is_vault_log(row.log.kind) {
            return Ok(is_audit && signed_by_caller(look, row).await?.is_some());
        }
        if matches!(filter, Filter::These(these) if !these.contains(&row.log.id)) {
            return Ok(false);
        }
        let view = if let Some(view) = views.get(&row.log.id) {
            *view
        } else {
            let view = self.view_of(look, row.log.id, is_audit).await?;
            *views.entry(row.log.id).or_insert(view)
        };
        Ok(match view {
            View::All => true,
            View::Own => signed_by_caller(look, row).await?.is_some(),
            View::Past(past) if is_audit => signed_by_caller(look, row).await?.is_some_and(|entry| past.shows(&entry)),
            View::Past(past) => past.ending == Some(row),
            View::None => false,
        })
    }

    async fn view_of(&self, look: &mut Look, vault: Id, is_audit: bool) -> Result<View> {
        let need = if is_audit { Role::Admin } else { Role::Read };
        if self.role(look, vault, need).await? >= Some(need) {
            return Ok(View::All);
        }
        // A vault's log is verified as a whole: to whom it is not shown, an entry of it is none.
        if is_audit && self.sight(look, vault).await? != Sight::None {
            return Ok(View::Own);
        }
        Ok(self.past(look, vault).await?.map_or(View::None, View::Past))
    }
}

/// What a page shows of a vault.
#[derive(Clone, Copy)]
enum View {
    /// Every entry.
    All,
    /// To the audit, what the reader signed.
    Own,
    /// As to somebody who was in it.
    Past(Past),
    /// No entry.
    None,
}

/// The entry of a row, if the caller signed it.
async fn signed_by_caller(look: &mut Look, row: FeedRow) -> Result<Option<EntryRow>> {
    let entry = pages::entry(&mut *look.snapshot, row.log, row.seq).await?.ok_or_else(gone)?;
    let own = Operation::from_bytes(&entry.operation)?.signer == Some(look.caller.principal);
    Ok(own.then_some(entry))
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
