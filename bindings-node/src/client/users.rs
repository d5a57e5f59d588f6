//! `client.users`.

use strongroom::client::users as core;
use strongroom::error::Result;
use strongroom::model::principal::{self as model};

use super::service_accounts::Reissue;
use crate::args::{CallOptions, Date, Options, Row, instant, options};
use crate::error::Rows;
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::credential::Credential;
use crate::records::principal::Principal;
use crate::reply::Save;

options! {
    /// What `users.invite` takes by name.
    #[derive(Default)]
    InviteUser {
        ;
        /// At most 256 bytes; the e-mail address by default.
        name: String,
    }
}

options! {
    /// What `users.create` takes by name.
    #[derive(Default)]
    CreateUser {
        ;
        /// At most 256 bytes; the e-mail address by default.
        name: String,
        /// From when on the token is refused; never by default.
        expires_at: Date,
        /// Called with the credential before anything is committed; what it throws stops the operation.
        save: Save,
        /// Makes a repeat answer that the first call did it.
        idempotency_key: String,
    }
}

options! {
    /// A user to make, as `users.createMany` takes it.
    NewUser {
        /// The e-mail address.
        email: String,
        ;
        /// At most 256 bytes; the e-mail address by default.
        name: String,
        /// From when on the token is refused; never by default.
        expires_at: Date,
        /// Makes a repeat answer that the first call did it.
        idempotency_key: String,
    }
}

options! {
    /// What `users.createMany` takes by name.
    #[derive(Default)]
    CreateUsers {
        ;
        /// Called with each credential, in order, before anything is committed; what it throws stops the operation.
        save: Save,
    }
}

options! {
    /// What `users.delete` takes by name.
    #[derive(Default)]
    DeleteUser {
        ;
        /// Who becomes an administrator where nobody else but the caller is one.
        successor: String,
        /// Forgets name and e-mail too; the log keeps the id.
        erase: bool,
    }
}

fn request(Row(user): Row<NewUser>) -> Result<model::NewUser> {
    let NewUser { email, name, expires_at, idempotency_key } = user;
    Ok(model::NewUser { email, name, expires_at: instant("expires_at", expires_at)?, idempotency_key })
}

ops! {
    /// Users of the account, as far as the caller may see them.
    core::Users as "users." => Users;

    /// Makes a one-time code with which a user makes its own keys.
    invite(email: String; options: Option<Options<InviteUser>>) -> Promise<Credential> |core| {
        async move { core.invite(&email, options.name.as_deref()).await }
    }

    /// Makes a user and its keys, to hand over. Needs `canManageUsers`.
    ///
    /// The token is answered once: a repeat of an `idempotencyKey` is refused as `AlreadyExists` with the id of whom the first
    /// call made, and as `InvalidArgument` if the arguments are others.
    create(email: String; options: Option<Options<CreateUser>>) -> Promise<Credential> |core| {
        let CreateUser { name, expires_at, save, idempotency_key } = options;
        let user = request(Row(NewUser { email, name, expires_at, idempotency_key }))?;
        async move { core.create(user, save.map(Into::into)).await }
    }

    /// Makes many users in one commit, at most 10,000.
    ///
    /// Answers an array in order: a Credential, or the error of a row that could not be made.
    create_many(users: Vec<Row<NewUser>>; options: Option<Options<CreateUsers>>) -> Promise<Rows<Credential>> |core| {
        let users = users.into_iter().map(request).collect::<Result<_>>()?;
        async move { core.create_many(users, options.save.map(Into::into)).await }
    }

    /// Answers the user of this id or e-mail address.
    ///
    /// Without `canManageUsers`, only oneself and people one shares a vault with; others are `NotFound`.
    get(who: String; options: Option<CallOptions>) -> Promise<Principal> |core| { async move { core.get(&who).await } }

    /// Answers users, oldest first. Without `canManageUsers`: oneself and people one shares a vault with.
    list(; options: Option<CallOptions>) -> Pages<Principal> |core| { async move { core.list().await } }

    /// Stops a user: every call of theirs is refused as `Unauthenticated` until `reactivate`. Needs `canManageUsers`.
    ///
    /// Their vaults are due for new keys. `Conflict` for the owner; `PermissionDenied` for somebody with a right that the
    /// caller lacks.
    suspend(who: String; options: Option<CallOptions>) -> Promise<Principal> |core| {
        async move { core.suspend(&who).await }
    }

    /// Lets a suspended user in again, with the token and the grants that they had. Needs `canManageUsers`.
    ///
    /// Where a vault has moved to a new key meanwhile, they wait until a member of it has looked at the vault.
    reactivate(who: String; options: Option<CallOptions>) -> Promise<Principal> |core| {
        async move { core.reactivate(&who).await }
    }

    /// Gives a user new keys after a loss: the same principal, another token, the old one dead at once.
    ///
    /// Needs `canManageUsers`. The new keys open no vault until an administrator of it, or the recovery code, has named them
    /// with `access.approve`; a grant by e-mail says so. `PermissionDenied` for the owner, and for somebody with a right that
    /// the caller lacks.
    reissue(who: String; options: Option<Options<Reissue>>) -> Promise<Credential> |core| {
        async move { core.reissue(&who, options.save.map(Into::into)).await }
    }

    /// Ends a user for good, out of every vault; those are due for new keys. Needs `canManageUsers`.
    ///
    /// `Conflict` for the owner, and where a vault would be left without an administrator and does not name the recovery
    /// key; with a successor also where the caller is no administrator and nobody else is one.
    delete(who: String; options: Option<Options<DeleteUser>>) -> Promise<()> |core| {
        let DeleteUser { successor, erase } = options;
        async move { core.delete(&who, successor.as_deref(), erase.unwrap_or_default()).await }
    }
}
