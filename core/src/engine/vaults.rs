//! The vaults of a caller, and their sealed rows.

use super::look::{Look, lacking, no_vault};
use super::{Engine, pages};
use crate::authority::{Ids, Session, VaultRows};
use crate::error::Result;
use crate::log::operation::LogKind;
use crate::model::id::{Id, PrincipalKind};
use crate::model::role::Role;
use crate::store::{TreeId, VaultRow};

impl Engine {
    pub(super) async fn list_vaults(&self, session: Session, from: u64, limit: u32) -> Result<Ids> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        if look.caller.kind == PrincipalKind::Recovery {
            return self.rescuable(&mut look, from, limit).await;
        }
        let rows = self.vault_page(&mut look, from, limit).await?;
        let next = (rows.len() >= limit as usize).then(|| rows.last().map(|last| last.leaf + 1)).flatten();
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            if self.role(&mut look, row.vault, Role::Read).await?.is_some() {
                ids.push(row.vault);
            }
        }
        Ok(Ids { ids, next })
    }

    pub(super) async fn list_vaults_of(&self, session: Session, who: Id, from: u64, limit: u32) -> Result<Ids> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        let rows = look.snapshot.vaults_of(who, from, limit).await?;
        let next = (rows.len() >= limit as usize).then(|| rows.last().map(|last| last.leaf + 1)).flatten();
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            if self.opens(&mut look, row.vault).await? {
                ids.push(row.vault);
            }
        }
        Ok(Ids { ids, next })
    }

    /// A page of all vaults, less those that the recovery key may not rescue.
    async fn rescuable(&self, look: &mut Look, from: u64, limit: u32) -> Result<Ids> {
        let rows = look.snapshot.logs(TreeId::VaultHeads, from, limit).await?;
        let rows: Vec<_> = rows.into_iter().filter(|row| row.log.kind == LogKind::Vault).collect();
        let next = (rows.len() >= limit as usize).then(|| rows.last().map(|last| last.leaf + 1)).flatten();
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            if self.rescues(look, row.log.id).await? {
                ids.push(row.log.id);
            }
        }
        Ok(Ids { ids, next })
    }

    /// Vaults that the caller or a group of it is a member of, expired or not.
    pub(super) async fn vault_page(&self, look: &mut Look, from: u64, limit: u32) -> Result<Vec<VaultRow>> {
        let mut rows = look.snapshot.vaults_of(look.caller.principal, from, limit).await?;
        for group in self.groups_of(look).await? {
            rows.extend(look.snapshot.vaults_of(group, from, limit).await?);
        }
        rows.sort_by_key(|row| row.leaf);
        rows.dedup_by_key(|row| row.leaf);
        rows.truncate(limit as usize);
        Ok(rows)
    }

    pub(super) async fn vault_of(&self, session: Session, creator: Id, external_id: &str) -> Result<Option<Id>> {
        let mut look = self.look(session).await?;
        let Some(vault) = look.snapshot.vault_by_external_id(creator, external_id).await? else { return Ok(None) };
        // One's own external id is taken, whoever is in the vault now.
        let own = creator == look.caller.principal;
        Ok((own || self.role(&mut look, vault, Role::Read).await?.is_some()).then_some(vault))
    }

    pub(super) async fn read_vault_rows(&self, session: Session, vaults: Vec<Id>) -> Result<Vec<Result<VaultRows>>> {
        let mut look = self.look(session).await?;
        let mut rows = Vec::with_capacity(vaults.len());
        for vault in vaults {
            rows.push(if self.opens(&mut look, vault).await? {
                sealed(&mut look, vault).await
            } else {
                Err(self.denied(&look.caller, Some(vault), &lacking(Role::Read, None), no_vault()).await)
            });
        }
        Ok(rows)
    }

    /// Whether sealed keys of the vault are the caller's to fetch: it has a role, or may rescue.
    async fn opens(&self, look: &mut Look, vault: Id) -> Result<bool> {
        Ok(self.role(look, vault, Role::Read).await?.is_some() || self.rescues(look, vault).await?)
    }
}

async fn sealed(look: &mut Look, vault: Id) -> Result<VaultRows> {
    let row = look.snapshot.vault(vault).await?.filter(|row| !row.deleted).ok_or_else(no_vault)?;
    let wraps = look.snapshot.wraps(vault, look.caller.principal).await?;
    let mut previous = Vec::new();
    // The name is sealed anew with every epoch, so its epoch is the newest.
    for epoch in 2..=row.name_epoch {
        // Each epoch but the first has one: where one is missing the row's number is wrong, and may be of any size.
        let Some(sealed) = look.snapshot.previous_key(vault, epoch).await? else { break };
        previous.push((epoch, sealed));
    }
    Ok(VaultRows { name: row.name, wraps, previous })
}
