//! `client.vaults`.

use indexmap::IndexMap;
use strongroom::client::vaults as core;
use strongroom::error::Error;
use strongroom::model::vault as model;

use crate::args::{CallOptions, Options, Row, options};
use crate::error::Rows;
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::Role;
use crate::records::vault::{Vault, VaultSpec};

options! {
    /// What `vaults.create` takes by name.
    #[derive(Default)]
    CreateVault {
        ;
        /// At most 64 KiB; empty by default.
        description: String,
        /// The caller's own name for it: 1 to 256 bytes, unique among the caller's vaults, not secret.
        external_id: String,
        /// Who else gets in: from e-mail or id to role.
        access: IndexMap<String, Role>,
        /// The caller's own role; `admin` by default.
        retain: Role,
        /// Makes a repeat answer what the first call did.
        idempotency_key: String,
    }
}

options! {
    /// What `vaults.get` takes by name.
    #[derive(Default)]
    GetVault {
        ;
        /// Its creator's own name for it, instead of the id.
        external_id: String,
        /// Who made it, an e-mail or id; the caller by default.
        creator: String,
    }
}

options! {
    /// What `vaults.update` takes by name; what is left out stays.
    #[derive(Default)]
    VaultUpdate {
        ;
        /// 1 to 1,024 bytes.
        name: String,
        /// At most 64 KiB.
        description: String,
    }
}

options! {
    /// What `vaults.rekey` takes by name.
    #[derive(Default)]
    RekeyVaults {
        ;
        /// All that are due and the caller administers by default.
        ids: Vec<String>,
    }
}

ops! {
    /// Vaults of the account, as far as the caller may see them.
    core::Vaults as "vaults." => Vaults;

    /// Makes a vault and lets its first members in, in one operation.
    ///
    /// `name`: 1 to 1,024 bytes. `AlreadyExists` with the id if the caller has a vault of this `externalId`; `NotFound` for an
    /// unknown member; `PermissionDenied` without `canCreateVaults`.
    create(name: String; options: Option<Options<CreateVault>>) -> Promise<Vault> |core| {
        let CreateVault { description, external_id, access, retain, idempotency_key } = options;
        let spec = VaultSpec { external_id, name, description, access, retain, idempotency_key }.into();
        async move { core.create(spec).await }
    }

    /// Makes many vaults in one commit, at most 10,000.
    ///
    /// Answers an array in order: a Vault, or the error of a row that could not be made.
    create_many(specs: Vec<Row<VaultSpec>>; options: Option<CallOptions>) -> Promise<Rows<Vault>> |core| {
        let specs = specs.into_iter().map(|Row(spec)| spec.into()).collect();
        async move { core.create_many(specs).await }
    }

    /// Answers the vault of this id, or the one that `creator` made under this `externalId`.
    ///
    /// @throws {NotFound} if there is none that the caller may see.
    get(id: Option<String>; options: Option<Options<GetVault>>) -> Promise<Vault> |core| {
        let GetVault { external_id, creator } = options;
        if id.is_some() == external_id.is_some() {
            Err(Error::argument("id", "give the vault's id, or else its externalId"))?;
        }
        async move {
            match (id, external_id) {
                (_, Some(external_id)) => core.get_by_external_id(&external_id, creator.as_deref()).await,
                (id, None) => core.get(&id.unwrap_or_default()).await,
            }
        }
    }

    /// Answers all vaults the caller may see, oldest first.
    list(; options: Option<CallOptions>) -> Pages<Vault> |core| { async move { core.list().await } }

    /// Changes the name, the description or both; what is left out stays. Needs `admin`.
    update(id: String; options: Option<Options<VaultUpdate>>) -> Promise<Vault> |core| {
        let VaultUpdate { name, description } = options;
        async move { core.update(&id, model::VaultUpdate { name, description }).await }
    }

    /// Deletes the vault and all in it for ever; its log stays. Needs `admin`.
    delete(id: String; options: Option<CallOptions>) -> Promise<()> |core| { async move { core.delete(&id).await } }

    /// Moves these vaults to a new key, or all that are due and the caller administers, and answers how many.
    ///
    /// Many vaults are one commit. What was done when a call is interrupted stays done; a repeat goes on with the rest.
    /// Members whose time is over, and who were deleted, are put out.
    rekey(; options: Option<Options<RekeyVaults>>) -> Promise<i64> |core| {
        async move { core.rekey(options.ids).await }
    }
}
