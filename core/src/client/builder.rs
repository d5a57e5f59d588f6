//! From a location to a client: the one place that knows which backend a location means.

mod copies;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::{Client, check};
use crate::authority::Authority;
use crate::backend::retries::{DEFAULT_RETRIES, with_retries};
use crate::backend::sealed::{self, Sealed, SealedOptions};
use crate::crypto::random;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::model::credential::{Credential, Save};
use crate::model::principal::parse_email;
use crate::model::secret::Secret;
#[cfg(feature = "remote")]
use crate::remote::{Remote, RemoteOptions};
use crate::store::Store;
use crate::store::blobs::BlobsLocation;
use crate::store::postgres::{PostgresLocation, PostgresStore};
use crate::store::sqlite::{SqliteStore, fork};

pub use copies::{backup, migrate, restore};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

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
    /// How often a call that can't reach its server is tried again; 2 by default. With an embedded store it does nothing.
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
    Sqlite(PathBuf, Option<BlobsLocation>),
    Memory(String),
    Postgres(Box<PostgresLocation>),
    Server(String),
}

/// How to reach a server.
#[derive(Clone, Debug)]
struct Reach {
    ca_file: Option<PathBuf>,
    allow_insecure: bool,
    timeout: Duration,
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
        let location = parse(&location_or_default(location)?)?.named()?;
        if matches!(location, Location::Server(_)) {
            return Err(Error::unsupported(
                "a server serves a database that has an account: run `strongroom init` with the database as the location, \
                 then `strongroom serve`",
            ));
        }
        let authority = Engine::new(location.store(true).await?);
        let founded = sealed::found(authority.as_ref(), &owner, &location.to_string(), save).await;
        authority.close().await;
        founded
    };
    work.await.map_err(|error: Error| error.in_operation("init"))
}

/// Connects to an account as the principal of a token.
///
/// # Errors
/// `NotFound` if there is no database, `Unauthenticated` for a token that is malformed, revoked or of another account.
pub async fn connect(options: ConnectOptions) -> Result<Client> {
    let work = async {
        let ConnectOptions {
            location,
            token,
            state,
            app,
            timeout,
            max_retries,
            ca_file,
            allow_insecure,
            accept_restored,
        } = options;
        let timeout = timeout.unwrap_or(DEFAULT_TIMEOUT);
        check::timeout(timeout)?;
        let app = app.map(|app| check::required("app", app, 256)).transpose()?;
        let location = parse(&location_or_default(location.as_deref())?)?;
        if !matches!(location, Location::Server(_)) && (ca_file.is_some() || allow_insecure) {
            return Err(Error::argument(
                "ca_file",
                "certificates and `allow_insecure` are for servers: leave them out here",
            ));
        }
        let token = token_or_default(token)?;
        let state = state.or_else(|| std::env::var_os("STRONGROOM_STATE").map(PathBuf::from));
        let authority = location.open(Reach { ca_file, allow_insecure, timeout }).await?;
        let options = SealedOptions { location: location.to_string(), state, app, accept_restored };
        let retries = max_retries.unwrap_or(DEFAULT_RETRIES);
        let signing_in = Sealed::connect(authority, token.expose().trim(), options);
        let backend = with_retries(retries, signing_in).await?;
        Ok(Client::new(Arc::new(backend), timeout, retries))
    };
    work.await.map_err(|error: Error| error.in_operation("connect"))
}

/// Forgets a memory database; clients that have it open keep it until they close.
pub fn drop_memory(location: &str) -> Result<()> {
    let forget = || match parse(location)? {
        Location::Memory(name) => {
            SqliteStore::drop_memory(&name);
            Ok(())
        }
        Location::Sqlite(..) | Location::Postgres(_) | Location::Server(_) => {
            Err(Error::argument("location", "only a `memory:` database is dropped: remove a file yourself"))
        }
    };
    forget().map_err(|error| error.in_operation("drop"))
}

/// Lets go of every database file of this process, until [`after_fork_in_parent`]: to be called right before a fork.
///
/// A child that is forked without it must open no database that its parent has open: SQLite would take the parent's locks
/// for its own. Calls that run meanwhile wait. The Python package calls both by itself.
pub fn before_fork() {
    fork::before();
}

/// Takes the database files again that [`before_fork`] let go of; in the parent alone.
pub fn after_fork_in_parent() {
    fork::after_in_parent();
}

impl Location {
    /// The location, with a free name where none was given.
    fn named(self) -> Result<Self> {
        match self {
            Self::Memory(name) if name.is_empty() => {
                let name = data_encoding::HEXLOWER.encode(&random::make_bytes::<8>()?);
                Ok(Self::Memory(name))
            }
            other => Ok(other),
        }
    }

    /// Names the place of the content of large files.
    #[cfg(feature = "server")]
    fn set_blobs(&mut self, blobs: BlobsLocation) -> Result<()> {
        let named = match self {
            Self::Sqlite(_, named) => named,
            Self::Postgres(location) => location.blobs_mut(),
            Self::Memory(_) => {
                return Err(Error::argument("blobs", "a database in memory has all content in it: leave it out"));
            }
            Self::Server(_) => return Err(no_database()),
        };
        match named {
            Some(other) if *other != blobs => {
                Err(Error::argument("blobs", format!("the location says {other}: give one of the two")))
            }
            _ => {
                *named = Some(blobs);
                Ok(())
            }
        }
    }

    /// The authority over it.
    async fn open(&self, reach: Reach) -> Result<Arc<dyn Authority>> {
        match self {
            Self::Server(location) => server(location, reach),
            Self::Sqlite(..) | Self::Memory(_) | Self::Postgres(_) => Ok(Engine::new(self.store(false).await?)),
        }
    }

    async fn store(&self, create: bool) -> Result<Arc<dyn Store>> {
        match self {
            Self::Sqlite(path, None) => Ok(SqliteStore::open(path, create)?),
            Self::Sqlite(path, Some(blobs)) => Ok(SqliteStore::open_with(path, create, blobs).await?),
            Self::Memory(name) => Ok(SqliteStore::memory(name, create)?),
            Self::Postgres(location) => Ok(PostgresStore::open(location, create).await?),
            Self::Server(_) => Err(no_database()),
        }
    }

    /// Refuses a place where a new account would be in something's way.
    async fn is_free(&self) -> Result<()> {
        match self {
            Self::Sqlite(path, blobs) => SqliteStore::is_free(path, blobs.as_ref()).await,
            Self::Memory(_) => Ok(()),
            Self::Postgres(location) => PostgresStore::is_free(location).await,
            Self::Server(_) => Err(no_database()),
        }
    }

    /// Empties a place that was filled in part.
    async fn remove(&self) {
        let removed = match self {
            Self::Sqlite(path, blobs) => SqliteStore::remove(path, blobs.as_ref()).await,
            Self::Memory(name) => {
                SqliteStore::drop_memory(name);
                Ok(())
            }
            Self::Postgres(location) => PostgresStore::remove(location).await,
            Self::Server(_) => Ok(()),
        };
        if let Err(error) = removed {
            tracing::warn!(?error, "a copy that failed is still there: remove it");
        }
    }
}

fn no_database() -> Error {
    Error::argument("location", "a server is no database: give the database itself")
}

#[cfg(feature = "remote")]
fn server(location: &str, reach: Reach) -> Result<Arc<dyn Authority>> {
    let Reach { ca_file, allow_insecure, timeout } = reach;
    Ok(Remote::at(location, RemoteOptions { ca_file, allow_insecure, timeout })?)
}

#[cfg(not(feature = "remote"))]
fn server(location: &str, _: Reach) -> Result<Arc<dyn Authority>> {
    Err(Error::unsupported(format!(
        "{location} is a server, and this build has no client for one: build it with the feature `remote`"
    )))
}

/// The authority over a database, `$STRONGROOM_LOCATION` by default, for a server whose sessions are bound to this origin.
/// The content of large files is at `blobs`, if the location does not say itself where.
///
/// # Errors
/// `NotFound` if there is no database; `InvalidArgument` if the location is a server itself.
#[cfg(feature = "server")]
pub(crate) async fn authority_at(
    location: Option<&str>,
    blobs: Option<&str>,
    origin: &str,
) -> Result<Arc<dyn Authority>> {
    let mut location = parse(&location_or_default(location)?)?;
    if let Some(blobs) = blobs {
        location.set_blobs(BlobsLocation::parse(blobs)?)?;
    }
    Ok(Engine::at(location.store(false).await?, origin.to_owned()))
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path, None) => write!(f, "sqlite:{}", path.display()),
            Self::Sqlite(path, Some(blobs)) => write!(f, "sqlite:{}?blobs={blobs}", path.display()),
            Self::Memory(name) => write!(f, "memory:{name}"),
            Self::Postgres(location) => location.fmt(f),
            Self::Server(location) => f.write_str(location),
        }
    }
}

fn token_or_default(token: Option<Secret>) -> Result<Secret> {
    match token {
        Some(token) => Ok(token),
        None => std::env::var("STRONGROOM_TOKEN").map(Secret::new).map_err(|_| {
            Error::argument(
                "token",
                "there is none: set $STRONGROOM_TOKEN, or give the one that init or users.create answered",
            )
        }),
    }
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

/// A path, and after `?blobs=` where the content of large files is.
fn sqlite(rest: &str) -> Result<Location> {
    let Some((path, blobs)) = rest.rsplit_once("?blobs=") else {
        return Ok(Location::Sqlite(PathBuf::from(rest), None));
    };
    let blobs = percent_decode_str(blobs)
        .decode_utf8()
        .map_err(|_| Error::argument("location", "`blobs` is not UTF-8: give a folder or a URL"))?;
    Ok(Location::Sqlite(PathBuf::from(path), Some(BlobsLocation::parse(&blobs)?)))
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
        Some("sqlite") => sqlite(&location["sqlite:".len()..]),
        Some("postgresql" | "postgres") => Ok(Location::Postgres(Box::new(PostgresLocation::parse(location)?))),
        Some("https" | "http") => Ok(Location::Server(location.to_owned())),
        Some("onepassword") => later("1Password"),
        // A drive letter is one character; every scheme has more.
        Some(scheme) if scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Err(Error::argument("location", format!("`{scheme}:` is not known: use a path, `sqlite:` or `memory:`")))
        }
        _ => Ok(Location::Sqlite(PathBuf::from(location), None)),
    }
}
