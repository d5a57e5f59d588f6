//! What each kind of operation says.

use minicbor::{Decode, Encode};

use super::encoding::{Bytes, MaybeId};
use super::feed::Head;
use super::label;
use crate::error::{Error, Result};
use crate::model::id::{AccountId, Id, PrincipalKind, VaultId};
use crate::model::policy::Policy;
use crate::model::principal::Rights;
use crate::model::role::Role;

/// The one suite of version 1: X-Wing, HKDF-SHA256, AES-256-GCM, Ed25519, Cobblestone-256.
pub const SUITE: u16 = 1;

/// The public keys of one generation. An invitation's one-time code has a signing key alone.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeySet {
    /// Ed25519, signs operations.
    #[n(0)]
    pub sign: Id,
    /// Ed25519, signs checkpoints.
    #[n(1)]
    pub note: MaybeId,
    /// The hash of the X-Wing key, by [`kem_hash`].
    #[n(2)]
    pub kem: MaybeId,
}

/// A principal at one generation of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Recipient {
    /// Who.
    #[n(0)]
    pub principal: Id,
    /// Which of its keys.
    #[n(1)]
    pub generation: u32,
}

/// A membership that an operation gives.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberGrant {
    /// A principal or a group.
    #[n(0)]
    pub grantee: Id,
    /// The role's number.
    #[n(1)]
    pub role: u8,
    /// The generation that the membership is for; none for a group.
    #[n(2)]
    pub generation: Option<u32>,
    /// In milliseconds since 1970.
    #[n(3)]
    pub expires_at: Option<u64>,
}

/// The key of an epoch: who is to have it, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EpochStart {
    /// 1 for a new vault, then one more each time.
    #[n(0)]
    pub number: u32,
    /// The suite of the wraps.
    #[n(1)]
    pub suite: u16,
    /// The hash that the key must fit.
    #[n(2)]
    pub commitment: Id,
    /// Exactly the active members, in order of id.
    #[n(3)]
    pub recipients: Vec<Recipient>,
    /// The hash of the sealed key of the epoch before; none in the first.
    #[n(4)]
    pub previous: MaybeId,
    /// The recovery key, where it is to have it.
    #[n(5)]
    pub recovery: Option<Recipient>,
}

/// Whom an epoch puts out or lowers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Removal {
    /// A principal or a group.
    #[n(0)]
    pub grantee: Id,
    /// Why: 0 revoked, 1 lowered, 2 expired.
    #[n(1)]
    pub reason: u8,
    /// The role that is left.
    #[n(2)]
    pub role: Option<u8>,
}

/// A file's content, as the operation that attaches it binds it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FileReference {
    /// Which.
    #[n(0)]
    pub file: Id,
    /// The sealed length in bytes.
    #[n(1)]
    pub length: u64,
    /// The RFC 6962 root over the sealed pieces.
    #[n(2)]
    pub root: Id,
}

macro_rules! record {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $index:literal $field:ident : $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Encode, Decode)]
        pub struct $name { $($(#[$field_doc])* #[n($index)] pub $field: $type,)* }
    )*};
}

record! {
    /// The account begins: the keys of its owner and of its recovery code.
    AccountCreated {
        /// The suite of everything in the account.
        0 suite: u16,
        /// The owner's keys.
        1 owner: KeySet,
        /// The recovery code's keys.
        2 recovery: KeySet,
        /// Random, so that no two accounts are one.
        3 nonce: Id,
    }
    /// A new policy, whole.
    PolicyChanged {
        /// One more than the policy before; the default is 0.
        0 version: u64,
        /// The largest role to grant.
        1 max_grant: u8,
        /// Whether users may grant.
        2 users_may_share: bool,
        /// Whether new vaults name the recovery key.
        3 recovery: bool,
        /// Whether reads are audited.
        4 audit_reads: bool,
        /// The largest file in bytes.
        5 max_file_bytes: u64,
        /// The mail domains allowed.
        6 email_domains: Option<Vec<String>>,
        /// The longest grant in days.
        7 require_expiry_days: Option<u32>,
    }
    /// Another owner.
    AccountTransferred {
        /// Who.
        0 to: Id,
    }
    /// Another recovery key, added as a principal before.
    RecoveryReplaced {
        /// Which.
        0 recovery: Id,
    }
    /// A backup was taken for the newest.
    AccountRestored {
        /// The last head that was kept.
        0 last: Head,
    }
    /// Where an engine's chain of reads stands.
    ReadsAnchored {
        /// The chain.
        0 chain: Id,
        /// How many entries it has.
        1 count: u64,
        /// The hash of the last.
        2 last: Id,
    }
    /// A principal begins.
    PrincipalAdded {
        /// 0 user, 1 service account, 2 recovery key.
        0 kind: u8,
        /// 0 for an invitation, else 1.
        1 generation: u32,
        /// Its keys.
        2 keys: KeySet,
        /// One bit each: create vaults, manage users, manage policy, read audit.
        3 rights: u8,
        /// Binds name and e-mail, by [`profile_commitment`].
        4 profile: Id,
        /// In milliseconds since 1970.
        5 expires_at: Option<u64>,
    }
    /// A principal's profile, rights and expiry, whole.
    PrincipalUpdated {
        /// As in `principal.added`.
        0 rights: u8,
        /// As in `principal.added`.
        1 profile: Id,
        /// As in `principal.added`.
        2 expires_at: Option<u64>,
    }
    /// The holder's next keys.
    PrincipalRotated {
        /// The new keys.
        0 keys: KeySet,
        /// The old secrets, sealed under the new self key.
        1 retired: Bytes,
    }
    /// New keys from a manager, after a loss.
    PrincipalReissued {
        /// The new keys.
        0 keys: KeySet,
    }
    /// An invited user's own keys.
    PrincipalAccepted {
        /// The new keys.
        0 keys: KeySet,
    }
    /// The key under which this principal seals vault keys for recovery, wrapped to the recovery key.
    PrincipalRecoverable {
        /// The recovery key it is for.
        0 recovery: Recipient,
        /// The wrap.
        1 wrap: Bytes,
    }
    /// A group begins.
    GroupCreated {
        /// Its name.
        0 name: String,
        /// Random, so that no two groups are one.
        1 nonce: Id,
    }
    /// Somebody joins or leaves a group.
    GroupMember {
        /// Who.
        0 member: Id,
    }
    /// A vault begins.
    VaultCreated {
        /// Random; the vault's id binds it.
        0 nonce: Id,
        /// Its first key.
        1 epoch: EpochStart,
        /// The creator and the first members.
        2 members: Vec<MemberGrant>,
        /// The hash of the sealed name.
        3 name: Id,
        /// The creator's own name for it.
        4 external_id: Option<String>,
    }
    /// Another name or description.
    VaultUpdated {
        /// The epoch whose key seals it.
        0 epoch: u32,
        /// The hash of the sealed name.
        1 name: Id,
    }
    /// Somebody gets in, or gets a larger role.
    AccessGranted {
        /// The current epoch.
        0 epoch: u32,
        /// Who, and what they may do.
        1 members: Vec<MemberGrant>,
        /// Who of them gets a wrap of the current key now.
        2 recipients: Vec<Recipient>,
    }
    /// Somebody who waited for a wrap gets it.
    AccessCompleted {
        /// The current epoch.
        0 epoch: u32,
        /// The place of the grant in the vault log.
        1 grant: u64,
        /// Who.
        2 recipient: Recipient,
    }
    /// The vault moves to a new key.
    EpochStarted {
        /// The new key.
        0 epoch: EpochStart,
        /// The hash of the name, sealed anew.
        1 name: Id,
        /// Whom it puts out.
        2 removes: Vec<Removal>,
    }
    /// A new version of an item.
    ItemWritten {
        /// Which.
        0 item: Id,
        /// The version before and one.
        1 version: u64,
        /// The hash of the entry that made the version before; none for the first.
        2 previous: MaybeId,
        /// The epoch whose key seals it.
        3 epoch: u32,
        /// The hash of the sealed overview.
        4 overview: Id,
        /// The hash of the sealed details.
        5 details: Id,
        /// Whether it is in the archive.
        6 archived: bool,
        /// Files it adds.
        7 added: Vec<FileReference>,
        /// Files it takes off.
        8 removed: Vec<Id>,
    }
    /// The end of an item.
    ItemDeleted {
        /// Which.
        0 item: Id,
        /// The version before and one.
        1 version: u64,
        /// The hash of the entry that made the version before.
        2 previous: MaybeId,
    }
    /// An operation that says all by its kind.
    Nothing {}
}

/// The number of a role.
pub const fn role_number(role: Role) -> u8 {
    match role {
        Role::Read => 1,
        Role::Write => 2,
        Role::Admin => 3,
    }
}

/// The role of a number.
pub fn role_of(number: u8) -> Result<Role> {
    match number {
        1 => Ok(Role::Read),
        2 => Ok(Role::Write),
        3 => Ok(Role::Admin),
        other => Err(Error::tampered(format!("role {other} is not known: upgrade, or restore the record"))),
    }
}

/// The number of a kind of principal.
pub const fn kind_number(kind: PrincipalKind) -> u8 {
    match kind {
        PrincipalKind::User => 0,
        PrincipalKind::Service => 1,
        PrincipalKind::Recovery => 2,
    }
}

/// The kind of principal of a number.
pub fn kind_of(number: u8) -> Result<PrincipalKind> {
    match number {
        0 => Ok(PrincipalKind::User),
        1 => Ok(PrincipalKind::Service),
        2 => Ok(PrincipalKind::Recovery),
        other => Err(Error::tampered(format!("principal kind {other} is not known: upgrade, or restore the record"))),
    }
}

/// Rights as bits.
pub const fn rights_bits(rights: Rights) -> u8 {
    (rights.can_create_vaults as u8)
        | (rights.can_manage_users as u8) << 1
        | (rights.can_manage_policy as u8) << 2
        | (rights.can_read_audit as u8) << 3
}

/// Bits as rights.
pub fn rights_of(bits: u8) -> Result<Rights> {
    if bits > 0b1111 {
        return Err(Error::tampered(format!("rights {bits:#b} are not known: upgrade, or restore the record")));
    }
    Ok(Rights {
        can_create_vaults: bits & 1 != 0,
        can_manage_users: bits & 2 != 0,
        can_manage_policy: bits & 4 != 0,
        can_read_audit: bits & 8 != 0,
    })
}

impl PolicyChanged {
    /// The policy that it puts in force.
    pub fn policy(&self) -> Result<Policy> {
        Ok(Policy {
            max_grant: role_of(self.max_grant)?,
            email_domains: self.email_domains.clone(),
            require_expiry_days: self.require_expiry_days,
            max_file_bytes: self.max_file_bytes,
            users_may_share: self.users_may_share,
            recovery: self.recovery,
            audit_reads: self.audit_reads,
        })
    }
}

/// The hash of an X-Wing public key.
pub fn kem_hash(key: &[u8]) -> Id {
    label::hash("kem-key", &[key])
}

/// The hash of sealed bytes: a part, a name, the key of the epoch before.
pub fn sealed_hash(sealed: &[u8]) -> Id {
    label::hash("sealed", &[sealed])
}

/// Binds a name and an e-mail address, and tells nothing of them without the salt.
pub fn profile_commitment(salt: &[u8], name: &str, email: Option<&str>) -> Id {
    label::hash("profile", &[salt, name.as_bytes(), email.unwrap_or_default().as_bytes()])
}

/// A vault's id, which binds it to its account and its creator.
pub fn vault_id(account: AccountId, creator: Id, nonce: Id) -> VaultId {
    VaultId(label::hash("vault-id", &[account.as_bytes(), creator.as_bytes(), nonce.as_bytes()]))
}
