//! Reading one moment, in the caller's thread.

use std::sync::Arc;

use async_trait::async_trait;

use super::batch::Batch;
use super::database::{Database, View};
use super::reads::{AtHead, Moment, Recent, chains, entries, feed, files, items, logs, principals, vaults};
use crate::error::Result;
use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::store::{
    BatchRow, EntryRow, FeedRow, FileRow, ItemRow, LogRow, MemberRow, OriginRow, PartsRow, PrincipalRow, ReadRow,
    Snapshot, TreeId, VaultRow, VersionRow, WrapRow,
};

/// A view, the newest batch in it, and what was looked up at its head.
pub(super) struct SqliteSnapshot {
    view: View,
    batch: Batch,
    known: Arc<AtHead>,
}

impl SqliteSnapshot {
    pub(super) fn open(database: &Database, recent: &Recent) -> Result<Self> {
        let view = database.view()?;
        // The first read fixes the moment.
        let batch = view.with(Batch::newest)?;
        Ok(Self { view, batch, known: recent.at(batch.head) })
    }

    fn read<T>(&self, reads: impl FnOnce(&Moment<'_>) -> Result<T>) -> Result<T> {
        self.view.with(|connection| reads(&Moment::new(connection, &self.known)))
    }
}

#[async_trait]
impl Snapshot for SqliteSnapshot {
    async fn head(&mut self) -> Result<Head> {
        Ok(self.batch.head)
    }

    async fn head_at(&mut self, size: u64) -> Result<Option<Head>> {
        self.read(|c| Batch::head_at(c, size))
    }

    async fn heads(&mut self) -> Result<HeadsRoots> {
        Ok(self.batch.roots)
    }

    async fn nodes(&mut self, tree: TreeId, wanted: &[(u8, u64)]) -> Result<Vec<Id>> {
        self.read(|c| logs::nodes(c, tree, wanted))
    }

    async fn states(&mut self, logs: &[LogId]) -> Result<Vec<Option<LogRow>>> {
        self.read(|c| logs.iter().map(|log| logs::log(c, *log)).collect())
    }

    async fn logs(&mut self, tree: TreeId, from: u64, limit: u32) -> Result<Vec<LogRow>> {
        let roots = self.batch.roots;
        self.read(|c| logs::logs(c, roots, tree, from, limit))
    }

    async fn entries(&mut self, log: LogId, from: u64, limit: u32) -> Result<Vec<EntryRow>> {
        self.read(|c| entries::entries(c, log, from, limit))
    }

    async fn feed(&mut self, from: u64, vaults: Option<&[Id]>, limit: u32) -> Result<Vec<FeedRow>> {
        let end = self.batch.head.size;
        self.read(|c| feed::feed(c, end, from, vaults, limit))
    }

    async fn batches(&mut self, from: u64, limit: u32) -> Result<Vec<BatchRow>> {
        self.read(|c| Batch::ends(c, from, limit))
    }

    async fn leaves(&mut self, from: u64, limit: u32) -> Result<Vec<Id>> {
        self.read(|c| feed::leaves(c, from, limit))
    }

    async fn repeated(&mut self, signer: Option<Id>, log: LogId, operation_id: Id) -> Result<Option<EntryRow>> {
        self.read(|c| entries::repeated(c, signer, log, operation_id))
    }

    async fn principal(&mut self, principal: Id) -> Result<Option<PrincipalRow>> {
        self.read(|c| principals::principal(c, principal))
    }

    async fn principal_by_email(&mut self, email: &str) -> Result<Option<PrincipalRow>> {
        self.read(|c| principals::by_email(c, email))
    }

    async fn principals(&mut self, from: u64, limit: u32) -> Result<Vec<PrincipalRow>> {
        self.read(|c| principals::principals(c, from, limit))
    }

    async fn kem_keys(&mut self, principal: Id) -> Result<Vec<(u32, Vec<u8>)>> {
        self.read(|c| principals::kem_keys(c, principal))
    }

    async fn kem_key(&mut self, principal: Id, generation: u32) -> Result<Option<Vec<u8>>> {
        self.read(|c| principals::kem_key(c, principal, generation))
    }

    async fn share_a_vault(&mut self, caller: Id, other: Id) -> Result<bool> {
        self.read(|c| principals::share_a_vault(c, caller, other))
    }

    async fn met(&mut self, one: Id, other: Id) -> Result<bool> {
        self.read(|c| principals::met(c, one, other))
    }

    async fn acquaintances(&mut self, caller: Id) -> Result<Vec<Id>> {
        self.read(|c| principals::acquaintances(c, caller))
    }

    async fn vault(&mut self, vault: Id) -> Result<Option<VaultRow>> {
        self.read(|c| vaults::vault(c, vault))
    }

    async fn vault_by_external_id(&mut self, creator: Id, external_id: &str) -> Result<Option<Id>> {
        self.read(|c| vaults::by_external_id(c, creator, external_id))
    }

    async fn vaults_of(&mut self, grantee: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>> {
        self.read(|c| vaults::vaults_of(c, grantee, from, limit))
    }

    async fn vaults_naming(&mut self, principal: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>> {
        self.read(|c| vaults::vaults_naming(c, principal, from, limit))
    }

    async fn members(&mut self, vault: Id) -> Result<Vec<MemberRow>> {
        self.read(|c| vaults::members(c, vault))
    }

    async fn people(&mut self, vault: Id) -> Result<Vec<Id>> {
        self.read(|c| vaults::people(c, vault))
    }

    async fn named(&mut self, vault: Id, principal: Id) -> Result<bool> {
        self.read(|c| vaults::named(c, vault, principal))
    }

    async fn member(&mut self, vault: Id, grantee: Id) -> Result<Option<MemberRow>> {
        self.read(|c| vaults::member(c, vault, grantee))
    }

    async fn wraps(&mut self, vault: Id, principal: Id) -> Result<Vec<WrapRow>> {
        self.read(|c| vaults::wraps(c, vault, principal))
    }

    async fn all_wraps(&mut self, vault: Id) -> Result<Vec<WrapRow>> {
        self.read(|c| vaults::all_wraps(c, vault))
    }

    async fn wraps_of_epoch(&mut self, vault: Id, epoch: u32) -> Result<Vec<WrapRow>> {
        self.read(|c| vaults::wraps_of_epoch(c, vault, epoch))
    }

    async fn previous_key(&mut self, vault: Id, epoch: u32) -> Result<Option<Vec<u8>>> {
        self.read(|c| vaults::previous_key(c, vault, epoch))
    }

    async fn previous_keys(&mut self, vault: Id) -> Result<Vec<(u32, Vec<u8>)>> {
        self.read(|c| vaults::previous_keys(c, vault))
    }

    async fn all_items(&mut self, vault: Id, from: u64, limit: u32) -> Result<Vec<ItemRow>> {
        self.read(|c| items::all_items(c, vault, from, limit))
    }

    async fn files_of(&mut self, vault: Id, item: Id) -> Result<Vec<(FileRow, Vec<u8>)>> {
        self.read(|c| files::files_of(c, vault, item))
    }

    async fn item(&mut self, vault: Id, item: Id) -> Result<Option<ItemRow>> {
        self.read(|c| items::item(c, vault, item))
    }

    async fn version(&mut self, vault: Id, item: Id, version: Option<u64>) -> Result<Option<VersionRow>> {
        self.read(|c| items::version(c, vault, item, version))
    }

    async fn items(&mut self, vault: Id, archived: bool, after: Option<u64>, limit: u32) -> Result<Vec<ItemRow>> {
        self.read(|c| items::items(c, vault, archived, after, limit))
    }

    async fn parts(&mut self, vault: Id, item: Id, from: u64, limit: u32) -> Result<Vec<PartsRow>> {
        self.read(|c| items::parts(c, vault, item, from, limit))
    }

    async fn file(&mut self, vault: Id, file: Id) -> Result<Option<FileRow>> {
        self.read(|c| files::file(c, vault, file))
    }

    async fn pieces_of(&mut self, vault: Id, file: Id) -> Result<Option<Vec<u8>>> {
        self.read(|c| files::pieces_of(c, vault, file))
    }

    async fn reads(&mut self, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
        self.read(|c| chains::reads(c, from, limit))
    }

    async fn reads_since(&mut self, time: u64) -> Result<u64> {
        self.read(|c| chains::since(c, time))
    }

    async fn chains(&mut self) -> Result<Vec<Chain>> {
        self.read(chains::chains)
    }

    async fn origin(&mut self, position: u64) -> Result<Option<OriginRow>> {
        self.read(|c| entries::origin(c, position))
    }

    async fn entries_of_session(&mut self, log: LogId, signer: Id, session: Id) -> Result<Vec<EntryRow>> {
        self.read(|c| entries::of_session(c, log, signer, session))
    }

    async fn last_signed(&mut self, vault: Id, signer: Id) -> Result<Option<u64>> {
        self.read(|c| entries::last_signed(c, vault, signer))
    }
}
