//! `client.access`.

use pyo3::prelude::*;
use strongroom::client::access as core;
use strongroom::model::grant::NewGrant;

use crate::args::{Nothing, instant};
use crate::error::Row;
use crate::ops::ops;
use crate::records::grant::Grant;
use crate::rows::rows;

ops! {
    /// Grants of the vaults the caller may see.
    core::Access as "access." => Access, AsyncAccess;

    /// Gives somebody a role in a vault, or another role than they had. Needs `admin`.
    ///
    /// `who`: an e-mail or id. `role`: `read`, `write` or `admin`. `expires_at`: from when on the grant is refused, never
    /// by default. Granting what is there already succeeds and logs nothing. A grant opens the vault's whole past.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> alice = client.users.create("alice@example.edu").principal
    /// >>> client.access.grant(vault.id, "alice@example.edu", "write").principal == alice
    /// True
    call grant(vault, who, role, *, expires_at=None)[
        vault: String, who: String, role: String, expires_at: Option<&Bound<'_, PyAny>>,
    ] -> Grant |core| {
        let expires_at = instant("expires_at", expires_at)?;
        async move { core.grant(&vault, &who, &role, expires_at).await }
    }

    /// Makes many grants, at most 10,000.
    ///
    /// `grants`: dicts of what access.grant takes. Answers a list in order: a Grant, or the exception of a row that could not
    /// be made. Up to 500 rows are one commit; a smaller role takes one of its own, since the vault moves to a new key.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> alice = client.users.create("alice@example.edu").principal
    /// >>> rows = [{"vault": vault.id, "who": "alice@example.edu", "role": "write"}]
    /// >>> [grant.role for grant in client.access.grant_many(rows)]
    /// ['write']
    call grant_many(grants)[grants: &Bound<'_, PyAny>] -> Vec<Row<Grant>> |core| {
        let grants = rows("access.grant_many", grants, |row| {
            Ok(NewGrant {
                vault: row.needed("vault")?,
                who: row.needed("who")?,
                role: row.needed("role")?,
                expires_at: instant("expires_at", row.maybe::<Bound<'_, PyAny>>("expires_at")?.as_ref())?,
            })
        })?;
        async move { core.grant_many(grants).await.map(Row::all) }
    }

    /// Puts somebody out of a vault, and moves the vault to a new key. Needs `admin`.
    ///
    /// What they could read before, they may have kept. Revoking who is not in succeeds and logs nothing.
    /// Raises Conflict for a vault's last administrator while no recovery key is there.
    call revoke(vault, who)[vault: String, who: String] -> Nothing |core| {
        async move { core.revoke(&vault, &who).await }
    }

    /// Answers who is in the vault, or was `at` that instant.
    list list(vault, *, at=None)[vault: String, at: Option<&Bound<'_, PyAny>>] -> Grant |core| {
        let at = instant("at", at)?;
        async move { core.list(&vault, at).await }
    }

    /// Answers every grant of the vaults the caller administers, or that the recovery code may rescue, vault by vault.
    list matrix()[] -> Grant |core| { async move { core.matrix().await } }

    /// Renews the grants of somebody whose keys were reissued, moves those vaults to new keys, and answers how many.
    ///
    /// Make sure first that the new keys are theirs. `vaults`: ids; all that the caller administers by default, or with the
    /// recovery code all that name it. A grant keeps its role and its end.
    call approve(principal, *, vaults=None)[principal: String, vaults: Option<Vec<String>>] -> u64 |core| {
        async move { core.approve(&principal, vaults).await }
    }
}
