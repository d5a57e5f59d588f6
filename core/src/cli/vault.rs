//! `vault`: making, naming, finding and deleting vaults.

use clap::{ArgGroup, Args, Subcommand};

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{argument, json};
use crate::model::vault::{VaultSpec, VaultUpdate};

const COLUMNS: &[&str] = &["id", "name", "role", "due", "external_id"];
const DETAILS: &[&str] =
    &["id", "name", "description", "external_id", "role", "due", "created_at", "updated_at", "created_by"];

#[derive(Debug, Subcommand)]
pub(super) enum Vault {
    Create(Create),
    Get(Get),
    /// Lists the vaults you may see, oldest first.
    List,
    Update(Update),
    /// Moves vaults to new keys, and answers how many: those that are due and you administer, unless some are named.
    Rekey {
        /// Vaults by id, due or not.
        vaults: Vec<String>,
    },
    /// Deletes a vault and all in it for ever.
    Delete {
        /// The vault's id.
        vault: String,
    },
}

/// Makes a vault and lets its first members in, in one operation.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// What it is called.
    name: String,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Your own name for it, unique among your vaults and not secret.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Who else gets in, by e-mail or id, and as what; may be repeated.
    #[arg(long, value_name = "WHO=ROLE", value_parser = argument::with_role)]
    access: Vec<(String, String)>,
    /// Your own role; `admin` by default.
    #[arg(long, value_name = "ROLE", value_parser = argument::role())]
    retain: Option<String>,
    /// Makes a repeat answer what the first call did.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Shows a vault.
#[derive(Debug, Args)]
pub(super) struct Get {
    /// The vault's id.
    #[arg(required_unless_present = "external_id", conflicts_with = "external_id")]
    vault: Option<String>,
    /// Its creator's own name for it.
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// Whose external id it is, by e-mail or id; yours by default.
    #[arg(long, value_name = "WHO", conflicts_with = "vault")]
    creator: Option<String>,
}

/// Changes a vault's name, its description or both.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true).multiple(true).args(["name", "description"])))]
pub(super) struct Update {
    /// The vault's id.
    vault: String,
    /// The new name.
    #[arg(long)]
    name: Option<String>,
    /// The new description.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Vault {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| {
                let vaults = client.vaults();
                let vault = match self {
                    Self::Create(create) => vaults.create(create.into()).await?,
                    Self::Get(Get { vault: Some(id), .. }) => vaults.get(&id).await?,
                    Self::Get(Get { external_id, creator, .. }) => {
                        vaults.get_by_external_id(&external_id.unwrap_or_default(), creator.as_deref()).await?
                    }
                    Self::List => {
                        let all = vaults.list().await?.all().await?;
                        return Ok(out.list(all.iter().map(json::vault).collect(), COLUMNS)?);
                    }
                    Self::Update(Update { vault, name, description }) => {
                        vaults.update(&vault, VaultUpdate { name, description }).await?
                    }
                    Self::Rekey { vaults: ids } => {
                        let ids = Some(ids).filter(|ids| !ids.is_empty());
                        return Ok(out.count(vaults.rekey(ids).await?)?);
                    }
                    Self::Delete { vault } => {
                        vaults.delete(&vault).await?;
                        return Ok(out.nothing()?);
                    }
                };
                Ok(out.one(&json::vault(&vault), DETAILS)?)
            })
            .await
    }
}

impl From<Create> for VaultSpec {
    fn from(create: Create) -> Self {
        let Create { name, description, external_id, access, retain, idempotency_key } = create;
        Self { name, description, external_id, access, retain, idempotency_key }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        vault: Vault,
    }

    fn parse(arguments: &str) -> Result<Vault, clap::Error> {
        Line::try_parse_from(format!("vault {arguments}").split(' ')).map(|line| line.vault)
    }

    #[test]
    fn a_vault_has_members_from_the_start() {
        let Ok(Vault::Create(create)) =
            parse("create Alice --access a@example.edu=write --access svc_x=read --retain read --external-id s-42")
        else {
            panic!("not parsed")
        };
        let spec = VaultSpec::from(create);
        assert_eq!((spec.name.as_str(), spec.external_id.as_deref()), ("Alice", Some("s-42")));
        assert_eq!(spec.access.iter().map(|(_, role)| role.as_str()).collect::<Vec<_>>(), ["write", "read"]);
        assert_eq!(spec.retain.as_deref(), Some("read"));
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for wrong in [
            "create",
            "create a --retain owner",
            "create a --access b",
            "get",
            "get a --external-id b",
            "get a --creator b",
            "update a",
            "delete",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("get --external-id b --creator c@example.edu").is_ok());
    }
}
