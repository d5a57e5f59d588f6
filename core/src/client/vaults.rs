//! `client.vaults`: making, naming, finding and deleting vaults.

use super::{Client, MAX_MANY, check, listing, many, one};
use crate::backend::VaultRequest;
use crate::error::Result;
use crate::model::page::Page;
use crate::model::principal::PrincipalRef;
use crate::model::role::Role;
use crate::model::vault::{MAX_DESCRIPTION, MAX_EXTERNAL_ID, MAX_NAME, Vault, VaultSpec, VaultUpdate};

/// Vaults of the account, as far as the caller may see them.
#[derive(Clone, Debug)]
pub struct Vaults(pub(super) Client);

impl Vaults {
    /// Makes a vault and lets its first members in, in one operation.
    ///
    /// The caller keeps the role `retain`, `admin` by default.
    ///
    /// # Errors
    /// `AlreadyExists` with the id if the caller has a vault of this `external_id`; `NotFound` for an unknown member;
    /// `PermissionDenied` without `can_create_vaults`.
    pub async fn create(&self, spec: VaultSpec) -> Result<Vault> {
        self.0
            .run("vaults.create", async {
                let request = request(spec)?;
                one(self.0.backend.create_vaults(vec![request]).await?)
            })
            .await
    }

    /// Makes many vaults in one commit; results in order, an error per row that could not be made.
    pub async fn create_many(&self, specs: Vec<VaultSpec>) -> Result<Vec<Result<Vault>>> {
        const NAME: &str = "vaults.create_many";
        self.0
            .run_long(NAME, async {
                check::at_most("specs", specs.len(), MAX_MANY)?;
                let rows = specs.into_iter().map(request).collect();
                many(NAME, rows, |good| self.0.backend.create_vaults(good)).await
            })
            .await
    }

    /// The vault of this id.
    pub async fn get(&self, id: &str) -> Result<Vault> {
        self.0.run("vaults.get", async { self.0.backend.get_vault(id.parse()?).await }).await
    }

    /// The vault that `creator` made under this external id; the caller's own by default.
    pub async fn get_by_external_id(&self, external_id: &str, creator: Option<&str>) -> Result<Vault> {
        self.0
            .run("vaults.get", async {
                let external_id = check::required("external_id", external_id.to_owned(), MAX_EXTERNAL_ID)?;
                let creator = creator.map(str::parse::<PrincipalRef>).transpose()?;
                self.0.backend.find_vault(&external_id, creator.as_ref()).await
            })
            .await
    }

    /// All vaults the caller may see, oldest first.
    pub async fn list(&self) -> Result<Page<Vault>> {
        listing::first(&self.0, "vaults.list", None, |client, page| {
            Box::pin(async move { client.backend.list_vaults(page).await })
        })
        .await
    }

    /// Changes the name, the description or both. Needs `admin`.
    pub async fn update(&self, id: &str, update: VaultUpdate) -> Result<Vault> {
        self.0
            .run("vaults.update", async {
                let VaultUpdate { name, description } = update;
                let name = name.map(|name| check::required("name", name, MAX_NAME)).transpose()?;
                let description =
                    description.map(|text| check::optional("description", text, MAX_DESCRIPTION)).transpose()?;
                self.0.backend.update_vault(id.parse()?, name, description).await
            })
            .await
    }

    /// Deletes the vault and all in it for ever; its log stays. Needs `admin`.
    pub async fn delete(&self, id: &str) -> Result<()> {
        self.0.run("vaults.delete", async { self.0.backend.delete_vault(id.parse()?).await }).await
    }

    /// Moves vaults to a new key, and answers how many; `None`: all that are due ([`Vault::due`]) and the caller administers.
    ///
    /// Many vaults are one commit. What was done when a call is interrupted stays done, and a repeat goes on with the rest.
    /// Members whose time is over, and who were deleted, are put out.
    ///
    /// # Errors
    /// `NotFound` and `PermissionDenied` for one of the ids, before anything is done. Where some vaults are refused, the others
    /// move all the same, and the error says how many.
    pub async fn rekey(&self, ids: Option<Vec<String>>) -> Result<u64> {
        self.0
            .run_long("vaults.rekey", async {
                let ids = ids.map(|ids| ids.iter().map(|id| id.parse()).collect::<Result<_>>()).transpose()?;
                self.0.backend.rekey_vaults(ids).await
            })
            .await
    }
}

/// The spec, checked, with its defaults filled in.
fn request(spec: VaultSpec) -> Result<VaultRequest> {
    let VaultSpec { name, description, external_id, access, retain, idempotency_key } = spec;
    Ok(VaultRequest {
        name: check::required("name", name, MAX_NAME)?,
        description: check::optional("description", description.unwrap_or_default(), MAX_DESCRIPTION)?,
        external_id: external_id.map(|id| check::required("external_id", id, MAX_EXTERNAL_ID)).transpose()?,
        access: access.iter().map(|(who, role)| check::grant(who, role, None)).collect::<Result<_>>()?,
        retain: retain.map_or(Ok(Role::Admin), |role| role.parse())?,
        idempotency_key: check::idempotency_key(idempotency_key)?,
    })
}
