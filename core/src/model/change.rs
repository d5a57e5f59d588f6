//! The change feed.

use super::id::{FileId, ItemId, PrincipalId, PrincipalKind, VaultId};
use super::principal::Principal;
use super::role::Role;
use super::time::Timestamp;
use crate::error::{Error, Result};
use std::str::FromStr;

macro_rules! change_kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ChangeKind { $($(#[$doc])* $name,)* }

        impl ChangeKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kind, dotted.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

change_kinds! {
    /// An item was made.
    ItemCreated = "item.created",
    /// An item has a new version.
    ItemUpdated = "item.updated",
    /// An item was archived.
    ItemArchived = "item.archived",
    /// An item was brought back from the archive.
    ItemRestored = "item.restored",
    /// An item was deleted for ever.
    ItemDeleted = "item.deleted",
    /// A file was attached to an item.
    FileAttached = "file.attached",
    /// A file was taken off an item.
    FileDetached = "file.detached",
    /// A vault was made.
    VaultCreated = "vault.created",
    /// A vault's name or description changed.
    VaultUpdated = "vault.updated",
    /// A vault was deleted.
    VaultDeleted = "vault.deleted",
    /// Somebody got in, or got another role.
    AccessGranted = "access.granted",
    /// Somebody was put out.
    AccessRevoked = "access.revoked",
}

impl FromStr for ChangeKind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or_else(|| {
            Error::argument(
                "kinds",
                format!("`{text}` is not a kind of change: use item.created, file.attached, access.granted, …"),
            )
        })
    }
}

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `usr_…` or `svc_…`.
    pub id: PrincipalId,
    /// User, service account or recovery key.
    pub kind: PrincipalKind,
    /// The display name; empty when the person was forgotten.
    pub name: String,
}

/// What a change was about.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// An item.
    Item {
        /// Which.
        item_id: ItemId,
        /// The version it made.
        version: u64,
    },
    /// A file of an item.
    File {
        /// Whose.
        item_id: ItemId,
        /// Which.
        file_id: FileId,
        /// The item's version it made.
        version: u64,
    },
    /// The vault itself.
    Vault,
    /// Somebody's access.
    Access {
        /// Whose; without a profile where the caller may not see it.
        principal: Box<Principal>,
        /// The role they have now; `None` when put out.
        role: Option<Role>,
        /// Until when.
        expires_at: Option<Timestamp>,
    },
}

/// One change, in a vault the caller may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Where.
    pub vault_id: VaultId,
    /// Who did it.
    pub actor: Actor,
    /// When the store took it.
    pub at: Timestamp,
    /// Continues after this change; opaque, never expires.
    pub cursor: String,
    /// What it was about.
    pub subject: Subject,
}

/// Which changes to list.
#[derive(Clone, Debug, Default)]
pub struct ChangeFilter {
    /// `start`, `now` or a cursor.
    pub after: Option<String>,
    /// Only of these vaults, by id; `None`: all the caller may see.
    pub vaults: Option<Vec<String>>,
    /// Only of these kinds; `None`: all.
    pub kinds: Option<Vec<String>>,
    /// The most rows of a page, 1 to 5,000; 500 by default.
    pub limit: Option<u32>,
}

/// A page of changes. Its cursor is there also when it is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangePage {
    /// The changes, oldest first.
    pub data: Vec<Change>,
    /// Continues after this page; opaque, never expires.
    pub cursor: String,
    /// Whether more is there already.
    pub has_more: bool,
}
