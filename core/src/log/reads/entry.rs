//! One read, refusal or session.

use minicbor::{Decode, Encode};

use crate::error::{Error, ErrorKind, Result};
use crate::log::encoding::{self, MaybeId};
use crate::log::label;
use crate::log::operation::VERSION;
use crate::model::id::Id;

/// The longest entry in bytes.
pub const MAX_ENTRY: usize = 4 << 10;
/// The longest detail in bytes.
pub const MAX_DETAIL: usize = 1 << 10;
/// The longest name of a program in bytes.
const MAX_APP: usize = 1 << 10;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Somebody showed that they hold their keys.
    SessionOpened,
    /// An item's content was given out.
    ItemRead,
    /// A file's content was given out, and with it the item that holds its key.
    FileRead,
    /// Somebody asked for what they may not.
    AccessDenied,
    /// Versions of a vault's items were given out, to be verified.
    AuditVerified,
    /// An item's content was given out, to be written over.
    ItemOpened,
}

impl Action {
    /// The number that entries carry.
    pub const fn number(self) -> u16 {
        match self {
            Self::SessionOpened => 1,
            Self::ItemRead => 2,
            Self::FileRead => 3,
            Self::AccessDenied => 4,
            Self::AuditVerified => 5,
            Self::ItemOpened => 6,
        }
    }

    /// The action of a number.
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1 => Some(Self::SessionOpened),
            2 => Some(Self::ItemRead),
            3 => Some(Self::FileRead),
            4 => Some(Self::AccessDenied),
            5 => Some(Self::AuditVerified),
            6 => Some(Self::ItemOpened),
            _ => None,
        }
    }

    /// Its dotted name in the audit. What was opened to be written over and was not, is read.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SessionOpened => "session.opened",
            Self::ItemRead | Self::ItemOpened => "item.read",
            Self::FileRead => "file.read",
            Self::AccessDenied => "access.denied",
            Self::AuditVerified => "audit.verified",
        }
    }

    /// Whether `Policy.audit_reads` turns it off.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::ItemRead | Self::FileRead | Self::AuditVerified | Self::ItemOpened)
    }
}

/// One entry of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReadEntry {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// The number of the action.
    #[n(1)]
    pub action: u16,
    /// Random, so that the hash reveals nothing.
    #[n(2)]
    pub salt: Id,
    /// When, in milliseconds since 1970: the engine's clock, never before the chain's entry before.
    #[n(3)]
    pub time: u64,
    /// Who.
    #[n(4)]
    pub actor: Id,
    /// With which of their keys.
    #[n(5)]
    pub generation: u32,
    /// In which session: its public name, which opens nothing.
    #[n(6)]
    pub session: Id,
    /// The program, as it named itself.
    #[n(7)]
    pub app: Option<String>,
    /// The vault it was in.
    #[n(8)]
    pub vault: MaybeId,
    /// The item; of a file, the item that holds its key.
    #[n(9)]
    pub item: MaybeId,
    /// The file.
    #[n(10)]
    pub file: MaybeId,
    /// The version of the item; 0 where there is none.
    #[n(11)]
    pub item_version: u64,
    /// What became of it, in words.
    #[n(12)]
    pub detail: String,
}

impl ReadEntry {
    /// Its bytes, which the chain hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The entry of these bytes.
    ///
    /// # Errors
    /// `Unsupported` for a version or an action that this version does not know, else `Tampered`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        const WHAT: &str = "an entry of reads";
        if bytes.len() > MAX_ENTRY {
            return Err(Error::tampered(format!("{WHAT} has {} bytes: restore the record", bytes.len())));
        }
        let entry: Self = encoding::decode(WHAT, bytes)
            .map_err(|error| if error.kind() == ErrorKind::Tampered && is_newer(bytes) { unknown() } else { error })?;
        if entry.version > VERSION || Action::from_number(entry.action).is_none() {
            return Err(unknown());
        }
        let app = entry.app.as_ref().map_or(0, String::len);
        if entry.version != VERSION || entry.detail.len() > MAX_DETAIL || app > MAX_APP {
            return Err(Error::tampered(format!("{WHAT} is longer than it may be: restore the record")));
        }
        Ok(entry)
    }

    /// What was done.
    pub fn action(&self) -> Result<Action> {
        Action::from_number(self.action).ok_or_else(unknown)
    }

    /// The hash of an entry's bytes, which the chain takes up.
    pub fn hash(bytes: &[u8]) -> Id {
        label::hash("read-entry", &[bytes])
    }

    /// A session's public name, by which the audit knows it.
    pub fn session_id(secret: Id) -> Id {
        label::hash("session-id", &[secret.as_bytes()])
    }
}

/// Whether the bytes begin as an entry of a later version.
fn is_newer(bytes: &[u8]) -> bool {
    let mut d = minicbor::decode::Decoder::new(bytes);
    d.array().is_ok() && d.u8().is_ok_and(|version| version > VERSION)
}

fn unknown() -> Error {
    Error::unsupported("the reads have an entry that this version does not know: upgrade strongroom to read on")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::log::reads) fn entry(time: u64) -> ReadEntry {
        ReadEntry {
            version: VERSION,
            action: Action::ItemRead.number(),
            salt: Id([9; 32]),
            time,
            actor: Id([1; 32]),
            generation: 1,
            session: Id([2; 32]),
            app: Some("grader/1.4".to_owned()),
            vault: MaybeId(Some(Id([3; 32]))),
            item: MaybeId(Some(Id([4; 32]))),
            file: MaybeId(None),
            item_version: 7,
            detail: "version 7".to_owned(),
        }
    }

    #[test]
    fn the_bytes_are_the_entry_and_another_form_is_refused() {
        let bytes = entry(5).to_bytes();
        assert_eq!(ReadEntry::from_bytes(&bytes).unwrap(), entry(5));
        assert_eq!(ReadEntry::from_bytes(&[&bytes[..], &[0]].concat()).unwrap_err().code(), "tampered");
        for end in 0..bytes.len() {
            assert!(ReadEntry::from_bytes(&bytes[..end]).is_err());
        }
        assert_eq!(&bytes[..3], [0x8d, 1, 2]);
        let mut second_form = vec![0x8d, 0x18, 1];
        second_form.extend_from_slice(&bytes[2..]);
        assert_eq!(ReadEntry::from_bytes(&second_form).unwrap_err().code(), "tampered");
    }

    #[test]
    fn what_is_newer_asks_for_an_upgrade_and_what_is_too_long_is_refused() {
        let mut newer = entry(5).to_bytes();
        newer[1] = 2;
        assert_eq!(ReadEntry::from_bytes(&newer).unwrap_err().code(), "unsupported");
        let other = ReadEntry { action: 23, ..entry(5) };
        assert_eq!(ReadEntry::from_bytes(&other.to_bytes()).unwrap_err().code(), "unsupported");
        let long = ReadEntry { detail: "a".repeat(MAX_DETAIL + 1), ..entry(5) };
        assert_eq!(ReadEntry::from_bytes(&long.to_bytes()).unwrap_err().code(), "tampered");
        assert!(ReadEntry::from_bytes(&vec![0; MAX_ENTRY + 1]).is_err());
    }

    #[test]
    fn every_action_has_its_number() {
        for number in 1..=6 {
            assert_eq!(Action::from_number(number).unwrap().number(), number);
        }
        assert!(Action::from_number(0).is_none() && Action::from_number(7).is_none());
    }
}
