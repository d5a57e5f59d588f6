//! The audit: who did what, and the proof.

use super::change::Actor;
use super::id::{Id, VaultId};
use super::time::Timestamp;

/// How an event is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// The actor's own signature.
    Signed,
    /// The engine's word, as for reads and refusals.
    Observed,
}

impl Evidence {
    /// The evidence in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Observed => "observed",
        }
    }
}

/// One action of somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEvent {
    /// Its place in the feed.
    pub seq: u64,
    /// When the store took it.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Which generation of the actor's keys signed.
    pub generation: u32,
    /// The program, as `connect(app=…)` named it.
    pub app: Option<String>,
    /// The session it came from.
    pub session: Option<String>,
    /// What was done, dotted: `item.created`, `access.granted`, `user.created`, …
    pub action: String,
    /// The vault it was done in.
    pub vault_id: Option<VaultId>,
    /// The item, file, principal or group it was done to, as its printed id.
    pub target_id: Option<String>,
    /// What else the log says in plain: a role, a version.
    pub detail: String,
    /// The hash of the log entry.
    pub hash: Id,
    /// How it is known.
    pub evidence: Evidence,
}

/// Which events to list; what is left out matches all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By e-mail or id.
    pub actor: Option<String>,
    /// Of which keys of the actor: 1 at first, one more with every rotation and reissue.
    pub generation: Option<u32>,
    /// By id.
    pub vault: Option<String>,
    /// Names, or patterns such as `item.*`.
    pub action: Vec<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Continues after this cursor.
    pub after: Option<String>,
}

/// What a verification found whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditProof {
    /// How many entries of logs and chains of reads were replayed.
    pub events: u64,
    /// The leaves of the feed's tree.
    pub tree_size: u64,
    /// Its root.
    pub root: Id,
}
