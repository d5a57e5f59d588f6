//! `service-account`: programs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::credential::Keeper;
use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{argument, json, user};
use crate::model::principal::{NewServiceAccount, Rights, ServiceAccountUpdate};
use crate::model::time::Timestamp;

const COLUMNS: &[&str] = &["id", "name", "state", "expires_at"];

#[derive(Debug, Subcommand)]
pub(super) enum ServiceAccount {
    Create(Create),
    /// Shows a service account.
    Get {
        /// The service account's id.
        id: String,
    },
    /// Lists service accounts, oldest first.
    List,
    Update(Update),
    /// Ends a service account for good: its token is refused from now on.
    Revoke {
        /// The service account's id.
        id: String,
    },
    Reissue(Reissue),
}

/// Changes what a service account is called, what it may do and until when; what is left out stays.
#[derive(Debug, Args)]
pub(super) struct Update {
    /// The service account's id.
    id: String,
    /// What it is called.
    #[arg(long)]
    name: Option<String>,
    /// Whether it may make vaults.
    #[arg(long, value_name = "true|false")]
    can_create_vaults: Option<bool>,
    /// Whether it may make, change and end users and service accounts.
    #[arg(long, value_name = "true|false")]
    can_manage_users: Option<bool>,
    /// Whether it may change the policy.
    #[arg(long, value_name = "true|false")]
    can_manage_policy: Option<bool>,
    /// Whether it may read the whole audit.
    #[arg(long, value_name = "true|false")]
    can_read_audit: Option<bool>,
    /// From when on the token is refused, by RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = argument::instant)]
    expires_at: Option<Timestamp>,
}

/// Gives a service account new keys after a loss, and shows their token once. The old token is refused from then on.
///
/// An administrator of each vault, or the recovery code, lets the new keys in: `strongroom access approve`.
#[derive(Debug, Args)]
pub(super) struct Reissue {
    /// The service account's id.
    id: String,
    /// Writes the token to this new file, which only you can read, and does not show it.
    #[arg(long, value_name = "PATH")]
    save_token: Option<PathBuf>,
}

/// Makes a service account and its token. Shows the token once.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// What it is called.
    name: String,
    /// Lets it make vaults.
    #[arg(long)]
    can_create_vaults: bool,
    /// Lets it make, change and end users and service accounts.
    #[arg(long)]
    can_manage_users: bool,
    /// Lets it change the policy.
    #[arg(long)]
    can_manage_policy: bool,
    /// Lets it read the whole audit.
    #[arg(long)]
    can_read_audit: bool,
    /// A vault it gets into, and as what; may be repeated.
    #[arg(long = "vault", value_name = "ID=ROLE", value_parser = argument::with_role)]
    vaults: Vec<(String, String)>,
    /// From when on the token is refused, by RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = argument::instant)]
    expires_at: Option<Timestamp>,
    /// Makes it safe to repeat the command: a repeat makes nothing and says what was made.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Writes the token to this new file, which only you can read, and does not show it.
    #[arg(long, value_name = "PATH")]
    save_token: Option<PathBuf>,
}

impl ServiceAccount {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| {
                let accounts = client.service_accounts();
                match self {
                    Self::Create(create) => {
                        let keeper = Keeper::new(out, create.save_token.clone());
                        keeper.settle(accounts.create(create.into(), Some(keeper.hook())).await)
                    }
                    Self::Get { id } => Ok(out.one(&json::principal(&accounts.get(&id).await?), user::DETAILS)?),
                    Self::List => {
                        let all = accounts.list().await?.all().await?;
                        Ok(out.list(all.iter().map(json::principal).collect(), COLUMNS)?)
                    }
                    Self::Update(update) => {
                        let id = update.id.clone();
                        Ok(out.one(&json::principal(&accounts.update(&id, update.into()).await?), user::DETAILS)?)
                    }
                    Self::Reissue(Reissue { id, save_token }) => {
                        let keeper = Keeper::new(out, save_token);
                        keeper.settle(accounts.reissue(&id, Some(keeper.hook())).await)
                    }
                    Self::Revoke { id } => {
                        accounts.revoke(&id).await?;
                        Ok(out.nothing()?)
                    }
                }
            })
            .await
    }
}

impl From<Create> for NewServiceAccount {
    fn from(create: Create) -> Self {
        let Create { name, can_create_vaults, can_manage_users, can_manage_policy, can_read_audit, .. } = create;
        Self {
            name,
            rights: Rights { can_create_vaults, can_manage_users, can_manage_policy, can_read_audit },
            vaults: create.vaults,
            expires_at: create.expires_at,
            idempotency_key: create.idempotency_key,
        }
    }
}

impl From<Update> for ServiceAccountUpdate {
    fn from(update: Update) -> Self {
        let Update { id: _, name, can_create_vaults, can_manage_users, can_manage_policy, can_read_audit, expires_at } =
            update;
        Self { name, can_create_vaults, can_manage_users, can_manage_policy, can_read_audit, expires_at }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        create: Create,
    }

    #[test]
    fn rights_are_what_was_asked_for_and_no_more() {
        let line = Line::try_parse_from(
            "create grader --can-create-vaults --vault vlt_a=read --expires-at 2099-01-01T00:00:00Z".split(' '),
        );
        let account = NewServiceAccount::from(line.unwrap().create);
        assert_eq!(account.rights, Rights { can_create_vaults: true, ..Rights::default() });
        assert_eq!(account.vaults, [("vlt_a".to_owned(), "read".to_owned())]);
        assert!(account.expires_at.is_some());
        assert!(Line::try_parse_from("create grader --expires-at 2099".split(' ')).is_err());
    }
}
