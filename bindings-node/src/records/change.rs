//! The change feed.

use chrono::{DateTime, Utc};
use napi::Either;
use napi::bindgen_prelude::Either4;
use napi_derive::napi;
use strongroom::model::change as core;

use super::Role;
use super::audit::Actor;
use super::principal::Principal;
use crate::record::Shown;

/// A change of an item.
#[napi(object, object_from_js = false)]
pub struct ItemChange {
    /// What happened.
    #[napi(ts_type = "'item.created' | 'item.updated' | 'item.archived' | 'item.restored' | 'item.deleted'")]
    pub kind: String,
    /// The vault's id.
    pub vault_id: String,
    /// Who did it.
    pub actor: Actor,
    /// When the store took it.
    pub at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    pub cursor: String,
    /// The item's id.
    pub item_id: String,
    /// The item's version that it made.
    pub version: i64,
}

/// A change of an item's files.
#[napi(object, object_from_js = false)]
pub struct FileChange {
    /// What happened.
    #[napi(ts_type = "'file.attached' | 'file.detached'")]
    pub kind: String,
    /// The vault's id.
    pub vault_id: String,
    /// Who did it.
    pub actor: Actor,
    /// When the store took it.
    pub at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    pub cursor: String,
    /// The item's id.
    pub item_id: String,
    /// The file's id.
    pub file_id: String,
    /// The item's version that it made.
    pub version: i64,
}

/// A change of a vault itself.
#[napi(object, object_from_js = false)]
pub struct VaultChange {
    /// What happened.
    #[napi(ts_type = "'vault.created' | 'vault.updated' | 'vault.deleted'")]
    pub kind: String,
    /// The vault's id.
    pub vault_id: String,
    /// Who did it.
    pub actor: Actor,
    /// When the store took it.
    pub at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    pub cursor: String,
}

/// A change of somebody's access.
#[napi(object, object_from_js = false)]
pub struct AccessChange {
    /// What happened.
    #[napi(ts_type = "'access.granted' | 'access.revoked'")]
    pub kind: String,
    /// The vault's id.
    pub vault_id: String,
    /// Who did it.
    pub actor: Actor,
    /// When the store took it.
    pub at: DateTime<Utc>,
    /// Continues after this change; opaque, never expires.
    pub cursor: String,
    /// Whose access; without a profile where the caller may not see it.
    pub principal: Principal,
    /// The role they have now; left out when they were put out.
    pub role: Option<Role>,
    /// Until when.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Any of them, told apart by `kind`.
pub type Change = Either4<ItemChange, FileChange, VaultChange, AccessChange>;

/// The next change, or the end.
pub type NextChange = Either<Change, ()>;

impl Shown<Change> for core::Change {
    fn shown(self) -> Change {
        // "does not mention" here means: the core's struct has a field that this file does not name yet.
        let core::Change { kind, vault_id, actor, at, cursor, subject } = self;
        let (kind, vault_id, actor) = (kind.shown(), vault_id.shown(), actor.shown());
        match subject {
            core::Subject::Item { item_id, version } => Change::A(ItemChange {
                kind,
                vault_id,
                actor,
                at,
                cursor,
                item_id: item_id.shown(),
                version: version.shown(),
            }),
            core::Subject::File { item_id, file_id, version } => Change::B(FileChange {
                kind,
                vault_id,
                actor,
                at,
                cursor,
                item_id: item_id.shown(),
                file_id: file_id.shown(),
                version: version.shown(),
            }),
            core::Subject::Vault => Change::C(VaultChange { kind, vault_id, actor, at, cursor }),
            core::Subject::Access { principal, role, expires_at } => Change::D(AccessChange {
                kind,
                vault_id,
                actor,
                at,
                cursor,
                principal: (*principal).shown(),
                role: role.shown(),
                expires_at,
            }),
        }
    }
}

impl Shown<NextChange> for Option<core::Change> {
    fn shown(self) -> NextChange {
        self.map_or(Either::B(()), |change| Either::A(change.shown()))
    }
}
