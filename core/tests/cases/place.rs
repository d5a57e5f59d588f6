//! Where a case's account is: of its own, and gone afterwards.

use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom::client;
use tempfile::TempDir;

use crate::Outcome;

/// A backend of this process.
#[derive(Clone, Copy)]
pub(crate) enum Backend {
    Memory,
    Sqlite,
}

impl Backend {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
        }
    }

    /// The backends that the environment asks for; all by default.
    pub(crate) fn chosen() -> Outcome<Vec<Self>> {
        let all = [Self::Memory, Self::Sqlite];
        let Ok(name) = std::env::var("STRONGROOM_TEST_BACKEND") else { return Ok(all.to_vec()) };
        let chosen: Vec<Self> = all.into_iter().filter(|backend| backend.name() == name).collect();
        if chosen.is_empty() { Err(format!("there is no backend `{name}` here")) } else { Ok(chosen) }
    }

    /// Whether all is here that a case needs. Rust has a name only for what it can do.
    pub(crate) fn has(self, needs: &[String]) -> bool {
        let lacks = |need: &str| match need {
            "memory" | "sqlite" => need != self.name(),
            other => other == "every_name",
        };
        !needs.iter().any(|need| lacks(need))
    }
}

/// Two locations and a directory for a case's files.
pub(crate) struct Place {
    pub(crate) directory: TempDir,
    pub(crate) location: String,
    /// For an account besides the case's own.
    pub(crate) elsewhere: String,
    backend: Backend,
}

impl Place {
    pub(crate) fn new(backend: Backend) -> Outcome<Self> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let at = |name: &str| match backend {
            Backend::Memory => format!("memory:case-{number}-{name}"),
            Backend::Sqlite => format!("sqlite:{}", directory.path().join(name).display()),
        };
        let (location, elsewhere) = (at("case.db"), at("elsewhere.db"));
        Ok(Self { directory, location, elsewhere, backend })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if matches!(self.backend, Backend::Memory) {
            for location in [&self.location, &self.elsewhere] {
                // What never was, or was dropped by the case, is gone as well.
                let _ = client::drop_memory(location);
            }
        }
    }
}
