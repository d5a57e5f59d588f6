//! `access`: who may do what in a vault.

use clap::Subcommand;

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{argument, json};
use crate::model::time::Timestamp;

const COLUMNS: &[&str] = &["principal", "role", "state", "expires_at", "last_used_at", "principal.id"];
const MATRIX: &[&str] = &["vault_id", "principal", "role", "state", "expires_at", "principal.id"];
const DETAILS: &[&str] =
    &["vault_id", "principal", "principal.id", "role", "granted_by", "granted_at", "expires_at", "state"];

#[derive(Debug, Subcommand)]
pub(super) enum Access {
    /// Gives somebody a role in a vault, or another role than they had.
    Grant {
        /// The vault's id.
        vault: String,
        /// To whom, by e-mail or id.
        who: String,
        /// What they may do.
        #[arg(value_parser = argument::role())]
        role: String,
        /// From when on it is refused, by RFC 3339.
        #[arg(long, value_name = "TIME", value_parser = argument::instant)]
        expires_at: Option<Timestamp>,
    },
    /// Puts somebody out of a vault, and moves the vault to a new key.
    Revoke {
        /// The vault's id.
        vault: String,
        /// Whom, by e-mail or id.
        who: String,
    },
    /// Renews the grants of somebody whose keys were reissued, and moves those vaults to new keys; answers how many.
    Approve {
        /// Whose, by e-mail or id.
        principal: String,
        /// Only in this vault, by id; may be repeated. All that you administer by default.
        #[arg(long = "vault", value_name = "ID")]
        vaults: Vec<String>,
    },
    /// Lists every grant of the vaults you administer.
    Matrix,
    /// Lists who is in a vault.
    List {
        /// The vault's id.
        vault: String,
        /// Lists who was in it at this time, by RFC 3339.
        #[arg(long, value_name = "TIME", value_parser = argument::instant)]
        at: Option<Timestamp>,
    },
}

impl Access {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| {
                let access = client.access();
                match self {
                    Self::Grant { vault, who, role, expires_at } => {
                        let grant = access.grant(&vault, &who, &role, expires_at).await?;
                        Ok(out.one(&json::grant(&grant), DETAILS)?)
                    }
                    Self::Revoke { vault, who } => {
                        access.revoke(&vault, &who).await?;
                        Ok(out.nothing()?)
                    }
                    Self::Approve { principal, vaults } => {
                        let vaults = Some(vaults).filter(|vaults| !vaults.is_empty());
                        Ok(out.count(access.approve(&principal, vaults).await?)?)
                    }
                    Self::Matrix => {
                        let all = access.matrix().await?.all().await?;
                        Ok(out.list(all.iter().map(json::grant).collect(), MATRIX)?)
                    }
                    Self::List { vault, at } => {
                        let all = access.list(&vault, at).await?.all().await?;
                        Ok(out.list(all.iter().map(json::grant).collect(), COLUMNS)?)
                    }
                }
            })
            .await
    }
}
