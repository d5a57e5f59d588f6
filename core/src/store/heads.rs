//! Changing leaves of a heads tree, whatever stores its nodes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::error::Result;
use crate::log::feed::Head;
use crate::log::tree::{self, Nodes, hash_node};
use crate::model::id::Id;

/// A stored tree with the nodes that were changed over it.
struct Changed<'n, N> {
    stored: &'n N,
    written: HashMap<(u8, u64), Id>,
}

impl<N: Nodes> Nodes for Changed<'_, N> {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        self.written.get(&(level, index)).map_or_else(|| self.stored.node(level, index), |hash| Ok(*hash))
    }
}

/// A level, an index, and the hash there.
pub(in crate::store) type Node = (u8, u64, Id);

/// Changes leaves of a tree and adds new ones at its end; computes each node above them once, however many leaves are
/// below it. Answers the tree's head, and what is to be stored.
pub(in crate::store) fn change_leaves(
    stored: &impl Nodes,
    size: u64,
    changed: BTreeMap<u64, Id>,
) -> Result<(Head, Vec<Node>)> {
    let mut tree = Changed { stored, written: HashMap::new() };
    let (mut level, mut nodes, mut put) = (0, changed, Vec::new());
    while !nodes.is_empty() {
        for (index, hash) in &nodes {
            tree.written.insert((level, *index), *hash);
            put.push((level, *index, *hash));
        }
        // Only what is complete is stored; what hangs over the edge is computed with the root.
        let complete = size >> (level + 1);
        let mut parents = BTreeMap::new();
        for index in nodes.keys() {
            let parent = index >> 1;
            if parent >= complete || parents.contains_key(&parent) {
                continue;
            }
            parents.insert(parent, hash_node(&tree.node(level, parent << 1)?, &tree.node(level, parent << 1 | 1)?));
        }
        nodes = parents;
        level += 1;
    }
    Ok((Head { size, root: tree::root(&tree, size)? }, put))
}

/// Notes what is asked of it, so that a store on another machine fetches all at once.
#[derive(Default)]
pub(in crate::store) struct Asked(RefCell<BTreeSet<(u8, u64)>>);

impl Asked {
    pub(in crate::store) fn into_inner(self) -> BTreeSet<(u8, u64)> {
        self.0.into_inner()
    }
}

impl Nodes for Asked {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        self.0.borrow_mut().insert((level, index));
        Ok(Id([0; 32]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::{Frontier, MemoryNodes, hash_leaf};

    #[test]
    fn what_is_changed_is_the_tree_that_was_grown_with_it() {
        let leaf = |number: u64, version: u64| hash_leaf(&[number.to_be_bytes(), version.to_be_bytes()].concat());
        let mut stored = MemoryNodes::new();
        let mut leaves: Vec<Id> = Vec::new();
        for round in 0..12_u64 {
            let added = [1, 3, 0, 7, 2][usize::try_from(round).unwrap() % 5];
            let old = leaves.len() as u64;
            let mut changed: BTreeMap<u64, Id> =
                (0..old).step_by(3 + usize::try_from(round).unwrap()).map(|at| (at, leaf(at, round))).collect();
            changed.extend((old..old + added).map(|at| (at, leaf(at, round))));
            leaves.resize(usize::try_from(old + added).unwrap(), Id([0; 32]));
            for (at, hash) in &changed {
                leaves[usize::try_from(*at).unwrap()] = *hash;
            }
            let size = leaves.len() as u64;
            let asked = Asked::default();
            change_leaves(&asked, size, changed.clone()).unwrap();
            // Fetched beforehand, nothing else is needed.
            let mut fetched = MemoryNodes::new();
            for (level, index) in asked.into_inner() {
                fetched.set(level, index, stored.node(level, index).unwrap());
            }
            let (head, put) = change_leaves(&fetched, size, changed).unwrap();
            for (level, index, hash) in put {
                stored.set(level, index, hash);
            }
            let (mut grown, mut expected) = (Frontier::new(), MemoryNodes::new());
            for leaf in &leaves {
                grown.append_with(*leaf, |level, index, hash| expected.set(level, index, hash));
            }
            assert_eq!((head.root, &stored), (grown.root(), &expected), "{size}");
        }
    }
}
