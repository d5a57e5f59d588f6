//! The account's policy.

use strongroom::error::{Error, Result};
use strongroom::model::policy as core;

use super::Role;
use crate::args::{options, whole};

options! {
    /// What the account allows at most, whoever grants it.
    Policy {
        ;
        /// The largest role that may be granted to somebody else; `admin` by default.
        max_grant: Role,
        /// The mail domains that users may have; any by default.
        email_domains: Vec<String>,
        /// Grants must end within so many days; by default they need not.
        require_expiry_days: f64,
        /// The largest file in bytes; 16 GiB by default.
        max_file_bytes: f64,
        /// Whether users, and not only service accounts and the owner, may grant; `true` by default.
        users_may_share: bool,
        /// Whether new vaults name the recovery key; `true` by default.
        recovery: bool,
        /// Whether reads are audited; `true` by default.
        audit_reads: bool,
    }
}

impl TryFrom<Policy> for core::Policy {
    type Error = Error;

    fn try_from(policy: Policy) -> Result<Self> {
        let Policy {
            max_grant,
            email_domains,
            require_expiry_days,
            max_file_bytes,
            users_may_share,
            recovery,
            audit_reads,
        } = policy;
        let default = Self::default();
        Ok(Self {
            max_grant: max_grant.map_or(Ok(default.max_grant), |role| role.parse())?,
            email_domains: email_domains.or(default.email_domains),
            require_expiry_days: whole("require_expiry_days", require_expiry_days)?.or(default.require_expiry_days),
            max_file_bytes: match whole("max_file_bytes", max_file_bytes)? {
                Some(bytes) => bytes,
                None => default.max_file_bytes,
            },
            users_may_share: users_may_share.unwrap_or(default.users_may_share),
            recovery: recovery.unwrap_or(default.recovery),
            audit_reads: audit_reads.unwrap_or(default.audit_reads),
        })
    }
}
