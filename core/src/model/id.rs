//! Names of things: 32 bytes inside, a type prefix and base32 (RFC 4648, lower case, unpadded) outside.

use std::fmt;
use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use minicbor::{Decode, Encode};

use crate::error::{Error, Result};

/// The 32 bytes of an id or of a hash, as logs and rows carry them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Id(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    pub [u8; 32],
);

impl Id {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id of a printed form without prefix, as `Debug` gives it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        base32().decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }
}

impl TryFrom<&[u8]> for Id {
    type Error = Error;

    fn try_from(bytes: &[u8]) -> Result<Self> {
        <[u8; 32]>::try_from(bytes)
            .map(Self)
            .map_err(|_| Error::tampered(format!("an id of {} bytes was read where 32 belong", bytes.len())))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32().encode(&self.0))
    }
}

fn base32() -> Encoding {
    static ENCODING: std::sync::OnceLock<Encoding> = std::sync::OnceLock::new();
    ENCODING
        .get_or_init(|| {
            let mut specification = Specification::new();
            specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
            // The alphabet is a constant of 32 distinct symbols, which is all the encoder asks for.
            specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
        })
        .clone()
}

fn parse(prefix: &str, what: &str, text: &str) -> Result<Id> {
    let wrong = || Error::argument("id", format!("this is no {what} id: one is `{prefix}` and 52 letters and digits"));
    let bytes = base32().decode(text.strip_prefix(prefix).ok_or_else(wrong)?.as_bytes()).map_err(|_| wrong())?;
    Ok(Id(bytes.try_into().map_err(|_| wrong())?))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub Id);

        impl $name {
            /// What stands before the base32 of such an id.
            pub const PREFIX: &'static str = $prefix;

            /// The bytes.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{:?}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                parse($prefix, $what, text).map(Self)
            }
        }

        impl From<$name> for Id {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// An account: the hash of its first operation.
    AccountId = "acc_", "account";
    /// A vault: a hash that binds it to its account and creator.
    VaultId = "vlt_", "vault";
    /// An item of a vault.
    ItemId = "itm_", "item";
    /// A file of an item.
    FileId = "fil_", "file";
    /// A group of principals.
    GroupId = "grp_", "group";
    /// A session, as the audit names it.
    SessionId = "ses_", "session";
}

/// What kind of principal somebody is; it also chooses the prefix of their id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program.
    Service,
    /// The recovery key of the account.
    Recovery,
}

impl PrincipalKind {
    /// The kind in `snake_case`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service_account",
            Self::Recovery => "recovery",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::User => "usr_",
            Self::Service => "svc_",
            Self::Recovery => "rec_",
        }
    }
}

/// A principal: the hash of the operation that added it, and its kind for the printed form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId {
    /// Chooses the prefix.
    pub kind: PrincipalKind,
    /// The bytes that logs carry.
    pub id: Id,
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.kind.prefix(), self.id)
    }
}

impl fmt::Debug for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PrincipalId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let kind = [PrincipalKind::User, PrincipalKind::Service, PrincipalKind::Recovery]
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or_else(|| Error::argument("id", "this is no principal id: one begins with `usr_` or `svc_`"))?;
        Ok(Self { kind, id: parse(kind.prefix(), "principal", text)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_printed_form_and_no_other() {
        let id = VaultId(Id([7; 32]));
        let text = id.to_string();
        assert_eq!(text.len(), 4 + 52);
        assert_eq!(text.parse::<VaultId>().unwrap(), id);
        assert_eq!(text.parse::<ItemId>().unwrap_err().code(), "invalid_argument");
        assert!(text.to_uppercase().parse::<VaultId>().is_err());
        // The last symbol carries one spare bit: only the form with zeros there is an id.
        let mut spare = text;
        spare.replace_range(55.., "b");
        assert!(spare.parse::<VaultId>().is_err());
    }

    #[test]
    fn the_prefix_of_a_principal_is_its_kind() {
        let id = PrincipalId { kind: PrincipalKind::Service, id: Id([1; 32]) };
        assert!(id.to_string().starts_with("svc_"));
        assert_eq!(id.to_string().parse::<PrincipalId>().unwrap(), id);
    }
}
