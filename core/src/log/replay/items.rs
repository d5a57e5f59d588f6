//! A vault's item log: every version of every item, and who could make it.

use rpds::HashTrieMapSync;

use super::{Directory, Placed, Progress, Refusal, VaultLog, Verdict};
use crate::log::body::{FileReference, ItemWritten};
use crate::log::operation::{Body, Operation};
use crate::model::change::ChangeKind;
use crate::model::id::Id;
use crate::model::role::Role;

/// An item after its newest entry.
#[derive(Clone, Debug)]
pub struct ItemState {
    /// Its newest version.
    pub version: u64,
    /// The hash of the entry that made it.
    pub entry: Id,
    /// The place of that entry in the item log.
    pub seq: u64,
    /// The place of its first entry: its order of creation.
    pub created: u64,
    /// When that was, in milliseconds since 1970.
    pub created_at: u64,
    /// Whether it is in the archive.
    pub archived: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Its files, in the order they were attached.
    pub files: Vec<FileReference>,
}

/// A vault's item log, replayed.
#[derive(Clone, Debug)]
pub struct ItemsLog {
    /// How far it was replayed.
    pub progress: Progress,
    /// Every item there ever was.
    pub items: HashTrieMapSync<Id, ItemState>,
}

impl Default for ItemsLog {
    fn default() -> Self {
        Self { progress: Progress::new(), items: HashTrieMapSync::default() }
    }
}

/// What an entry did to an item.
#[derive(Clone, Debug)]
pub struct ItemEvent {
    /// What happened; for an item made with files, the files are in `files`.
    pub kind: ChangeKind,
    /// Which item.
    pub item: Id,
    /// The version it made.
    pub version: u64,
    /// The file that was attached or detached, or all files of a new item.
    pub files: Vec<Id>,
}

impl ItemsLog {
    /// The log with one more entry, and what that entry did.
    pub fn apply(&mut self, placed: Placed<'_>, vault: &VaultLog, directory: &Directory) -> Verdict<ItemEvent> {
        self.progress.expect(placed)?;
        check_item(placed.operation, placed.position, vault, directory)?;
        let (item, _, _) = address(placed.operation)?;
        let (event, state) = next_state(self.items.get(&item), placed)?;
        self.items.insert_mut(event.item, state);
        self.progress.advance(placed);
        Ok(event)
    }
}

/// An item after one more entry, and what that entry did; who may sign it is for [`check_item`].
pub fn next_state(before: Option<&ItemState>, placed: Placed<'_>) -> Verdict<(ItemEvent, ItemState)> {
    let (item, version, previous) = address(placed.operation)?;
    let fits = match before {
        None => version == 1 && previous.is_none(),
        Some(before) => !before.deleted && version == before.version + 1 && previous == Some(before.entry),
    };
    if !fits {
        return Err(Refusal::Order("it does not follow the version before it".to_owned()));
    }
    let mut state = before.cloned().unwrap_or(ItemState {
        version,
        entry: placed.hash,
        seq: placed.seq,
        created: placed.seq,
        created_at: placed.time,
        archived: false,
        deleted: false,
        files: Vec::new(),
    });
    let was_archived = state.archived;
    (state.version, state.entry, state.seq) = (version, placed.hash, placed.seq);
    let (kind, files) = match &placed.operation.body {
        Body::ItemDeleted(_) if before.is_some() => {
            state.deleted = true;
            (ChangeKind::ItemDeleted, Vec::new())
        }
        Body::ItemPut(body) => {
            state.archived = body.archived;
            let kind = match (before, was_archived, body.archived) {
                (None, _, false) => ChangeKind::ItemCreated,
                (Some(_), false, true) => ChangeKind::ItemArchived,
                (Some(_), true, false) => ChangeKind::ItemRestored,
                (Some(_), _, _) => ChangeKind::ItemUpdated,
                (None, _, true) => return Err(malformed()),
            };
            (kind, take_files(&mut state, body, kind == ChangeKind::ItemCreated, false)?)
        }
        Body::FileAttached(body) if before.is_some() && body.archived == was_archived && body.added.len() == 1 => {
            (ChangeKind::FileAttached, take_files(&mut state, body, true, true)?)
        }
        Body::FileDetached(body) if before.is_some() && body.archived == was_archived && body.removed.len() == 1 => {
            take_files(&mut state, body, false, true)?;
            (ChangeKind::FileDetached, body.removed.clone())
        }
        _ => return Err(malformed()),
    };
    Ok((ItemEvent { kind, item, version, files }, state))
}

/// The item, the version and the entry before it that an operation names.
pub fn address(operation: &Operation) -> Verdict<(Id, u64, Option<Id>)> {
    match &operation.body {
        Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => {
            Ok((body.item, body.version, body.previous.0))
        }
        Body::ItemDeleted(body) => Ok((body.item, body.version, body.previous.0)),
        _ => Err(Refusal::Malformed("it does not belong in an item log".to_owned())),
    }
}

/// Rules 2 and 3 for one operation on an item, by itself: its author's role and its epoch, at its `at`.
pub fn check_item(operation: &Operation, position: u64, vault: &VaultLog, directory: &Directory) -> Verdict {
    let signer = operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))?;
    let (at, seen) = (operation.at, operation.seen.size);
    if operation.account != Some(directory.account.id) || operation.log != Some(vault.id.0) {
        return Err(Refusal::Malformed("it is of another vault".to_owned()));
    }
    if vault.state_at(at.size) != Some(at) {
        return Err(Refusal::Order("it builds on a state that the vault's log never had".to_owned()));
    }
    if vault.deleted && at.size == vault.progress.head().size {
        return Err(Refusal::State("the vault was deleted".to_owned()));
    }
    directory.signs(signer, operation.generation, position, seen)?;
    let (need, epoch) = match &operation.body {
        Body::ItemDeleted(_) => (Role::Admin, None),
        Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => (Role::Write, Some(body.epoch)),
        _ => return Err(malformed()),
    };
    if vault.role_for(directory, signer, operation.generation, at.size, position, seen) < Some(need) {
        return Err(Refusal::Right("its signer had too low a role, or had been put out".to_owned()));
    }
    if epoch.is_some() && epoch != vault.epoch_at(at.size) {
        return Err(Refusal::Order("it is sealed under another key than the vault's".to_owned()));
    }
    Ok(())
}

fn take_files(state: &mut ItemState, body: &ItemWritten, may_add: bool, may_remove: bool) -> Verdict<Vec<Id>> {
    if (!may_add && !body.added.is_empty()) || (!may_remove && !body.removed.is_empty()) || body.removed.len() > 1 {
        return Err(malformed());
    }
    for file in &body.removed {
        let place = state.files.iter().position(|known| known.file == *file);
        state.files.remove(place.ok_or_else(|| Refusal::State("it takes off a file that is not there".to_owned()))?);
    }
    for file in &body.added {
        if state.files.iter().any(|known| known.file == file.file) {
            return Err(Refusal::State("it attaches a file twice".to_owned()));
        }
        state.files.push(file.clone());
    }
    Ok(body.added.iter().map(|file| file.file).collect())
}

fn malformed() -> Refusal {
    Refusal::Malformed("it asks for what its kind can't do".to_owned())
}
