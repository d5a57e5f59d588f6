//! Reading one moment: a transaction that sees what was there when it began.

use async_trait::async_trait;
use deadpool_postgres::Object;

use super::connect::Transaction;
use super::convert::{Columns, damaged};
use super::reads::{chains, entries, feed, files, items, logs, principals, vaults};
use crate::error::Result;
use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::store::{
    BatchRow, EntryRow, FeedRow, FileRow, ItemRow, LogRow, MemberRow, OriginRow, PartsRow, PrincipalRow, ReadRow,
    Snapshot, TreeId, VaultRow, VersionRow, WrapRow,
};

/// A view, and the head in it.
pub(super) struct PostgresSnapshot {
    moment: Transaction,
    head: Head,
    roots: HeadsRoots,
}

impl PostgresSnapshot {
    pub(super) async fn open(client: Object) -> Result<Self> {
        // The first read fixes the moment.
        let (moment, rows) = Transaction::begin(
            client,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            "SELECT size, root, account_size, account_root, vaults_size, vaults_root FROM feed_head WHERE one = 1",
            &[],
        )
        .await?;
        let row = rows.first().ok_or_else(damaged)?;
        let head = Head { size: row.number(0)?, root: row.id(1)? };
        let roots = HeadsRoots {
            account: Head { size: row.number(2)?, root: row.id(3)? },
            vaults: Head { size: row.number(4)?, root: row.id(5)? },
        };
        Ok(Self { moment, head, roots })
    }
}

#[async_trait]
impl Snapshot for PostgresSnapshot {
    async fn head(&mut self) -> Result<Head> {
        Ok(self.head)
    }

    async fn head_at(&mut self, size: u64) -> Result<Option<Head>> {
        logs::head_at(&self.moment, size).await
    }

    async fn heads(&mut self) -> Result<HeadsRoots> {
        Ok(self.roots)
    }

    async fn nodes(&mut self, tree: TreeId, wanted: &[(u8, u64)]) -> Result<Vec<Id>> {
        logs::nodes(&self.moment, tree, wanted).await
    }

    async fn states(&mut self, logs: &[LogId]) -> Result<Vec<Option<LogRow>>> {
        logs::states(&self.moment, logs).await
    }

    async fn logs(&mut self, tree: TreeId, from: u64, limit: u32) -> Result<Vec<LogRow>> {
        logs::logs(&self.moment, self.roots, tree, from, limit).await
    }

    async fn entries(&mut self, log: LogId, from: u64, limit: u32) -> Result<Vec<EntryRow>> {
        entries::entries(&self.moment, log, from, limit).await
    }

    async fn feed(&mut self, from: u64, vaults: Option<&[Id]>, limit: u32) -> Result<Vec<FeedRow>> {
        feed::feed(&self.moment, self.head.size, from, vaults, limit).await
    }

    async fn batches(&mut self, from: u64, limit: u32) -> Result<Vec<BatchRow>> {
        logs::batches(&self.moment, from, limit).await
    }

    async fn leaves(&mut self, from: u64, limit: u32) -> Result<Vec<Id>> {
        feed::leaves(&self.moment, from, limit).await
    }

    async fn repeated(&mut self, signer: Option<Id>, log: LogId, operation_id: Id) -> Result<Option<EntryRow>> {
        entries::repeated(&self.moment, signer, log, operation_id).await
    }

    async fn principal(&mut self, principal: Id) -> Result<Option<PrincipalRow>> {
        principals::principal(&self.moment, principal).await
    }

    async fn principal_by_email(&mut self, email: &str) -> Result<Option<PrincipalRow>> {
        principals::by_email(&self.moment, email).await
    }

    async fn principals(&mut self, from: u64, limit: u32) -> Result<Vec<PrincipalRow>> {
        principals::principals(&self.moment, from, limit).await
    }

    async fn kem_keys(&mut self, principal: Id) -> Result<Vec<(u32, Vec<u8>)>> {
        principals::kem_keys(&self.moment, principal).await
    }

    async fn kem_key(&mut self, principal: Id, generation: u32) -> Result<Option<Vec<u8>>> {
        principals::kem_key(&self.moment, principal, generation).await
    }

    async fn share_a_vault(&mut self, caller: Id, other: Id) -> Result<bool> {
        principals::share_a_vault(&self.moment, caller, other).await
    }

    async fn met(&mut self, one: Id, other: Id) -> Result<bool> {
        principals::met(&self.moment, one, other).await
    }

    async fn acquaintances(&mut self, caller: Id) -> Result<Vec<Id>> {
        principals::acquaintances(&self.moment, caller).await
    }

    async fn vault(&mut self, vault: Id) -> Result<Option<VaultRow>> {
        vaults::vault(&self.moment, vault).await
    }

    async fn vault_by_external_id(&mut self, creator: Id, external_id: &str) -> Result<Option<Id>> {
        vaults::by_external_id(&self.moment, creator, external_id).await
    }

    async fn vaults_of(&mut self, grantee: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>> {
        vaults::vaults_of(&self.moment, grantee, from, limit).await
    }

    async fn vaults_naming(&mut self, principal: Id, from: u64, limit: u32) -> Result<Vec<VaultRow>> {
        vaults::vaults_naming(&self.moment, principal, from, limit).await
    }

    async fn members(&mut self, vault: Id) -> Result<Vec<MemberRow>> {
        vaults::members(&self.moment, vault).await
    }

    async fn people(&mut self, vault: Id) -> Result<Vec<Id>> {
        vaults::people(&self.moment, vault).await
    }

    async fn named(&mut self, vault: Id, principal: Id) -> Result<bool> {
        vaults::named(&self.moment, vault, principal).await
    }

    async fn member(&mut self, vault: Id, grantee: Id) -> Result<Option<MemberRow>> {
        vaults::member(&self.moment, vault, grantee).await
    }

    async fn wraps(&mut self, vault: Id, principal: Id) -> Result<Vec<WrapRow>> {
        vaults::wraps(&self.moment, vault, principal).await
    }

    async fn all_wraps(&mut self, vault: Id) -> Result<Vec<WrapRow>> {
        vaults::all_wraps(&self.moment, vault).await
    }

    async fn wraps_of_epoch(&mut self, vault: Id, epoch: u32) -> Result<Vec<WrapRow>> {
        vaults::wraps_of_epoch(&self.moment, vault, epoch).await
    }

    async fn previous_key(&mut self, vault: Id, epoch: u32) -> Result<Option<Vec<u8>>> {
        vaults::previous_key(&self.moment, vault, epoch).await
    }

    async fn previous_keys(&mut self, vault: Id) -> Result<Vec<(u32, Vec<u8>)>> {
        vaults::previous_keys(&self.moment, vault).await
    }

    async fn all_items(&mut self, vault: Id, from: u64, limit: u32) -> Result<Vec<ItemRow>> {
        items::all_items(&self.moment, vault, from, limit).await
    }

    async fn files_of(&mut self, vault: Id, item: Id) -> Result<Vec<(FileRow, Vec<u8>)>> {
        files::files_of(&self.moment, vault, item).await
    }

    async fn item(&mut self, vault: Id, item: Id) -> Result<Option<ItemRow>> {
        items::item(&self.moment, vault, item).await
    }

    async fn version(&mut self, vault: Id, item: Id, version: Option<u64>) -> Result<Option<VersionRow>> {
        items::version(&self.moment, vault, item, version).await
    }

    async fn items(&mut self, vault: Id, archived: bool, after: Option<u64>, limit: u32) -> Result<Vec<ItemRow>> {
        items::items(&self.moment, vault, archived, after, limit).await
    }

    async fn parts(&mut self, vault: Id, item: Id, from: u64, limit: u32) -> Result<Vec<PartsRow>> {
        items::parts(&self.moment, vault, item, from, limit).await
    }

    async fn file(&mut self, vault: Id, file: Id) -> Result<Option<FileRow>> {
        files::file(&self.moment, vault, file).await
    }

    async fn pieces_of(&mut self, vault: Id, file: Id) -> Result<Option<Vec<u8>>> {
        files::pieces_of(&self.moment, vault, file).await
    }

    async fn reads(&mut self, from: u64, limit: u32) -> Result<Vec<ReadRow>> {
        chains::reads(&self.moment, from, limit).await
    }

    async fn reads_since(&mut self, time: u64) -> Result<u64> {
        chains::since(&self.moment, time).await
    }

    async fn chains(&mut self) -> Result<Vec<Chain>> {
        chains::chains(&self.moment).await
    }

    async fn origin(&mut self, position: u64) -> Result<Option<OriginRow>> {
        entries::origin(&self.moment, position).await
    }

    async fn entries_of_session(&mut self, log: LogId, signer: Id, session: Id) -> Result<Vec<EntryRow>> {
        entries::of_session(&self.moment, log, signer, session).await
    }

    async fn last_signed(&mut self, vault: Id, signer: Id) -> Result<Option<u64>> {
        entries::last_signed(&self.moment, vault, signer).await
    }
}
