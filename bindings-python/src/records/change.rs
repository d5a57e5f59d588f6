//! The change feed.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::change as core;

use super::audit::Actor;
use super::principal::Principal;
use crate::record::record;

/// A change of an item.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ItemChange {
    /// `item.created`, `item.updated`, `item.archived`, `item.restored` or `item.deleted`.
    kind: String,
    /// The vault's id.
    vault_id: String,
    /// Who did it.
    actor: Actor,
    /// When the store took it.
    at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    cursor: String,
    /// The item's id.
    item_id: String,
    /// The item's version that it made.
    version: u64,
}

/// A change of an item's files.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct FileChange {
    /// `file.attached` or `file.detached`.
    kind: String,
    /// The vault's id.
    vault_id: String,
    /// Who did it.
    actor: Actor,
    /// When the store took it.
    at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    cursor: String,
    /// The item's id.
    item_id: String,
    /// The file's id.
    file_id: String,
    /// The item's version that it made.
    version: u64,
}

/// A change of a vault itself.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct VaultChange {
    /// `vault.created`, `vault.updated` or `vault.deleted`.
    kind: String,
    /// The vault's id.
    vault_id: String,
    /// Who did it.
    actor: Actor,
    /// When the store took it.
    at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    cursor: String,
}

/// A change of somebody's access.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AccessChange {
    /// `access.granted` or `access.revoked`.
    kind: String,
    /// The vault's id.
    vault_id: String,
    /// Who did it.
    actor: Actor,
    /// When the store took it.
    at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    cursor: String,
    /// Whose access; without a profile where the caller may not see it.
    principal: Principal,
    /// The role they have now; `None` when put out.
    role: Option<String>,
    /// Until when.
    expires_at: Option<DateTime<Utc>>,
}

record!(ItemChange { kind, vault_id, actor, at, cursor, item_id, version });
record!(FileChange { kind, vault_id, actor, at, cursor, item_id, file_id, version });
record!(VaultChange { kind, vault_id, actor, at, cursor });
record!(AccessChange { kind, vault_id, actor, at, cursor, principal, role, expires_at });

/// Any of them.
#[derive(IntoPyObject)]
pub(crate) enum Change {
    Item(ItemChange),
    File(FileChange),
    Vault(VaultChange),
    Access(AccessChange),
}

impl From<core::Change> for Change {
    fn from(change: core::Change) -> Self {
        // "does not mention" here means: the core's struct has a field that this file does not name yet.
        let core::Change { kind, vault_id, actor, at, cursor, subject } = change;
        let (kind, vault_id, actor) = (kind.as_str().to_owned(), vault_id.to_string(), actor.into());
        match subject {
            core::Subject::Item { item_id, version } => {
                Self::Item(ItemChange { kind, vault_id, actor, at, cursor, item_id: item_id.to_string(), version })
            }
            core::Subject::File { item_id, file_id, version } => {
                let (item_id, file_id) = (item_id.to_string(), file_id.to_string());
                Self::File(FileChange { kind, vault_id, actor, at, cursor, item_id, file_id, version })
            }
            core::Subject::Vault => Self::Vault(VaultChange { kind, vault_id, actor, at, cursor }),
            core::Subject::Access { principal, role, expires_at } => {
                let (principal, role) = ((*principal).into(), role.map(|role| role.to_string()));
                Self::Access(AccessChange { kind, vault_id, actor, at, cursor, principal, role, expires_at })
            }
        }
    }
}
