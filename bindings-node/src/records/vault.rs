//! Vaults.

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use strongroom::model::vault as core;

use super::Role;
use crate::args::options;
use crate::record::record;

record! {
    /// A vault, as the caller may see it.
    core::Vault => Vault {
        /// `vlt_…`.
        id: String,
        /// The name; sealed in the store.
        name: String,
        /// The description; sealed in the store.
        description: String,
        /// The caller's role.
        role: Role,
        /// Whether its key should move on, because somebody who could open it may no longer.
        due: bool,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When its name, description or access last changed.
        updated_at: DateTime<Utc>,
        /// Who made it: a principal's id.
        created_by: String,
        ;
        /// The creator's own name for it, unique per creator. Not secret: the store sees it.
        external_id: String,
    }
}

options! {
    /// A vault to make, as `vaults.createMany` and `provisioning.plan` take it.
    VaultSpec {
        /// Its name, 1 to 1,024 bytes.
        name: String,
        ;
        /// The caller's own name for it: 1 to 256 bytes, unique among the caller's vaults, not secret.
        external_id: String,
        /// At most 64 KiB; empty by default.
        description: String,
        /// Who else gets in: from e-mail or id to role.
        access: IndexMap<String, Role>,
        /// The caller's own role; `admin` by default.
        retain: Role,
        /// Makes a repeat answer what the first call did.
        idempotency_key: String,
    }
}

impl From<VaultSpec> for core::VaultSpec {
    fn from(spec: VaultSpec) -> Self {
        let VaultSpec { external_id, name, description, access, retain, idempotency_key } = spec;
        let access = access.unwrap_or_default().into_iter().collect();
        Self { name, description, external_id, access, retain, idempotency_key }
    }
}
