//! `audit`: who did what, and the proof.

use clap::{Args, Subcommand};

use super::failure::Done;
use super::global::Global;
use super::later::{Rest, not_yet};
use super::output::Output;
use super::{argument, json};
use crate::model::audit::AuditFilter;
use crate::model::time::Timestamp;

const COLUMNS: &[&str] = &["seq", "at", "actor", "action", "vault_id", "target_id", "detail", "evidence"];
const PROOF: &[&str] = &["events", "tree_size", "root"];

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    List(List),
    /// Replays every log, tree and signature, and checks the tables against them.
    Verify,
    #[command(hide = true)]
    Checkpoint(Rest),
    #[command(hide = true)]
    Export(Rest),
    #[command(hide = true)]
    Report(Rest),
}

/// Lists events, oldest first: your own, all of a vault you administer, everything with the right to read the audit.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only of this actor, by e-mail or id.
    #[arg(long, value_name = "WHO")]
    actor: Option<String>,
    /// Only of this generation of the actor's keys: 1 at first, one more with every new token.
    #[arg(long, value_name = "N")]
    generation: Option<u32>,
    /// Only of this vault, by id.
    #[arg(long, value_name = "ID")]
    vault: Option<String>,
    /// Only of this action, such as `item.created` or `item.*`; may be repeated.
    #[arg(long = "action", value_name = "ACTION")]
    actions: Vec<String>,
    /// From this time on, by RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = argument::instant)]
    since: Option<Timestamp>,
    /// Before this time, by RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = argument::instant)]
    until: Option<Timestamp>,
}

impl Audit {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        match self {
            Self::List(List { actor, generation, vault, actions, since, until }) => {
                let filter = AuditFilter { actor, generation, vault, action: actions, since, until, after: None };
                let work = async |client: &crate::client::Client| {
                    let all = client.audit().list(filter).await?.all().await?;
                    Ok(out.list(all.iter().map(json::event).collect(), COLUMNS)?)
                };
                global.connected(work).await
            }
            Self::Verify => {
                let work = async |client: &crate::client::Client| {
                    Ok(out.one(&json::proof(&client.audit().verify().await?), PROOF)?)
                };
                global.connected(work).await
            }
            Self::Checkpoint(_) => {
                Err(not_yet("audit.checkpoint", "keep the cursor of `strongroom changes`, which names the same tree")
                    .into())
            }
            Self::Export(_) => Err(not_yet("audit.export", "use `strongroom audit list --json`").into()),
            Self::Report(_) => {
                Err(not_yet("audit.report", "use `strongroom audit list` with --actor, --vault, --since and --until")
                    .into())
            }
        }
    }
}
