//! Items: sealed, read, changed, ended.

use super::content::{self, Details, Overview, PlainField};
use super::edit::{edited, summary};
use super::keys::parse_place;
use super::known::{Known, VaultView, no_item};
use super::opened::{Opened, another};
use super::repeats::other_arguments;
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed, moved_on};
use crate::authority::{FilePart, Reading, Rows as SealedRows, Submission, Submitted};
use crate::backend::{ItemChange, PageRequest, Rows};
use crate::crypto::part::{self, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{self, ItemWritten, sealed_hash};
use crate::log::encoding::MaybeId;
use crate::log::operation::{Body, Operation};
use crate::model::file::File;
use crate::model::id::{FileId, Id, ItemId, PrincipalId, PrincipalKind};
use crate::model::item::{Category, Item, ItemSummary};
use crate::model::role::Role;
use crate::model::time;

/// A version to be written over another.
pub(super) struct Next {
    pub(super) overview: Overview,
    pub(super) details: Details,
    pub(super) archived: bool,
    pub(super) added: Vec<body::FileReference>,
    pub(super) removed: Vec<Id>,
    pub(super) files: Vec<FilePart>,
}

/// What became of a version under an operation id of the caller's choice.
pub(super) enum Written {
    Now(Box<Item>),
    /// The id was used by this operation, which is still to be verified in its log.
    Before(Box<Operation>),
}

/// Which kind of operation writes a version.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Put,
    Attach,
    Detach,
}

impl Sealed {
    /// A signed and sealed version of an item.
    #[expect(clippy::too_many_arguments, reason = "a version is named by all of them, and only this module makes one")]
    pub(super) async fn version(
        &self,
        known: &Known,
        view: &VaultView,
        item: Id,
        version: u64,
        previous: Option<Id>,
        kind: Kind,
        next: &Next,
        operation_id: Option<Id>,
    ) -> Result<Submission> {
        let vault = view.log.id;
        let epoch = view.log.epoch().start.number;
        let key = self.vault_key(view, epoch).await?;
        let overview_place = self.item_place(vault, item, version, epoch, Part::Overview);
        let details_place = self.item_place(vault, item, version, epoch, Part::Details);
        let overview = part::seal_part(&key, &overview_place, &content::encode(&next.overview))?;
        let details = part::seal_part(&key, &details_place, &content::encode(&next.details))?;
        let written = ItemWritten {
            item,
            version,
            previous: MaybeId(previous),
            epoch,
            overview: sealed_hash(&overview),
            details: sealed_hash(&details),
            archived: next.archived,
            added: next.added.clone(),
            removed: next.removed.clone(),
        };
        let body = match kind {
            Kind::Put => Body::ItemPut(written),
            Kind::Attach => Body::FileAttached(written),
            Kind::Detach => Body::FileDetached(written),
        };
        let base = Base { log: Some(vault.0), at: view.log.progress.head(), seen: known.head };
        let rows = SealedRows { overview, details, files: next.files.clone(), ..SealedRows::default() };
        self.sign(base, operation_id, body, rows)
    }

    /// Writes the next version of an item, over whatever is the newest; `change` may find that nothing changes.
    pub(super) async fn write_over(
        &self,
        vault: Id,
        item: Id,
        if_version: Option<u64>,
        kind: Kind,
        change: impl FnMut(&Opened) -> Result<Option<Next>> + Send,
    ) -> Result<Item> {
        match self.write_once(vault, item, if_version, kind, None, change).await? {
            Written::Now(item) => Ok(*item),
            Written::Before(_) => Err(other_arguments()),
        }
    }

    /// As [`Self::write_over`], under an operation id that may have been used.
    pub(super) async fn write_once(
        &self,
        vault: Id,
        item: Id,
        if_version: Option<u64>,
        kind: Kind,
        id: Option<Id>,
        mut change: impl FnMut(&Opened) -> Result<Option<Next>> + Send,
    ) -> Result<Written> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                self.refresh(Need::vault(vault).asked_now()).await?;
            }
            self.look(vault, Role::Write).await?;
            let (known, opened) = self.open_item(vault, item, None, Reading::Change).await?;
            if if_version.is_some_and(|version| version != opened.written.version) {
                return Err(Error::conflict(format!(
                    "the item is at version {}, not at {}: read it again and repeat the change",
                    opened.written.version,
                    if_version.unwrap_or_default()
                )));
            }
            let view = known.vault(vault)?;
            let Some(next) = change(&opened)? else {
                return Ok(Written::Now(Box::new(self.show_item(&known, view, &opened))));
            };
            let placed = opened.entry.placed();
            let (version, previous) = (opened.written.version + 1, Some(placed.hash));
            let submission = self.version(&known, view, item, version, previous, kind, &next, id).await?;
            let submitted = match self.submit(submission).await {
                Err(error) if moved_on(&error) && if_version.is_none() => Submitted::Stale,
                other => other?,
            };
            if let (Some(id), Submitted::Used(_, bytes)) = (id, &submitted) {
                return self.own_operation(bytes, id).map(|first| Written::Before(Box::new(first)));
            }
            if let Some(receipt) = self.settle(submitted, None).await? {
                self.trust.expire(vault).await;
                let mut written = self.read_written(vault, &[(item, version)], receipt.seq).await?;
                return written.pop().unwrap_or_else(|| Err(no_item())).map(|item| Written::Now(Box::new(item)));
            }
        }
        Err(Self::contended("the item"))
    }

    pub(super) async fn versions_of(&self, vault: Id, item: Id, page: PageRequest) -> Result<Rows<Item>> {
        let from = parse_place(page.after.as_deref())?.max(1);
        let (_, newest) = self.open_item(vault, item, None, Reading::Summary).await?;
        let last = newest.written.version;
        let until = last.min(from + u64::from(page.limit) - 1);
        let versions = (from..=until).map(|version| (item, Some(version))).collect();
        let data = self.read_items(vault, versions, Reading::Whole).await?.into_iter().collect::<Result<_>>()?;
        Ok(Rows { data, next: (until < last).then(|| (until + 1).to_string()) })
    }

    /// The items of a vault, from its item log, replayed whole: so none is withheld or rolled back.
    pub(super) async fn page_of_items(
        &self,
        vault: Id,
        archived: bool,
        page: PageRequest,
    ) -> Result<Rows<ItemSummary>> {
        let from = parse_place(page.after.as_deref())?;
        // Those without a role are refused before the item log is asked for.
        self.look(vault, Role::Read).await?;
        // A list shows what is there now, not what was there a moment ago.
        let known = self.refresh(Need::items(vault).asked_now()).await?;
        let (view, _) = self.member(&known, vault)?;
        let items = view.items.as_ref().ok_or_else(no_item)?;
        let mut wanted: Vec<(u64, Id, u64)> = items
            .items
            .iter()
            .filter(|(_, state)| !state.deleted && state.archived == archived && state.created >= from)
            .map(|(id, state)| (state.created, *id, state.version))
            .collect();
        wanted.sort_unstable();
        let next = wanted.get(page.limit as usize).map(|(created, ..)| created.to_string());
        wanted.truncate(page.limit as usize);
        let asked = wanted.iter().map(|(_, id, version)| (*id, Some(*version))).collect();
        let rows = self.authority.items(self.session(), vault, view.items_head.size, asked, Reading::Summary).await?;
        let mut data = Vec::with_capacity(wanted.len());
        for ((_, id, version), row) in wanted.into_iter().zip(rows) {
            let answer = match row {
                Ok(answer) => answer,
                // Deleted since: it is no longer there to be listed.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let state = items.items.get(&id).ok_or_else(no_item)?;
            let entry = self.known_entry(vault, &answer, state.entry)?;
            let created_at = state.created_at;
            let opened = self.open_parts(view, entry, answer, Some(version), Reading::Summary).await?;
            if opened.written.item != id {
                return Err(another());
            }
            let item = self.show_item(&known, view, &Opened { created_at, ..opened });
            data.push(summary(item));
        }
        Ok(Rows { data, next })
    }

    pub(super) async fn rewrite_item(
        &self,
        vault: Id,
        item: Id,
        change: ItemChange,
        if_version: Option<u64>,
    ) -> Result<Item> {
        self.write_over(vault, item, if_version, Kind::Put, |opened| edited(opened, &change)).await
    }

    pub(super) async fn end_item(&self, vault: Id, item: Id) -> Result<()> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                self.refresh(Need::vault(vault).asked_now()).await?;
            }
            self.look(vault, Role::Admin).await?;
            let (known, opened) = self.open_item(vault, item, None, Reading::Summary).await?;
            let view = known.vault(vault)?;
            let body = Body::ItemDeleted(body::ItemDeleted {
                item,
                version: opened.written.version + 1,
                previous: MaybeId(Some(opened.entry.placed().hash)),
            });
            let base = Base { log: Some(vault), at: view.log.progress.head(), seen: known.head };
            let submission = self.sign(base, None, body, SealedRows::default())?;
            let submitted = match self.submit(submission).await {
                Err(error) if moved_on(&error) => Submitted::Stale,
                other => other?,
            };
            if self.settle(submitted, None).await?.is_some() {
                self.versions.seen(vault, item, opened.written.version + 1);
                self.trust.expire(vault).await;
                return Ok(());
            }
        }
        Err(Self::contended("the item"))
    }

    /// The item as users see it.
    pub(super) fn show_item(&self, known: &Known, view: &VaultView, opened: &Opened) -> Item {
        let placed = opened.entry.placed();
        let replayed = view.items.as_ref().and_then(|items| items.items.get(&opened.written.item));
        let author = opened.entry.operation.signer.unwrap_or(self.my_id());
        let kind = known
            .directory
            .as_ref()
            .and_then(|directory| directory.principal(author))
            .map_or(PrincipalKind::User, |author| author.kind);
        let Details { notes, fields, files } = &opened.details;
        Item {
            id: ItemId(opened.written.item),
            vault_id: view.log.id,
            title: opened.overview.title.clone(),
            category: opened.overview.category.parse().unwrap_or(Category::SecureNote),
            fields: fields.iter().map(PlainField::to_field).collect(),
            notes: notes.clone(),
            tags: opened.overview.tags.clone(),
            urls: opened.overview.urls.clone(),
            files: files
                .iter()
                .map(|file| File {
                    id: FileId(file.id),
                    name: file.name.clone(),
                    size: file.size,
                    content_type: file.content_type.clone(),
                    created_at: time::from_millis(file.attached_at),
                })
                .collect(),
            version: opened.written.version,
            archived: opened.written.archived,
            created_at: time::from_millis(replayed.map_or(opened.created_at, |state| state.created_at)),
            updated_at: time::from_millis(placed.time),
            updated_by: PrincipalId { kind, id: author },
        }
    }
}
