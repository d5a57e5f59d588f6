//! Repeats: the ids that an idempotency key makes, and the operations that used them.

use super::Sealed;
use crate::crypto::random;
use crate::error::{Error, Result};
use crate::log::label;
use crate::log::operation::{LogId, Operation};
use crate::model::id::Id;

/// What an id is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// The operation itself.
    Operation,
    /// What it makes.
    Made,
}

/// A request that takes an idempotency key. The same key of another request is another key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    /// The call, by its name in the API.
    pub(super) call: &'static str,
    /// The vault, and the item, that it is about.
    pub(super) place: &'a [Id],
    pub(super) key: Option<&'a str>,
}

/// The refusal of a key that stands for something else.
pub(super) fn other_arguments() -> Error {
    Error::invalid_argument("idempotency_key: it was used with other arguments: use a new key for another request")
}

impl Sealed {
    /// An id that only the caller can derive from its idempotency key, and always the same; a random one without a key.
    pub(super) fn id_for(&self, purpose: Purpose, request: Request<'_>) -> Result<Id> {
        let Some(key) = request.key else { return Ok(Id(random::make_bytes()?)) };
        let purpose = match purpose {
            Purpose::Operation => "idempotent-operation",
            Purpose::Made => "idempotent-id",
        };
        let account = self.account_id();
        let mut parts = vec![account.as_bytes(), request.call.as_bytes(), key.as_bytes()];
        parts.extend(request.place.iter().map(Id::as_bytes));
        let secret = self.ring.identity()?.sign(&label::join(purpose, &parts));
        Ok(label::hash(purpose, &[&secret]))
    }

    /// The caller's own operations of these ids, each in a log or among those that begin one; `None` for an id that is not used.
    ///
    /// That they stand in a log is still to be verified there.
    pub(super) async fn find_operations(&self, of: Vec<(Option<LogId>, Id)>) -> Result<Vec<Option<Operation>>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.authority.find_operations(self.session(), of.clone()).await?;
        if found.len() != of.len() {
            return Err(another());
        }
        let mut operations = Vec::with_capacity(found.len());
        for ((_, id), bytes) in of.into_iter().zip(found) {
            operations.push(bytes.map(|bytes| self.own_operation(&bytes, id)).transpose()?);
        }
        Ok(operations)
    }

    /// The operation of these bytes, if the caller signed it under this id.
    pub(super) fn own_operation(&self, bytes: &[u8], id: Id) -> Result<Operation> {
        let operation = Operation::from_bytes(bytes)?;
        if operation.id == id && operation.signer == Some(self.my_id()) && operation.account == Some(self.account_id())
        {
            Ok(operation)
        } else {
            Err(another())
        }
    }
}

fn another() -> Error {
    Error::tampered("the store answered another operation than the one that used this id: restore the store")
}
