//! `client.access`: who may do what in a vault.

use super::{Client, check};
use crate::backend::not_yet;
use crate::error::Result;
use crate::model::grant::Grant;
use crate::model::page::Page;
use crate::model::time::Timestamp;

/// Grants of the vaults the caller may see.
#[derive(Clone, Debug)]
pub struct Access(pub(super) Client);

impl Access {
    /// Gives somebody a role in a vault, or another role than they had. Needs `admin`.
    ///
    /// Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.
    pub async fn grant(&self, vault: &str, who: &str, role: &str, expires_at: Option<Timestamp>) -> Result<Grant> {
        self.0
            .run("access.grant", async {
                self.0.backend.grant(vault.parse()?, check::grant(who, role, expires_at)?).await
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

    /// Every grant of the vaults the caller administers.
    pub async fn matrix(&self) -> Result<Page<Grant>> {
        let later = not_yet("access.matrix", "use access.list for each vault");
        self.0.run("access.matrix", std::future::ready(Err(later))).await
    }

    /// Renews the grants of somebody whose keys were reissued.
    pub async fn approve(&self, _principal: &str, _vaults: Option<Vec<String>>) -> Result<u64> {
        let later = not_yet("access.approve", "use access.grant for each vault");
        self.0.run("access.approve", std::future::ready(Err(later))).await
    }
}
