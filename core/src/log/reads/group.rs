//! What an engine writes at once: the entries of all reads that waited together.

use minicbor::{Decode, Encode};

use super::{Chain, MAX_ENTRY};
use crate::error::{Error, Result};
use crate::log::encoding::{self, Bytes};
use crate::log::operation::VERSION;
use crate::model::id::Id;

/// The most entries of a group.
pub const MAX_ENTRIES: usize = 512;
/// The longest group in bytes.
pub const MAX_GROUP: usize = MAX_ENTRIES * (MAX_ENTRY + 3) + 256;

/// Consecutive entries of one chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    /// The version of this layout.
    #[n(0)]
    pub version: u8,
    /// Which chain.
    #[n(1)]
    pub chain: Id,
    /// The place of its first entry in the chain, from 0.
    #[n(2)]
    pub first: u64,
    /// The entries' bytes; at least one, at most [`MAX_ENTRIES`].
    #[n(3)]
    pub entries: Vec<Bytes>,
    /// The chain's hash after the last of them.
    #[n(4)]
    pub last: Id,
}

impl Group {
    /// The next group of a chain, which takes these entries up.
    pub fn of(chain: &mut Chain, entries: Vec<Vec<u8>>) -> Self {
        let first = chain.count;
        for entry in &entries {
            chain.step(entry);
        }
        let entries = entries.into_iter().map(Bytes::from).collect();
        Self { version: VERSION, chain: chain.id, first, entries, last: chain.last }
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        encoding::encode(self)
    }

    /// The group of these bytes. Whether it continues its chain is for [`Group::continues`] to say.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        const WHAT: &str = "a group of reads";
        if bytes.len() > MAX_GROUP {
            return Err(Error::tampered(format!("{WHAT} has {} bytes: restore the record", bytes.len())));
        }
        let group: Self = encoding::decode(WHAT, bytes)?;
        if group.version > VERSION {
            return Err(Error::unsupported(format!("{WHAT} is of a version that is not known: upgrade strongroom")));
        }
        let fits = (1..=MAX_ENTRIES).contains(&group.entries.len())
            && group.entries.iter().all(|entry| entry.len() <= MAX_ENTRY);
        if group.version == VERSION && fits {
            Ok(group)
        } else {
            Err(Error::tampered(format!("{WHAT} does not hold what it must: restore the record")))
        }
    }

    /// The chain after it, if it is the next group there.
    pub fn continues(&self, before: Chain) -> Result<Chain> {
        let mut chain = before;
        for entry in &self.entries {
            chain.step(entry);
        }
        if (self.chain, self.first, self.last) == (before.id, before.count, chain.last) {
            Ok(chain)
        } else {
            Err(Error::tampered("a group of reads does not continue its chain: restore the store"))
        }
    }

    /// The place in the chain after its last entry.
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.entries.len() as u64)
    }
}

/// What a segment holds next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A group, and where the next begins.
    Group(Group, usize),
    /// Nothing: the segment ends here.
    End,
    /// Part of a frame, whose writer died, or is still writing.
    Torn,
}

/// A group as a segment holds it: the length in four bytes, big-endian, before its bytes.
pub fn frame(group: &Group) -> Vec<u8> {
    let bytes = group.to_bytes();
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &bytes].concat()
}

/// The frame that begins at `at`.
///
/// # Errors
/// `Tampered` if its bytes are there and hold no group.
pub fn next_frame(segment: &[u8], at: usize) -> Result<Frame> {
    let rest = segment.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Ok(Frame::End);
    }
    let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(Frame::Torn) };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    if length > MAX_GROUP {
        return Err(Error::tampered("a segment of reads has a frame that is too long: restore the store"));
    }
    match rest.get(..length) {
        None => Ok(Frame::Torn),
        Some(bytes) => Ok(Frame::Group(Group::from_bytes(bytes)?, at + 4 + length)),
    }
}

/// What follows the whole groups of a segment.
#[derive(Debug)]
pub enum Rest {
    /// Nothing.
    End,
    /// Part of a frame, as in [`Frame::Torn`].
    Torn,
    /// From this place on, bytes that hold no group.
    Damaged(usize, Error),
}

/// The whole groups that a segment begins with, in order.
pub fn groups_of(segment: &[u8]) -> (Vec<Group>, Rest) {
    let (mut groups, mut at) = (Vec::new(), 0);
    loop {
        match next_frame(segment, at) {
            Ok(Frame::Group(group, next)) => {
                groups.push(group);
                at = next;
            }
            Ok(Frame::End) => return (groups, Rest::End),
            Ok(Frame::Torn) => return (groups, Rest::Torn),
            Err(error) => return (groups, Rest::Damaged(at, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests::entry;
    use super::*;

    fn groups() -> (Chain, Vec<Group>) {
        let mut chain = Chain::new(Id([7; 32]));
        let groups = [2, 1, 3].map(|count| {
            let entries = (0..count).map(|number| entry(number).to_bytes()).collect();
            Group::of(&mut chain, entries)
        });
        (chain, groups.into())
    }

    #[test]
    fn groups_come_back_from_a_segment_and_continue_each_other() {
        let (end, groups) = groups();
        let segment: Vec<u8> = groups.iter().flat_map(frame).collect();
        let (read, rest) = groups_of(&segment);
        assert!(matches!(rest, Rest::End));
        let mut chain = Chain::new(Id([7; 32]));
        for group in &read {
            chain = group.continues(chain).unwrap();
            assert_eq!(chain.count, group.end());
        }
        assert_eq!((chain, read), (end, groups.clone()));
        let (whole, rest) = groups_of(&segment[..segment.len() - 1]);
        assert!(whole == groups[..2] && matches!(rest, Rest::Torn));
        // Twice, out of order, left out: none continues.
        assert!(groups[0].continues(chain).is_err());
        assert!(groups[2].continues(groups[0].continues(Chain::new(Id([7; 32]))).unwrap()).is_err());
        assert!(groups[0].continues(Chain::new(Id([8; 32]))).is_err());
    }

    #[test]
    fn a_torn_end_is_told_from_damage() {
        let (_, groups) = groups();
        let whole = frame(&groups[0]);
        for end in 1..whole.len() {
            assert_eq!(next_frame(&whole[..end], 0).unwrap(), Frame::Torn, "{end}");
        }
        assert_eq!(next_frame(&whole, whole.len()).unwrap(), Frame::End);
        let changed = |at: usize| {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            match next_frame(&changed, 0) {
                Ok(Frame::Group(group, _)) => group.continues(Chain::new(Id([7; 32]))).is_err(),
                Ok(Frame::Torn | Frame::End) | Err(_) => true,
            }
        };
        for at in 0..whole.len() {
            assert!(changed(at), "{at}");
        }
        assert_eq!(next_frame(&[0xff; 16], 0).unwrap_err().code(), "tampered");
    }

    #[test]
    fn bounds_hold() {
        let (_, mut groups) = groups();
        let group = groups.remove(0);
        let with = |entries: Vec<Vec<u8>>| {
            let entries = entries.into_iter().map(Bytes::from).collect();
            Group::from_bytes(&Group { entries, ..group.clone() }.to_bytes()).map_err(|error| error.code())
        };
        assert_eq!(with(vec![]), Err("tampered"));
        assert_eq!(with(vec![vec![0; MAX_ENTRY + 1]]), Err("tampered"));
        assert_eq!(with(vec![vec![0; 1]; MAX_ENTRIES + 1]), Err("tampered"));
        assert!(with(vec![vec![0; MAX_ENTRY]; MAX_ENTRIES]).is_ok());
        let newer = Group { version: 2, ..group };
        assert_eq!(Group::from_bytes(&newer.to_bytes()).unwrap_err().code(), "unsupported");
    }
}
