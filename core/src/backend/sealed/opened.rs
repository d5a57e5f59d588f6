//! Versions of items, verified and opened.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::content::{self, Details, Overview};
use super::items::Next;
use super::known::{Known, VaultView, no_item};
use super::trust::Need;
use super::verify::Pending;
use super::{MAX_TRIES, Sealed};
use crate::authority::{EntryAnswer, ItemAnswer, Reading};
use crate::crypto::part::{self, Part};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{ItemWritten, sealed_hash};
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::replay::NEXT;
use crate::log::replay::items::check_item;
use crate::log::tree;
use crate::model::id::Id;
use crate::model::item::Item;
use crate::model::role::Role;
use crate::store::EntryRow;

/// One verified version of an item, opened.
pub(super) struct Opened {
    pub(super) entry: Pending,
    pub(super) written: ItemWritten,
    pub(super) overview: Overview,
    pub(super) details: Details,
    pub(super) created_at: u64,
}

/// Answers that were asked for before the state was known that their paths lead to.
struct Early {
    size: u64,
    answers: Vec<Result<ItemAnswer>>,
}

impl Sealed {
    pub(super) async fn read_item(&self, vault: Id, item: Id, version: Option<u64>, reading: Reading) -> Result<Item> {
        self.read_items(vault, vec![(item, version)], reading).await?.pop().unwrap_or_else(|| Err(no_item()))
    }

    /// Versions of items of one vault, in order; an error per row that could not be read.
    pub(super) async fn read_items(
        &self,
        vault: Id,
        of: Vec<(Id, Option<u64>)>,
        reading: Reading,
    ) -> Result<Vec<Result<Item>>> {
        let (known, opened) = self.open_items(vault, &of, reading).await?;
        self.show_items(vault, &known, opened).await
    }

    /// Versions that were written just now, the last of them as entry `last` of the item log.
    ///
    /// They are asked for beside the state that proves them, at the size that it has unless somebody wrote since.
    pub(super) async fn read_written(&self, vault: Id, of: &[(Id, u64)], last: u64) -> Result<Vec<Result<Item>>> {
        let of: Vec<(Id, Option<u64>)> = of.iter().map(|(item, version)| (*item, Some(*version))).collect();
        let (size, reading) = (last + 1, Reading::Written);
        let rows = self.authority.items(self.session(), vault, size, of.clone(), reading);
        let (known, answers) = tokio::join!(self.look(vault, Role::Read), rows);
        let early = answers.ok().filter(|answers| answers.iter().all(Result::is_ok));
        let early = early.map(|answers| Early { size, answers });
        let (known, opened) = self.open_under(known?, vault, &of, reading, early).await?;
        self.show_items(vault, &known, opened).await
    }

    async fn show_items(&self, vault: Id, known: &Known, opened: Vec<Result<Opened>>) -> Result<Vec<Result<Item>>> {
        let view = known.vault(vault)?;
        let authors: Vec<Id> = opened.iter().flatten().flat_map(Opened::author).collect();
        self.profiles.load(self.authority(), self.session(), known, &authors).await?;
        Ok(opened.into_iter().map(|row| row.map(|opened| self.show_item(known, view, &opened))).collect())
    }

    /// A version of an item, verified and opened, and what it was verified under; a summary has no details.
    pub(super) async fn open_item(
        &self,
        vault: Id,
        item: Id,
        version: Option<u64>,
        reading: Reading,
    ) -> Result<(Arc<Known>, Opened)> {
        let (known, mut opened) = self.open_items(vault, &[(item, version)], reading).await?;
        Ok((known, opened.pop().unwrap_or_else(|| Err(no_item()))?))
    }

    /// As [`Self::open_item`], for many in one answer: in order, an error per row that is not there.
    async fn open_items(
        &self,
        vault: Id,
        of: &[(Id, Option<u64>)],
        reading: Reading,
    ) -> Result<(Arc<Known>, Vec<Result<Opened>>)> {
        let known = self.look(vault, Role::Read).await?;
        self.open_under(known, vault, of, reading, None).await
    }

    async fn open_under(
        &self,
        mut known: Arc<Known>,
        vault: Id,
        of: &[(Id, Option<u64>)],
        reading: Reading,
        mut early: Option<Early>,
    ) -> Result<(Arc<Known>, Vec<Result<Opened>>)> {
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
            // Before the question: what is read beside it meanwhile may be newer than an honest answer.
            let least: Vec<u64> = rows.iter().map(|(item, _)| self.versions.newest(vault, *item)).collect();
            let answers = match early.take().filter(|early| early.size == size) {
                Some(early) => early.answers,
                None => self.authority.items(self.session(), vault, size, rows, reading).await?,
            };
            let asked = Arc::clone(&known);
            if answers.len() != waiting.len() {
                return Err(another());
            }
            let (mut moved, mut strangers) = (false, Vec::new());
            for ((row, least), answer) in waiting.into_iter().zip(least).zip(answers) {
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
                        let asked_newest = version.is_none();
                        let version = self.open_parts(view, entry, answer, version, reading).await?;
                        let older = asked_newest && version.written.version < least;
                        if version.written.item != item || older {
                            return Err(another());
                        }
                        self.versions.seen(vault, item, version.written.version);
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

    /// Opens and verifies versions of items that must be there, for a proof.
    pub(super) async fn prove_items(&self, vault: Id, versions: &[(Id, u64)]) -> Result<()> {
        let wanted: Vec<(Id, Option<u64>)> = versions.iter().map(|(item, version)| (*item, Some(*version))).collect();
        let (_, opened) = self.open_items(vault, &wanted, Reading::Proof).await?;
        for ((item, _), row) in versions.iter().zip(opened) {
            match row {
                Ok(_) => {}
                // It may have been deleted meanwhile, which its log says then.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let known = self.refresh(Need::items(vault).asked_now()).await?;
                    let items = known.vault(vault)?.items.as_ref();
                    if items.and_then(|items| items.items.get(item)).is_none_or(|state| !state.deleted) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
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

    pub(super) async fn open_parts(
        &self,
        view: &VaultView,
        entry: Pending,
        answer: ItemAnswer,
        version: Option<u64>,
        reading: Reading,
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
        let summary = reading == Reading::Summary;
        // A summary has no details, and none are taken.
        let fits = if summary { details.is_empty() } else { sealed_hash(&details) == written.details };
        if sealed_hash(&overview) != written.overview || !fits {
            return Err(Error::tampered("an item's sealed parts are not the ones its log names: restore the store"));
        }
        let key = self.vault_key(view, written.epoch).await?;
        let place = |part| self.item_place(view.log.id, written.item, written.version, written.epoch, part);
        let overview = content::decode(&part::open_part(&key, &place(Part::Overview), &overview)?)?;
        let details = if summary {
            Details::default()
        } else {
            content::decode(&part::open_part(&key, &place(Part::Details), &details)?)?
        };
        Ok(Opened { entry, written, overview, details, created_at })
    }

    /// An entry that the replayed item log has already: only its hash is left to compare.
    pub(super) fn known_entry(&self, vault: Id, answer: &ItemAnswer, hash: Id) -> Result<Pending> {
        let entry = self.read_entry(vault, &answer.entry)?;
        if entry.placed().hash == hash { Ok(entry) } else { Err(another()) }
    }
}

impl Opened {
    pub(super) fn author(&self) -> Vec<Id> {
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
