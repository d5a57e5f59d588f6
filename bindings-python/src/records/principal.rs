//! Users, service accounts and the recovery key.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::principal as core;

use crate::record::from_core;

/// A user, a service account or the recovery key, as the caller may see it.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Principal {
    /// `usr_…`, `svc_…` or `rec_…`.
    id: String,
    /// `user`, `service_account` or `recovery`.
    kind: String,
    /// The display name; empty when the person was forgotten.
    name: String,
    /// The e-mail address, in lower case; only users have one.
    email: Option<String>,
    /// `invited`, `active`, `suspended` or `deleted`.
    state: String,
    /// Whether somebody else made its keys and it has not rotated them since.
    issued: bool,
    /// From when on its token is refused; `None` if never.
    expires_at: Option<DateTime<Utc>>,
    /// May make vaults.
    can_create_vaults: bool,
    /// May make, change and end principals.
    can_manage_users: bool,
    /// May change the policy.
    can_manage_policy: bool,
    /// May read the whole audit.
    can_read_audit: bool,
    /// When it was added.
    created_at: DateTime<Utc>,
}

from_core!(core::Principal => Principal {
    id: text, kind: word, name, email, state: word, issued, expires_at,
    can_create_vaults, can_manage_users, can_manage_policy, can_read_audit, created_at,
});
