//! `client.service_accounts`: programs.

use super::users::of_kind;
use super::{Client, check, listing, one};
use crate::backend::PrincipalRequest;
use crate::error::{Error, Result};
use crate::model::credential::{Credential, Save};
use crate::model::id::{PrincipalId, PrincipalKind};
use crate::model::page::Page;
use crate::model::principal::{NewServiceAccount, Principal, PrincipalRef, ServiceAccountUpdate};

/// Service accounts, as far as the caller may see them.
#[derive(Clone, Debug)]
pub struct ServiceAccounts(pub(super) Client);

impl ServiceAccounts {
    /// Makes a service account and its token. Needs `can_manage_users`, and every right it is given.
    ///
    /// The token is answered once. `save` is called with it before anything is committed.
    pub async fn create(&self, account: NewServiceAccount, save: Option<Save>) -> Result<Credential> {
        self.0
            .run("service_accounts.create", async {
                let NewServiceAccount { name, rights, vaults, expires_at, idempotency_key } = account;
                let vaults = vaults
                    .iter()
                    .map(|(vault, role)| Ok((vault.parse()?, role.parse()?)))
                    .collect::<Result<Vec<_>>>()?;
                let request = PrincipalRequest {
                    kind: PrincipalKind::Service,
                    name: check::required("name", name, 256)?,
                    email: None,
                    rights,
                    expires_at: check::expiry(expires_at)?,
                    vaults,
                    idempotency_key: check::idempotency_key(idempotency_key)?,
                };
                one(self.0.backend.create_principals(vec![request], save).await?)
            })
            .await
    }

    /// The service account of this id.
    pub async fn get(&self, id: &str) -> Result<Principal> {
        self.0
            .run("service_accounts.get", async {
                let found = self.0.backend.get_principal(&PrincipalRef::Id(service(id)?)).await?;
                of_kind(found, PrincipalKind::Service)
            })
            .await
    }

    /// Service accounts, oldest first.
    pub async fn list(&self) -> Result<Page<Principal>> {
        listing::first(&self.0, "service_accounts.list", None, |client, page| {
            Box::pin(async move { client.backend.list_principals(PrincipalKind::Service, page).await })
        })
        .await
    }

    /// Ends a service account for good: its token is refused from now on. Needs `can_manage_users`.
    pub async fn revoke(&self, id: &str) -> Result<()> {
        self.0
            .run_long("service_accounts.revoke", async {
                let who = PrincipalRef::Id(service(id)?);
                self.0.backend.delete_principal(&who, PrincipalKind::Service, None, false).await
            })
            .await
    }

    /// Changes what a service account is called, what it may do and until when; what is `None` stays. Needs `can_manage_users`,
    /// every right that it has, and every right that it is given.
    pub async fn update(&self, id: &str, update: ServiceAccountUpdate) -> Result<Principal> {
        self.0
            .run("service_accounts.update", async {
                let update = ServiceAccountUpdate {
                    name: update.name.map(|name| check::required("name", name, 256)).transpose()?,
                    expires_at: check::expiry(update.expires_at)?,
                    ..update
                };
                self.0.backend.update_principal(service(id)?, update).await
            })
            .await
    }

    /// Gives a service account new keys after a loss: the same principal, another token, the old one dead at once. Needs
    /// `can_manage_users` and every right that it has.
    ///
    /// It has no right and no vault with the new keys: an administrator of each vault, or the recovery code, lets it in again
    /// with [`super::access::Access::approve`], and [`ServiceAccounts::update`] gives its rights back. The token is answered
    /// once. `save` is called with it before anything is committed.
    pub async fn reissue(&self, id: &str, save: Option<Save>) -> Result<Credential> {
        self.0
            .run("service_accounts.reissue", async {
                let who = PrincipalRef::Id(service(id)?);
                self.0.backend.reissue_principal(&who, PrincipalKind::Service, save).await
            })
            .await
    }
}

fn service(id: &str) -> Result<PrincipalId> {
    let id: PrincipalId = id.parse()?;
    if id.kind == PrincipalKind::Service {
        Ok(id)
    } else {
        Err(Error::argument("id", "this is no service account's id: one begins with `svc_`"))
    }
}
