//! The account a client is connected to.

use super::id::{AccountId, PrincipalId};

/// What a backend can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Users can be made and ended.
    pub users: bool,
    /// Grants are per user.
    pub user_grants: bool,
    /// Changes can be listed and watched.
    pub changes: bool,
    /// The audit can be listed and verified.
    pub audit: bool,
    /// Files can be attached and read.
    pub files: bool,
}

/// The account: its id is the hash of its first operation, which every token carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// `acc_…`.
    pub id: AccountId,
    /// Who owns it.
    pub owner: PrincipalId,
    /// `sqlite`, `memory`, …
    pub backend: &'static str,
    /// What this backend can do.
    pub capabilities: Capabilities,
}
