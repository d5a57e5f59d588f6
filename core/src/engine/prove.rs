//! Proofs from stored trees: a pure prover runs once to note which nodes it reads, and again over those.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::log::feed::Head;
use crate::log::tree::{MemoryNodes, Nodes, empty_root};
use crate::model::id::Id;
use crate::store::{Snapshot, TreeId};

/// Nodes remembered; one takes about 200 bytes.
const RECENT: usize = 16_384;

/// Nodes that were read at the newest head, for the next proof: while the head stays, no stored tree changes.
pub(super) struct RecentNodes(Mutex<AtHead>);

struct AtHead {
    head: Head,
    nodes: HashMap<(TreeId, u8, u64), Id>,
}

impl RecentNodes {
    pub(super) fn new() -> Self {
        Self(Mutex::new(AtHead { head: Head::empty(), nodes: HashMap::new() }))
    }

    /// Sets the nodes that are remembered; answers the others.
    fn fill(&self, head: Head, tree: TreeId, wanted: Vec<(u8, u64)>, nodes: &mut MemoryNodes) -> Vec<(u8, u64)> {
        let recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.head != head {
            return wanted;
        }
        let is_missing = |(level, index): &(u8, u64)| match recent.nodes.get(&(tree, *level, *index)) {
            Some(hash) => {
                nodes.set(*level, *index, *hash);
                false
            }
            None => true,
        };
        wanted.into_iter().filter(is_missing).collect()
    }

    /// Remembers nodes of a head that is no older than the others'.
    fn keep(&self, head: Head, tree: TreeId, found: &[((u8, u64), Id)]) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if head.size < recent.head.size {
            return;
        }
        if recent.head != head || recent.nodes.len() + found.len() > RECENT {
            recent.nodes.clear();
        }
        recent.head = head;
        recent.nodes.extend(found.iter().map(|((level, index), hash)| ((tree, *level, *index), *hash)));
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
