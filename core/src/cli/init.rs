//! `init`: a new account.

use clap::Args;

use super::credential::Keeper;
use super::failure::Done;
use super::global::Global;
use super::output::Output;
use crate::client::init;

/// Makes an account in a new database. Shows its owner's token and the recovery code, once.
///
/// With --token-file, the token goes to that new file and the recovery code alone is shown. Nothing is made if they
/// can't be written.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Where the account is to be, such as `classroom.db`; --location by default.
    #[arg(id = "place", value_name = "LOCATION", conflicts_with = "location")]
    place: Option<String>,
    /// The e-mail address of the owner.
    #[arg(long, value_name = "EMAIL")]
    owner: String,
}

impl Init {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        let location = self.place.as_deref().or(global.location.as_deref());
        let keeper = Keeper::new(out, global.token_file.clone());
        let made = init(location, &self.owner, Some(keeper.hook())).await;
        keeper.settle(made)
    }
}
