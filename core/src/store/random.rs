//! Randomness for challenges and sessions.

use aws_lc_rs::rand;

use crate::error::{Error, Result};
use crate::model::id::Id;

/// Makes 32 random bytes.
pub(super) fn make_id() -> Result<Id> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)
        .map_err(|_| Error::unavailable("random bytes were asked for and the system gave none: try again"))?;
    Ok(Id(bytes))
}
