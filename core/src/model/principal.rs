//! Who acts: users, service accounts and the recovery key.

use std::fmt;
use std::str::FromStr;

use super::id::{GroupId, PrincipalId, PrincipalKind};
use super::time::Timestamp;
use crate::error::{Error, Result};

/// Where a principal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrincipalState {
    /// Has a one-time code and no keys yet.
    Invited,
    /// May sign.
    Active,
    /// May not sign until reactivated.
    Suspended,
    /// Will never sign again.
    Deleted,
}

impl PrincipalState {
    /// The state in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }
}

/// What a principal may do in the account, besides its grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rights {
    /// May make vaults.
    pub can_create_vaults: bool,
    /// May make, change and end principals and groups.
    pub can_manage_users: bool,
    /// May change the account's policy.
    pub can_manage_policy: bool,
    /// May read the audit of the whole account.
    pub can_read_audit: bool,
}

impl Rights {
    /// All of them, as the owner has.
    pub const ALL: Self =
        Self { can_create_vaults: true, can_manage_users: true, can_manage_policy: true, can_read_audit: true };
}

/// A user, a service account or the recovery key, as the caller may see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Principal {
    /// `usr_…`, `svc_…` or `rec_…`.
    pub id: PrincipalId,
    /// User, service account or recovery key.
    pub kind: PrincipalKind,
    /// The display name; empty when the person was forgotten.
    pub name: String,
    /// The e-mail address, in lower case; only users have one.
    pub email: Option<String>,
    /// Where the principal stands.
    pub state: PrincipalState,
    /// Whether somebody else made its keys and it has not rotated them since.
    pub issued: bool,
    /// From when on its token is refused.
    pub expires_at: Option<Timestamp>,
    /// May make vaults.
    pub can_create_vaults: bool,
    /// May make, change and end principals.
    pub can_manage_users: bool,
    /// May change the policy.
    pub can_manage_policy: bool,
    /// May read the whole audit.
    pub can_read_audit: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// How a caller names somebody: by id or by e-mail.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PrincipalRef {
    /// By id.
    Id(PrincipalId),
    /// By e-mail, in lower case.
    Email(String),
    /// A group, by id.
    Group(GroupId),
}

impl FromStr for PrincipalRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains('@') {
            return parse_email(text).map(Self::Email);
        }
        if text.starts_with(GroupId::PREFIX) {
            return text.parse().map(Self::Group);
        }
        text.parse().map(Self::Id).map_err(|_| {
            Error::argument("principal", "this is neither an e-mail address nor a `usr_…`, `svc_…` or `grp_…` id")
        })
    }
}

impl fmt::Debug for PrincipalRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => fmt::Debug::fmt(id, f),
            Self::Email(email) => fmt::Debug::fmt(email, f),
            Self::Group(id) => fmt::Debug::fmt(id, f),
        }
    }
}

/// The address in the form it is kept: trimmed of nothing, lower case, one `@` with something on both sides, at most 254 bytes.
pub fn parse_email(text: &str) -> Result<String> {
    let parts: Vec<&str> = text.split('@').collect();
    let plain = |part: &&str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
    if parts.len() == 2 && parts.iter().all(plain) && text.len() <= 254 {
        Ok(text.to_lowercase())
    } else {
        Err(Error::argument("email", "this is not an e-mail address: one looks like `alice@example.edu`"))
    }
}

/// A new service account.
#[derive(Clone, Debug, Default)]
pub struct NewServiceAccount {
    /// 1 to 256 bytes.
    pub name: String,
    /// What it may do besides its grants.
    pub rights: Rights,
    /// Vaults it is granted at once, with the role; the caller must administer each.
    pub vaults: Vec<(String, String)>,
    /// From when on its token is refused; never by default.
    pub expires_at: Option<Timestamp>,
    /// Makes a repeat answer that the first call did it.
    pub idempotency_key: Option<String>,
}

/// What to change of a service account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ServiceAccountUpdate {
    /// 1 to 256 bytes.
    pub name: Option<String>,
    /// May make vaults.
    pub can_create_vaults: Option<bool>,
    /// May make, change and end principals and groups.
    pub can_manage_users: Option<bool>,
    /// May change the policy.
    pub can_manage_policy: Option<bool>,
    /// May read the whole audit.
    pub can_read_audit: Option<bool>,
    /// From when on its token is refused, an instant to come.
    pub expires_at: Option<Timestamp>,
}

/// A new user whose keys the caller makes.
#[derive(Clone, Debug, Default)]
pub struct NewUser {
    /// Unique among the users that are not deleted.
    pub email: String,
    /// 0 to 256 bytes; the e-mail address by default.
    pub name: Option<String>,
    /// From when on the token is refused; never by default.
    pub expires_at: Option<Timestamp>,
    /// Makes a repeat answer that the first call did it.
    pub idempotency_key: Option<String>,
}
