//! What the account allows at most, whoever grants it.

use super::role::Role;

/// The account's policy. The store sees it, and engines enforce it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The largest role that may be granted to somebody else.
    pub max_grant: Role,
    /// The mail domains that users may have; `None`: any.
    pub email_domains: Option<Vec<String>>,
    /// Grants must end within so many days; `None`: they need not.
    pub require_expiry_days: Option<u32>,
    /// The largest file, in bytes.
    pub max_file_bytes: u64,
    /// Whether users, and not only service accounts and the owner, may grant.
    pub users_may_share: bool,
    /// Whether new vaults name the recovery key.
    pub recovery: bool,
    /// Whether reads are audited.
    pub audit_reads: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_grant: Role::Admin,
            email_domains: None,
            require_expiry_days: None,
            max_file_bytes: super::file::MAX_FILE,
            users_may_share: true,
            recovery: true,
            audit_reads: true,
        }
    }
}
