//! Users, service accounts and the recovery key.

use chrono::{DateTime, Utc};
use strongroom::model::principal as core;

use crate::record::record;

record! {
    /// A user, a service account or the recovery key, as the caller may see it.
    core::Principal => Principal {
        /// `usr_…`, `svc_…` or `rec_…`.
        id: String,
        /// What it is.
        #[napi(ts_type = "'user' | 'service_account' | 'recovery'")]
        kind: String,
        /// The display name; empty when the person was forgotten.
        name: String,
        /// Where it stands.
        #[napi(ts_type = "'invited' | 'active' | 'suspended' | 'deleted'")]
        state: String,
        /// Whether somebody else made its keys and it has not rotated them since.
        issued: bool,
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
        ;
        /// The e-mail address, in lower case; only users have one.
        email: String,
        /// From when on its token is refused; never if left out.
        expires_at: DateTime<Utc>,
    }
}
