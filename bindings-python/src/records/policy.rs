//! The account's policy.

use pyo3::prelude::*;
use strongroom::model::policy as core;

use crate::args::whole;
use crate::error::raise;
use crate::record::from_core;

/// What the account allows at most, whoever grants it.
///
/// `max_grant`: the largest role that may be granted to somebody else, `admin` by default.
/// `email_domains`: the mail domains that users may have; `None`: any.
/// `require_expiry_days`: grants must end within so many days; `None`: they need not.
/// `max_file_bytes`: the largest file, 16 GiB by default. `users_may_share`: whether users may grant, `True` by default.
/// `recovery`: whether new vaults name the recovery key, `True` by default. `audit_reads`: whether reads are audited,
/// `True` by default.
///
/// >>> Policy(max_grant="write").max_grant
/// 'write'
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Policy {
    /// The largest role that may be granted to somebody else.
    max_grant: String,
    /// The mail domains that users may have; `None`: any.
    email_domains: Option<Vec<String>>,
    /// Grants must end within so many days; `None`: they need not.
    require_expiry_days: Option<u32>,
    /// The largest file, in bytes.
    max_file_bytes: u64,
    /// Whether users, and not only service accounts and the owner, may grant.
    users_may_share: bool,
    /// Whether new vaults name the recovery key.
    recovery: bool,
    /// Whether reads are audited.
    audit_reads: bool,
}

from_core!(core::Policy => Policy {
    max_grant: text, email_domains, require_expiry_days, max_file_bytes, users_may_share, recovery, audit_reads,
});

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (
        *, max_grant=None, email_domains=None, require_expiry_days=None, max_file_bytes=None,
        users_may_share=None, recovery=None, audit_reads=None,
    ))]
    fn new(
        max_grant: Option<&str>,
        email_domains: Option<Vec<String>>,
        require_expiry_days: Option<i128>,
        max_file_bytes: Option<i128>,
        users_may_share: Option<bool>,
        recovery: Option<bool>,
        audit_reads: Option<bool>,
    ) -> PyResult<Self> {
        let default = core::Policy::default();
        let policy = core::Policy {
            max_grant: max_grant.map_or(Ok(default.max_grant), str::parse).map_err(raise)?,
            email_domains: email_domains.or(default.email_domains),
            require_expiry_days: whole("require_expiry_days", require_expiry_days)
                .map_err(raise)?
                .or(default.require_expiry_days),
            max_file_bytes: whole("max_file_bytes", max_file_bytes).map_err(raise)?.unwrap_or(default.max_file_bytes),
            users_may_share: users_may_share.unwrap_or(default.users_may_share),
            recovery: recovery.unwrap_or(default.recovery),
            audit_reads: audit_reads.unwrap_or(default.audit_reads),
        };
        Ok(policy.into())
    }
}
