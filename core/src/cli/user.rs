//! `user`: people.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::credential::Keeper;
use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{argument, json};
use crate::model::principal::NewUser;
use crate::model::time::Timestamp;

const COLUMNS: &[&str] = &["id", "email", "name", "state", "issued", "expires_at"];
/// What a person is shown of a principal.
pub(super) const DETAILS: &[&str] = &[
    "id",
    "kind",
    "name",
    "email",
    "state",
    "issued",
    "expires_at",
    "can_create_vaults",
    "can_manage_users",
    "can_manage_policy",
    "can_read_audit",
    "created_at",
];

#[derive(Debug, Subcommand)]
pub(super) enum User {
    Create(Create),
    /// Shows a user.
    Get {
        /// By e-mail or id.
        user: String,
    },
    /// Lists users, oldest first.
    List,
    /// Stops a user: its token is refused until it is reactivated.
    Suspend {
        /// By e-mail or id.
        user: String,
    },
    /// Lets a suspended user in again.
    Reactivate {
        /// By e-mail or id.
        user: String,
    },
    Reissue(Reissue),
    Delete(Delete),
}

/// Gives a user new keys after a loss, and shows their token once. The old token is refused from then on.
///
/// An administrator of each vault, or the recovery code, lets the new keys in: `strongroom access approve`.
#[derive(Debug, Args)]
pub(super) struct Reissue {
    /// By e-mail or id.
    user: String,
    /// Writes the token to this new file, which only you can read, and does not show it.
    #[arg(long, value_name = "PATH")]
    save_token: Option<PathBuf>,
}

/// Ends a user for good, out of every vault.
#[derive(Debug, Args)]
pub(super) struct Delete {
    /// By e-mail or id.
    user: String,
    /// Who becomes an administrator where nobody else but you is one, by e-mail or id.
    #[arg(long, value_name = "WHO")]
    successor: Option<String>,
    /// Forgets the name and the e-mail address too.
    #[arg(long)]
    erase: bool,
}

/// Makes a user and its token, to hand over. Shows the token once.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The e-mail address.
    email: String,
    /// The display name; the e-mail address by default.
    #[arg(long)]
    name: Option<String>,
    /// From when on the token is refused, by RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = argument::instant)]
    expires_at: Option<Timestamp>,
    /// Makes it safe to repeat the command: a repeat makes nobody and says who was made.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Writes the token to this new file, which only you can read, and does not show it.
    #[arg(long, value_name = "PATH")]
    save_token: Option<PathBuf>,
}

impl User {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| {
                let users = client.users();
                match self {
                    Self::Create(Create { email, name, expires_at, idempotency_key, save_token }) => {
                        let keeper = Keeper::new(out, save_token);
                        keeper.settle(
                            users
                                .create(NewUser { email, name, expires_at, idempotency_key }, Some(keeper.hook()))
                                .await,
                        )
                    }
                    Self::Suspend { user } => Ok(out.one(&json::principal(&users.suspend(&user).await?), DETAILS)?),
                    Self::Reactivate { user } => {
                        Ok(out.one(&json::principal(&users.reactivate(&user).await?), DETAILS)?)
                    }
                    Self::Reissue(Reissue { user, save_token }) => {
                        let keeper = Keeper::new(out, save_token);
                        keeper.settle(users.reissue(&user, Some(keeper.hook())).await)
                    }
                    Self::Delete(Delete { user, successor, erase }) => {
                        users.delete(&user, successor.as_deref(), erase).await?;
                        Ok(out.nothing()?)
                    }
                    Self::Get { user } => Ok(out.one(&json::principal(&users.get(&user).await?), DETAILS)?),
                    Self::List => {
                        let all = users.list().await?.all().await?;
                        Ok(out.list(all.iter().map(json::principal).collect(), COLUMNS)?)
                    }
                }
            })
            .await
    }
}
