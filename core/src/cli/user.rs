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
                    Self::Create(Create { email, name, expires_at, save_token }) => {
                        let keeper = Keeper::new(out, save_token);
                        keeper.settle(users.create(NewUser { email, name, expires_at }, Some(keeper.hook())).await)
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
