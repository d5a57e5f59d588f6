//! `client.access`: who may do what in a vault.

use super::{Client, MAX_MANY, check, listing, many};
use crate::backend::GrantRequest;
use crate::error::Result;
use crate::model::grant::{Grant, NewGrant};
use crate::model::id::VaultId;
use crate::model::page::Page;
use crate::model::time::Timestamp;

/// Grants of the vaults the caller may see.
#[derive(Clone, Debug)]
pub struct Access(pub(super) Client);

impl Access {
    /// Gives somebody a role in a vault, or another role than they had. Needs `admin`.
    ///
    /// Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.
    ///
    /// # Errors
    /// `Conflict` for an e-mail whose keys were reissued since, until [`Access::approve`] or a grant by id has named the new ones.
    pub async fn grant(&self, vault: &str, who: &str, role: &str, expires_at: Option<Timestamp>) -> Result<Grant> {
        self.0
            .run("access.grant", async {
                self.0.backend.grant(vault.parse()?, check::grant(who, role, expires_at)?).await
            })
            .await
    }

    /// Makes many grants, at most 10,000; results in order, an error per row that could not be made.
    ///
    /// Each is as by [`Access::grant`]. Up to 500 rows are one commit; a smaller role takes one of its own, since the vault
    /// moves to a new key.
    pub async fn grant_many(&self, grants: Vec<NewGrant>) -> Result<Vec<Result<Grant>>> {
        const NAME: &str = "access.grant_many";
        self.0
            .run_long(NAME, async {
                check::at_most("grants", grants.len(), MAX_MANY)?;
                let rows = grants.into_iter().map(request).collect();
                many(NAME, rows, |good| self.0.backend.grant_many(good)).await
            })
            .await
    }

    /// Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.
    ///
    /// What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
    ///
    /// # Errors
    /// `Conflict` for a vault's last administrator while no recovery key is there.
    pub async fn revoke(&self, vault: &str, who: &str) -> Result<()> {
        self.0.run("access.revoke", async { self.0.backend.revoke(vault.parse()?, &who.parse()?).await }).await
    }

    /// Who is in the vault, or was at that instant.
    pub async fn list(&self, vault: &str, at: Option<Timestamp>) -> Result<Page<Grant>> {
        self.0.run("access.list", async { self.0.backend.list_grants(vault.parse()?, at).await.map(Page::last) }).await
    }

    /// Every grant of the vaults the caller administers, vault by vault, oldest first; with the recovery code, of those that
    /// name it.
    pub async fn matrix(&self) -> Result<Page<Grant>> {
        listing::first(&self.0, "access.matrix", None, |client, page| {
            Box::pin(async move { client.backend.list_all_grants(page).await })
        })
        .await
    }

    /// Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.
    ///
    /// Make sure first that the new keys are theirs. `vaults`: all that the caller administers by default; with the recovery
    /// code, all that name it. A grant keeps its role and its end. What was done when a call is interrupted stays done, and a
    /// repeat goes on with the rest.
    ///
    /// # Errors
    /// `NotFound` and `PermissionDenied` for one of the vaults, before anything is done. Where some vaults are refused, as by
    /// policy, the others move all the same, and the error says how many.
    pub async fn approve(&self, principal: &str, vaults: Option<Vec<String>>) -> Result<u64> {
        self.0
            .run_long("access.approve", async {
                let vaults = vaults.map(|ids| ids.iter().map(|id| id.parse()).collect::<Result<_>>()).transpose()?;
                self.0.backend.approve_grants(&principal.parse()?, vaults).await
            })
            .await
    }
}

fn request(grant: NewGrant) -> Result<(VaultId, GrantRequest)> {
    let NewGrant { vault, who, role, expires_at } = grant;
    Ok((vault.parse()?, check::grant(&who, &role, expires_at)?))
}
