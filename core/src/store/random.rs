//! Randomness of the system: for ids, salts, challenges and the secrets of sessions.

use aws_lc_rs::rand;

use crate::error::{Error, Result};
use crate::model::id::Id;

/// Makes 32 random bytes.
pub(crate) fn make_id() -> Result<Id> {
    make_bytes().map(Id)
}

/// Makes so many random bytes.
pub(crate) fn make_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes)
        .map_err(|_| Error::unavailable("random bytes were asked for and the system gave none: try again"))?;
    Ok(bytes)
}
