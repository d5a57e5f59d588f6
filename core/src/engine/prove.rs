//! Proofs from stored trees: a pure prover runs once to note which nodes it reads, and again over those.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::log::feed::Head;
use crate::log::tree::{MemoryNodes, Nodes, empty_root};
use crate::model::id::Id;
use crate::store::{Snapshot, TreeId};

/// Nodes remembered of each kind of tree; one takes about 150 bytes.
const RECENT: usize = 16_384;

/// Nodes that were read, for the next proof. Those of the feed and of logs never change; those of the heads trees don't
/// while the head stays.
pub(super) struct RecentNodes(Mutex<Read>);

type Place = (TreeId, u8, u64);

struct Read {
    grown: HashMap<Place, Id>,
    head: Head,
    at_head: HashMap<Place, Id>,
}

/// Whether the tree is another at each head, and not only a longer one.
const fn is_heads(tree: TreeId) -> bool {
    matches!(tree, TreeId::AccountHeads | TreeId::VaultHeads)
}

impl RecentNodes {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Read { grown: HashMap::new(), head: Head::empty(), at_head: HashMap::new() }))
    }

    /// Sets the nodes that are remembered; answers the others.
    fn fill(&self, head: Head, tree: TreeId, wanted: Vec<(u8, u64)>, nodes: &mut MemoryNodes) -> Vec<(u8, u64)> {
        let read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match is_heads(tree) {
            true if read.head != head => return wanted,
            true => &read.at_head,
            false => &read.grown,
        };
        let is_missing = |(level, index): &(u8, u64)| match known.get(&(tree, *level, *index)) {
            Some(hash) => {
                nodes.set(*level, *index, *hash);
                false
            }
            None => true,
        };
        wanted.into_iter().filter(is_missing).collect()
    }

    /// Remembers nodes that were read at this head, unless another than the newest decides about them.
    fn keep(&self, head: Head, tree: TreeId, found: &[((u8, u64), Id)]) {
        let mut read = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = if is_heads(tree) {
            if head.size < read.head.size {
                return;
            }
            if read.head != head {
                read.head = head;
                read.at_head.clear();
            }
            &mut read.at_head
        } else {
            &mut read.grown
        };
        if known.len() + found.len() > RECENT {
            known.clear();
        }
        known.extend(found.iter().map(|((level, index), hash)| ((tree, *level, *index), *hash)));
    }
}

/// Runs a prover over a stored tree with at most one read of the store.
pub(super) async fn prove<T: Send>(
    recent: &RecentNodes,
    snapshot: &mut dyn Snapshot,
    tree: TreeId,
    prover: impl Fn(&dyn Nodes) -> Result<T> + Send + Sync,
) -> Result<T> {
    let wanted = wanted_by(&prover)?;
    let mut nodes = MemoryNodes::new();
    if !wanted.is_empty() {
        let head = snapshot.head().await?;
        let missing = recent.fill(head, tree, wanted, &mut nodes);
        if !missing.is_empty() {
            let hashes = snapshot.nodes(tree, &missing).await?;
            let found: Vec<((u8, u64), Id)> = missing.into_iter().zip(hashes).collect();
            for ((level, index), hash) in &found {
                nodes.set(*level, *index, *hash);
            }
            recent.keep(head, tree, &found);
        }
    }
    prover(&nodes)
}

/// The nodes that a prover reads, each once; which ones, hashes don't decide.
fn wanted_by<T>(prover: &impl Fn(&dyn Nodes) -> Result<T>) -> Result<Vec<(u8, u64)>> {
    let notes = Notes(RefCell::default());
    prover(&notes)?;
    let mut wanted = notes.0.into_inner();
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

struct Notes(RefCell<Vec<(u8, u64)>>);

impl Nodes for Notes {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        self.0.borrow_mut().push((level, index));
        Ok(empty_root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::{Frontier, hash_leaf, prove_inclusion};

    #[test]
    fn what_is_noted_is_enough() {
        let (mut frontier, mut all) = (Frontier::new(), MemoryNodes::new());
        for leaf in 0..100_u8 {
            frontier.append_with(hash_leaf(&[leaf]), |level, index, hash| all.set(level, index, hash));
        }
        let prover = |nodes: &dyn Nodes| prove_inclusion(nodes, 100, &[3, 50, 99]);
        let mut few = MemoryNodes::new();
        for (level, index) in wanted_by(&prover).unwrap() {
            few.set(level, index, all.node(level, index).unwrap());
        }
        assert_eq!(prover(&few).unwrap(), prover(&all).unwrap());
    }
}
