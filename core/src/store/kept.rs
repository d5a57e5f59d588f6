//! What engines keep for each other, and for a short time.

/// What a value that is kept is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kept {
    /// A challenge that was not answered yet.
    Challenge,
    /// An open session, by the hash of its secret.
    Session,
}

impl Kept {
    /// The number that rows keep.
    pub const fn number(self) -> u8 {
        match self {
            Self::Challenge => 0,
            Self::Session => 1,
        }
    }
}
