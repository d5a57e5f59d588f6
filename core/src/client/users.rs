//! `client.users`: people.

use super::{Client, check, listing};
use crate::backend::{PrincipalRequest, not_yet};
use crate::error::{Error, Result};
use crate::model::credential::{Credential, Save};
use crate::model::id::PrincipalKind;
use crate::model::page::Page;
use crate::model::principal::{NewUser, Principal, PrincipalRef, Rights, parse_email};

/// Users of the account, as far as the caller may see them.
#[derive(Clone, Debug)]
pub struct Users(pub(super) Client);

impl Users {
    /// Makes a user and its keys, to hand over. Needs `can_manage_users`.
    ///
    /// The token is answered once. `save` is called with it before anything is committed.
    pub async fn create(&self, user: NewUser, save: Option<Save>) -> Result<Credential> {
        self.0
            .run("users.create", async {
                let NewUser { email, name, expires_at } = user;
                let email = parse_email(&email)?;
                let name = check::optional("name", name.unwrap_or_else(|| email.clone()), 256)?;
                let request = PrincipalRequest {
                    kind: PrincipalKind::User,
                    name,
                    email: Some(email),
                    rights: Rights::default(),
                    expires_at: check::expiry(expires_at)?,
                    vaults: Vec::new(),
                };
                self.0.backend.create_principal(request, save).await
            })
            .await
    }

    /// The user of this id or e-mail address. Without `can_manage_users`: oneself and people one shares a vault with.
    pub async fn get(&self, who: &str) -> Result<Principal> {
        self.0
            .run("users.get", async {
                let found = self.0.backend.get_principal(&who.parse::<PrincipalRef>()?).await?;
                of_kind(found, PrincipalKind::User)
            })
            .await
    }

    /// Users, oldest first. Without `can_manage_users`: oneself and people one shares a vault with.
    pub async fn list(&self) -> Result<Page<Principal>> {
        listing::first(&self.0, "users.list", None, |client, page| {
            Box::pin(async move { client.backend.list_principals(PrincipalKind::User, page).await })
        })
        .await
    }

    /// Makes a one-time code with which a user makes its own keys.
    pub async fn invite(&self, _email: &str, _name: Option<&str>) -> Result<Credential> {
        let later = not_yet("users.invite", "use users.create and hand the token over");
        self.0.run("users.invite", std::future::ready(Err(later))).await
    }
}

/// The principal, if it is of this kind; else there is no such one.
pub(super) fn of_kind(found: Principal, kind: PrincipalKind) -> Result<Principal> {
    if found.kind == kind {
        return Ok(found);
    }
    let what = if kind == PrincipalKind::User { "user" } else { "service account" };
    Err(Error::not_found(format!("there is no such {what}, or you may not know of it: check the id")))
}
