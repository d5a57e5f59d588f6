//! Grants.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::grant as core;

use super::principal::Principal;
use crate::record::from_core;

/// One principal's role in one vault.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Grant {
    /// The vault's id.
    vault_id: String,
    /// Who holds it.
    principal: Principal,
    /// `read`, `write` or `admin`.
    role: String,
    /// Who gave it: a principal's id.
    granted_by: String,
    /// When.
    granted_at: DateTime<Utc>,
    /// From when on it is refused; `None` if never.
    expires_at: Option<DateTime<Utc>>,
    /// When its holder last wrote to the vault; `None` if never.
    last_used_at: Option<DateTime<Utc>>,
    /// `active`, `pending` (waits for the grantee's keys) or `expired`.
    state: String,
}

from_core!(core::Grant => Grant {
    vault_id: text, principal: into, role: text, granted_by: text, granted_at, expires_at, last_used_at, state: word,
});
