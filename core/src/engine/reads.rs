//! Reads and refusals, as far as a caller may audit them.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::look::Look;
use super::{Engine, pages};
use crate::authority::{ReadsFilter, ReadsPage, Session};
use crate::error::{Error, Result};
use crate::log::operation::{LogId, LogKind, Operation};
use crate::log::reads::{Action, Chain, ReadEntry};
use crate::log::replay::items::address;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::ReadRow;

/// How many entries are looked through for one page.
const SCANNED: usize = 16_384;

/// What was found out for one page.
#[derive(Default)]
struct Found {
    /// Whether the caller administers a vault.
    administers: HashMap<Id, bool>,
    /// The versions of items that somebody wrote in a vault in one session.
    written: HashMap<(Id, Id, Id), HashSet<(Id, u64)>>,
}

impl Engine {
    pub(super) async fn list_reads(
        &self,
        session: Session,
        filter: ReadsFilter,
        from: u64,
        limit: u32,
    ) -> Result<ReadsPage> {
        self.look(session).await?;
        self.store.fold().await?;
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let auditor = self.standing(&mut look).await?.auditor;
        let mut next = match filter.since {
            Some(since) => look.snapshot.reads_since(since).await?.max(from),
            None => from,
        };
        let (mut rows, mut scanned, mut found) = (Vec::new(), 0, Found::default());
        while scanned < SCANNED {
            let page = look.snapshot.reads(next, pages::LIMIT).await?;
            let is_last = page.len() < pages::LIMIT as usize;
            for row in page {
                (next, scanned) = (row.place + 1, scanned + 1);
                if self.shows(&mut look, &row, filter, auditor, &mut found).await? {
                    rows.push(row);
                    if rows.len() >= limit as usize {
                        return Ok(ReadsPage { rows, next, ended: false });
                    }
                }
            }
            if is_last {
                return Ok(ReadsPage { rows, next, ended: true });
            }
        }
        Ok(ReadsPage { rows, next, ended: false })
    }

    async fn shows(
        &self,
        look: &mut Look,
        row: &ReadRow,
        filter: ReadsFilter,
        auditor: bool,
        found: &mut Found,
    ) -> Result<bool> {
        let entry = ReadEntry::from_bytes(&row.entry)?;
        let (actor, vault) = (entry.actor, entry.vault.0);
        if filter.actor.is_some_and(|of| of != actor)
            || filter.vault.is_some_and(|of| Some(of) != vault)
            || filter.since.is_some_and(|since| entry.time < since)
        {
            return Ok(false);
        }
        let visible = auditor || actor == look.caller.principal || self.administers(look, vault, found).await?;
        if !visible || entry.action()? != Action::ItemOpened {
            return Ok(visible);
        }
        // What was written over is in the audit as such, signed.
        Ok(!written_over(look, &entry, found).await?)
    }

    async fn administers(&self, look: &mut Look, vault: Option<Id>, found: &mut Found) -> Result<bool> {
        let Some(vault) = vault else { return Ok(false) };
        if let Some(known) = found.administers.get(&vault) {
            return Ok(*known);
        }
        let administers = self.role(look, vault, Role::Admin).await? >= Some(Role::Admin);
        Ok(*found.administers.entry(vault).or_insert(administers))
    }

    pub(super) async fn all_reads(&self, session: Session, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
        let mut look = self.look(session).await?;
        self.need_auditor(&mut look).await?;
        look.snapshot.reads(from, limit.clamp(1, pages::LIMIT)).await
    }

    pub(super) async fn all_chains(&self, session: Session) -> Result<Vec<Chain>> {
        let mut look = self.look(session).await?;
        self.need_auditor(&mut look).await?;
        drop(look);
        self.store.fold().await?;
        self.look(session).await?.snapshot.chains().await
    }

    /// Refuses unless the caller may read the whole audit.
    pub(super) async fn need_auditor(&self, look: &mut Look) -> Result<()> {
        if self.standing(look).await?.auditor {
            return Ok(());
        }
        let refusal = Error::permission_denied(
            "the whole audit was asked: this needs the right to read the audit: ask the owner for it",
        );
        Err(self.denied(&look.caller, None, "needed the right to read the audit", refusal).await)
    }
}

/// Whether whoever opened an item to write over it did so, in the same session.
async fn written_over(look: &mut Look, opened: &ReadEntry, found: &mut Found) -> Result<bool> {
    let (Some(vault), Some(item)) = (opened.vault.0, opened.item.0) else { return Ok(false) };
    let key = (vault, opened.actor, opened.session);
    let written = match found.written.entry(key) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(unknown) => {
            let log = LogId::new(LogKind::Items, vault);
            let mut written = HashSet::new();
            for entry in look.snapshot.entries_of_session(log, opened.actor, opened.session).await? {
                let (item, version, _) = address(&Operation::from_bytes(&entry.operation)?)?;
                written.insert((item, version));
            }
            unknown.insert(written)
        }
    };
    Ok(written.contains(&(item, opened.item_version + 1)))
}
