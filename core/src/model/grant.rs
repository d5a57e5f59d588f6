//! Grants: who may do what in a vault.

use super::id::{PrincipalId, VaultId};
use super::principal::Principal;
use super::role::Role;
use super::time::Timestamp;

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GrantState {
    /// In force.
    Active,
    /// Waits until the grantee has keys and a member's client has wrapped the vault's for them.
    Pending,
    /// Past its time; refused, and the vault's key is due.
    Expired,
}

impl GrantState {
    /// The state in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

/// A grant to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewGrant {
    /// The vault's id.
    pub vault: String,
    /// An e-mail address or an id.
    pub who: String,
    /// `read`, `write` or `admin`.
    pub role: String,
    /// From when on it is refused; never by default.
    pub expires_at: Option<Timestamp>,
}

/// One principal's role in one vault.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The vault.
    pub vault_id: VaultId,
    /// Who holds it.
    pub principal: Principal,
    /// What they may do.
    pub role: Role,
    /// Who gave it.
    pub granted_by: PrincipalId,
    /// When.
    pub granted_at: Timestamp,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// When its holder last wrote to the vault; `None` if never.
    pub last_used_at: Option<Timestamp>,
    /// Whether it is in force.
    pub state: GrantState,
}
