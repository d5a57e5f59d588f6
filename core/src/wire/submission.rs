//! Signed operations, the rows that belong to them, and what became of them.

use serde::{Deserialize, Serialize};

use super::rows::{Profile, WrapRow};
use super::states::{Head, LogId};
use super::{Crosses, Key, Octets};
use crate::{authority, store};

forms! {
    /// A signed operation and its rows.
    #[serde(deny_unknown_fields)]
    Submission of authority::Submission {
        /// The signed bytes.
        operation: Octets,
        /// Their signatures, in the order that the kind asks for.
        signatures: Vec<Octets>,
        /// What belongs to it.
        rows: Rows,
    }

    /// A file's content, as it is submitted with the operation that attaches it.
    #[serde(deny_unknown_fields)]
    FilePart of authority::FilePart {
        /// Which.
        file: Key,
        /// The hashes of its pieces, in order.
        leaves: Vec<Key>,
        /// The only piece of a small file; others are put before.
        piece: Option<Octets>,
    }

    /// Rows of an operation; which ones, its kind says.
    #[serde(deny_unknown_fields)]
    Rows of authority::Rows {
        /// Name, address and salt, with `principal.added` and `principal.updated`.
        profile: Option<Profile>,
        /// The X-Wing key, with every key set.
        kem_key: Option<Octets>,
        /// The sealed name, with `vault.created`, `vault.updated` and `epoch.started`.
        name: Option<Octets>,
        /// Sealed keys, one for each recipient that the operation names.
        wraps: Vec<WrapRow>,
        /// The sealed key of the epoch before, with `epoch.started`.
        previous_key: Option<Octets>,
        /// The sealed overview, with a new version of an item.
        overview: Octets,
        /// The sealed details, with a new version of an item.
        details: Octets,
        /// Files that the operation adds.
        files: Vec<FilePart>,
    }

    /// Where an entry stands.
    Receipt of store::Receipt {
        /// Its log.
        log: LogId,
        /// Its place there.
        seq: u64,
        /// When it was taken, in milliseconds since 1970.
        time: u64,
        /// Its hash.
        hash: Key,
        /// The state of the log after it.
        state: Head,
        /// Its place in the feed.
        position: u64,
    }
}

/// What became of a submission.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Submitted {
    /// It was taken.
    Taken(Receipt),
    /// The same bytes were taken before: the first answer.
    Before(Receipt),
    /// The operation id was used with other bytes.
    Used {
        /// Where they stand.
        receipt: Receipt,
        /// Those bytes.
        operation: Octets,
    },
    /// It builds on a state that is no longer the newest.
    Stale,
    /// It ends somebody without covering all that was taken from them.
    Uncovered,
}

impl Crosses<Submitted> for authority::Submitted {
    fn into_form(self) -> Submitted {
        match self {
            Self::Taken(receipt) => Submitted::Taken(receipt.into_form()),
            Self::Before(receipt) => Submitted::Before(receipt.into_form()),
            Self::Used(receipt, operation) => {
                Submitted::Used { receipt: receipt.into_form(), operation: operation.into_form() }
            }
            Self::Stale => Submitted::Stale,
            Self::Uncovered => Submitted::Uncovered,
        }
    }

    fn from_form(form: Submitted) -> Self {
        match form {
            Submitted::Taken(receipt) => Self::Taken(Crosses::from_form(receipt)),
            Submitted::Before(receipt) => Self::Before(Crosses::from_form(receipt)),
            Submitted::Used { receipt, operation } => {
                Self::Used(Crosses::from_form(receipt), Crosses::from_form(operation))
            }
            Submitted::Stale => Self::Stale,
            Submitted::Uncovered => Self::Uncovered,
        }
    }
}
