//! Vaults.

use super::id::{PrincipalId, VaultId};
use super::role::Role;
use super::time::Timestamp;

/// The longest name, in bytes.
pub const MAX_NAME: usize = 1024;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 64 * 1024;
/// The longest external id, in bytes.
pub const MAX_EXTERNAL_ID: usize = 256;

/// A vault, as the caller may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Vault {
    /// `vlt_…`.
    pub id: VaultId,
    /// The name, sealed in the store.
    pub name: String,
    /// The description, sealed in the store.
    pub description: String,
    /// The creator's own name for it, unique per creator and not secret: the store sees it.
    pub external_id: Option<String>,
    /// The caller's role.
    pub role: Role,
    /// Whether its key should move on, because somebody who could open it may no longer.
    pub due: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, description or access last changed.
    pub updated_at: Timestamp,
    /// Who made it.
    pub created_by: PrincipalId,
}

/// A vault to make, as `vaults.create`, `vaults.create_many` and `provisioning.plan` take it.
#[derive(Clone, Debug, Default)]
pub struct VaultSpec {
    /// 1 to 1,024 bytes.
    pub name: String,
    /// At most 64 KiB; empty by default.
    pub description: Option<String>,
    /// 1 to 256 bytes, unique among the caller's vaults.
    pub external_id: Option<String>,
    /// Who else gets in, by e-mail or id, with which role.
    pub access: Vec<(String, String)>,
    /// The caller's own role: `admin` by default.
    pub retain: Option<String>,
    /// Makes a repeat answer what the first call did.
    pub idempotency_key: Option<String>,
}

/// What to change in a vault; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct VaultUpdate {
    /// 1 to 1,024 bytes.
    pub name: Option<String>,
    /// At most 64 KiB.
    pub description: Option<String>,
}
