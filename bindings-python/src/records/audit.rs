//! The audit.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::{audit, change};

use crate::record::from_core;

/// Who did something.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Actor {
    /// A principal's id.
    id: String,
    /// `user`, `service_account` or `recovery`.
    kind: String,
    /// The display name; empty when the person was forgotten.
    name: String,
}

from_core!(change::Actor => Actor { id: text, kind: word, name });

/// One action of somebody.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AuditEvent {
    /// Its place in the feed.
    seq: u64,
    /// When the store took it.
    at: DateTime<Utc>,
    /// Who did it.
    actor: Actor,
    /// Which generation of the actor's keys signed.
    generation: u32,
    /// The program, as `connect(app=…)` named it.
    app: Option<String>,
    /// The session it came from.
    session: Option<String>,
    /// What was done, dotted: `item.created`, `access.granted`, `user.created`, …
    action: String,
    /// The id of the vault it was done in.
    vault_id: Option<String>,
    /// The id of the item, file, principal or group it was done to.
    target_id: Option<String>,
    /// What else the log says in plain: a role, a version.
    detail: String,
    /// The hash of the log entry, in base32.
    hash: String,
    /// `signed`: the actor's own signature; `observed`: the engine's word, as for reads and refusals.
    evidence: String,
}

from_core!(audit::AuditEvent => AuditEvent {
    seq, at, actor: into, generation, app, session, action, vault_id: maybe text, target_id, detail, hash: hash, evidence: word,
});

/// What a verification found whole.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct AuditProof {
    /// How many entries of logs and chains of reads were replayed.
    events: u64,
    /// The leaves of the feed's tree.
    tree_size: u64,
    /// Its root, in base32.
    root: String,
}

from_core!(audit::AuditProof => AuditProof { events, tree_size, root: hash });
