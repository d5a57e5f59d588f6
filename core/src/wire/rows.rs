//! Rows that answer reads: sealed bytes, and what tells them apart.

use serde::{Deserialize, Serialize};

use super::states::{Head, HeadsRoots, LogId};
use super::{Crosses, Key, Octets};
use crate::model::id::Id;
use crate::{authority, log, model, store};

/// How a vault key is sealed for somebody.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WrapForm {
    /// By HPKE to the recipient's X-Wing key.
    Hpke,
    /// By the maker, under its own self key.
    Own,
    /// By the maker, under its recovery key.
    Recovery,
}

impl Crosses<WrapForm> for store::WrapForm {
    fn into_form(self) -> WrapForm {
        match self {
            Self::Hpke => WrapForm::Hpke,
            Self::Own => WrapForm::Own,
            Self::Recovery => WrapForm::Recovery,
        }
    }

    fn from_form(form: WrapForm) -> Self {
        match form {
            WrapForm::Hpke => Self::Hpke,
            WrapForm::Own => Self::Own,
            WrapForm::Recovery => Self::Recovery,
        }
    }
}

/// A role in a vault.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Read,
    /// Also writes.
    Write,
    /// Also says who may.
    Admin,
}

impl Crosses<Role> for model::role::Role {
    fn into_form(self) -> Role {
        match self {
            Self::Read => Role::Read,
            Self::Write => Role::Write,
            Self::Admin => Role::Admin,
        }
    }

    fn from_form(form: Role) -> Self {
        match form {
            Role::Read => Self::Read,
            Role::Write => Self::Write,
            Role::Admin => Self::Admin,
        }
    }
}

/// What items are asked for, which decides what the audit says of it.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Reading {
    /// To be listed: the overviews alone, and nothing in the audit.
    Summary,
    /// To be read: `item.read` for each.
    Whole,
    /// To open this file: `file.read`, once for all its pieces.
    File(Key),
    /// To be written over: `item.read` for each, but where the next version comes in the same session.
    Change,
    /// To be shown to whoever wrote it.
    Written,
    /// To be verified: one `audit.verified` for the request.
    Proof,
}

impl Crosses<Reading> for authority::Reading {
    fn into_form(self) -> Reading {
        match self {
            Self::Summary => Reading::Summary,
            Self::Whole => Reading::Whole,
            Self::File(file) => Reading::File(Key(file)),
            Self::Change => Reading::Change,
            Self::Written => Reading::Written,
            Self::Proof => Reading::Proof,
        }
    }

    fn from_form(form: Reading) -> Self {
        match form {
            Reading::Summary => Self::Summary,
            Reading::Whole => Self::Whole,
            Reading::File(file) => Self::File(file.0),
            Reading::Change => Self::Change,
            Reading::Written => Self::Written,
            Reading::Proof => Self::Proof,
        }
    }
}

forms! {
    /// A principal at one generation of its keys.
    #[serde(deny_unknown_fields)]
    Recipient of log::body::Recipient {
        /// Who.
        principal: Key,
        /// Which of its keys.
        generation: u32,
    }

    /// A principal's name and address.
    #[serde(deny_unknown_fields)]
    Profile of authority::Profile {
        /// The display name; empty when the person was forgotten.
        name: String,
        /// The address.
        email: Option<String>,
        /// Salts the commitment; empty when the person was forgotten.
        salt: Octets,
    }

    /// A sealed vault key.
    #[serde(deny_unknown_fields)]
    WrapRow of store::WrapRow {
        /// The vault.
        vault: Key,
        /// Its epoch.
        epoch: u32,
        /// Who can open it.
        principal: Key,
        /// With which of its keys.
        generation: u32,
        /// How.
        form: WrapForm,
        /// Who sealed it.
        maker: Key,
        /// With which of its keys.
        maker_generation: u32,
        /// The sealed key.
        sealed: Octets,
    }

    /// A vault's sealed name and the caller's sealed keys.
    VaultRows of authority::VaultRows {
        /// The sealed name and description.
        name: Octets,
        /// The caller's wraps, of all epochs.
        wraps: Vec<WrapRow>,
        /// The keys of earlier epochs, each sealed under the key of the epoch that is named.
        previous: Vec<EpochKey>,
    }

    /// An entry and its places.
    EntryRow of store::EntryRow {
        /// Its log.
        log: LogId,
        /// Its place there.
        seq: u64,
        /// When it was taken, in milliseconds since 1970.
        time: u64,
        /// The signed bytes.
        operation: Octets,
        /// Their signatures.
        signatures: Vec<Octets>,
        /// The hash of the entry.
        hash: Key,
        /// The log's root after it.
        root: Key,
        /// Its place in the feed.
        position: u64,
    }

    /// One version of an item.
    ItemAnswer of authority::ItemAnswer {
        /// The entry that made it.
        entry: EntryRow,
        /// The entry's path in the item log.
        path: Vec<Key>,
        /// When the item was made, in milliseconds since 1970.
        created_at: u64,
        /// Whether this is the newest version.
        newest: bool,
        /// The sealed overview.
        overview: Octets,
        /// The sealed details; empty in a list.
        details: Octets,
    }

    /// A file that is attached.
    FileAnswer of authority::FileAnswer {
        /// The entry that attached it.
        entry: EntryRow,
        /// The entry's path in the item log.
        path: Vec<Key>,
        /// The hashes of its pieces, in order.
        leaves: Vec<Key>,
    }

    /// An entry's places, without the entry.
    FeedRow of store::FeedRow {
        /// In the feed.
        position: u64,
        /// Its log.
        log: LogId,
        /// Its place there.
        seq: u64,
    }

    /// One page of the feed's entries for changes.
    FeedPage of authority::FeedPage {
        /// Where the entries are, in order of position.
        places: Vec<FeedRow>,
        /// Vaults among them that the caller was in and is no longer.
        former: Vec<Key>,
        /// Where the next page begins.
        next: u64,
        /// Whether the feed ends here.
        ended: bool,
    }

    /// Who submitted an entry: the server's word.
    SessionRow of store::SessionRow {
        /// The session's public name, which opens nothing.
        session: Key,
        /// The program, as it named itself.
        app: Option<String>,
    }

    /// What stands beside an entry.
    OriginRow of store::OriginRow {
        /// When the entry was taken, in milliseconds since 1970.
        time: u64,
        /// The session that submitted it.
        session: Option<SessionRow>,
    }

    /// One page of the feed's entries for the audit.
    AuditPage of authority::AuditPage {
        /// Where the entries are, and what stands beside them, in order of position.
        places: Vec<AuditPlace>,
        /// Vaults among them that the caller was in and is no longer.
        former: Vec<Key>,
        /// Where the next page begins.
        next: u64,
        /// Whether the feed ends here.
        ended: bool,
    }

    /// An entry of a chain of reads.
    ReadRow of store::ReadRow {
        /// Its place among those of all chains, without gaps.
        place: u64,
        /// Its chain.
        chain: Key,
        /// Its place there.
        index: u64,
        /// Its bytes.
        entry: Octets,
    }

    /// One page of reads and refusals.
    ReadsPage of authority::ReadsPage {
        /// In order of place.
        rows: Vec<ReadRow>,
        /// Where the next page begins.
        next: u64,
        /// Whether there is nothing after it.
        ended: bool,
    }

    /// Which reads and refusals to look for; what is null matches all.
    #[serde(deny_unknown_fields)]
    ReadsFilter of authority::ReadsFilter {
        /// Whose.
        actor: Option<Key>,
        /// In which vault.
        vault: Option<Key>,
        /// From this time on, in milliseconds since 1970.
        since: Option<u64>,
    }

    /// Where a chain of reads stands.
    Chain of log::reads::Chain {
        /// Which chain.
        id: Key,
        /// How many entries it has.
        count: u64,
        /// The hash after the last.
        last: Key,
    }

    /// The end of a batch.
    BatchRow of store::BatchRow {
        /// The head that the batch ends with.
        head: Head,
        /// The heads trees under it.
        roots: HeadsRoots,
        /// The time of the newest entry.
        time: u64,
    }

    /// One page of ids.
    Ids of authority::Ids {
        /// In order of creation.
        ids: Vec<Key>,
        /// Where the next page begins; null at the end.
        next: Option<u64>,
    }
}

pairs! {
    /// The sealed key of an epoch.
    EpochKey of (u32, Vec<u8>) {
        /// The epoch that it came before.
        epoch: u32,
        /// The sealed key.
        sealed: Octets
    }

    /// A place of the feed, and what stands beside it.
    AuditPlace of (store::FeedRow, store::OriginRow) {
        /// The entry's places.
        place: FeedRow,
        /// Where it came from.
        origin: OriginRow
    }

    /// A version of an item.
    #[serde(deny_unknown_fields)]
    ItemVersion of (Id, Option<u64>) {
        /// Which item.
        item: Key,
        /// Which version; null: the newest.
        version: Option<u64>
    }

    /// An operation by its id.
    #[serde(deny_unknown_fields)]
    OperationId of (Option<log::operation::LogId>, Id) {
        /// In which log; null: among those that begin one.
        log: Option<LogId>,
        /// Its id.
        id: Key
    }
}

/// One leaf of the feed.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuditRow {
    /// An entry, and the session that submitted it.
    Entry {
        /// The entry.
        entry: EntryRow,
        /// Its session.
        session: Option<SessionRow>,
    },
    /// The end of a batch.
    Heads(BatchRow),
}

impl Crosses<AuditRow> for authority::AuditRow {
    fn into_form(self) -> AuditRow {
        match self {
            Self::Entry(entry, session) => AuditRow::Entry { entry: entry.into_form(), session: session.into_form() },
            Self::Heads(batch) => AuditRow::Heads(batch.into_form()),
        }
    }

    fn from_form(form: AuditRow) -> Self {
        match form {
            AuditRow::Entry { entry, session } => Self::Entry(Crosses::from_form(entry), Crosses::from_form(session)),
            AuditRow::Heads(batch) => Self::Heads(Crosses::from_form(batch)),
        }
    }
}
