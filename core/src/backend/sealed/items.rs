//! Items: sealed, read, changed, ended.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::content::{self, Details, Overview, PlainField};
use super::edit::{edited, summary};
use super::keys::parse_place;
use super::known::{Known, VaultView, no_item};
use super::repeats::other_arguments;
use super::sign::Base;
use super::trust::Need;
use super::verify::Pending;
use super::{MAX_TRIES, Sealed, moved_on};
use crate::authority::{EntryAnswer, FilePart, ItemAnswer, Rows as SealedRows, Submission, Submitted};
use crate::backend::{ItemChange, PageRequest, Rows};
use crate::crypto::part::{self, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{self, ItemWritten, sealed_hash};
use crate::log::encoding::MaybeId;
use crate::log::operation::{Body, LogId, LogKind, Operation};
use crate::log::replay::NEXT;
use crate::log::replay::items::check_item;
use crate::log::tree;
use crate::model::file::File;
use crate::model::id::{FileId, Id, ItemId, PrincipalId, PrincipalKind};
use crate::model::item::{Category, Item, ItemSummary};
use crate::model::role::Role;
use crate::model::time;
use crate::store::EntryRow;

/// One verified version of an item, opened.
pub(super) struct Opened {
    pub(super) entry: Pending,
    pub(super) written: ItemWritten,
    pub(super) overview: Overview,
    pub(super) details: Details,
    pub(super) created_at: u64,
}

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
            let (known, opened) = self.open_item(vault, item, None).await?;
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
            if self.settle(submitted, None).await?.is_some() {
                self.trust.expire(vault).await;
                return self.read_item(vault, item, Some(version)).await.map(|item| Written::Now(Box::new(item)));
            }
        }
        Err(Self::contended("the item"))
    }

    pub(super) async fn read_item(&self, vault: Id, item: Id, version: Option<u64>) -> Result<Item> {
        self.read_items(vault, vec![(item, version)]).await?.pop().unwrap_or_else(|| Err(no_item()))
    }

    /// Versions of items of one vault, in order; an error per row that could not be read.
    pub(super) async fn read_items(&self, vault: Id, of: Vec<(Id, Option<u64>)>) -> Result<Vec<Result<Item>>> {
        let (known, opened) = self.open_items(vault, &of).await?;
        let view = known.vault(vault)?;
        let authors: Vec<Id> = opened.iter().flatten().flat_map(Opened::author).collect();
        self.profiles.load(self.authority(), self.session(), &known, &authors).await?;
        Ok(opened.into_iter().map(|row| row.map(|opened| self.show_item(&known, view, &opened))).collect())
    }

    /// A version of an item, verified and opened, and what it was verified under.
    pub(super) async fn open_item(&self, vault: Id, item: Id, version: Option<u64>) -> Result<(Arc<Known>, Opened)> {
        let (known, mut opened) = self.open_items(vault, &[(item, version)]).await?;
        Ok((known, opened.pop().unwrap_or_else(|| Err(no_item()))?))
    }

    /// As [`Self::open_item`], for many in one answer: in order, an error per row that is not there.
    async fn open_items(&self, vault: Id, of: &[(Id, Option<u64>)]) -> Result<(Arc<Known>, Vec<Result<Opened>>)> {
        let mut known = self.look(vault, Role::Read).await?;
        let mut opened: Vec<Option<Result<Opened>>> = of.iter().map(|_| None).collect();
        let mut asked_for = BTreeSet::new();
        for _ in 0..MAX_TRIES {
            let waiting: Vec<usize> = (0..of.len()).filter(|row| opened[*row].is_none()).collect();
            if waiting.is_empty() {
                return Ok((known, opened.into_iter().flatten().collect()));
            }
            let (view, _) = self.member(&known, vault)?;
            let size = view.items_head.size;
            let rows: Vec<(Id, Option<u64>)> = waiting.iter().map(|row| of[*row]).collect();
            let answers = self.authority.items(self.session(), vault, size, rows).await?;
            let asked = Arc::clone(&known);
            if answers.len() != waiting.len() {
                return Err(another());
            }
            let (mut moved, mut strangers) = (false, Vec::new());
            for (row, answer) in waiting.into_iter().zip(answers) {
                let (item, version) = of[row];
                match answer {
                    Ok(answer) => {
                        let entry = self.read_entry(vault, &answer.entry)?;
                        if let Some(stranger) = stranger(&asked, &entry).filter(|id| !asked_for.contains(id)) {
                            strangers.push(stranger);
                            continue;
                        }
                        let verified = self.verify_read(Arc::clone(&asked), vault, &entry, &answer.path).await?;
                        if !Arc::ptr_eq(&verified, &asked) {
                            known = verified;
                        }
                        let view = known.vault(vault)?;
                        if view.items_head.size != size {
                            // The log moved on while it was replayed: the answer is asked for again, under the newer state.
                            continue;
                        }
                        let version = self.open_parts(view, entry, answer, version).await?;
                        if version.written.item != item {
                            return Err(another());
                        }
                        opened[row] = Some(Ok(version));
                    }
                    // The newest is beyond what was verified: its state needs its path.
                    Err(error) if error.kind() == ErrorKind::Conflict => moved = true,
                    Err(error) => opened[row] = Some(Err(error)),
                }
            }
            if moved || !strangers.is_empty() {
                asked_for.extend(strangers.iter().copied());
                let need = Need::vault(vault).and_principals(strangers);
                known = self.refresh(if moved { need.asked_now() } else { need }).await?;
            }
        }
        Err(Self::contended("the item"))
    }

    /// An entry of an item log, if its path leads to the verified state and its author could write it.
    pub(super) async fn verify_entry(
        &self,
        known: Arc<Known>,
        vault: Id,
        row: &EntryRow,
        path: &[Id],
    ) -> Result<(Arc<Known>, Pending)> {
        let entry = self.read_entry(vault, row)?;
        let known = match stranger(&known, &entry) {
            Some(stranger) => self.refresh(Need::vault(vault).and_principals([stranger])).await?,
            None => known,
        };
        let known = self.verify_read(known, vault, &entry, path).await?;
        Ok((known, entry))
    }

    fn read_entry(&self, vault: Id, row: &EntryRow) -> Result<Pending> {
        let answer = EntryAnswer {
            time: row.time,
            operation: row.operation.clone(),
            signatures: row.signatures.clone(),
            position: row.position,
        };
        Pending::read(self.account_id(), LogId::new(LogKind::Items, vault), row.seq, answer)
    }

    async fn verify_read(&self, known: Arc<Known>, vault: Id, entry: &Pending, path: &[Id]) -> Result<Arc<Known>> {
        let view = known.vault(vault)?;
        let placed = entry.placed();
        tree::verify_inclusion(view.items_head.size, &view.items_head.root, &[(placed.seq, placed.hash)], path)?;
        let directory = known.directory()?;
        self.trust.checked.signatures(entry, &directory.signing_keys(&entry.operation).map_err(Error::from)?)?;
        // Nothing proves the place in the feed that comes with it, so it is judged as if it came after all else.
        if check_item(&entry.operation, NEXT, &view.log, directory).is_err() {
            return self.replayed_entry(vault, entry).await;
        }
        if let Some(replayed) = view.items.as_ref().and_then(|items| items.items.get(&item_of(entry)?))
            && replayed.seq == placed.seq
            && replayed.entry != placed.hash
        {
            return Err(another());
        }
        self.join_author(known, entry).await
    }

    async fn open_parts(
        &self,
        view: &VaultView,
        entry: Pending,
        answer: ItemAnswer,
        version: Option<u64>,
    ) -> Result<Opened> {
        let ItemAnswer { overview, details, created_at, .. } = answer;
        let written = match &entry.operation.body {
            Body::ItemPut(written) | Body::FileAttached(written) | Body::FileDetached(written) => written.clone(),
            _ => return Err(another()),
        };
        let hidden = version.is_none()
            && view
                .items
                .as_ref()
                .and_then(|items| items.items.get(&written.item))
                .is_some_and(|state| state.version > written.version);
        if version.is_some_and(|version| version != written.version) || hidden {
            return Err(another());
        }
        if sealed_hash(&overview) != written.overview || sealed_hash(&details) != written.details {
            return Err(Error::tampered("an item's sealed parts are not the ones its log names: restore the store"));
        }
        let key = self.vault_key(view, written.epoch).await?;
        let place = |part| self.item_place(view.log.id, written.item, written.version, written.epoch, part);
        let overview = content::decode(&part::open_part(&key, &place(Part::Overview), &overview)?)?;
        let details = content::decode(&part::open_part(&key, &place(Part::Details), &details)?)?;
        Ok(Opened { entry, written, overview, details, created_at })
    }

    pub(super) async fn versions_of(&self, vault: Id, item: Id, page: PageRequest) -> Result<Rows<Item>> {
        let from = parse_place(page.after.as_deref())?.max(1);
        let (_, newest) = self.open_item(vault, item, None).await?;
        let last = newest.written.version;
        let until = last.min(from + u64::from(page.limit) - 1);
        let versions = (from..=until).map(|version| (item, Some(version))).collect();
        let data = self.read_items(vault, versions).await?.into_iter().collect::<Result<_>>()?;
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
        let rows = self.authority.items(self.session(), vault, view.items_head.size, asked).await?;
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
            let opened = self.open_parts(view, entry, answer, Some(version)).await?;
            if opened.written.item != id {
                return Err(another());
            }
            let item = self.show_item(&known, view, &Opened { created_at, ..opened });
            data.push(summary(item));
        }
        Ok(Rows { data, next })
    }

    /// An entry that the replayed item log has already: only its hash is left to compare.
    fn known_entry(&self, vault: Id, answer: &ItemAnswer, hash: Id) -> Result<Pending> {
        let entry = self.read_entry(vault, &answer.entry)?;
        if entry.placed().hash == hash { Ok(entry) } else { Err(another()) }
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
            let (known, opened) = self.open_item(vault, item, None).await?;
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

impl Opened {
    fn author(&self) -> Vec<Id> {
        self.entry.operation.signer.into_iter().collect()
    }

    /// The next version, the same so far.
    pub(super) fn next(&self) -> Next {
        Next {
            overview: self.overview.clone(),
            details: self.details.clone(),
            archived: self.written.archived,
            added: Vec::new(),
            removed: Vec::new(),
            files: Vec::new(),
        }
    }
}

/// The entry's author, if nothing is known of them yet.
fn stranger(known: &Known, entry: &Pending) -> Option<Id> {
    entry.operation.signer.filter(|id| known.directory().is_ok_and(|directory| directory.principal(*id).is_none()))
}

fn item_of(entry: &Pending) -> Option<Id> {
    crate::log::replay::items::address(&entry.operation).ok().map(|(item, ..)| item)
}

pub(super) fn another() -> Error {
    Error::tampered("the store answered another version of an item, or another item: restore the store")
}
