//! Items and files, with the entries that made them and their paths.

use futures_util::future::{OptionFuture, try_join_all};

use super::look::Look;
use super::notes::About;
use super::pieces::no_file;
use super::prove::{RecentNodes, prove};
use super::{Engine, pages};
use crate::authority::{FileAnswer, ItemAnswer, Reading, Session};
use crate::error::{Error, Result};
use crate::log::operation::{LogId, LogKind, Operation};
use crate::log::reads::Action;
use crate::log::replay::items::address;
use crate::log::tree::prove_inclusion;
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{EntryRow, Snapshot, TreeId, VersionRow};

impl Engine {
    pub(super) async fn read_items(
        &self,
        session: Session,
        vault: Id,
        size: u64,
        of: Vec<(Id, Option<u64>)>,
        reading: Reading,
    ) -> Result<Vec<Result<ItemAnswer>>> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, Role::Read).await?;
        check_size(&mut look, vault, size).await?;
        let mut answers = Vec::with_capacity(of.len());
        for (item, version) in &of {
            answers.push(read(&self.nodes, &mut *look.snapshot, vault, size, *item, *version).await);
        }
        if reading == Reading::Summary {
            answers.iter_mut().flatten().for_each(|answer| answer.details.clear());
        } else if self.audits_reads(&mut *look.snapshot).await? {
            self.note_items(look, vault, &of, &answers, reading).await?;
        }
        Ok(answers)
    }

    /// Notes what is about to be given out.
    async fn note_items(
        &self,
        mut look: Look,
        vault: Id,
        of: &[(Id, Option<u64>)],
        answers: &[Result<ItemAnswer>],
        reading: Reading,
    ) -> Result<()> {
        let file = match reading {
            Reading::File(file) => look.snapshot.file(vault, file).await?.filter(|row| !row.detached),
            _ => None,
        };
        let caller = look.caller;
        drop(look.snapshot);
        let (mut notes, mut proven) = (Vec::new(), 0);
        for ((item, _), answer) in of.iter().zip(answers) {
            let Ok(answer) = answer else { continue };
            let operation = Operation::from_bytes(&answer.entry.operation)?;
            let version = address(&operation)?.1;
            let about = About { vault: Some(vault), item: Some(*item), file: None, version };
            match reading {
                Reading::Proof => proven += 1,
                Reading::Written if operation.signer == Some(caller.principal) => {}
                Reading::File(id) if file.as_ref().is_some_and(|row| row.item == *item) => {
                    self.note_file(&caller, About { file: Some(id), ..about }, true).await?;
                }
                Reading::Change => notes.push((Action::ItemOpened, about)),
                _ => notes.push((Action::ItemRead, about)),
            }
        }
        if proven > 0 {
            let about = About { vault: Some(vault), ..About::default() };
            self.note(&caller, Action::AuditVerified, about, format!("{proven} versions of items")).await?;
        }
        let note =
            |(action, about): (Action, About)| self.note(&caller, action, about, format!("version {}", about.version));
        if notes.len() == 1 {
            return OptionFuture::from(notes.pop().map(note)).await.unwrap_or(Ok(()));
        }
        // Together, so that they are one group.
        try_join_all(notes.into_iter().map(note)).await.map(drop)
    }

    pub(super) async fn read_file(&self, session: Session, vault: Id, size: u64, file: Id) -> Result<FileAnswer> {
        let mut look = self.look(session).await?;
        self.need(&mut look, vault, Role::Read).await?;
        check_size(&mut look, vault, size).await?;
        let row = look.snapshot.file(vault, file).await?;
        let row = row.filter(|row| !row.detached).ok_or_else(no_file)?;
        let (entry, path) = proven(&self.nodes, &mut *look.snapshot, vault, size, row.seq).await?;
        if self.audits_reads(&mut *look.snapshot).await? {
            let about = About { vault: Some(vault), item: Some(row.item), file: Some(file), version: 0 };
            self.note_file(&look.caller, about, false).await?;
        }
        let leaves = look.snapshot.pieces_of(vault, file).await?.ok_or_else(no_file)?;
        let leaves = leaves.chunks(32).map(Id::try_from).collect::<Result<_>>()?;
        Ok(FileAnswer { entry, path, leaves })
    }
}

async fn read(
    recent: &RecentNodes,
    snapshot: &mut dyn Snapshot,
    vault: Id,
    size: u64,
    item: Id,
    version: Option<u64>,
) -> Result<ItemAnswer> {
    let missing = || Error::not_found("there is no such item, or no such version of it, in the vault: check the id");
    let row = snapshot.version(vault, item, version).await?.ok_or_else(missing)?;
    let VersionRow { newest, parts, entry, created_at } = row;
    let path = path(recent, snapshot, vault, size, parts.seq).await?;
    let (entry, created_at) = entry.zip(created_at).ok_or_else(gone)?;
    Ok(ItemAnswer { entry, path, created_at, newest, overview: parts.overview, details: parts.details })
}

/// An entry of the item log, and its path in the log's tree of `size` entries.
async fn proven(
    recent: &RecentNodes,
    snapshot: &mut dyn Snapshot,
    vault: Id,
    size: u64,
    seq: u64,
) -> Result<(EntryRow, Vec<Id>)> {
    let path = path(recent, snapshot, vault, size, seq).await?;
    let log = LogId { kind: LogKind::Items, id: vault };
    Ok((pages::entry(snapshot, log, seq).await?.ok_or_else(gone)?, path))
}

async fn path(recent: &RecentNodes, snapshot: &mut dyn Snapshot, vault: Id, size: u64, seq: u64) -> Result<Vec<Id>> {
    if seq >= size {
        return Err(Error::conflict("an item was asked that moved on in the meantime: look at the newest state"));
    }
    let log = LogId { kind: LogKind::Items, id: vault };
    prove(recent, snapshot, TreeId::Log(log), |nodes| prove_inclusion(nodes, size, &[seq])).await
}

/// Refuses a size that the item log does not have yet.
async fn check_size(look: &mut Look, vault: Id, size: u64) -> Result<()> {
    let log = look.snapshot.log(LogId { kind: LogKind::Items, id: vault }).await?;
    if size <= log.map_or(0, |row| row.state.size) {
        return Ok(());
    }
    Err(Error::conflict("items were asked of a state that is not here: look at the newest state"))
}

fn gone() -> Error {
    Error::tampered("an entry is missing from an item log: restore the store")
}
