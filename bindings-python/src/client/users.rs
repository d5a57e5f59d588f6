//! `client.users`.

use pyo3::prelude::*;
use strongroom::client::users as core;
use strongroom::model::principal::NewUser;

use crate::args::{Nothing, instant};
use crate::callback;
use crate::ops::{later, ops};
use crate::records::credential::Credential;
use crate::records::principal::Principal;

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
    /// The token is answered once.
    ///
    /// >>> client.users.create("alice@example.edu", name="Alice").principal.issued
    /// True
    call create(email, *, name=None, expires_at=None, save=None)[
        email: String,
        name: Option<String>,
        expires_at: Option<&Bound<'_, PyAny>>,
        save: Option<&Bound<'_, PyAny>>,
    ] -> Credential |core, face| {
        let user = NewUser { email, name, expires_at: instant("expires_at", expires_at)? };
        let save = callback::save(face, save)?;
        async move { core.create(user, save).await }
    }

    /// Makes many users in one commit; answers a list in order, an exception per row that could not be made.
    call create_many(users)[users: &Bound<'_, PyAny>] -> Nothing |_core| {
        later("users.create_many", "call users.create for each")?
    }

    /// Answers the user of this id or e-mail address.
    ///
    /// Without `can_manage_users`, only oneself and people one shares a vault with; others are NotFound.
    call get(who)[who: String] -> Principal |core| { async move { core.get(&who).await } }

    /// Answers users, oldest first. Without `can_manage_users`: oneself and people one shares a vault with.
    list list()[] -> Principal |core| { async move { core.list().await } }

    /// Stops a user from signing until reactivated.
    call suspend(who)[who: String] -> Nothing |_core| {
        later("users.suspend", "revoke its grants with access.revoke")?
    }

    /// Lets a suspended user sign again.
    call reactivate(who)[who: String] -> Nothing |_core| {
        later("users.reactivate", "grant again with access.grant")?
    }

    /// Gives a user new keys after a loss; an administrator of each vault lets it in again with access.approve.
    call reissue(who, *, save=None)[who: String, save: Option<&Bound<'_, PyAny>>] -> Nothing |_core| {
        later("users.reissue", "create another user and grant it what this one had")?
    }

    /// Ends a user, out of every vault. `successor`: who gets what would otherwise have no administrator.
    /// `erase`: forgets name and e-mail too.
    call delete(who, *, successor=None, erase=None)[
        who: String, successor: Option<String>, erase: Option<bool>,
    ] -> Nothing |_core| {
        later("users.delete", "revoke its grants with access.revoke")?
    }
}
