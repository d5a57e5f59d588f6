//! What every command takes, and the way from it to a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use zeroize::Zeroizing;

use super::argument;
use super::failure::Done;
use crate::client::{Client, ConnectOptions, connect};
use crate::error::{Error, Result};
use crate::model::secret::Secret;

const TOKEN: &str = "STRONGROOM_TOKEN";

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// Where the account is, such as `classroom.db`; `$STRONGROOM_LOCATION` by default.
    #[arg(long, global = true)]
    pub(super) location: Option<String>,
    /// The file the token is in; else it is taken from `$STRONGROOM_TOKEN`. With `init`: the new file it is written to.
    #[arg(long, global = true, value_name = "PATH")]
    pub(super) token_file: Option<PathBuf>,
    /// A file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default.
    #[arg(long, global = true, value_name = "PATH")]
    state: Option<PathBuf>,
    /// Takes a backup that the owner has restored, whatever --state remembers beyond it.
    #[arg(long, global = true)]
    accept_restored: bool,
    /// Certificates to trust besides the system's, in PEM; for a server.
    #[arg(long, global = true, value_name = "PATH")]
    ca_file: Option<PathBuf>,
    /// Allows HTTP without TLS to and, with `serve`, from other machines.
    #[arg(long, global = true, env = "STRONGROOM_ALLOW_INSECURE", hide_env = true)]
    pub(super) allow_insecure: bool,
    /// Answers with one JSON document; `changes --follow` with one a line.
    #[arg(long, global = true)]
    json: bool,
    /// How long a call may go without progress; 30 by default.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = argument::seconds)]
    timeout: Option<Duration>,
}

impl Global {
    /// Connects, does the work and wipes the keys.
    pub(super) async fn connected(&self, work: impl AsyncFnOnce(&Client) -> Done) -> Done {
        let client = connect(ConnectOptions {
            location: self.location.clone(),
            token: Some(self.token()?),
            state: self.state.clone(),
            app: Some(concat!("strongroom/", env!("CARGO_PKG_VERSION")).to_owned()),
            timeout: self.timeout,
            accept_restored: self.accept_restored,
            ca_file: self.ca_file.clone(),
            allow_insecure: self.allow_insecure,
            ..ConnectOptions::default()
        })
        .await?;
        let ended = work(&client).await;
        client.close().await;
        ended
    }

    pub(super) fn token(&self) -> Result<Secret> {
        match &self.token_file {
            Some(path) => from_file(path),
            None => std::env::var(TOKEN).ok().and_then(trimmed).ok_or_else(|| {
                Error::argument(
                    "token",
                    format!("there is none: set ${TOKEN}, or give the file it is in with --token-file PATH"),
                )
            }),
        }
        .map_err(|error| error.in_operation("connect"))
    }
}

fn from_file(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::argument("token_file", format!("{} can't be read: {error}", path.display())).caused_by(error)
    })?;
    trimmed(text).ok_or_else(|| Error::argument("token_file", format!("{} is empty", path.display())))
}

fn trimmed(text: String) -> Option<Secret> {
    let text = Zeroizing::new(text);
    let token = text.trim();
    (!token.is_empty()).then(|| Secret::new(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_ends_with_a_line_or_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "a-token\r\n").unwrap();
        assert_eq!(from_file(&path).unwrap().expose(), "a-token");
        std::fs::write(&path, "\n").unwrap();
        assert!(from_file(&path).unwrap_err().to_string().ends_with("is empty"));
        assert!(from_file(&directory.path().join("none")).unwrap_err().to_string().contains("can't be read"));
    }
}
