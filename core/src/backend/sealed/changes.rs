//! The change feed: places from the authority, what happened there from verified logs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::BoxFuture;

use super::Sealed;
use super::events::{Event, What};
use super::known::Known;
use super::trust::Need;
use crate::authority::FeedPage;
use crate::backend::ChangeRequest;
use crate::error::{Error, Result};
use crate::log::cursor::Cursor;
use crate::log::feed::Head;
use crate::log::operation::LogKind;
use crate::model::change::{Change, ChangeKind, ChangePage, Subject};
use crate::model::id::{FileId, Id, ItemId, VaultId};
use crate::model::time;
use crate::store::FeedRow;

/// Places that are asked for at a time; a change made with files is more than one.
const PLACES: u32 = 500;

impl Sealed {
    /// The feed's end at this moment. Its head is what the client had verified: it is adopted when it is used.
    pub(super) fn end_cursor(&self) -> BoxFuture<'static, Result<String>> {
        let end = self.ends.ask(self.authority.end());
        Box::pin(async move { end.await.map(|head| Cursor::new(head.size, head).encode()) })
    }

    pub(super) async fn page_of_changes(&self, request: ChangeRequest) -> Result<ChangePage> {
        let ChangeRequest { after, vaults, kinds, limit } = request;
        let after = match after.as_deref().map(Cursor::parse).transpose()? {
            Some(cursor) => Some(self.adopted(cursor).await?),
            None => None,
        };
        let (from, skip) = after.map_or((0, 0), |cursor| (cursor.position, cursor.skip));
        let filter = vaults.map(|vaults| vaults.into_iter().map(Id::from).collect::<Vec<_>>());
        let asked = limit.min(PLACES);
        // One more than the page has, to know whether there is one.
        let FeedPage { mut places, former, next: mut until, mut ended } =
            self.authority.feed(self.session(), from, filter, asked + 1).await?;
        let former: BTreeSet<Id> = former.into_iter().collect();
        if let Some(next) = places.get(asked as usize) {
            (until, ended) = (next.position, false);
            places.truncate(asked as usize);
        }
        let touched = || places.iter().map(|place| place.log.id);
        let need = Need {
            vaults: touched().filter(|vault| !former.contains(vault)).collect(),
            former: touched().filter(|vault| former.contains(vault)).collect(),
            items: true,
            ..Need::default()
        };
        let known = if places.is_empty() { self.trust.known().await } else { self.refresh_beyond(need, until).await? };
        for vault in touched().filter(|vault| !former.contains(vault)) {
            all_are_named(&known, vault, &places, from..until)?;
        }
        let mut changes = Vec::new();
        for place in &places {
            let events = if former.contains(&place.log.id) {
                known.former.get(&place.log.id).map(|view| &view.events)
            } else {
                known.vaults.get(&place.log.id).map(|view| &view.events)
            };
            let Some(events) = events else { continue };
            let event = events.get(&place.position).filter(|event| event.log == place.log);
            let event = event.ok_or_else(|| {
                Error::tampered("the store names changes that its logs do not have: restore the store")
            })?;
            changes.push((VaultId(place.log.id), event));
        }
        let people: BTreeSet<Id> = changes.iter().flat_map(|(_, event)| people(event)).collect();
        let people: Vec<Id> = people.into_iter().collect();
        if !people.is_empty() {
            self.profiles.load(self.authority(), self.session(), &known, &people).await?;
        }
        let head = known.head;
        let mut data: Vec<Change> = changes
            .iter()
            .flat_map(|(vault, event)| {
                let read = if event.position == from { skip as usize } else { 0 };
                self.tell(&known, *vault, event).into_iter().skip(read)
            })
            .filter(|change| kinds.as_ref().is_none_or(|kinds| kinds.contains(&change.kind)))
            .collect();
        // One entry may be several changes, more than still fit.
        let fit = limit as usize;
        let rest = data.get(fit).is_some().then(|| data[fit - 1].cursor.clone());
        data.truncate(fit);
        // A page may end early, with few changes or none, before the feed does.
        let has_more = rest.is_some() || !ended;
        Ok(ChangePage { data, cursor: rest.unwrap_or_else(|| Cursor::new(until, head).encode()), has_more })
    }

    /// Verifies until the head covers a place of the feed that was named.
    async fn refresh_beyond(&self, need: Need, until: u64) -> Result<std::sync::Arc<Known>> {
        let known = self.refresh(need.clone().asked_now()).await?;
        if known.head.size >= until {
            return Ok(known);
        }
        Err(Error::tampered("the store names changes beyond its feed: restore the store"))
    }

    /// Rule 4: a cursor is adopted once a proof joins its head to the client's own.
    pub(super) async fn adopt(&self, head: Head) -> Result<()> {
        if self.joined_head() == Some(head) || self.trust.known().await.head == head {
            return Ok(());
        }
        self.refresh(Need { joins: vec![head], ..Need::default().asked_now() }).await?;
        self.keep_joined(head);
        Ok(())
    }

    pub(super) async fn wait_beyond(&self, after: &str) -> Result<()> {
        self.authority.wait(Cursor::parse(after)?.position).await
    }

    /// An entry as changes: an item made with files is more than one, and what only administrators of keys do is none.
    fn tell(&self, known: &Known, vault: VaultId, event: &Event) -> Vec<Change> {
        let actor = event.signer.unwrap_or(self.my_id());
        let change = |kind, subject| Change {
            kind,
            vault_id: vault,
            actor: self.profiles.actor(known, actor),
            at: time::from_millis(event.time),
            cursor: String::new(),
            subject,
        };
        let mut changes = match &event.what {
            What::Vault(kind) => vec![change(*kind, Subject::Vault)],
            What::Other(..) => Vec::new(),
            What::Access(changes) => changes
                .iter()
                .filter_map(|access| {
                    let log = known.directory.as_ref()?.principal(access.grantee)?;
                    let kind =
                        if access.role.is_some() { ChangeKind::AccessGranted } else { ChangeKind::AccessRevoked };
                    let principal = Box::new(self.profiles.principal(known, log));
                    let expires_at = access.expires_at.map(time::from_millis);
                    Some(change(kind, Subject::Access { principal, role: access.role, expires_at }))
                })
                .collect(),
            What::Item(item) => {
                let (item_id, version) = (ItemId(item.item), item.version);
                let file = |file: &Id| Subject::File { item_id, file_id: FileId(*file), version };
                match item.kind {
                    ChangeKind::FileAttached | ChangeKind::FileDetached => {
                        item.files.iter().map(|id| change(item.kind, file(id))).collect()
                    }
                    kind => {
                        let mut changes = vec![change(kind, Subject::Item { item_id, version })];
                        changes.extend(item.files.iter().map(|id| change(ChangeKind::FileAttached, file(id))));
                        changes
                    }
                }
            }
        };
        let last = changes.len().saturating_sub(1);
        for (place, change) in changes.iter_mut().enumerate() {
            let cursor = if place == last {
                Cursor::new(event.position + 1, known.head)
            } else {
                Cursor::within(event.position, u32::try_from(place + 1).unwrap_or(u32::MAX), known.head)
            };
            change.cursor = cursor.encode();
        }
        changes
    }
}

/// Whether every entry of a vault in this part of the feed is among the places that the authority named.
fn all_are_named(known: &Known, vault: Id, places: &[FeedRow], part: std::ops::Range<u64>) -> Result<()> {
    let Some(view) = known.vaults.get(&vault) else { return Ok(()) };
    let named = places.iter().filter(|place| place.log.id == vault).count();
    if view.events.range(part).count() > named {
        return Err(Error::tampered(
            "the store names some changes of a vault and keeps others back: restore the store",
        ));
    }
    Ok(())
}

fn people(event: &Event) -> Vec<Id> {
    let mut people: Vec<Id> = event.signer.into_iter().collect();
    if let What::Access(changes) = &event.what {
        people.extend(changes.iter().map(|change| change.grantee));
    }
    people
}

/// Groups places by log, for those that must be replayed.
pub(super) fn logs_of(places: &[FeedRow]) -> BTreeMap<LogKind, BTreeSet<Id>> {
    let mut logs: BTreeMap<LogKind, BTreeSet<Id>> = BTreeMap::new();
    for place in places {
        logs.entry(place.log.kind).or_default().insert(place.log.id);
    }
    logs
}
