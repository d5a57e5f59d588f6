//! `backup`, `restore`, `migrate`: copies of whole accounts.

use clap::Args;

use super::failure::Done;
use super::global::Global;
use super::json;
use super::output::Output;
use crate::client::{backup, migrate, restore};

const PROOF: &[&str] = &["events", "tree_size", "root"];

/// Copies the account at --location to a new place, and verifies the copy. Programs go on meanwhile.
///
/// The copy is a database like any other, with its files in a folder beside it: keep both together. The token must be
/// allowed to read the whole audit.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where the copy is to be, such as `backups/monday.db`.
    #[arg(value_name = "TO")]
    to: String,
}

/// Copies a backup to --location, where nothing may be, verifies it, and says as the owner that the account goes on there.
///
/// Programs that remember a newer state than the backup's refuse it until they are told to accept it.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// Where the backup is.
    #[arg(value_name = "FROM")]
    from: String,
}

/// Moves an account to a new place, as from a file to PostgreSQL or back, and verifies it there. End its programs before.
///
/// What is at the old place stays: keep it as a backup, and use it no more. The token must be allowed to read the whole audit.
#[derive(Debug, Args)]
pub(super) struct Migrate {
    /// Where the account is.
    #[arg(value_name = "FROM")]
    from: String,
    /// Where it is to be.
    #[arg(value_name = "TO")]
    to: String,
}

impl Backup {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        let proof = backup(global.location.as_deref(), &self.to, Some(global.token()?)).await?;
        Ok(out.one(&json::proof(&proof), PROOF)?)
    }
}

impl Restore {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        let proof = restore(&self.from, global.location.as_deref(), Some(global.token()?)).await?;
        Ok(out.one(&json::proof(&proof), PROOF)?)
    }
}

impl Migrate {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        let proof = migrate(&self.from, &self.to, Some(global.token()?)).await?;
        Ok(out.one(&json::proof(&proof), PROOF)?)
    }
}
