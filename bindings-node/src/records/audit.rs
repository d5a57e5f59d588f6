//! The audit.

use chrono::{DateTime, Utc};
use strongroom::model::{audit, change};

use crate::record::record;

record! {
    /// Who did something.
    change::Actor => Actor {
        /// A principal's id.
        id: String,
        #[doc = "What it is."]
        #[napi(ts_type = "'user' | 'service_account' | 'recovery'")]
        kind: String,
        /// The display name; empty when the person was forgotten.
        name: String,
    }
}

record! {
    /// One action of somebody.
    audit::AuditEvent => AuditEvent {
        /// Its place in the feed.
        seq: i64,
        /// When the store took it.
        at: DateTime<Utc>,
        /// Who did it.
        actor: Actor,
        /// Which generation of the actor's keys signed.
        generation: u32,
        /// What was done, dotted: `item.created`, `access.granted`, `user.created`, …
        action: String,
        /// What else the log says in plain: a role, a version.
        detail: String,
        /// The hash of the log entry, in base32.
        hash: String,
        /// `signed`: the actor's own signature; `observed`: the engine's word, as for reads and refusals.
        #[napi(ts_type = "'signed' | 'observed'")]
        evidence: String,
        ;
        /// The program, as `app` of `connect` named it.
        app: String,
        /// The session it came from.
        session: String,
        /// The id of the vault it was done in.
        vault_id: String,
        /// The id of the item, file, principal or group it was done to.
        target_id: String,
    }
}

record! {
    /// What a verification found whole.
    audit::AuditProof => AuditProof {
        /// How many entries of logs and chains of reads were replayed.
        events: i64,
        /// The leaves of the feed's tree.
        tree_size: i64,
        /// Its root, in base32.
        root: String,
    }
}
