//! `client.users`.

use pyo3::prelude::*;
use strongroom::client::users as core;
use strongroom::model::principal::NewUser;

use crate::args::{Nothing, instant};
use crate::callback;
use crate::error::Row;
use crate::ops::ops;
use crate::records::credential::Credential;
use crate::records::principal::Principal;
use crate::rows::rows;

ops! {
    /// Users of the account, as far as the caller may see them.
    core::Users as "users." => Users, AsyncUsers;

    /// Makes a one-time code with which a user makes its own keys.
    call invite(email, *, name=None)[email: String, name: Option<String>] -> Credential |core| {
        async move { core.invite(&email, name.as_deref()).await }
    }

    /// Makes a user and its keys, to hand over. Needs `can_manage_users`.
    ///
    /// `name`: at most 256 bytes, the e-mail address by default. `expires_at`: from when on the token is refused, never by
    /// default. `save`: called with the Credential before anything is committed; what it raises stops the operation.
    /// The token is answered once: a repeat of an `idempotency_key` raises AlreadyExists with the id of whom the first
    /// call made, and InvalidArgument if the arguments are others.
    ///
    /// >>> client.users.create("alice@example.edu", name="Alice").principal.issued
    /// True
    call create(email, *, name=None, expires_at=None, save=None, idempotency_key=None)[
        email: String,
        name: Option<String>,
        expires_at: Option<&Bound<'_, PyAny>>,
        save: Option<&Bound<'_, PyAny>>,
        idempotency_key: Option<String>,
    ] -> Credential |core, face| {
        let user = NewUser { email, name, expires_at: instant("expires_at", expires_at)?, idempotency_key };
        let save = callback::save(face, save)?;
        async move { core.create(user, save).await }
    }

    /// Makes many users in one commit, at most 10,000.
    ///
    /// `users`: dicts of what users.create takes, but `save`, which is called with each Credential, in order, before anything is
    /// committed. Answers a list in order: a Credential, or the exception of a row that could not be made.
    ///
    /// >>> rows = [{"email": "alice@example.edu", "name": "Alice"}, {"email": "bob@example.edu"}]
    /// >>> [kit.principal.name for kit in client.users.create_many(rows)]
    /// ['Alice', 'bob@example.edu']
    call create_many(users, *, save=None)[
        users: &Bound<'_, PyAny>, save: Option<&Bound<'_, PyAny>>,
    ] -> Vec<Row<Credential>> |core, face| {
        let users = rows("users.create_many", users, |row| {
            Ok(NewUser {
                email: row.needed("email")?,
                name: row.maybe("name")?,
                expires_at: instant("expires_at", row.maybe::<Bound<'_, PyAny>>("expires_at")?.as_ref())?,
                idempotency_key: row.maybe("idempotency_key")?,
            })
        })?;
        let save = callback::save(face, save)?;
        async move { core.create_many(users, save).await.map(Row::all) }
    }

    /// Answers the user of this id or e-mail address.
    ///
    /// Without `can_manage_users`, only oneself and people one shares a vault with; others are NotFound.
    call get(who)[who: String] -> Principal |core| { async move { core.get(&who).await } }

    /// Answers users, oldest first. Without `can_manage_users`: oneself and people one shares a vault with.
    list list()[] -> Principal |core| { async move { core.list().await } }

    /// Stops a user: every call of theirs raises Unauthenticated until `reactivate`. Needs `can_manage_users`.
    ///
    /// Their vaults are due for new keys. Raises Conflict for the owner; PermissionDenied for somebody with a right
    /// that the caller lacks.
    call suspend(who)[who: String] -> Principal |core| { async move { core.suspend(&who).await } }

    /// Lets a suspended user in again, with the token and the grants that they had. Needs `can_manage_users`.
    ///
    /// Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
    call reactivate(who)[who: String] -> Principal |core| { async move { core.reactivate(&who).await } }

    /// Gives a user new keys after a loss: the same principal, another token, the old one dead at once.
    ///
    /// Needs `can_manage_users`. The new keys open no vault until an administrator of it, or the recovery code, has
    /// named them with `access.approve`; a grant by e-mail says so. `save`: called with the Credential before anything is
    /// committed. Raises PermissionDenied for the owner, and for somebody with a right that the caller lacks.
    call reissue(who, *, save=None)[who: String, save: Option<&Bound<'_, PyAny>>] -> Credential |core, face| {
        let save = callback::save(face, save)?;
        async move { core.reissue(&who, save).await }
    }

    /// Ends a user for good, out of every vault; those are due for new keys. Needs `can_manage_users`.
    ///
    /// `successor`: who becomes an administrator where nobody else but the caller is one. `erase`: forgets name and e-mail
    /// too; the log keeps the id.
    ///
    /// Raises Conflict for the owner, and where a vault would be left without an administrator and does not name the
    /// recovery key; with a successor also where the caller is no administrator and nobody else is one.
    call delete(who, *, successor=None, erase=false)[who: String, successor: Option<String>, erase: bool] -> Nothing
    |core| {
        async move { core.delete(&who, successor.as_deref(), erase).await }
    }
}
