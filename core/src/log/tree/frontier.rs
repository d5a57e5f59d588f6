//! The right edge of a tree, which is all that appending and the newest root need.

use crate::error::{Error, Result};
use crate::log::tree::{THEN, empty_root, hash_node};
use crate::model::id::Id;

/// No store counts further than a signed 64-bit integer, and below it appending cannot overflow.
const MAX_SIZE: u64 = u64::MAX >> 1;

/// Grows an RFC 6962 tree in memory of its logarithm: the roots of the perfect subtrees that it falls into.
///
/// This is the *compact range* from leaf 0 of transparency logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One for each bit set in `size`, the largest subtree first.
    peaks: Vec<Id>,
}

impl Frontier {
    /// Starts a tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes up a tree at `size` leaves whose peaks were kept, as [`Self::peaks`] gave them.
    ///
    /// [`ErrorKind::Tampered`](crate::error::ErrorKind::Tampered) if that many peaks don't belong to that size. The
    /// peaks themselves are believed: compare [`Self::root`] with a root that is known.
    pub fn from_peaks(size: u64, peaks: Vec<Id>) -> Result<Self> {
        if size > MAX_SIZE {
            return Err(Error::tampered(format!(
                "a tree was to be taken up at {size} leaves, but none can have more than {MAX_SIZE}. {THEN}"
            )));
        }
        let expected = size.count_ones() as usize;
        if peaks.len() != expected {
            return Err(Error::tampered(format!(
                "a tree was to be taken up at {size} leaves, but {} peaks were given where {expected} belong. {THEN}",
                peaks.len()
            )));
        }
        Ok(Self { size, peaks })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees that the tree falls into, from the first leaf on, so the largest first.
    pub fn peaks(&self) -> &[Id] {
        &self.peaks
    }

    /// Computes the root of the tree, the Merkle tree hash of RFC 6962, section 2.1.
    pub fn root(&self) -> Id {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| hash_node(left, &right))
    }

    /// Adds a leaf, given its hash.
    pub fn append(&mut self, leaf: Id) {
        self.append_with(leaf, |_, _, _| {});
    }

    /// Adds a leaf, given its hash, and reports each node `(level, index, hash)` that is complete with it.
    ///
    /// The leaf itself comes first, as `(0, index, leaf)`, then its completed ancestors upwards. A store that saves all
    /// of them can answer as [`Nodes`](crate::log::tree::Nodes).
    pub fn append_with(&mut self, leaf: Id, mut completed: impl FnMut(u8, u64, Id)) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        completed(level, index, hash);
        while index & 1 == 1
            && let Some(left) = self.peaks.pop()
        {
            hash = hash_node(&left, &hash);
            level += 1;
            index >>= 1;
            completed(level, index, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::naive::{CT_LEAVES, CT_ROOTS, hex, leaves, mth};
    use crate::log::tree::{hash_leaf, split};

    #[test]
    fn roots_are_those_that_certificate_transparency_publishes() {
        let mut frontier = Frontier::new();
        assert_eq!(frontier.root(), empty_root());
        for (leaf, root) in CT_LEAVES.iter().zip(CT_ROOTS) {
            frontier.append(hash_leaf(leaf));
            assert_eq!(frontier.root(), hex(root));
        }
    }

    #[test]
    fn every_size_has_the_root_of_the_definition_and_survives_its_peaks() -> Result<()> {
        let leaves = leaves(300);
        let mut frontier = Frontier::new();
        for size in 0..=leaves.len() {
            assert_eq!(frontier.size(), size as u64);
            assert_eq!(frontier.root(), mth(&leaves[..size]), "{size}");
            assert_eq!(Frontier::from_peaks(frontier.size(), frontier.peaks().to_vec())?, frontier);
            if let Some(leaf) = leaves.get(size) {
                frontier.append(*leaf);
            }
        }
        Ok(())
    }

    #[test]
    fn each_completed_node_is_reported_once_and_is_its_subtree() {
        let leaves = leaves(70);
        let (mut frontier, mut reported) = (Frontier::new(), Vec::new());
        for leaf in &leaves {
            frontier.append_with(*leaf, |level, index, hash| reported.push((level, index, hash)));
        }
        reported.sort_unstable();
        let mut expected = Vec::new();
        for level in 0..=6 {
            for (index, subtree) in leaves.chunks_exact(1 << level).enumerate() {
                expected.push((level, index as u64, mth(subtree)));
            }
        }
        assert_eq!(reported, expected);
    }

    #[test]
    fn peaks_that_belong_to_another_size_are_refused() {
        let peaks = leaves(3);
        assert_eq!(Frontier::from_peaks(7, peaks.clone()).map(|frontier| frontier.size()).ok(), Some(7));
        for size in [0, 1, 6, 8, 15, u64::MAX] {
            assert_eq!(Frontier::from_peaks(size, peaks.clone()).err().map(|error| error.code()), Some("tampered"));
        }
        let largest = Frontier::from_peaks(MAX_SIZE, leaves(63));
        assert!(largest.is_ok_and(|mut frontier| {
            frontier.append(Id([0; 32]));
            frontier.peaks().len() == 1
        }));
        assert!(Frontier::from_peaks(MAX_SIZE + 1, leaves(1)).is_err());
    }

    #[test]
    fn a_tree_is_parted_at_the_largest_power_of_two_below_its_size() {
        for (count, expected) in
            [(2, 1), (3, 2), (4, 2), (5, 4), (8, 4), (9, 8), (1 << 63, 1 << 62), (u64::MAX, 1 << 63)]
        {
            assert_eq!(split(count), expected);
        }
    }
}
