//! A cursor: a place in the feed, and the head it was made under.

use data_encoding::BASE64URL_NOPAD;
use minicbor::{Decode, Encode};

use super::encoding;
use super::feed::Head;
use crate::error::{Error, Result};

/// Where to read on. Opaque to users; never expires; belongs to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cursor {
    #[n(0)]
    version: u8,
    /// The first feed leaf that was not read yet.
    #[n(1)]
    pub position: u64,
    /// The newest head its maker had verified.
    #[n(2)]
    pub head: Head,
    /// How many changes of the entry there were read: an entry can be more than one.
    #[n(3)]
    pub skip: u32,
}

impl Cursor {
    /// The cursor of this place.
    pub fn new(position: u64, head: Head) -> Self {
        Self { version: 1, position, head, skip: 0 }
    }

    /// The cursor within the entry at this place, after so many of its changes.
    pub fn within(position: u64, skip: u32, head: Head) -> Self {
        Self { skip, ..Self::new(position, head) }
    }

    /// Its printed form.
    pub fn encode(&self) -> String {
        BASE64URL_NOPAD.encode(&encoding::encode(self))
    }

    /// The cursor of a printed form.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong =
            || Error::argument("after", "this is no cursor: use one that a change or a page gave, `start` or `now`");
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong())?;
        let cursor: Self = encoding::decode("a cursor", &bytes).map_err(|_| wrong())?;
        if cursor.version == 1 { Ok(cursor) } else { Err(wrong()) }
    }
}
