//! `client.audit`.

use napi::Either;
use strongroom::client::audit as core;
use strongroom::error::Result;
use strongroom::model::audit::AuditFilter;

use crate::args::{CallOptions, Date, Options, instant, options, whole};
use crate::ops::{later, ops, refusal};
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::audit::{AuditEvent, AuditProof};

options! {
    /// What `audit.list` takes by name; what is left out matches all.
    #[derive(Default)]
    ListAudit {
        ;
        /// By e-mail or id.
        actor: String,
        /// Of which of the actor's keys: 1 at first.
        generation: f64,
        /// By id.
        vault: String,
        /// A name, several, or a pattern such as `item.*`.
        action: Either<String, Vec<String>>,
        /// From this instant on.
        since: Date,
        /// Before this instant.
        until: Date,
        /// Continues after this cursor.
        after: String,
    }
}

options! {
    /// What `audit.verify` takes by name.
    #[derive(Default)]
    VerifyAudit {
        ;
        /// A note of `audit.checkpoint` that must still hold.
        checkpoint: String,
    }
}

options! {
    /// What `audit.export` takes by name.
    #[derive(Default)]
    ExportAudit {
        ;
        /// `jsonl` by default.
        #[napi(ts_type = "'jsonl' | 'csv' | 'ocsf'")]
        format: String,
    }
}

fn filter(options: ListAudit) -> Result<AuditFilter> {
    let ListAudit { actor, generation, vault, action, since, until, after } = options;
    Ok(AuditFilter {
        actor,
        generation: whole("generation", generation)?,
        vault,
        action: match action {
            None => Vec::new(),
            Some(Either::A(name)) => vec![name],
            Some(Either::B(names)) => names,
        },
        since: instant("since", since)?,
        until: instant("until", until)?,
        after,
    })
}

ops! {
    /// The audit, as far as the caller may see it.
    core::Audit as "audit." => Audit;

    /// Answers events, oldest first: one's own, all of a vault one administers, everything with `canReadAudit` or as owner.
    list(; options: Option<Options<ListAudit>>) -> Pages<AuditEvent> |core| {
        let filter = filter(options)?;
        async move { core.list(filter).await }
    }

    /// Replays every log, tree and signature, checks the tables against them, and answers what it found whole.
    ///
    /// Needs to see the whole audit.
    ///
    /// @throws {Tampered} which names the first place that does not hold, and why.
    verify(; options: Option<Options<VerifyAudit>>) -> Promise<AuditProof> |core| {
        if options.checkpoint.is_some() {
            Err(refusal("audit.verify({ checkpoint })", "verify without one"))?;
        }
        async move { core.verify().await }
    }

    /// Answers a signed note of the newest tree, to keep elsewhere.
    checkpoint(; options: Option<CallOptions>) -> Promise<String> |core| { async move { core.checkpoint().await } }

    /// Writes the audit to a file.
    export(path: String; options: Option<Options<ExportAudit>>) -> Promise<()> |_core| {
        let (_, _) = (path, options.format);
        later("audit.export", "go through audit.list and write what you need")
    }
}
