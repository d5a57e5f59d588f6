//! `client.service_accounts`.

use indexmap::IndexMap;
use strongroom::client::service_accounts as core;
use strongroom::model::principal::{self as model, Rights};

use crate::args::{CallOptions, Date, Options, instant, options};
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::Role;
use crate::records::credential::Credential;
use crate::records::principal::Principal;
use crate::reply::Save;

options! {
    /// What `serviceAccounts.create` takes by name. A right that is left out is not given.
    #[derive(Default)]
    NewServiceAccount {
        ;
        /// May make vaults.
        can_create_vaults: bool,
        /// May make, change and end principals.
        can_manage_users: bool,
        /// May change the policy.
        can_manage_policy: bool,
        /// May read the whole audit.
        can_read_audit: bool,
        /// What it is granted at once: from vault id to role. The caller must administer each.
        vaults: IndexMap<String, Role>,
        /// From when on its token is refused; never by default.
        expires_at: Date,
        /// Called with the credential before anything is committed; what it throws stops the operation.
        save: Save,
        /// Makes a repeat answer that the first call did it.
        idempotency_key: String,
    }
}

options! {
    /// What `serviceAccounts.update` takes by name; what is left out stays.
    #[derive(Default)]
    ServiceAccountUpdate {
        ;
        /// 1 to 256 bytes.
        name: String,
        /// May make vaults.
        can_create_vaults: bool,
        /// May make, change and end principals.
        can_manage_users: bool,
        /// May change the policy.
        can_manage_policy: bool,
        /// May read the whole audit.
        can_read_audit: bool,
        /// From when on its token is refused.
        expires_at: Date,
    }
}

options! {
    /// What `reissue` takes by name.
    #[derive(Default)]
    Reissue {
        ;
        /// Called with the credential before anything is committed; what it throws stops the operation.
        save: Save,
    }
}

ops! {
    /// Service accounts of the account, as far as the caller may see them.
    core::ServiceAccounts as "service_accounts." => ServiceAccounts;

    /// Makes a service account and its token. Needs `canManageUsers`, and every right that it is given.
    ///
    /// `name`: 1 to 256 bytes. The token is answered once: a repeat of an `idempotencyKey` is refused as `AlreadyExists` with
    /// the id of what the first call made, and as `InvalidArgument` if the arguments are others; `vaults` are not compared, and
    /// not granted again.
    create(name: String; options: Option<Options<NewServiceAccount>>) -> Promise<Credential> |core| {
        let NewServiceAccount {
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            vaults,
            expires_at,
            save,
            idempotency_key,
        } = options;
        let rights = Rights {
            can_create_vaults: can_create_vaults.unwrap_or_default(),
            can_manage_users: can_manage_users.unwrap_or_default(),
            can_manage_policy: can_manage_policy.unwrap_or_default(),
            can_read_audit: can_read_audit.unwrap_or_default(),
        };
        let vaults = vaults.unwrap_or_default().into_iter().collect();
        let expires_at = instant("expires_at", expires_at)?;
        let account = model::NewServiceAccount { name, rights, vaults, expires_at, idempotency_key };
        async move { core.create(account, save.map(Into::into)).await }
    }

    /// Answers the service account of this id.
    get(id: String; options: Option<CallOptions>) -> Promise<Principal> |core| { async move { core.get(&id).await } }

    /// Answers service accounts, oldest first.
    list(; options: Option<CallOptions>) -> Pages<Principal> |core| { async move { core.list().await } }

    /// Changes what a service account is called, what it may do and until when; what is left out stays.
    ///
    /// Needs `canManageUsers`, every right that it has, and every right that it is given.
    update(id: String; options: Option<Options<ServiceAccountUpdate>>) -> Promise<Principal> |core| {
        let ServiceAccountUpdate {
            name,
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            expires_at,
        } = options;
        let expires_at = instant("expires_at", expires_at)?;
        let update = model::ServiceAccountUpdate {
            name,
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            expires_at,
        };
        async move { core.update(&id, update).await }
    }

    /// Ends a service account for good: its token is refused from now on. Needs `canManageUsers`.
    revoke(id: String; options: Option<CallOptions>) -> Promise<()> |core| { async move { core.revoke(&id).await } }

    /// Gives a service account new keys after a loss: the same principal, another token, the old one dead at once.
    ///
    /// Needs `canManageUsers` and every right that it has. With the new keys it has no right and no vault: an
    /// administrator of each vault, or the recovery code, lets it in again with `access.approve`, and `update` gives its
    /// rights back.
    reissue(id: String; options: Option<Options<Reissue>>) -> Promise<Credential> |core| {
        async move { core.reissue(&id, options.save.map(Into::into)).await }
    }
}
