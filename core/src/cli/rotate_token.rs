//! `rotate-token`: new keys for the caller.

use std::path::PathBuf;

use clap::Args;

use super::credential::Keeper;
use super::failure::Done;
use super::global::Global;
use super::output::Output;

/// Makes new keys for you and shows their token, once. Your old token is refused from then on.
///
/// Your vaults are due for new keys afterwards: `strongroom vault rekey`.
#[derive(Debug, Args)]
pub(super) struct RotateToken {
    /// Writes the token to this new file, which only you can read, and does not show it.
    #[arg(long, value_name = "PATH")]
    save_token: Option<PathBuf>,
}

impl RotateToken {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| {
                let keeper = Keeper::new(out, self.save_token);
                keeper.settle(client.rotate_token(Some(keeper.hook())).await)
            })
            .await
    }
}
