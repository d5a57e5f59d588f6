//! The rows: projections of the logs, and the sealed bytes that the logs name by hash.

use minicbor::{Decode, Encode};

use crate::log::feed::{Head, HeadsRoots};
use crate::log::operation::LogId;
use crate::model::id::Id;

/// How a vault key is sealed for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum WrapForm {
    /// By HPKE to the recipient's X-Wing key.
    #[n(0)]
    Hpke,
    /// By the maker, under its own self key.
    #[n(1)]
    Own,
    /// By the maker, under its recovery key; the row is the recovery principal's.
    #[n(2)]
    Recovery,
}

impl WrapForm {
    /// The number that rows keep.
    pub const fn number(self) -> u8 {
        match self {
            Self::Hpke => 0,
            Self::Own => 1,
            Self::Recovery => 2,
        }
    }

    /// The form of a number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Hpke),
            1 => Some(Self::Own),
            2 => Some(Self::Recovery),
            _ => None,
        }
    }
}

/// A sealed vault key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WrapRow {
    /// The vault.
    #[n(0)]
    pub vault: Id,
    /// Its epoch.
    #[n(1)]
    pub epoch: u32,
    /// Who can open it.
    #[n(2)]
    pub principal: Id,
    /// With which of its keys.
    #[n(3)]
    pub generation: u32,
    /// How.
    #[n(4)]
    pub form: WrapForm,
    /// Who sealed it; the reader needs it for [`WrapForm::Recovery`].
    #[n(5)]
    pub maker: Id,
    /// With which of its keys.
    #[n(6)]
    pub maker_generation: u32,
    /// The sealed key.
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// A change of one row. What names an `entry` means the append of that number in the same change.
#[derive(Clone, Debug, Encode, Decode)]
pub enum Row {
    /// A principal's profile: put, or replaced. `email` is unique among those that are `active`.
    #[n(0)]
    Principal {
        /// Who.
        #[n(0)]
        principal: Id,
        /// 0 user, 1 service account, 2 recovery key.
        #[n(1)]
        kind: u8,
        /// The display name.
        #[n(2)]
        name: String,
        /// The address.
        #[n(3)]
        email: Option<String>,
        /// Salts the commitment.
        #[n(4)]
        #[cbor(with = "minicbor::bytes")]
        salt: Vec<u8>,
        /// Not deleted.
        #[n(5)]
        active: bool,
    },
    /// The X-Wing key of a generation.
    #[n(1)]
    KemKey {
        /// Whose.
        #[n(0)]
        principal: Id,
        /// Which.
        #[n(1)]
        generation: u32,
        /// 1,216 bytes.
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        key: Vec<u8>,
    },
    /// A new vault; its leaf in the heads tree is its order of creation.
    #[n(2)]
    Vault {
        /// Which.
        #[n(0)]
        vault: Id,
        /// Who made it.
        #[n(1)]
        creator: Id,
        /// The creator's own name for it.
        #[n(2)]
        external_id: Option<String>,
    },
    /// A vault's sealed name: put, or replaced.
    #[n(3)]
    Name {
        /// Whose.
        #[n(0)]
        vault: Id,
        /// The epoch whose key seals it.
        #[n(1)]
        epoch: u32,
        /// Name and description.
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// A membership: put, or replaced.
    #[n(4)]
    Member(#[n(0)] MemberRow),
    /// A membership ends.
    #[n(5)]
    MemberGone {
        /// In which vault.
        #[n(0)]
        vault: Id,
        /// Whose.
        #[n(1)]
        grantee: Id,
    },
    /// Somebody is named in a vault's log; kept for ever, putting it twice changes nothing.
    #[n(6)]
    Person {
        /// Which vault's.
        #[n(0)]
        vault: Id,
        /// Who.
        #[n(1)]
        principal: Id,
    },
    /// A sealed vault key: put, or replaced.
    #[n(7)]
    Wrap(#[n(0)] WrapRow),
    /// The sealed key of the epoch before.
    #[n(8)]
    PreviousKey {
        /// The vault.
        #[n(0)]
        vault: Id,
        /// The epoch that it came before.
        #[n(1)]
        epoch: u32,
        /// The sealed key.
        #[n(2)]
        #[cbor(with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// A vault ends: its name, members, wraps, keys, items, parts, files and pieces go; its `Vault` row stays, marked deleted.
    #[n(9)]
    VaultGone {
        /// Which.
        #[n(0)]
        vault: Id,
    },
    /// A new version of an item, and its sealed parts.
    #[n(10)]
    Item {
        /// Its vault.
        #[n(0)]
        vault: Id,
        /// Which.
        #[n(1)]
        item: Id,
        /// Which version.
        #[n(2)]
        version: u64,
        /// Whether it is in the archive.
        #[n(3)]
        archived: bool,
        /// The append that made it.
        #[n(4)]
        entry: usize,
        /// The sealed overview.
        #[n(5)]
        #[cbor(with = "minicbor::bytes")]
        overview: Vec<u8>,
        /// The sealed details.
        #[n(6)]
        #[cbor(with = "minicbor::bytes")]
        details: Vec<u8>,
    },
    /// An item ends: its parts, files and pieces go; its `Item` row stays with this version, marked deleted.
    #[n(11)]
    ItemGone {
        /// Its vault.
        #[n(0)]
        vault: Id,
        /// Which.
        #[n(1)]
        item: Id,
        /// The version that ended it.
        #[n(2)]
        version: u64,
        /// The append that ended it.
        #[n(3)]
        entry: usize,
    },
    /// A file is attached; its upload, if it had one, is published.
    #[n(12)]
    File {
        /// The vault.
        #[n(0)]
        vault: Id,
        /// The item.
        #[n(1)]
        item: Id,
        /// Which.
        #[n(2)]
        file: Id,
        /// The append that attached it.
        #[n(3)]
        entry: usize,
        /// The sealed length in bytes.
        #[n(4)]
        length: u64,
        /// The hashes of its pieces, 32 bytes each, in order.
        #[n(5)]
        #[cbor(with = "minicbor::bytes")]
        leaves: Vec<u8>,
    },
    /// A small file's only piece.
    #[n(13)]
    Piece {
        /// Which file's.
        #[n(0)]
        file: Id,
        /// The sealed bytes.
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        piece: Vec<u8>,
    },
    /// A file is detached; its pieces go. The `File` row stays while versions of the item that name it do, marked detached.
    #[n(14)]
    FileGone {
        /// The vault.
        #[n(0)]
        vault: Id,
        /// Which.
        #[n(1)]
        file: Id,
    },
    /// A hold ends.
    #[n(15)]
    Release {
        /// Whose hold.
        #[n(0)]
        by: Id,
        /// Against whom.
        #[n(1)]
        signer: Id,
        /// In this vault; `None`: anywhere.
        #[n(2)]
        vault: Option<Id>,
    },
}

/// The end of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// The head that the batch ends with; its last leaf holds `roots`.
    pub head: Head,
    /// The heads trees under it.
    pub roots: HeadsRoots,
    /// The time of the newest entry.
    pub time: u64,
}

/// A log's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// Which log.
    pub log: LogId,
    /// Its size and root.
    pub state: Head,
    /// Its leaf in its heads tree; a vault's two logs share one.
    pub leaf: u64,
}

/// An entry and its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its log.
    pub log: LogId,
    /// Its place there.
    pub seq: u64,
    /// When it was taken, in milliseconds since 1970.
    pub time: u64,
    /// The signed bytes.
    pub operation: Vec<u8>,
    /// Their signatures.
    pub signatures: Vec<Vec<u8>>,
    /// The hash of the entry.
    pub hash: Id,
    /// The log's root after it.
    pub root: Id,
    /// Its place in the feed.
    pub position: u64,
}

/// An entry's places, without the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedRow {
    /// In the feed.
    pub position: u64,
    /// Its log.
    pub log: LogId,
    /// Its place there.
    pub seq: u64,
}

/// A principal's profile and place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrincipalRow {
    /// Who.
    pub principal: Id,
    /// 0 user, 1 service account, 2 recovery key.
    pub kind: u8,
    /// The display name.
    pub name: String,
    /// The address.
    pub email: Option<String>,
    /// Salts the commitment.
    pub salt: Vec<u8>,
    /// Not deleted.
    pub active: bool,
    /// Its log's leaf in the heads tree.
    pub leaf: u64,
}

/// A vault's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultRow {
    /// Which.
    pub vault: Id,
    /// Who made it.
    pub creator: Id,
    /// The creator's own name for it.
    pub external_id: Option<String>,
    /// Its leaf in the heads tree.
    pub leaf: u64,
    /// The epoch whose key seals the name; 0 once deleted.
    pub name_epoch: u32,
    /// The sealed name and description; empty once deleted.
    pub name: Vec<u8>,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MemberRow {
    /// Where.
    #[n(0)]
    pub vault: Id,
    /// A principal or a group.
    #[n(1)]
    pub grantee: Id,
    /// The role's number.
    #[n(2)]
    pub role: u8,
    /// In milliseconds since 1970.
    #[n(3)]
    pub expires_at: Option<u64>,
}

/// An item's newest version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Its vault.
    pub vault: Id,
    /// Which.
    pub item: Id,
    /// The newest version.
    pub version: u64,
    /// Whether it is in the archive.
    pub archived: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The place of its first entry in the item log: its order of creation.
    pub created: u64,
    /// The place of its newest entry in the item log.
    pub seq: u64,
}

/// The sealed parts of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartsRow {
    /// Which version.
    pub version: u64,
    /// The place of its entry in the item log.
    pub seq: u64,
    /// The sealed overview.
    pub overview: Vec<u8>,
    /// The sealed details.
    pub details: Vec<u8>,
}

/// All that is kept of one version of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Whether no newer version is there.
    pub newest: bool,
    /// Its sealed parts.
    pub parts: PartsRow,
    /// The entry that wrote it; none where the item log lacks it.
    pub entry: Option<EntryRow>,
    /// The time of the item's first entry; none where the item log lacks it.
    pub created_at: Option<u64>,
}

/// A file that is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Its item.
    pub item: Id,
    /// Which.
    pub file: Id,
    /// The place of the entry that attached it in the item log.
    pub seq: u64,
    /// The sealed length in bytes.
    pub length: u64,
    /// Whether it was detached, and its pieces are gone.
    pub detached: bool,
}

/// Who submitted an entry: the engine's word.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SessionRow {
    /// The session's public name, which opens nothing.
    #[n(0)]
    pub session: Id,
    /// The program, as it named itself.
    #[n(1)]
    pub app: Option<String>,
}

/// What stands beside an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRow {
    /// When the entry was taken, in milliseconds since 1970.
    pub time: u64,
    /// The session that submitted it; none for what the engine wrote itself, and before sessions were kept.
    pub session: Option<SessionRow>,
}

/// An entry of a chain of reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRow {
    /// Its place among those of all chains, without gaps.
    pub place: u64,
    /// Its chain.
    pub chain: Id,
    /// Its place there.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
}
