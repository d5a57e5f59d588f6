//! `client.vaults`.

use strongroom::client::vaults as core;
use strongroom::error::Error;
use strongroom::model::vault::{VaultSpec as CoreSpec, VaultUpdate};

use crate::args::{self, Nothing};
use crate::error::Row;
use crate::ops::ops;
use crate::records::vault::{Vault, VaultSpec};

ops! {
    /// Vaults of the account, as far as the caller may see them.
    core::Vaults as "vaults." => Vaults, AsyncVaults;

    /// Makes a vault and lets its first members in, in one operation.
    ///
    /// `name`: 1 to 1,024 bytes. `description`: at most 64 KiB, empty by default. `external_id`: 1 to 256 bytes,
    /// unique among the caller's vaults, not secret. `access`: who else gets in, a dict from e-mail or id to role.
    /// `retain`: the caller's own role, `admin` by default.
    ///
    /// Raises AlreadyExists with the id if the caller has a vault of this `external_id`; NotFound for an unknown
    /// member; PermissionDenied without `can_create_vaults`.
    ///
    /// >>> client.vaults.create("Alice", external_id="student-42").role
    /// 'admin'
    call create(name, *, description=None, external_id=None, access=None, retain=None, idempotency_key=None)[
        name: String,
        description: Option<String>,
        external_id: Option<String>,
        access: Option<args::Access>,
        retain: Option<String>,
        idempotency_key: Option<String>,
    ] -> Vault |core| {
        let access = access.unwrap_or_default().0;
        let spec = CoreSpec { name, description, external_id, access, retain, idempotency_key };
        async move { core.create(spec).await }
    }

    /// Makes many vaults in one commit, at most 10,000.
    ///
    /// Answers a list in order: a Vault, or the exception of a row that could not be made.
    ///
    /// >>> [vault.name for vault in client.vaults.create_many([VaultSpec(name="a"), VaultSpec(name="b")])]
    /// ['a', 'b']
    call create_many(specs)[specs: Vec<VaultSpec>] -> Vec<Row<Vault>> |core| {
        let specs = specs.into_iter().map(Into::into).collect();
        async move { core.create_many(specs).await.map(Row::all) }
    }

    /// Answers the vault of this id, or the one that `creator` made under this `external_id`.
    ///
    /// `creator`: an e-mail or id, the caller's own by default.
    ///
    /// Raises NotFound if there is none that the caller may see.
    call get(id=None, *, external_id=None, creator=None)[
        id: Option<String>, external_id: Option<String>, creator: Option<String>,
    ] -> Vault |core| {
        if id.is_some() == external_id.is_some() {
            Err(Error::argument("id", "give the vault's id, or else its external_id"))?;
        }
        async move {
            match (id, external_id) {
                (_, Some(external_id)) => core.get_by_external_id(&external_id, creator.as_deref()).await,
                (id, None) => core.get(&id.unwrap_or_default()).await,
            }
        }
    }

    /// Answers all vaults the caller may see, oldest first.
    ///
    /// >>> [vault.name for vault in client.vaults.list()]
    /// []
    list list()[] -> Vault |core| { async move { core.list().await } }

    /// Changes the name, the description or both; what is left out stays. Needs `admin`.
    call update(id, *, name=None, description=None)[
        id: String, name: Option<String>, description: Option<String>,
    ] -> Vault |core| {
        async move { core.update(&id, VaultUpdate { name, description }).await }
    }

    /// Deletes the vault and all in it for ever; its log stays. Needs `admin`.
    call delete(id)[id: String] -> Nothing |core| { async move { core.delete(&id).await } }

    /// Moves these vaults to a new key, or all that are due and the caller administers, and answers how many.
    ///
    /// Many vaults are one commit. What was done when a call is interrupted stays done; a repeat goes on with the rest.
    /// Members whose time is over, and who were deleted, are put out.
    call rekey(*, ids=None)[ids: Option<Vec<String>>] -> u64 |core| {
        async move { core.rekey(ids).await }
    }
}
