//! What somebody may do in a vault.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// A role in a vault. Each includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads the vault, its items, files and history, one's own grant, and who else is in it.
    Read,
    /// Also creates, updates, archives and restores items, attaches and detaches files.
    Write,
    /// Also deletes for ever, updates and deletes the vault, grants and revokes.
    Admin,
}

impl Role {
    /// The role in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Read, Self::Write, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::argument("role", format!("`{text}` is not a role: use read, write or admin")))
    }
}
