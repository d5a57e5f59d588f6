//! Vaults that the caller was in and is no longer: their logs up to the entry that put it out.

use std::collections::BTreeSet;

use super::checked::Checked;
use super::events::Event;
use super::known::{Events, Known};
use super::verify::{Pending, apply_access, apply_item};
use crate::authority::{EntryAnswer, FormerAnswer, FormerRequest};
use crate::error::Result;
use crate::log::feed::{self, Head};
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::{Directory, ItemsLog, VaultLog};
use crate::log::tree::Frontier;
use crate::model::id::{AccountId, Id};

/// A vault's logs as far as a former member sees them, verified. Nothing says that they are the newest: no call but those that
/// tell of the past goes by them.
#[derive(Clone, Debug)]
pub(super) struct FormerView {
    log: VaultLog,
    items: ItemsLog,
    /// What the entries of both logs did, by position.
    pub(super) events: Events,
}

impl FormerView {
    fn size(view: Option<&Self>, kind: LogKind) -> u64 {
        view.map_or(0, |view| view.frontier(kind).size())
    }

    fn frontier(&self, kind: LogKind) -> &Frontier {
        let progress = if kind == LogKind::Vault { &self.log.progress } else { &self.items.progress };
        progress.frontier()
    }
}

/// What to ask for of these vaults.
pub(super) fn former_requests(known: &Known, vaults: &BTreeSet<Id>) -> Vec<FormerRequest> {
    let request = |vault: &Id| {
        let view = known.former.get(vault);
        FormerRequest {
            vault: *vault,
            access_from: FormerView::size(view, LogKind::Vault),
            items_from: FormerView::size(view, LogKind::Items),
        }
    };
    vaults.iter().map(request).collect()
}

/// New entries of such a vault, proven to be in the feed, until they are applied.
pub(super) struct FormerNews {
    pub(super) vault: Id,
    pub(super) access: Vec<Pending>,
    pub(super) items: Vec<Pending>,
}

impl FormerNews {
    /// Reads an answer; each entry's place in the feed, with the state of its log after it, is added to what must be proven.
    pub(super) fn read(
        account: AccountId,
        answer: FormerAnswer,
        before: Option<&FormerView>,
        leaves: &mut Vec<(u64, Id)>,
    ) -> Result<Self> {
        let FormerAnswer { vault, access_entries, items_entries } = answer;
        let mut grow = |kind: LogKind, entries: Vec<EntryAnswer>| {
            let log = LogId::new(kind, vault);
            let mut frontier = before.map_or_else(Frontier::new, |view| view.frontier(kind).clone());
            let read = |answer| {
                let entry = Pending::read(account, log, frontier.size(), answer)?;
                frontier.append(entry.hash);
                let after = Head { size: frontier.size(), root: frontier.root() };
                leaves.push((entry.position, feed::entry_leaf(log, after)));
                Ok(entry)
            };
            entries.into_iter().map(read).collect::<Result<Vec<_>>>()
        };
        Ok(Self { vault, access: grow(LogKind::Vault, access_entries)?, items: grow(LogKind::Items, items_entries)? })
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Pending> {
        self.access.iter().chain(&self.items)
    }

    /// The view with them; `None` where there was none and nothing is shown.
    pub(super) fn apply(
        self,
        checked: &Checked,
        before: Option<FormerView>,
        directory: &Directory,
    ) -> Result<Option<FormerView>> {
        let (mut log, mut items, mut events) = match before {
            Some(FormerView { log, items, events }) => (Some(log), items, events),
            None => (None, ItemsLog::default(), Events::default()),
        };
        for entry in &self.access {
            let next = apply_access(checked, log, entry, directory)?;
            events.insert_mut(entry.position, Event::of_vault(entry.placed(), &next));
            log = Some(next);
        }
        let Some(log) = log else { return Ok(None) };
        for entry in &self.items {
            let event = apply_item(checked, &mut items, entry, &log, directory)?;
            events.insert_mut(entry.position, event);
        }
        Ok(Some(FormerView { log, items, events }))
    }
}
