//! The definitions of RFC 6962 and the verifications of RFC 9162 word by word, to test against, and what Certificate
//! Transparency publishes.

use std::cell::RefCell;

use crate::error::Result;
use crate::log::label::sha256;
use crate::log::tree::{Frontier, MemoryNodes, Nodes, hash_leaf};
use crate::model::id::Id;

/// The entries of the published test vectors of Certificate Transparency.
pub(super) const CT_LEAVES: [&[u8]; 8] = [
    b"",
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
];

/// The published roots over the first one, two and so on of [`CT_LEAVES`].
pub(super) const CT_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Published consistency proofs: the old size, the new one, `PROOF`.
pub(super) const CT_CONSISTENCY: [(u64, u64, &[&str]); 2] = [
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

/// The published `PATH` of leaf 5 of all eight.
pub(super) const CT_PATH_5_OF_8: [&str; 3] = [
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
];

pub(super) fn hex(text: &str) -> Id {
    let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).expect("a constant of these tests");
    Id::try_from(bytes.as_slice()).expect("a constant of these tests")
}

pub(super) fn ct_leaves() -> Vec<Id> {
    CT_LEAVES.iter().map(|entry| hash_leaf(entry)).collect()
}

/// So many leaves, all different.
pub(super) fn leaves(count: usize) -> Vec<Id> {
    (0..count).map(|index| hash_leaf(&index.to_be_bytes())).collect()
}

pub(super) fn grown(leaves: &[Id]) -> (Frontier, MemoryNodes) {
    let (mut frontier, mut nodes) = (Frontier::new(), MemoryNodes::new());
    for leaf in leaves {
        frontier.append_with(*leaf, |level, index, hash| nodes.set(level, index, hash));
    }
    (frontier, nodes)
}

pub(super) fn flipped(hash: Id) -> Id {
    let mut bytes = hash.0;
    bytes[31] ^= 1;
    Id(bytes)
}

/// Each proof with one hash changed, dropped or added.
pub(super) fn damaged(proof: &[Id]) -> Vec<Vec<Id>> {
    let mut all = Vec::new();
    for at in 0..=proof.len() {
        let with = |middle: &[Id], after| [&proof[..at], middle, &proof[after..]].concat();
        all.push(with(&[sha256(b"added")], at));
        if let Some(hash) = proof.get(at) {
            all.extend([with(&[flipped(*hash)], at + 1), with(&[], at + 1), with(&[*hash, *hash], at + 1)]);
        }
    }
    all
}

fn pair(left: Id, right: Id) -> Id {
    sha256(&[&[1], left.as_bytes(), right.as_bytes()].concat())
}

fn halves(leaves: &[Id]) -> (&[Id], &[Id]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// `MTH`, RFC 6962, section 2.1.
pub(super) fn mth(leaves: &[Id]) -> Id {
    match leaves {
        [] => sha256(b""),
        [leaf] => *leaf,
        _ => pair(mth(halves(leaves).0), mth(halves(leaves).1)),
    }
}

/// `PATH`, RFC 6962, section 2.1.1.
pub(super) fn path(index: usize, leaves: &[Id]) -> Vec<Id> {
    if leaves.len() == 1 {
        return vec![];
    }
    let (left, right) = halves(leaves);
    let (mut path, other) = match index.checked_sub(left.len()) {
        None => (path(index, left), mth(right)),
        Some(index) => (path(index, right), mth(left)),
    };
    path.push(other);
    path
}

/// `SUBPROOF`, RFC 6962, section 2.1.2; with `known`, this is `PROOF`.
pub(super) fn subproof(old: usize, leaves: &[Id], known: bool) -> Vec<Id> {
    if old == leaves.len() {
        return if known { vec![] } else { vec![mth(leaves)] };
    }
    let (left, right) = halves(leaves);
    let (mut proof, other) = if old <= left.len() {
        (subproof(old, left, known), mth(right))
    } else {
        (subproof(old - left.len(), right, false), mth(left))
    };
    proof.push(other);
    proof
}

/// The verification of an inclusion proof, RFC 9162, section 2.1.3.2.
pub(super) fn included(size: u64, root: Id, index: u64, leaf: Id, path: &[Id]) -> bool {
    if index >= size {
        return false;
    }
    let (mut first, mut second, mut hash) = (index, size - 1, leaf);
    for other in path {
        if second == 0 {
            return false;
        }
        if first & 1 == 1 || first == second {
            hash = pair(*other, hash);
            while first & 1 == 0 && first != 0 {
                (first, second) = (first >> 1, second >> 1);
            }
        } else {
            hash = pair(hash, *other);
        }
        (first, second) = (first >> 1, second >> 1);
    }
    second == 0 && hash == root
}

/// The verification of a consistency proof, RFC 9162, section 2.1.4.2, which asks for 0 < `old` < `new`.
pub(super) fn consistent(old: u64, old_root: Id, new: u64, new_root: Id, proof: &[Id]) -> bool {
    let mut proof = proof.to_vec();
    if proof.is_empty() {
        return false;
    }
    if old.is_power_of_two() {
        proof.insert(0, old_root);
    }
    let (mut first, mut second) = (old - 1, new - 1);
    while first & 1 == 1 {
        (first, second) = (first >> 1, second >> 1);
    }
    let (mut before, mut after) = (proof[0], proof[0]);
    for other in &proof[1..] {
        if second == 0 {
            return false;
        }
        if first & 1 == 1 || first == second {
            before = pair(*other, before);
            after = pair(*other, after);
            while first & 1 == 0 && first != 0 {
                (first, second) = (first >> 1, second >> 1);
            }
        } else {
            after = pair(after, *other);
        }
        (first, second) = (first >> 1, second >> 1);
    }
    before == old_root && after == new_root && second == 0
}

/// A tree of any size whose leaves all are [`Uniform::LEAF`], which notes what is read of it.
#[derive(Default)]
pub(super) struct Uniform(RefCell<Vec<(u8, u64)>>);

impl Uniform {
    pub(super) const LEAF: Id = Id([7; 32]);

    pub(super) fn read(&self) -> Vec<(u8, u64)> {
        self.0.take()
    }
}

impl Nodes for Uniform {
    fn node(&self, level: u8, index: u64) -> Result<Id> {
        self.0.borrow_mut().push((level, index));
        Ok((0..level).fold(Self::LEAF, |hash, _| pair(hash, hash)))
    }
}
