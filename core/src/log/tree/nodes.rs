//! Reading a tree from the perfect subtrees that a store keeps.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::log::tree::{Frontier, THEN, empty_root, hash_node, split};
use crate::model::id::Id;

/// Reads the stored nodes of one tree, be it appended to only or changed in place too.
///
/// Which nodes a call of this module reads depends on sizes and indices alone, never on hashes. So a store whose reads
/// are costly may let the call run once over zeros, note what it asks for, fetch that at once and run it again.
pub trait Nodes {
    /// Reads the root of the perfect subtree over the 2^`level` leaves from `index` · 2^`level` on.
    ///
    /// Only complete nodes are asked for, those that [`Frontier::append_with`] has reported. One that is missing is
    /// [`ErrorKind::Tampered`](crate::error::ErrorKind::Tampered).
    fn node(&self, level: u8, index: u64) -> Result<Id>;
}

/// Computes the root over the first `size` leaves, for the newest size or, if leaves were only appended, any earlier.
pub fn root(nodes: &(impl Nodes + ?Sized), size: u64) -> Result<Id> {
    if size == 0 { Ok(empty_root()) } else { subtree(nodes, 0, size) }
}

/// Takes up the tree over the first `size` leaves for appending, under the same condition as [`root`].
pub fn frontier(nodes: &(impl Nodes + ?Sized), size: u64) -> Result<Frontier> {
    let mut peaks = Vec::new();
    for level in (0..64_u8).rev() {
        let complete = size >> level;
        // An odd count leaves its last node without a neighbour: a peak.
        if complete & 1 == 1 {
            peaks.push(nodes.node(level, complete - 1)?);
        }
    }
    Frontier::from_peaks(size, peaks)
}

/// Computes the nodes `(level, index, hash)` to overwrite, upwards, when leaf `index` of a tree of `size` becomes
/// `new_leaf`.
///
/// Write them before computing the next change, which may need them. [`root`] then gives the new root, and
/// [`frontier`] what to append to; a frontier taken before the change is void.
pub fn nodes_after_update(
    nodes: &(impl Nodes + ?Sized),
    size: u64,
    index: u64,
    new_leaf: Id,
) -> Result<Vec<(u8, u64, Id)>> {
    if index >= size {
        return Err(Error::tampered(format!(
            "leaf {index} was to be changed in a tree of {size} leaves, which has none of that index. {THEN}"
        )));
    }
    let (mut index, mut hash) = (index, new_leaf);
    let mut changed = vec![(0, index, hash)];
    for level in 0..63_u8 {
        let parent = index >> 1;
        if parent >= size >> (level + 1) {
            break;
        }
        let sibling = nodes.node(level, index ^ 1)?;
        hash = if index & 1 == 0 { hash_node(&hash, &sibling) } else { hash_node(&sibling, &hash) };
        index = parent;
        changed.push((level + 1, index, hash));
    }
    Ok(changed)
}

/// The hash over `count` leaves from `start` on, a subtree that RFC 6962's parting of a tree leads to.
pub(super) fn subtree(nodes: &(impl Nodes + ?Sized), start: u64, count: u64) -> Result<Id> {
    if count.is_power_of_two() {
        #[expect(clippy::cast_possible_truncation, reason = "a power of two of 64 bits has at most 63 zeros")]
        let level = count.trailing_zeros() as u8;
        return nodes.node(level, start >> level);
    }
    let left = split(count);
    Ok(hash_node(&subtree(nodes, start, left)?, &subtree(nodes, start + left, count - left)?))
}

/// Keeps the nodes of a tree in memory, for auditors and tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryNodes(HashMap<(u8, u64), Id>);

impl MemoryNodes {
    /// Starts without any node.
    pub fn new() -> Self {
        Self::default()
    }

    /// Saves a node, over the one that was there, in the order that [`Frontier::append_with`] reports.
    pub fn set(&mut self, level: u8, index: u64, hash: Id) {
        self.0.insert((level, index), hash);
    }
}

impl Nodes for MemoryNodes {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        self.0.get(&(level, index)).copied().ok_or_else(|| {
            Error::tampered(format!("node {index} of level {level} was asked of a tree that does not hold it. {THEN}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tree::naive::{Uniform, grown, leaves, mth};

    #[test]
    fn every_earlier_root_and_frontier_is_found_in_the_newest_nodes() -> Result<()> {
        let leaves = leaves(70);
        let (_, nodes) = grown(&leaves);
        for size in 0..=70 {
            let (earlier, _) = grown(&leaves[..size]);
            assert_eq!(root(&nodes, size as u64)?, mth(&leaves[..size]), "{size}");
            assert_eq!(frontier(&nodes, size as u64)?, earlier, "{size}");
        }
        assert_eq!(root(&nodes, 71).map_err(|error| error.code()), Err("tampered"));
        Ok(())
    }

    #[test]
    fn a_changed_leaf_leaves_the_nodes_of_a_tree_grown_with_it() -> Result<()> {
        for size in 1..=70 {
            let mut leaves = leaves(size);
            let (_, mut nodes) = grown(&leaves);
            for index in (0..size).step_by(3) {
                leaves[index] = hash_node(&leaves[index], &leaves[index]);
                for (level, index, hash) in nodes_after_update(&nodes, size as u64, index as u64, leaves[index])? {
                    nodes.set(level, index, hash);
                }
            }
            let (grown, expected) = grown(&leaves);
            assert_eq!(nodes, expected, "{size}");
            assert_eq!(frontier(&nodes, size as u64)?, grown, "{size}");
        }
        Ok(())
    }

    #[test]
    fn a_leaf_beyond_the_tree_is_not_changed() {
        let (_, nodes) = grown(&leaves(5));
        for (size, index) in [(0, 0), (5, 5), (5, u64::MAX), (u64::MAX, u64::MAX)] {
            let refused = nodes_after_update(&nodes, size, index, empty_root());
            assert_eq!(refused.map_err(|error| error.code()), Err("tampered"), "{index} of {size}");
        }
    }

    #[test]
    fn the_largest_size_reads_no_more_than_a_path() -> Result<()> {
        let nodes = Uniform::default();
        root(&nodes, u64::MAX)?;
        assert_eq!(nodes.read().len(), 64);
        assert_eq!(frontier(&nodes, u64::MAX).map_err(|error| error.code()), Err("tampered"));
        assert_eq!(nodes_after_update(&nodes, u64::MAX, 0, empty_root())?.len(), 64);
        assert_eq!(nodes_after_update(&nodes, u64::MAX, u64::MAX - 1, empty_root())?.len(), 1);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn larger_trees_follow_the_definition(size in 71..3000_usize, at in any::<prop::sample::Index>()) {
            let mut leaves = leaves(size);
            let (grown, mut nodes) = grown(&leaves);
            prop_assert_eq!(grown.root(), mth(&leaves));
            let index = at.index(size);
            prop_assert_eq!(root(&nodes, index as u64)?, mth(&leaves[..index]));
            leaves[index] = empty_root();
            for (level, index, hash) in nodes_after_update(&nodes, size as u64, index as u64, empty_root())? {
                nodes.set(level, index, hash);
            }
            prop_assert_eq!(root(&nodes, size as u64)?, mth(&leaves));
        }
    }
}
