//! Names that only one may have, whichever engine gives them.

use crate::log::label;
use crate::model::id::Id;

/// A name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) kind: i16,
    pub(super) key: Vec<u8>,
}

/// The kind of external ids.
pub(super) const EXTERNAL: i16 = 2;
/// The kind of addresses.
pub(super) const EMAIL: i16 = 3;
/// The kind of files.
pub(super) const FILE: i16 = 4;

impl Claim {
    /// The account, of which there is one.
    pub(super) fn account() -> Self {
        Self { kind: 0, key: Vec::new() }
    }

    /// What a signer's operation began.
    pub(super) fn begun(signer: Option<Id>, operation_id: Id) -> Self {
        let signer = signer.map_or_else(Vec::new, |signer| signer.0.to_vec());
        Self { kind: 1, key: label::hash("begun", &[&signer, operation_id.as_bytes()]).0.to_vec() }
    }

    /// A creator's own name for a vault that is not deleted.
    pub(super) fn external(creator: Id, external_id: &str) -> Self {
        let key = label::hash("external-id", &[creator.as_bytes(), external_id.as_bytes()]);
        Self { kind: EXTERNAL, key: key.0.to_vec() }
    }

    /// The address of a principal that is not deleted.
    pub(super) fn email(email: &str) -> Self {
        Self { kind: EMAIL, key: email.as_bytes().to_vec() }
    }

    /// A file that is attached.
    pub(super) fn file(file: Id) -> Self {
        Self { kind: FILE, key: file.0.to_vec() }
    }
}
