//! That a tree extends an earlier one: the first leaves of both are the same.

use std::slice;

use crate::error::{Error, Result};
use crate::log::tree::nodes::{Nodes, subtree};
use crate::log::tree::{THEN, empty_root, hash_node, split};
use crate::model::id::Id;

/// Proves that the tree over the first `new_size` leaves extends the one over the first `old_size`.
///
/// This is `PROOF` of RFC 6962, section 2.1.2. It is empty where there is nothing to prove: from the empty tree, and
/// between equal sizes.
pub fn prove_consistency(nodes: &(impl Nodes + ?Sized), old_size: u64, new_size: u64) -> Result<Vec<Id>> {
    forward(old_size, new_size)?;
    let mut proof = Vec::new();
    if old_size > 0 {
        collect(nodes, 0, old_size, new_size, true, &mut proof)?;
    }
    Ok(proof)
}

/// Refuses a proof of [`prove_consistency`] unless it leads to both roots, so that no leaf of the old tree was changed.
///
/// Accepts what RFC 9162, section 2.1.4.2, accepts; besides, every tree extends the empty one, and equal sizes need
/// equal roots, both with an empty proof. [`ErrorKind::Tampered`](crate::error::ErrorKind::Tampered) otherwise.
pub fn verify_consistency(old_size: u64, old_root: &Id, new_size: u64, new_root: &Id, proof: &[Id]) -> Result<()> {
    forward(old_size, new_size)?;
    let refuse = |why: &str| {
        Err(Error::tampered(format!(
            "a tree of {new_size} leaves was to extend the known one of {old_size}, but {why}. {THEN}"
        )))
    };
    for (size, root) in [(old_size, old_root), (new_size, new_root)] {
        if size == 0 && *root != empty_root() {
            return refuse("a tree without leaves has another root than the one given");
        }
    }
    let mut rest = proof.iter();
    if old_size > 0 {
        let (old, new) = rebuild(old_size, new_size, Some(old_root), &mut rest)?;
        if old != *old_root || new != *new_root {
            return refuse("the proof leads to other roots than the two given");
        }
    }
    if rest.len() > 0 {
        return refuse(&format!("the proof has {} hashes too many", rest.len()));
    }
    Ok(())
}

fn forward(old_size: u64, new_size: u64) -> Result<()> {
    if old_size <= new_size {
        return Ok(());
    }
    Err(Error::tampered(format!(
        "a tree of {new_size} leaves was to extend the known one of {old_size}, which is longer. {THEN}"
    )))
}

/// `SUBPROOF` of RFC 6962 over `new` leaves from `start` on; `known` while it covers the whole old tree.
fn collect(
    nodes: &(impl Nodes + ?Sized),
    start: u64,
    old: u64,
    new: u64,
    known: bool,
    proof: &mut Vec<Id>,
) -> Result<()> {
    if old == new {
        if !known {
            proof.push(subtree(nodes, start, new)?);
        }
        return Ok(());
    }
    let half = split(new);
    if old <= half {
        collect(nodes, start, old, half, known, proof)?;
        proof.push(subtree(nodes, start + half, new - half)?);
    } else {
        collect(nodes, start + half, old - half, new - half, false, proof)?;
        proof.push(subtree(nodes, start, half)?);
    }
    Ok(())
}

/// The old and the new hash of a subtree, by the same steps as [`collect`]; `known` is the old root while it is whole.
fn rebuild(old: u64, new: u64, known: Option<&Id>, rest: &mut slice::Iter<'_, Id>) -> Result<(Id, Id)> {
    if old == new {
        let hash = known.map_or_else(|| next(rest), |root| Ok(*root))?;
        return Ok((hash, hash));
    }
    let half = split(new);
    if old <= half {
        let (before, left) = rebuild(old, half, known, rest)?;
        Ok((before, hash_node(&left, &next(rest)?)))
    } else {
        let (before, right) = rebuild(old - half, new - half, None, rest)?;
        let left = next(rest)?;
        Ok((hash_node(&left, &before), hash_node(&left, &right)))
    }
}

fn next(rest: &mut slice::Iter<'_, Id>) -> Result<Id> {
    rest.next().copied().ok_or_else(|| {
        Error::tampered(format!("a tree was to extend a known one, but the proof has too few hashes. {THEN}"))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::tree::naive::{
        CT_CONSISTENCY, CT_ROOTS, Uniform, consistent, ct_leaves, damaged, flipped, grown, hex, leaves, mth, subproof,
    };

    /// Whether [`verify_consistency`] takes it; what it doesn't take must be `Tampered`.
    fn taken(old: u64, old_root: Id, new: u64, new_root: Id, proof: &[Id]) -> bool {
        let answer = verify_consistency(old, &old_root, new, &new_root, proof);
        answer.map_err(|error| assert_eq!(error.code(), "tampered")).is_ok()
    }

    #[test]
    fn proofs_are_those_that_certificate_transparency_publishes() -> Result<()> {
        let (_, nodes) = grown(&ct_leaves());
        for (old, new, proof) in CT_CONSISTENCY {
            let proof: Vec<Id> = proof.iter().map(|hash| hex(hash)).collect();
            assert_eq!(prove_consistency(&nodes, old, new)?, proof);
            let [old_root, new_root] = [old, new].map(|size| hex(CT_ROOTS[usize::try_from(size - 1).unwrap_or(0)]));
            verify_consistency(old, &old_root, new, &new_root, &proof)?;
        }
        Ok(())
    }

    #[test]
    fn every_pair_of_sizes_has_the_proof_of_the_definition() -> Result<()> {
        let leaves = leaves(70);
        let (_, nodes) = grown(&leaves);
        let roots: Vec<Id> = (0..=70).map(|size| mth(&leaves[..size])).collect();
        for new in 0..=70 {
            for old in 0..=new {
                let proof = prove_consistency(&nodes, old as u64, new as u64)?;
                let defined = if old == 0 { vec![] } else { subproof(old, &leaves[..new], true) };
                assert_eq!(proof, defined, "{old} to {new}");
                verify_consistency(old as u64, &roots[old], new as u64, &roots[new], &proof)?;
            }
        }
        Ok(())
    }

    #[test]
    fn whatever_is_changed_in_a_proof_is_refused() -> Result<()> {
        let leaves = leaves(20);
        let (_, nodes) = grown(&leaves);
        let roots: Vec<Id> = (0..=20).map(|size| mth(&leaves[..size])).collect();
        for (new, old) in (2..=20_usize).flat_map(|new| (1..new).map(move |old| (new, old))) {
            let (old_size, new_size, old_root, new_root) = (old as u64, new as u64, roots[old], roots[new]);
            let proof = prove_consistency(&nodes, old_size, new_size)?;
            assert!(!taken(old_size, flipped(old_root), new_size, new_root, &proof));
            assert!(!taken(old_size, old_root, new_size, flipped(new_root), &proof));
            assert!(!taken(new_size, new_root, old_size, old_root, &proof));
            for damaged in damaged(&proof) {
                assert!(!taken(old_size, old_root, new_size, new_root, &damaged));
            }
            // A wrong size is refused where, and only where, the RFC can tell it.
            for (wrong_old, wrong_new) in (1..30).flat_map(|old| (old + 1..34).map(move |new| (old, new))) {
                assert_eq!(
                    taken(wrong_old, old_root, wrong_new, new_root, &proof),
                    consistent(wrong_old, old_root, wrong_new, new_root, &proof),
                    "{old} to {new} as {wrong_old} to {wrong_new}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn nothing_to_prove_needs_an_empty_proof_and_the_right_roots() {
        let [empty, one, two] = [&[][..], &leaves(1), &leaves(2)].map(mth);
        assert!(taken(0, empty, 0, empty, &[]));
        assert!(taken(0, empty, 2, two, &[]));
        assert!(taken(2, two, 2, two, &[]));
        assert!(!taken(0, one, 2, two, &[]));
        assert!(!taken(0, one, 0, one, &[]));
        assert!(!taken(0, empty, 0, one, &[]));
        assert!(!taken(0, empty, 2, two, &[two]));
        assert!(!taken(2, two, 2, one, &[]));
        assert!(!taken(2, two, 2, two, &[two]));
        assert!(!taken(1, one, 0, empty, &[]));
        assert!(prove_consistency(&Uniform::default(), 2, 1).is_err_and(|error| error.code() == "tampered"));
    }

    #[test]
    fn the_largest_sizes_neither_overflow_nor_take_long() -> Result<()> {
        let nodes = Uniform::default();
        let new_root = crate::log::tree::root(&nodes, u64::MAX)?;
        for old in [1, 12_345, 1 << 40, 1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX] {
            let old_root = crate::log::tree::root(&nodes, old)?;
            let proof = prove_consistency(&nodes, old, u64::MAX)?;
            assert!(nodes.read().len() < 4 * 64);
            verify_consistency(old, &old_root, u64::MAX, &new_root, &proof)?;
            assert!(!taken(old, old_root, u64::MAX, flipped(new_root), &proof));
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn larger_trees_follow_the_definition(new in 71..3000_usize, at in any::<prop::sample::Index>()) {
            let leaves = leaves(new);
            let old = 1 + at.index(new - 1);
            let (frontier, nodes) = grown(&leaves);
            let (old_size, old_root) = (old as u64, mth(&leaves[..old]));
            let mut proof = prove_consistency(&nodes, old_size, frontier.size())?;
            prop_assert_eq!(&proof, &subproof(old, &leaves, true));
            verify_consistency(old_size, &old_root, frontier.size(), &frontier.root(), &proof)?;
            let changed = at.index(proof.len());
            proof[changed] = flipped(proof[changed]);
            prop_assert!(!taken(old_size, old_root, frontier.size(), frontier.root(), &proof));
        }
    }
}
