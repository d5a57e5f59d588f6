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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::Id;

    prop_compose! {
        fn any_cursor()(position in any::<u64>(), skip in 0..3_u32, size in any::<u64>(), root in any::<[u8; 32]>()) -> Cursor {
            Cursor::within(position, skip, Head { size, root: Id(root) })
        }
    }

    proptest! {
        #[test]
        fn each_cursor_has_one_text(one in any_cursor(), other in any_cursor()) {
            prop_assert_eq!(Cursor::parse(&one.encode()).unwrap(), one);
            prop_assert_eq!(one == other, one.encode() == other.encode());
        }

        #[test]
        fn nothing_else_is_a_cursor(cursor in any_cursor(), at in any::<prop::sample::Index>(), with in "[A-Za-z0-9_ =-]") {
            let mut text = cursor.encode();
            let at = at.index(text.len());
            text.replace_range(at..=at, &with);
            match Cursor::parse(&text) {
                Ok(read) => prop_assert_eq!(read.encode(), text),
                Err(error) => prop_assert_eq!(error.code(), "invalid_argument"),
            }
        }
    }
}
