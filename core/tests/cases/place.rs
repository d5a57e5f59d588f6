//! Where a case's account is: of its own, and gone afterwards.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom::client;
use tempfile::TempDir;

use crate::Outcome;
use crate::postgresql::Schema;

/// A backend: of this process, or a server of its own over one of them.
#[derive(Clone, Copy)]
pub(crate) enum Backend {
    Memory,
    Sqlite,
    Postgresql,
    /// Over a SQLite file.
    Server,
    ServerOnPostgresql,
}

impl Backend {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
            Self::Server => "server",
            Self::ServerOnPostgresql => "server_on_postgresql",
        }
    }

    /// As it names itself to a client, to which all servers are one.
    const fn told(self) -> &'static str {
        match self {
            Self::Server | Self::ServerOnPostgresql => "server",
            other => other.name(),
        }
    }

    /// The backends that the environment asks for; all by default.
    pub(crate) fn chosen() -> Outcome<Vec<Self>> {
        let all = [Self::Memory, Self::Sqlite, Self::Postgresql, Self::Server, Self::ServerOnPostgresql];
        let Ok(name) = std::env::var("STRONGROOM_TEST_BACKEND") else { return Ok(all.to_vec()) };
        let chosen: Vec<Self> = all.into_iter().filter(|backend| backend.name() == name).collect();
        if chosen.is_empty() { Err(format!("there is no backend `{name}` here")) } else { Ok(chosen) }
    }

    /// Whether all is here that a case needs. Rust has a name only for what it can do.
    pub(crate) fn has(self, needs: &[String]) -> bool {
        let lacks = |need: &str| match need {
            "memory" | "sqlite" | "postgresql" | "server" => need != self.told(),
            other => other == "every_name",
        };
        !needs.iter().any(|need| lacks(need))
    }
}

/// Two locations and a directory for a case's files.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    /// Where the account is made.
    pub(crate) database: String,
    /// Where its clients connect to.
    pub(crate) location: String,
    /// For an account besides the case's own.
    pub(crate) elsewhere: String,
    backend: Backend,
    server: Option<Child>,
    /// Dropped after the server.
    _schemas: Vec<Schema>,
}

impl Place {
    pub(crate) fn new(backend: Backend) -> Outcome<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut schemas = Vec::new();
        let mut at = |name: &str| match backend {
            Backend::Postgresql | Backend::ServerOnPostgresql => {
                let schema = Schema::new();
                let location = schema.0.clone();
                schemas.push(schema);
                location
            }
            Backend::Memory => format!("memory:case-{number}-{name}"),
            Backend::Sqlite | Backend::Server => format!("sqlite:{}", directory.path().join(name).display()),
        };
        let (database, elsewhere) = (at("case.db"), at("elsewhere.db"));
        Ok(Self {
            directory,
            location: database.clone(),
            database,
            elsewhere,
            backend,
            server: None,
            _schemas: schemas,
        })
    }

    /// What serves the account, once it is made, if anything has to.
    pub(crate) fn serve(&mut self) -> Outcome<()> {
        if self.backend.told() == "server" {
            let (server, origin) = serve(&self.database, self.directory.path())?;
            (self.server, self.location) = (Some(server), origin);
        }
        Ok(())
    }
}

/// A server process on a free port, and its origin.
fn serve(database: &str, directory: &Path) -> Outcome<(Child, String)> {
    let log = std::fs::File::create(directory.join("server.log")).map_err(|error| error.to_string())?;
    let mut server = Command::new(env!("CARGO_BIN_EXE_strongroom"))
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--database", database])
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| error.to_string())?;
    let mut line = String::new();
    let told = server.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
    let told: Option<serde_json::Value> = told.and_then(|_| serde_json::from_str(&line).ok());
    let Some(origin) = told.as_ref().and_then(|told| told["origin"].as_str()) else {
        let _ = server.kill();
        let log = std::fs::read_to_string(directory.join("server.log")).unwrap_or_default();
        return Err(format!("the server does not start: {log}"));
    };
    Ok((server, origin.to_owned()))
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
        if matches!(self.backend, Backend::Memory) {
            for location in [&self.location, &self.elsewhere] {
                // What never was, or was dropped by the case, is gone as well.
                let _ = client::drop_memory(location);
            }
        }
    }
}
