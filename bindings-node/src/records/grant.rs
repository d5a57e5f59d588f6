//! Grants.

use chrono::{DateTime, Utc};
use strongroom::model::grant as core;

use super::Role;
use super::principal::Principal;
use crate::record::record;

record! {
    /// One principal's role in one vault.
    core::Grant => Grant {
        /// The vault's id.
        vault_id: String,
        /// Who holds it.
        principal: Principal,
        /// What they may do.
        role: Role,
        /// Who gave it: a principal's id.
        granted_by: String,
        /// When.
        granted_at: DateTime<Utc>,
        /// `pending` waits for the grantee's keys.
        #[napi(ts_type = "'active' | 'pending' | 'expired'")]
        state: String,
        ;
        /// From when on it is refused; never if left out.
        expires_at: DateTime<Utc>,
        /// When its holder last wrote to the vault; never if left out.
        last_used_at: DateTime<Utc>,
    }
}
