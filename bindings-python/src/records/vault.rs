//! Vaults.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::vault as core;

use crate::args::Access;
use crate::record::{from_core, record};

/// A vault, as the caller may see it.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Vault {
    /// `vlt_…`.
    id: String,
    /// The name; sealed in the store.
    name: String,
    /// The description; sealed in the store.
    description: String,
    /// The creator's own name for it, unique per creator. Not secret: the store sees it.
    external_id: Option<String>,
    /// The caller's role: `read`, `write` or `admin`.
    role: String,
    /// Whether its key should move on, because somebody who could open it may no longer.
    due: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When its name, description or access last changed.
    updated_at: DateTime<Utc>,
    /// Who made it: a principal's id.
    created_by: String,
}

from_core!(core::Vault => Vault {
    id: text, name, description, external_id, role: text, due, created_at, updated_at, created_by: text,
});

/// A vault to make, as `vaults.create_many` and `provisioning.plan` take it.
///
/// `external_id`: 1 to 256 bytes, unique among the caller's vaults, not secret. `name`: 1 to 1,024 bytes.
/// `description`: at most 64 KiB, empty by default. `access`: who else gets in, a dict from e-mail or id to role.
/// `retain`: the caller's own role, `admin` by default.
///
/// >>> VaultSpec("student-42", name="Alice", access={"alice@example.edu": "write"}).access
/// {'alice@example.edu': 'write'}
#[pyclass(frozen, get_all, eq, from_py_object, module = "strongroom")]
#[derive(Clone, PartialEq)]
pub(crate) struct VaultSpec {
    /// The caller's own name for it.
    external_id: Option<String>,
    /// The name.
    name: String,
    /// The description.
    description: Option<String>,
    /// Who else gets in, with which role.
    access: Access,
    /// The caller's own role.
    retain: Option<String>,
    /// Makes a repeat answer what the first call did.
    idempotency_key: Option<String>,
}

record!(VaultSpec { external_id, name, description, access, retain, idempotency_key });

#[pymethods]
impl VaultSpec {
    #[new]
    #[pyo3(signature = (external_id=None, *, name, description=None, access=None, retain=None, idempotency_key=None))]
    fn new(
        external_id: Option<String>,
        name: String,
        description: Option<String>,
        access: Option<Access>,
        retain: Option<String>,
        idempotency_key: Option<String>,
    ) -> Self {
        Self { external_id, name, description, access: access.unwrap_or_default(), retain, idempotency_key }
    }
}

impl From<VaultSpec> for core::VaultSpec {
    fn from(spec: VaultSpec) -> Self {
        let VaultSpec { external_id, name, description, access, retain, idempotency_key } = spec;
        Self { name, description, external_id, access: access.0, retain, idempotency_key }
    }
}
