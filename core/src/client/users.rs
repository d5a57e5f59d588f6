//! `client.users`: people.

use super::{Client, MAX_MANY, check, listing, many, one};
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
            .run("users.create", async { one(self.0.backend.create_principals(vec![request(user)?], save).await?) })
            .await
    }

    /// Makes many users in one commit, at most 10,000; results in order, an error per row that could not be made.
    ///
    /// `save` is called with each credential, in order, before anything is committed.
    pub async fn create_many(&self, users: Vec<NewUser>, save: Option<Save>) -> Result<Vec<Result<Credential>>> {
        const NAME: &str = "users.create_many";
        self.0
            .run_long(NAME, async {
                check::at_most("users", users.len(), MAX_MANY)?;
                let rows = users.into_iter().map(request).collect();
                many(NAME, rows, |good| self.0.backend.create_principals(good, save)).await
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

    /// Stops a user: every call of theirs is refused with `Unauthenticated` until [`Users::reactivate`]. Needs
    /// `can_manage_users`. Their vaults are due for new keys. One who is suspended already stays so, and nothing is logged.
    ///
    /// # Errors
    /// `Conflict` for the owner; `PermissionDenied` for somebody with a right that the caller lacks.
    pub async fn suspend(&self, who: &str) -> Result<Principal> {
        self.0.run("users.suspend", async { self.0.backend.suspend_principal(&who.parse()?).await }).await
    }

    /// Lets a suspended user in again, with the token and the grants that they had. Needs `can_manage_users`.
    ///
    /// Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
    pub async fn reactivate(&self, who: &str) -> Result<Principal> {
        self.0.run("users.reactivate", async { self.0.backend.reactivate_principal(&who.parse()?).await }).await
    }

    /// Gives a user new keys after a loss: the same principal, another token, the old one dead at once. Needs
    /// `can_manage_users`. One who is suspended is active again with them.
    ///
    /// The new keys open no vault until an administrator of it, or the recovery code, has named them with
    /// [`super::access::Access::approve`]; a grant by e-mail says so. The token is answered once. `save` is called with it
    /// before anything is committed.
    ///
    /// # Errors
    /// `PermissionDenied` for the owner, and for somebody with a right that the caller lacks.
    pub async fn reissue(&self, who: &str, save: Option<Save>) -> Result<Credential> {
        self.0
            .run("users.reissue", async {
                self.0.backend.reissue_principal(&who.parse()?, PrincipalKind::User, save).await
            })
            .await
    }

    /// Ends a user for good, out of every vault; those vaults are due for new keys. Needs `can_manage_users`.
    ///
    /// `successor`: who becomes an administrator where nobody else but the caller is one. `erase`: forgets name and e-mail too;
    /// the log keeps the id. One who is deleted already stays so, and nothing is logged.
    ///
    /// # Errors
    /// `Conflict` for the owner, and where a vault would be left without an administrator and does not name the recovery key;
    /// with a successor also where the caller is no administrator and nobody else is one: there the recovery code can grant.
    pub async fn delete(&self, who: &str, successor: Option<&str>, erase: bool) -> Result<()> {
        self.0
            .run_long("users.delete", async {
                let successor = successor.map(str::parse::<PrincipalRef>).transpose()?;
                let who = who.parse()?;
                self.0.backend.delete_principal(&who, PrincipalKind::User, successor.as_ref(), erase).await
            })
            .await
    }

    /// Makes a one-time code with which a user makes its own keys.
    pub async fn invite(&self, _email: &str, _name: Option<&str>) -> Result<Credential> {
        let later = not_yet("users.invite", "use users.create and hand the token over");
        self.0.run("users.invite", std::future::ready(Err(later))).await
    }
}

/// The user, checked, with its defaults filled in.
fn request(user: NewUser) -> Result<PrincipalRequest> {
    let NewUser { email, name, expires_at, idempotency_key } = user;
    let email = parse_email(&email)?;
    Ok(PrincipalRequest {
        kind: PrincipalKind::User,
        name: check::optional("name", name.unwrap_or_else(|| email.clone()), 256)?,
        email: Some(email),
        rights: Rights::default(),
        expires_at: check::expiry(expires_at)?,
        vaults: Vec::new(),
        idempotency_key: check::idempotency_key(idempotency_key)?,
    })
}

/// The principal, if it is of this kind; else there is no such one.
pub(super) fn of_kind(found: Principal, kind: PrincipalKind) -> Result<Principal> {
    if found.kind == kind {
        return Ok(found);
    }
    let what = if kind == PrincipalKind::User { "user" } else { "service account" };
    Err(Error::not_found(format!("there is no such {what}, or you may not know of it: check the id")))
}
