//! `client.audit`.

use std::path::PathBuf;

use pyo3::prelude::*;
use strongroom::client::audit as core;
use strongroom::model::audit::AuditFilter;

use crate::args::{Nothing, Texts, instant, whole};
use crate::ops::{later, ops, refusal};
use crate::records::audit::{AuditEvent, AuditProof};

ops! {
    /// The audit, as far as the caller may see it.
    core::Audit as "audit." => Audit, AsyncAudit;

    /// Answers events, oldest first: one's own, all of a vault one administers, everything with `can_read_audit` or as owner.
    ///
    /// `actor`: an e-mail or id. `generation`: of which of the actor's keys, 1 at first. `vault`: an id. `action`: a name, a list of names, or a pattern such as `item.*`.
    /// `since`: from this instant on. `until`: before this instant. `after`: a cursor. What is left out matches all.
    list list(*, actor=None, generation=None, vault=None, action=None, since=None, until=None, after=None)[
        actor: Option<String>,
        generation: Option<i128>,
        vault: Option<String>,
        action: Option<Texts>,
        since: Option<&Bound<'_, PyAny>>,
        until: Option<&Bound<'_, PyAny>>,
        after: Option<String>,
    ] -> AuditEvent |core| {
        let filter = AuditFilter {
            actor,
            generation: whole("generation", generation)?,
            vault,
            action: action.map(Into::into).unwrap_or_default(),
            since: instant("since", since)?,
            until: instant("until", until)?,
            after,
        };
        async move { core.list(filter).await }
    }

    /// Replays every log, tree and signature, checks the tables against them, and answers what it found whole.
    ///
    /// `checkpoint`: a note of audit.checkpoint that must still hold. Needs to see the whole audit.
    /// Raises Tampered, which names the first place that does not hold, and why.
    call verify(*, checkpoint=None)[checkpoint: Option<String>] -> AuditProof |core| {
        if checkpoint.is_some() {
            Err(refusal("audit.verify(checkpoint=…)", "verify without one"))?;
        }
        async move { core.verify().await }
    }

    /// Answers a signed note of the newest tree, to keep elsewhere.
    call checkpoint()[] -> String |core| { async move { core.checkpoint().await } }

    /// Writes the audit to a file. `format`: `jsonl`, which is the default, `csv` or `ocsf`.
    call export(path, *, format=None)[path: PathBuf, format: Option<String>] -> Nothing |_core| {
        later("audit.export", "go through audit.list and write what you need")?
    }
}
