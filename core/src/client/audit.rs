//! `client.audit`: who did what, and the proof.

use super::{Client, listing};
use crate::backend::not_yet;
use crate::error::Result;
use crate::model::audit::{AuditEvent, AuditFilter, AuditProof};
use crate::model::page::Page;

/// The audit, as far as the caller may see it.
#[derive(Clone, Debug)]
pub struct Audit(pub(super) Client);

impl Audit {
    /// Events, oldest first: one's own, all of a vault one administers, everything with `can_read_audit` or as owner.
    pub async fn list(&self, filter: AuditFilter) -> Result<Page<AuditEvent>> {
        let after = filter.after.clone();
        listing::first(&self.0, "audit.list", after, move |client, page| {
            let filter = filter.clone();
            Box::pin(async move { client.backend.list_audit(filter, page).await })
        })
        .await
    }

    /// Replays every log, tree and signature, and checks the tables against them. Needs to see the whole audit.
    ///
    /// # Errors
    /// `Tampered` names the first place that does not hold, and why.
    pub async fn verify(&self) -> Result<AuditProof> {
        self.0.run_long("audit.verify", self.0.backend.verify_audit()).await
    }

    /// A signed note of the newest tree, to keep elsewhere.
    pub async fn checkpoint(&self) -> Result<String> {
        let later = not_yet("audit.checkpoint", "keep a cursor of changes.cursor, which names the same tree");
        self.0.run("audit.checkpoint", std::future::ready(Err(later))).await
    }
}
