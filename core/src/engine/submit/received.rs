//! What was submitted, decoded.

use crate::authority::{Rows, Submission};
use crate::error::{Error, ErrorKind, Result};
use crate::log::operation::{Body, LogId, Operation};

/// A submission whose bytes are one operation.
pub(in crate::engine) struct Received {
    pub(in crate::engine) bytes: Vec<u8>,
    pub(in crate::engine) signatures: Vec<Vec<u8>>,
    pub(in crate::engine) rows: Rows,
    pub(in crate::engine) operation: Operation,
    /// Where it goes.
    pub(in crate::engine) log: LogId,
}

impl Received {
    /// Decodes strictly, and refuses an operation that names no log where it must.
    pub(in crate::engine) fn of(submission: Submission) -> Result<Self> {
        let Submission { operation: bytes, signatures, rows } = submission;
        let operation = Operation::from_bytes(&bytes).map_err(|error| match error.kind() {
            ErrorKind::Unsupported => error,
            _ => Error::invalid_argument(format!("an operation was submitted: {}", error.message())),
        })?;
        let begins =
            matches!(operation.body, Body::AccountCreated(_) | Body::PrincipalAdded(_) | Body::GroupCreated(_));
        if begins == operation.log.is_some() {
            return Err(Error::invalid_argument(format!(
                "{} was submitted: it must {}name its log: upgrade the client",
                operation.body.name(),
                if begins { "not " } else { "" }
            )));
        }
        let log = operation.log_id(&bytes);
        Ok(Self { bytes, signatures, rows, operation, log })
    }

    /// The dotted name of its kind.
    pub(in crate::engine) fn name(&self) -> &'static str {
        self.operation.body.name()
    }
}
