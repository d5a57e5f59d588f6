//! `client.access`.

use strongroom::client::access as core;
use strongroom::error::Result;
use strongroom::model::grant as model;

use crate::args::{CallOptions, Date, Options, Row, instant, options};
use crate::error::Rows;
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::Role;
use crate::records::grant::Grant;

options! {
    /// What `access.grant` takes by name.
    #[derive(Default)]
    GrantAccess {
        ;
        /// From when on the grant is refused; never by default.
        expires_at: Date,
    }
}

options! {
    /// A grant to make, as `access.grantMany` takes it.
    NewGrant {
        /// The vault's id.
        vault: String,
        /// An e-mail or id.
        who: String,
        /// What they may do.
        role: Role,
        ;
        /// From when on the grant is refused; never by default.
        expires_at: Date,
    }
}

options! {
    /// What `access.list` takes by name.
    #[derive(Default)]
    ListAccess {
        ;
        /// Who was in the vault at that instant; now by default.
        at: Date,
    }
}

options! {
    /// What `access.approve` takes by name.
    #[derive(Default)]
    ApproveAccess {
        ;
        /// Ids; all that the caller administers by default, or with the recovery code all that name it.
        vaults: Vec<String>,
    }
}

fn request(Row(grant): Row<NewGrant>) -> Result<model::NewGrant> {
    let NewGrant { vault, who, role, expires_at } = grant;
    Ok(model::NewGrant { vault, who, role, expires_at: instant("expires_at", expires_at)? })
}

ops! {
    /// Grants of the vaults the caller may see.
    core::Access as "access." => Access;

    /// Gives somebody a role in a vault, or another role than they had. Needs `admin`.
    ///
    /// `who`: an e-mail or id. Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.
    grant(vault: String, who: String, role: Role; options: Option<Options<GrantAccess>>) -> Promise<Grant> |core| {
        let expires_at = instant("expires_at", options.expires_at)?;
        async move { core.grant(&vault, &who, &role, expires_at).await }
    }

    /// Makes many grants, at most 10,000. Answers an array in order: a Grant, or the error of a row that could not be made.
    ///
    /// Up to 500 rows are one commit; a smaller role takes one of its own, since the vault moves to a new key.
    grant_many(grants: Vec<Row<NewGrant>>; options: Option<CallOptions>) -> Promise<Rows<Grant>> |core| {
        let grants = grants.into_iter().map(request).collect::<Result<_>>()?;
        async move { core.grant_many(grants).await }
    }

    /// Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.
    ///
    /// What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
    ///
    /// @throws {Conflict} for a vault's last administrator while no recovery key is there.
    revoke(vault: String, who: String; options: Option<CallOptions>) -> Promise<()> |core| {
        async move { core.revoke(&vault, &who).await }
    }

    /// Answers who is in the vault, or was `at` an instant.
    list(vault: String; options: Option<Options<ListAccess>>) -> Pages<Grant> |core| {
        let at = instant("at", options.at)?;
        async move { core.list(&vault, at).await }
    }

    /// Answers every grant of the vaults the caller administers, or that the recovery code may rescue, vault by vault.
    matrix(; options: Option<CallOptions>) -> Pages<Grant> |core| { async move { core.matrix().await } }

    /// Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.
    ///
    /// Make sure first that the new keys are theirs. A grant keeps its role and its end.
    approve(principal: String; options: Option<Options<ApproveAccess>>) -> Promise<i64> |core| {
        async move { core.approve(&principal, options.vaults).await }
    }
}
