//! The signed operation: a header that is the same for all, and the body of its kind.

use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use minicbor::{Decode, Encode};

use super::body::{
    AccessCompleted, AccessGranted, AccountCreated, AccountRestored, AccountTransferred, EpochStarted, GroupCreated,
    GroupMember, ItemDeleted, ItemWritten, Nothing, PolicyChanged, PrincipalAccepted, PrincipalAdded,
    PrincipalRecoverable, PrincipalReissued, PrincipalRotated, PrincipalUpdated, ReadsAnchored, RecoveryReplaced,
    VaultCreated, VaultUpdated,
};
use super::encoding::{self, MaybeId};
use super::feed::Head;
use super::label;
use crate::error::{Error, ErrorKind, Result};
use crate::model::id::{AccountId, Id};

/// The version of all that is here.
pub const VERSION: u8 = 1;

/// Which kind of log an entry is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogKind {
    /// The account's.
    Account,
    /// Where the chains of reads stand.
    Reads,
    /// One principal's.
    Principal,
    /// One group's.
    Group,
    /// One vault's: its name, who may, its keys.
    Vault,
    /// One vault's: what is in it.
    Items,
}

impl LogKind {
    /// The word that hashes carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Reads => "reads",
            Self::Principal => "principal",
            Self::Group => "group",
            Self::Vault => "vault",
            Self::Items => "items",
        }
    }
}

/// One log: its kind, and the id of the account, principal, group or vault it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// Its kind.
    pub kind: LogKind,
    /// Whose it is.
    pub id: Id,
}

impl LogId {
    /// The log of this kind and owner.
    pub fn new(kind: LogKind, id: impl Into<Id>) -> Self {
        Self { kind, id: id.into() }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($body:ty) = $code:literal, $text:literal, $log:ident;)*) => {
        /// The body of an operation; the variant is its kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body { $($(#[$doc])* $name($body),)* }

        impl Body {
            /// The number of the kind.
            pub const fn code(&self) -> u16 {
                match self { $(Self::$name(_) => $code,)* }
            }

            /// The dotted name of the kind.
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $text,)* }
            }

            /// The kind of log it goes to.
            pub const fn log_kind(&self) -> LogKind {
                match self { $(Self::$name(_) => LogKind::$log,)* }
            }

            fn encode<W: Write>(&self, e: &mut Encoder<W>) -> Result<(), EncodeError<W::Error>> {
                match self { $(Self::$name(body) => body.encode(e, &mut ()),)* }
            }

            fn decode(code: u16, d: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                match code {
                    $($code => <$body>::decode(d, &mut ()).map(Self::$name),)*
                    _ => Err(DecodeError::message(UNKNOWN)),
                }
            }
        }
    };
}

const UNKNOWN: &str = "unknown kind";

kinds! {
    /// The account begins.
    AccountCreated(AccountCreated) = 1, "account.created", Account;
    /// The policy changes.
    PolicyChanged(PolicyChanged) = 2, "policy.changed", Account;
    /// The owner changes.
    AccountTransferred(AccountTransferred) = 3, "account.transferred", Account;
    /// The recovery key changes.
    RecoveryReplaced(RecoveryReplaced) = 4, "recovery.replaced", Account;
    /// A backup was restored.
    AccountRestored(AccountRestored) = 5, "account.restored", Account;
    /// The engine anchors a chain of reads.
    ReadsAnchored(ReadsAnchored) = 6, "reads.anchored", Reads;
    /// A principal begins.
    PrincipalAdded(PrincipalAdded) = 10, "principal.added", Principal;
    /// A principal changes.
    PrincipalUpdated(PrincipalUpdated) = 11, "principal.updated", Principal;
    /// A principal is suspended.
    PrincipalSuspended(Nothing) = 12, "principal.suspended", Principal;
    /// A principal is back.
    PrincipalReactivated(Nothing) = 13, "principal.reactivated", Principal;
    /// A principal ends.
    PrincipalDeleted(Nothing) = 14, "principal.deleted", Principal;
    /// A principal's next keys, by itself.
    PrincipalRotated(PrincipalRotated) = 15, "principal.rotated", Principal;
    /// A principal's next keys, by a manager.
    PrincipalReissued(PrincipalReissued) = 16, "principal.reissued", Principal;
    /// An invited principal's first keys.
    PrincipalAccepted(PrincipalAccepted) = 17, "principal.accepted", Principal;
    /// A principal's key for recovery.
    PrincipalRecoverable(PrincipalRecoverable) = 18, "principal.recoverable", Principal;
    /// A group begins.
    GroupCreated(GroupCreated) = 20, "group.created", Group;
    /// Somebody joins a group.
    GroupAdded(GroupMember) = 21, "group.added", Group;
    /// Somebody leaves a group.
    GroupRemoved(GroupMember) = 22, "group.removed", Group;
    /// A group ends.
    GroupDeleted(Nothing) = 23, "group.deleted", Group;
    /// A vault begins.
    VaultCreated(VaultCreated) = 30, "vault.created", Vault;
    /// A vault's name changes.
    VaultUpdated(VaultUpdated) = 31, "vault.updated", Vault;
    /// A vault ends.
    VaultDeleted(Nothing) = 32, "vault.deleted", Vault;
    /// Somebody gets in.
    AccessGranted(AccessGranted) = 33, "access.granted", Vault;
    /// Somebody who waited gets the key.
    AccessCompleted(AccessCompleted) = 34, "access.completed", Vault;
    /// The vault moves to a new key.
    EpochStarted(EpochStarted) = 35, "epoch.started", Vault;
    /// An item's content.
    ItemPut(ItemWritten) = 40, "item.put", Items;
    /// An item ends.
    ItemDeleted(ItemDeleted) = 41, "item.deleted", Items;
    /// A file is attached.
    FileAttached(ItemWritten) = 42, "file.attached", Items;
    /// A file is detached.
    FileDetached(ItemWritten) = 43, "file.detached", Items;
}

/// The size and the root of a log: the state that an operation builds on.
pub type At = Head;

/// What an actor signs.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Absent in the account's first operation, whose hash it is.
    pub account: Option<AccountId>,
    /// The id of the log; absent where the operation's hash is that id.
    pub log: Option<Id>,
    /// Who signs; absent where the operation brings its own key, and in the reads log.
    pub signer: Option<Id>,
    /// Which generation of the signer's keys.
    pub generation: u32,
    /// Makes a repeat recognizable.
    pub id: Id,
    /// The state of the log it builds on: for items and files the vault log's, else its own log's.
    pub at: At,
    /// The newest head its author had verified.
    pub seen: Head,
    /// What it says.
    pub body: Body,
}

impl<C> Encode<C> for Operation {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(10)?.u8(VERSION)?.u16(self.body.code())?;
        MaybeId(self.account.map(Into::into)).encode(e, &mut ())?;
        MaybeId(self.log).encode(e, &mut ())?;
        MaybeId(self.signer).encode(e, &mut ())?;
        e.u32(self.generation)?;
        self.id.encode(e, &mut ())?;
        self.at.encode(e, &mut ())?;
        self.seen.encode(e, &mut ())?;
        self.body.encode(e)
    }
}

impl<'b, C> Decode<'b, C> for Operation {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        if d.array()? != Some(10) {
            return Err(DecodeError::message("an operation has ten parts"));
        }
        if d.u8()? != VERSION {
            return Err(DecodeError::message(UNKNOWN));
        }
        let code = d.u16()?;
        Ok(Self {
            account: MaybeId::decode(d, &mut ())?.0.map(AccountId),
            log: MaybeId::decode(d, &mut ())?.0,
            signer: MaybeId::decode(d, &mut ())?.0,
            generation: d.u32()?,
            id: Id::decode(d, &mut ())?,
            at: At::decode(d, &mut ())?,
            seen: Head::decode(d, &mut ())?,
            body: Body::decode(code, d)?,
        })
    }
}

impl Operation {
    /// The bytes to sign.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The operation of these bytes.
    ///
    /// # Errors
    /// `Unsupported` for a version or a kind that this version does not know, else `Tampered`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        encoding::decode("a log operation", bytes).map_err(|error| {
            if error.kind() == ErrorKind::Tampered && is_unknown(bytes) {
                return Error::unsupported(
                    "the log has an operation that this version does not know: upgrade strongroom to read on",
                );
            }
            error
        })
    }

    /// The log it goes to; `bytes` are its own.
    pub fn log_id(&self, bytes: &[u8]) -> LogId {
        LogId { kind: self.body.log_kind(), id: self.log.unwrap_or_else(|| hash(bytes)) }
    }
}

/// The hash of an operation's bytes; the id of what it begins, where it begins something.
pub fn hash(bytes: &[u8]) -> Id {
    label::hash("operation-hash", &[bytes])
}

/// What the signatures of an operation cover.
pub fn message(bytes: &[u8]) -> Vec<u8> {
    label::join("operation", &[bytes])
}

/// Whether the bytes begin as an operation of another version, or of a kind that is not ours.
fn is_unknown(bytes: &[u8]) -> bool {
    let mut d = Decoder::new(bytes);
    let header = (|| Some((d.array().ok()??, d.u8().ok()?, d.u16().ok()?)))();
    match header {
        Some((10, VERSION, code)) => {
            matches!(Body::decode(code, &mut Decoder::new(&[])), Err(error) if error.to_string().contains(UNKNOWN))
        }
        Some((_, version, _)) => version > VERSION,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation() -> Operation {
        Operation {
            account: Some(AccountId(Id([1; 32]))),
            log: Some(Id([2; 32])),
            signer: Some(Id([3; 32])),
            generation: 1,
            id: Id([4; 32]),
            at: At::empty(),
            seen: Head { size: 7, root: Id([5; 32]) },
            body: Body::VaultDeleted(Nothing {}),
        }
    }

    #[test]
    fn the_bytes_are_the_operation() {
        let bytes = operation().to_bytes();
        assert_eq!(Operation::from_bytes(&bytes).unwrap(), operation());
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(Operation::from_bytes(&longer).unwrap_err().code(), "tampered");
        for end in 0..bytes.len() {
            assert!(Operation::from_bytes(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn another_version_or_kind_asks_for_an_upgrade_and_another_form_is_refused() {
        let bytes = operation().to_bytes();
        assert_eq!(&bytes[..4], [0x8a, 1, 0x18, 32]);
        let mut kind = bytes.clone();
        kind[3] = 99;
        assert_eq!(Operation::from_bytes(&kind).unwrap_err().code(), "unsupported");
        let mut version = bytes.clone();
        version[1] = 2;
        assert_eq!(Operation::from_bytes(&version).unwrap_err().code(), "unsupported");
        let mut second_form = vec![0x8a, 0x18, 1];
        second_form.extend_from_slice(&bytes[2..]);
        assert_eq!(Operation::from_bytes(&second_form).unwrap_err().code(), "tampered");
    }
}
