//! Making signed operations.

use crate::authority::{Rows, Submission};
use crate::crypto::identity::Identity;
use crate::crypto::random;
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::{self, At, Body, Operation};
use crate::model::id::{AccountId, Id};

/// Who signs, with which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signer {
    pub(super) account: AccountId,
    pub(super) principal: Id,
    pub(super) generation: u32,
}

/// What an operation builds on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Base {
    pub(super) log: Option<Id>,
    pub(super) at: At,
    pub(super) seen: Head,
}

impl Signer {
    /// A signed operation under this id, or a random one.
    pub(super) fn sign(
        self,
        identity: &Identity,
        base: Base,
        id: Option<Id>,
        body: Body,
        rows: Rows,
    ) -> Result<Submission> {
        let id = id.map_or_else(|| random::make_bytes().map(Id), Ok)?;
        let operation = Operation {
            account: Some(self.account),
            log: base.log,
            signer: Some(self.principal),
            generation: self.generation,
            id,
            at: base.at,
            seen: base.seen,
            body,
        };
        let bytes = operation.to_bytes();
        let signature = identity.sign(&operation::message(&bytes)).to_vec();
        Ok(Submission { operation: bytes, signatures: vec![signature], rows })
    }
}
