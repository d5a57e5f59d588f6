//! Proofs from stored trees: a pure prover runs once to note which nodes it reads, and again over those.

use std::cell::RefCell;

use crate::error::Result;
use crate::log::tree::{MemoryNodes, Nodes, empty_root};
use crate::model::id::Id;
use crate::store::{Snapshot, TreeId};

/// Runs a prover over a stored tree with one read of the store.
pub(super) async fn prove<T: Send>(
    snapshot: &mut dyn Snapshot,
    tree: TreeId,
    prover: impl Fn(&dyn Nodes) -> Result<T> + Send + Sync,
) -> Result<T> {
    let wanted = wanted_by(&prover)?;
    let mut nodes = MemoryNodes::new();
    if !wanted.is_empty() {
        let found = snapshot.nodes(tree, &wanted).await?;
        for ((level, index), hash) in wanted.iter().zip(found) {
            nodes.set(*level, *index, hash);
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
