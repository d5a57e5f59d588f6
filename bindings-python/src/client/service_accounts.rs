//! `client.service_accounts`.

use pyo3::prelude::*;
use strongroom::client::service_accounts as core;
use strongroom::model::principal::{NewServiceAccount, Rights, ServiceAccountUpdate};

use crate::args::{Access, Nothing, instant};
use crate::callback;
use crate::ops::ops;
use crate::records::credential::Credential;
use crate::records::principal::Principal;

ops! {
    /// Service accounts of the account, as far as the caller may see them.
    core::ServiceAccounts as "service_accounts." => ServiceAccounts, AsyncServiceAccounts;

    /// Makes a service account and its token. Needs `can_manage_users`, and every right that it is given.
    ///
    /// `name`: 1 to 256 bytes. `vaults`: what it is granted at once, a dict from vault id to role; the caller must
    /// administer each. `expires_at`: from when on its token is refused, never by default. `save`: called with the
    /// Credential before anything is committed; what it raises stops the operation. The token is answered once:
    /// a repeat of an `idempotency_key` raises AlreadyExists with the id of what the first call made, and InvalidArgument if
    /// the arguments are others; `vaults` are not compared, and not granted again.
    ///
    /// >>> client.service_accounts.create("grader", can_create_vaults=True).principal.kind
    /// 'service_account'
    call create(
        name, *, can_create_vaults=false, can_manage_users=false, can_manage_policy=false, can_read_audit=false,
        vaults=None, expires_at=None, save=None, idempotency_key=None
    )[
        name: String,
        can_create_vaults: bool,
        can_manage_users: bool,
        can_manage_policy: bool,
        can_read_audit: bool,
        vaults: Option<Access>,
        expires_at: Option<&Bound<'_, PyAny>>,
        save: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ] -> Credential |core, face| {
        let rights = Rights { can_create_vaults, can_manage_users, can_manage_policy, can_read_audit };
        let expires_at = instant("expires_at", expires_at)?;
        let vaults = vaults.unwrap_or_default().0;
        let account = NewServiceAccount { name, rights, vaults, expires_at, idempotency_key };
        let save = callback::save(face, save)?;
        async move { core.create(account, save).await }
    }

    /// Answers the service account of this id.
    call get(id)[id: String] -> Principal |core| { async move { core.get(&id).await } }

    /// Answers service accounts, oldest first.
    list list()[] -> Principal |core| { async move { core.list().await } }

    /// Changes what a service account is called, what it may do and until when; what is left out stays.
    ///
    /// Needs `can_manage_users`, every right that it has, and every right that it is given.
    call update(
        id, *, name=None, can_create_vaults=None, can_manage_users=None, can_manage_policy=None, can_read_audit=None,
        expires_at=None
    )[
        id: String,
        name: Option<String>,
        can_create_vaults: Option<bool>,
        can_manage_users: Option<bool>,
        can_manage_policy: Option<bool>,
        can_read_audit: Option<bool>,
        expires_at: Option<&Bound<'_, PyAny>>,
    ] -> Principal |core| {
        let expires_at = instant("expires_at", expires_at)?;
        let update = ServiceAccountUpdate {
            name,
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            expires_at,
        };
        async move { core.update(&id, update).await }
    }

    /// Ends a service account for good: its token is refused from now on. Needs `can_manage_users`.
    call revoke(id)[id: String] -> Nothing |core| { async move { core.revoke(&id).await } }

    /// Gives a service account new keys after a loss: the same principal, another token, the old one dead at once.
    ///
    /// Needs `can_manage_users` and every right that it has. With the new keys it has no right and no vault: an
    /// administrator of each vault, or the recovery code, lets it in again with `access.approve`, and `update` gives its
    /// rights back. `save`: called with the Credential before anything is committed.
    call reissue(id, *, save=None)[id: String, save: Option<&Bound<'_, PyAny>>] -> Credential |core, face| {
        let save = callback::save(face, save)?;
        async move { core.reissue(&id, save).await }
    }
}
