//! The trees that bind the logs: RFC 6962 Merkle trees over SHA-256, grown, read, changed and proven. Pure.
//!
//! A tree of `size` leaves is seen as *nodes*: the node `(level, index)` is the root of the perfect subtree over the
//! 2^`level` leaves from `index` · 2^`level` on, so level 0 holds the leaves. A store keeps the nodes that are
//! complete and nothing else; what hangs over the right edge is computed when it is asked for. In a tree that is only
//! appended to no node ever changes, so the nodes of today answer for every earlier size too.
//!
//! Everything here takes and gives *leaf hashes* ([`hash_leaf`]), never the bytes of entries. A size and a root that a
//! proof is verified against must come together from one verified place: RFC 6962 binds no size into a root.

mod consistency;
mod frontier;
mod hash;
mod inclusion;
#[cfg(test)]
mod naive;
mod nodes;

pub use consistency::{prove_consistency, verify_consistency};
pub use frontier::Frontier;
pub use hash::{empty_root, hash_leaf, hash_node};
pub use inclusion::{prove_inclusion, root_from_inclusion, verify_inclusion};
pub use nodes::{MemoryNodes, Nodes, frontier, nodes_after_update, root};

/// The largest power of two below `count`, which must be at least two: where RFC 6962 parts a tree of `count` leaves.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// What every refusal of a proof ends with.
const THEN: &str = "Nothing of it was used: ask again, and if it stays so, run `audit.verify`";
