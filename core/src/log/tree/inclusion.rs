//! That leaves are in a tree: one proof for as many as are asked for.
//!
//! The order of the hashes. A subtree without any of the leaves is one hash, its root. A single leaf that is asked for
//! is none. Else the subtree is parted as RFC 6962 parts it: where both halves hold leaves, the hashes of the left come
//! before those of the right; where one does, its hashes come before the one of the other half. So for a single leaf
//! the proof is `PATH` of RFC 6962, section 2.1.1, hash by hash; for none it is the root alone, and for all it is empty.

use std::slice;

use crate::error::{Error, Result};
use crate::log::tree::nodes::{Nodes, subtree};
use crate::log::tree::{THEN, empty_root, hash_node, split};
use crate::model::id::Id;

/// Proves that the leaves of these indices, ascending and distinct, are in the tree over the first `size` leaves.
///
/// One proof of k leaves takes O(k log `size`) reads and hashes; parts of the paths that meet are in it once. For one
/// leaf it is `PATH` of RFC 6962, section 2.1.1.
pub fn prove_inclusion(nodes: &(impl Nodes + ?Sized), size: u64, indices: &[u64]) -> Result<Vec<Id>> {
    ask(size, indices.iter().copied())?;
    let mut proof = Vec::new();
    if size > 0 {
        collect(nodes, 0, size, indices, &mut proof)?;
    }
    Ok(proof)
}

/// Refuses a proof of [`prove_inclusion`] unless it leads from exactly these leaves to `root`.
///
/// Leaves are `(index, leaf hash)`, ascending and distinct. Generalizes RFC 9162, section 2.1.3.2, to many leaves; every
/// hash of the proof must be used. [`ErrorKind::Tampered`](crate::error::ErrorKind::Tampered) otherwise.
pub fn verify_inclusion(size: u64, root: &Id, leaves: &[(u64, Id)], proof: &[Id]) -> Result<()> {
    if root_from_inclusion(size, leaves, proof)? == *root {
        return Ok(());
    }
    Err(Error::tampered(format!(
        "{} leaves were to be in a tree of {size}, but their proof leads to another root than the one known. {THEN}",
        leaves.len()
    )))
}

/// Computes the root that a proof of [`prove_inclusion`] leads to, for one who then compares or proves it elsewhere.
///
/// It proves nothing by itself. Refuses the same as [`verify_inclusion`], but for the comparison.
pub fn root_from_inclusion(size: u64, leaves: &[(u64, Id)], proof: &[Id]) -> Result<Id> {
    ask(size, leaves.iter().map(|(index, _)| *index))?;
    let mut rest = proof.iter();
    let root = if size == 0 { empty_root() } else { rebuild(0, size, leaves, &mut rest)? };
    if rest.len() > 0 {
        return Err(Error::tampered(format!(
            "{} leaves were to be in a tree of {size}, but their proof has {} hashes too many. {THEN}",
            leaves.len(),
            rest.len()
        )));
    }
    Ok(root)
}

/// Refuses indices that name no leaf or are not ascending; the recursions below rely on it.
fn ask(size: u64, indices: impl Iterator<Item = u64>) -> Result<()> {
    let mut least = 0;
    for index in indices {
        if index >= size {
            return Err(Error::tampered(format!(
                "leaf {index} was asked of a tree of {size} leaves, which has none of that index. {THEN}"
            )));
        }
        if index < least {
            return Err(Error::tampered(format!(
                "leaf {index} of a tree was asked out of order or twice: name each once, ascending. {THEN}"
            )));
        }
        least = index + 1;
    }
    Ok(())
}

fn collect(nodes: &(impl Nodes + ?Sized), start: u64, count: u64, indices: &[u64], proof: &mut Vec<Id>) -> Result<()> {
    if indices.is_empty() {
        proof.push(subtree(nodes, start, count)?);
        return Ok(());
    }
    if count == 1 {
        return Ok(());
    }
    let half = split(count);
    let middle = start + half;
    let (left, right) = indices.split_at(indices.partition_point(|index| *index < middle));
    if left.is_empty() {
        collect(nodes, middle, count - half, right, proof)?;
        collect(nodes, start, half, left, proof)
    } else {
        collect(nodes, start, half, left, proof)?;
        collect(nodes, middle, count - half, right, proof)
    }
}

fn rebuild(start: u64, count: u64, leaves: &[(u64, Id)], rest: &mut slice::Iter<'_, Id>) -> Result<Id> {
    let Some((_, first)) = leaves.first() else {
        return rest.next().copied().ok_or_else(|| {
            Error::tampered(format!("leaves were to be in a tree, but their proof has too few hashes. {THEN}"))
        });
    };
    if count == 1 {
        return Ok(*first);
    }
    let half = split(count);
    let middle = start + half;
    let (left, right) = leaves.split_at(leaves.partition_point(|(index, _)| *index < middle));
    if left.is_empty() {
        let right = rebuild(middle, count - half, right, rest)?;
        Ok(hash_node(&rebuild(start, half, left, rest)?, &right))
    } else {
        let left = rebuild(start, half, left, rest)?;
        Ok(hash_node(&left, &rebuild(middle, count - half, right, rest)?))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::log::tree::naive::{
        CT_PATH_5_OF_8, CT_ROOTS, Uniform, ct_leaves, damaged, flipped, grown, hex, included, leaves, mth, path,
    };

    /// Whether [`verify_inclusion`] takes it; what it doesn't take must be `Tampered`.
    fn taken(size: u64, root: Id, leaves: &[(u64, Id)], proof: &[Id]) -> bool {
        let answer = verify_inclusion(size, &root, leaves, proof);
        answer.map_err(|error| assert_eq!(error.code(), "tampered")).is_ok()
    }

    /// The leaves whose bit is set.
    fn chosen(leaves: &[Id], bits: u64) -> (Vec<u64>, Vec<(u64, Id)>) {
        let chosen = (0_u64..).zip(leaves).filter(|(index, _)| bits >> index & 1 == 1);
        chosen.map(|(index, leaf)| (index, (index, *leaf))).unzip()
    }

    #[test]
    fn proofs_are_those_that_certificate_transparency_publishes() -> Result<()> {
        let leaves = ct_leaves();
        let (_, nodes) = grown(&leaves);
        let proof = prove_inclusion(&nodes, 8, &[5])?;
        assert_eq!(proof, CT_PATH_5_OF_8.map(hex));
        verify_inclusion(8, &hex(CT_ROOTS[7]), &[(5, leaves[5])], &proof)
    }

    #[test]
    fn the_proof_of_one_leaf_is_the_path_of_the_definition() -> Result<()> {
        let leaves = leaves(70);
        let (_, nodes) = grown(&leaves);
        for (size, index) in (1..=70).flat_map(|size| (0..size).map(move |index| (size, index))) {
            let (count, root, at, leaf) = (size as u64, mth(&leaves[..size]), index as u64, leaves[index]);
            let proof = prove_inclusion(&nodes, count, &[at])?;
            assert_eq!(proof, path(index, &leaves[..size]), "{index} of {size}");
            verify_inclusion(count, &root, &[(at, leaf)], &proof)?;
            // A wrong size or index is refused where, and only where, the RFC can tell it.
            for (wrong, at) in (count.saturating_sub(3)..count + 3).flat_map(|wrong| [(wrong, at), (wrong, at ^ 1)]) {
                let told = included(wrong, root, at, leaf, &proof);
                assert_eq!(taken(wrong, root, &[(at, leaf)], &proof), told, "{index} of {size}, {at} of {wrong}");
            }
        }
        Ok(())
    }

    #[test]
    fn every_choice_of_leaves_is_proven_and_whatever_is_changed_is_refused() -> Result<()> {
        let all = leaves(9);
        let (_, nodes) = grown(&all);
        for (size, bits) in (0..=9_usize).flat_map(|size| (0..1 << size).map(move |bits| (size, bits))) {
            let (root, size) = (mth(&all[..size]), size as u64);
            let (indices, leaves) = chosen(&all, bits);
            let proof = prove_inclusion(&nodes, size, &indices)?;
            verify_inclusion(size, &root, &leaves, &proof)?;
            assert!(!taken(size, flipped(root), &leaves, &proof));
            assert!(damaged(&proof).iter().all(|damaged| !taken(size, root, &leaves, damaged)));
            for at in 0..leaves.len() {
                assert!(!taken(size, root, &[&leaves[..at], &leaves[at + 1..]].concat(), &proof));
                let mut changed = leaves.clone();
                changed[at].1 = flipped(changed[at].1);
                assert!(!taken(size, root, &changed, &proof));
                for index in (0..=size).filter(|index| *index != leaves[at].0) {
                    changed.clone_from(&leaves);
                    changed[at].0 = index;
                    assert!(!taken(size, root, &changed, &proof));
                }
            }
            // Each leaf is asked for, so no other size can have this root.
            if bits + 1 == 1 << size {
                assert!(proof.is_empty());
                assert!((0..20).filter(|other| *other != size).all(|other| !taken(other, root, &leaves, &proof)));
            }
        }
        Ok(())
    }

    #[test]
    fn leaves_out_of_order_twice_or_beyond_the_tree_are_refused() {
        let all = leaves(8);
        let (_, nodes) = grown(&all);
        for (size, indices) in [(8, &[1, 0][..]), (8, &[3, 3]), (8, &[8]), (8, &[2, u64::MAX]), (0, &[0])] {
            let asked = prove_inclusion(&nodes, size, indices);
            assert_eq!(asked.map_err(|error| error.code()), Err("tampered"), "{indices:?}");
            let leaves: Vec<_> = indices.iter().map(|index| (*index, all[0])).collect();
            assert!(!taken(size, mth(&all), &leaves, &all));
        }
    }

    #[test]
    fn the_largest_size_neither_overflows_nor_takes_long() -> Result<()> {
        let nodes = Uniform::default();
        let root = crate::log::tree::root(&nodes, u64::MAX)?;
        let indices = [0, 1 << 40, u64::MAX - 1];
        nodes.read();
        let proof = prove_inclusion(&nodes, u64::MAX, &indices)?;
        assert!(nodes.read().len() < (indices.len() + 1) * 64);
        let mut leaves = indices.map(|index| (index, Uniform::LEAF));
        verify_inclusion(u64::MAX, &root, &leaves, &proof)?;
        leaves[2].0 = u64::MAX;
        assert!(!taken(u64::MAX, root, &leaves, &proof));
        assert!(!taken(u64::MAX, root, &[], &[]));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn larger_trees_are_proven_in_parts(
            size in 71..3000_usize,
            asked in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        ) {
            let leaves = leaves(size);
            let (_, nodes) = grown(&leaves);
            let asked: BTreeSet<usize> = asked.iter().map(|at| at.index(size)).collect();
            let indices: Vec<u64> = asked.iter().map(|index| *index as u64).collect();
            let proven: Vec<(u64, Id)> = asked.iter().map(|index| (*index as u64, leaves[*index])).collect();
            let mut proof = prove_inclusion(&nodes, size as u64, &indices)?;
            prop_assert!(proof.len() <= 12 * indices.len());
            verify_inclusion(size as u64, &mth(&leaves), &proven, &proof)?;
            let changed = asked.len() % proof.len();
            proof[changed] = flipped(proof[changed]);
            prop_assert!(!taken(size as u64, mth(&leaves), &proven, &proof));
        }
    }
}
