//! From a location to a client: the one place that knows which backend a location means.

use std::path::PathBuf;
use std::time::Duration;

use super::{Client, check};
use crate::error::{Error, Result};
use crate::model::credential::{Credential, Save};
use crate::model::principal::parse_email;
use crate::model::secret::Secret;

/// How to connect; what is `None` takes its default.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// `$STRONGROOM_LOCATION` by default.
    pub location: Option<String>,
    /// `$STRONGROOM_TOKEN` by default.
    pub token: Option<Secret>,
    /// A file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default, else none.
    pub state: Option<PathBuf>,
    /// The program's name and version, shown in the audit.
    pub app: Option<String>,
    /// How long a call may go without progress; 30 seconds by default.
    pub timeout: Option<Duration>,
    /// How often a call that can't reach its store is tried again; 2 by default.
    pub max_retries: Option<u32>,
    /// Certificates to trust besides the system's; for `https:` alone.
    pub ca_file: Option<PathBuf>,
    /// Allows `http:` to other machines; for `http:` alone.
    pub allow_insecure: bool,
    /// Takes a database restored from a backup for the newest.
    pub accept_restored: bool,
}

/// Where an account is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Location {
    Sqlite(PathBuf),
    Memory(String),
}

/// Makes an account in a new database, and its owner.
///
/// `save` is called with the credential before anything is committed.
///
/// # Errors
/// `AlreadyExists` if there is an account already.
pub async fn init(location: Option<&str>, owner: &str, save: Option<Save>) -> Result<Credential> {
    let work = async {
        let owner = parse_email(owner)?;
        let (authority, location) = match parse(&location_or_default(location)?)? {
            Location::Sqlite(path) => todo_sqlite(path)?,
            Location::Memory(name) => todo_memory(name)?,
        };
        let _: (&(), &str) = (&authority, &location);
        let _ = (owner, save);
        Err(Error::unsupported("not yet"))
    };
    work.await.map_err(|error: Error| error.in_operation("init"))
}

fn todo_sqlite(_path: PathBuf) -> Result<((), String)> {
    Err(Error::unsupported("not yet"))
}

fn todo_memory(_name: String) -> Result<((), String)> {
    Err(Error::unsupported("not yet"))
}

/// Connects to an account as the principal of a token.
pub async fn connect(options: ConnectOptions) -> Result<Client> {
    let work = async {
        check::timeout(options.timeout.unwrap_or(Duration::from_secs(30)))?;
        let _ = parse(&location_or_default(options.location.as_deref())?)?;
        Err(Error::unsupported("not yet"))
    };
    work.await.map_err(|error: Error| error.in_operation("connect"))
}

/// Forgets a memory database; clients that have it open keep it until they close.
pub fn drop_memory(location: &str) -> Result<()> {
    let _ = parse(location).map_err(|error| error.in_operation("drop"))?;
    Ok(())
}

fn location_or_default(location: Option<&str>) -> Result<String> {
    match location {
        Some(location) => Ok(location.to_owned()),
        None => std::env::var("STRONGROOM_LOCATION").map_err(|_| {
            Error::argument(
                "location",
                "none was given and $STRONGROOM_LOCATION is not set: give a path such as `classroom.db`",
            )
        }),
    }
}

fn parse(location: &str) -> Result<Location> {
    if location.is_empty() {
        return Err(Error::argument("location", "it is empty: give a path such as `classroom.db`"));
    }
    if let Some(name) = location.strip_prefix("memory:") {
        return Ok(Location::Memory(name.to_owned()));
    }
    let later = |what: &str| {
        Err(Error::unsupported(format!("{what} is not in this version: use `sqlite:PATH` or `memory:NAME`")))
    };
    match location.split_once(':').map(|(scheme, _)| scheme) {
        Some("sqlite") => Ok(Location::Sqlite(PathBuf::from(&location["sqlite:".len()..]))),
        Some("postgresql" | "postgres") => later("PostgreSQL"),
        Some("https" | "http") => later("a server"),
        Some("onepassword") => later("1Password"),
        // A drive letter is one character; every scheme has more.
        Some(scheme) if scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Err(Error::argument("location", format!("`{scheme}:` is not known: use a path, `sqlite:` or `memory:`")))
        }
        _ => Ok(Location::Sqlite(PathBuf::from(location))),
    }
}
