//! Where a chain stands.

use super::ReadEntry;
use crate::log::label;
use crate::model::id::Id;

/// A chain after so many entries. Its last hash binds every entry before, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Which chain: random, one for each running engine.
    pub id: Id,
    /// How many entries it has.
    pub count: u64,
    /// The hash after the last; before the first, that of the chain's id.
    pub last: Id,
}

impl Chain {
    /// A chain without entries.
    pub fn new(id: Id) -> Self {
        Self { id, count: 0, last: label::hash("reads-chain", &[id.as_bytes()]) }
    }

    /// Takes up the next entry's bytes.
    pub fn step(&mut self, entry: &[u8]) {
        self.last = label::hash("reads-step", &[self.last.as_bytes(), ReadEntry::hash(entry).as_bytes()]);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hash_binds_every_entry_and_their_order() {
        let after = |entries: &[&[u8]]| {
            let mut chain = Chain::new(Id([1; 32]));
            for entry in entries {
                chain.step(entry);
            }
            chain
        };
        assert_eq!(after(&[b"a", b"b"]), after(&[b"a", b"b"]));
        assert_eq!(after(&[b"a", b"b"]).count, 2);
        assert_ne!(after(&[b"a", b"b"]).last, after(&[b"b", b"a"]).last);
        assert_ne!(after(&[b"a", b"b"]).last, after(&[b"ab"]).last);
        assert_ne!(Chain::new(Id([1; 32])).last, Chain::new(Id([2; 32])).last);
    }
}
