//! The frozen trees of version 1: roots, nodes and proofs must stay what they are, whoever computes them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strongroom::log::tree::{
    Frontier, MemoryNodes, frontier, hash_leaf, nodes_after_update, prove_consistency, prove_inclusion, root,
    verify_consistency, verify_inclusion,
};
use strongroom::model::id::Id;

type Failure = Box<dyn std::error::Error>;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Vectors {
    about: String,
    /// Of the first 0, 1, 2 and so on leaves.
    roots: Vec<String>,
    frontiers: Vec<Peaks>,
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
    updates: Vec<Update>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Peaks {
    size: u64,
    peaks: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inclusion {
    size: u64,
    indices: Vec<u64>,
    proof: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Consistency {
    old_size: u64,
    new_size: u64,
    proof: Vec<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Update {
    size: u64,
    index: u64,
    entry: String,
    /// Level, index, hash.
    nodes: Vec<(u8, u64, String)>,
    root: String,
}

const ABOUT: &str = "RFC 6962 trees over SHA-256. Entry i is i as eight big-endian bytes; hashes are lower-case hex. \
                     A proof of several leaves: a subtree without any of them is its root, a leaf asked for is nothing; \
                     of two halves that hold leaves the left comes first, of one that does and one that doesn't the one \
                     that does. An update puts the hash of its entry at its index.";

const LEAVES: u64 = 40;
const PROVEN: [(u64, &[u64]); 12] = [
    (0, &[]),
    (1, &[0]),
    (2, &[1]),
    (7, &[]),
    (7, &[0, 6]),
    (7, &[0, 1, 2, 3, 4, 5, 6]),
    (8, &[5]),
    (13, &[12]),
    (13, &[2, 3, 8]),
    (33, &[32]),
    (40, &[0, 7, 8, 21, 39]),
    (40, &[36, 37]),
];
const EXTENDED: [(u64, u64); 9] = [(0, 40), (1, 1), (1, 2), (2, 5), (6, 8), (7, 13), (16, 40), (31, 33), (39, 40)];
const UPDATED: [(u64, u64); 5] = [(1, 0), (7, 6), (8, 3), (13, 11), (40, 0)];

fn hex(hash: &Id) -> String {
    data_encoding::HEXLOWER.encode(hash.as_bytes())
}

fn unhex(text: &str) -> Result<Id, Failure> {
    Ok(Id::try_from(data_encoding::HEXLOWER.decode(text.as_bytes())?.as_slice())?)
}

fn leaf(index: u64) -> Id {
    hash_leaf(&index.to_be_bytes())
}

fn computed() -> Result<Vectors, Failure> {
    let (mut growing, mut nodes) = (Frontier::new(), MemoryNodes::new());
    for index in 0..LEAVES {
        growing.append_with(leaf(index), |level, index, hash| nodes.set(level, index, hash));
    }
    let mut vectors = Vectors {
        about: ABOUT.into(),
        roots: (0..=LEAVES).map(|size| Ok(hex(&root(&nodes, size)?))).collect::<Result<_, Failure>>()?,
        frontiers: vec![],
        inclusion: vec![],
        consistency: vec![],
        updates: vec![],
    };
    for size in [0, 1, 7, 8, 39, 40] {
        let peaks = frontier(&nodes, size)?.peaks().iter().map(hex).collect();
        vectors.frontiers.push(Peaks { size, peaks });
    }
    for (size, indices) in PROVEN {
        let proof = prove_inclusion(&nodes, size, indices)?.iter().map(hex).collect();
        vectors.inclusion.push(Inclusion { size, indices: indices.to_vec(), proof });
    }
    for (old_size, new_size) in EXTENDED {
        let proof = prove_consistency(&nodes, old_size, new_size)?.iter().map(hex).collect();
        vectors.consistency.push(Consistency { old_size, new_size, proof });
    }
    for (size, index) in UPDATED {
        let mut changing = MemoryNodes::new();
        let mut grown = Frontier::new();
        for index in 0..size {
            grown.append_with(leaf(index), |level, index, hash| changing.set(level, index, hash));
        }
        let changed = nodes_after_update(&changing, size, index, hash_leaf(b"changed"))?;
        for (level, index, hash) in &changed {
            changing.set(*level, *index, *hash);
        }
        vectors.updates.push(Update {
            size,
            index,
            entry: "changed".into(),
            nodes: changed.iter().map(|(level, index, hash)| (*level, *index, hex(hash))).collect(),
            root: hex(&root(&changing, size)?),
        });
    }
    Ok(vectors)
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1/tree.json")
}

fn frozen() -> Result<Vectors, Failure> {
    Ok(serde_json::from_slice(&std::fs::read(file())?)?)
}

#[test]
fn trees_are_what_they_were() -> Result<(), Failure> {
    assert_eq!(computed()?, frozen()?);
    Ok(())
}

#[test]
fn frozen_proofs_verify() -> Result<(), Failure> {
    let vectors = frozen()?;
    let at = |size: u64| unhex(&vectors.roots[usize::try_from(size)?]);
    let unhex_all = |hashes: &[String]| hashes.iter().map(|hash| unhex(hash)).collect::<Result<Vec<_>, _>>();
    for Peaks { size, peaks } in &vectors.frontiers {
        assert_eq!(Frontier::from_peaks(*size, unhex_all(peaks)?)?.root(), at(*size)?);
    }
    for Inclusion { size, indices, proof } in &vectors.inclusion {
        let leaves: Vec<_> = indices.iter().map(|index| (*index, leaf(*index))).collect();
        verify_inclusion(*size, &at(*size)?, &leaves, &unhex_all(proof)?)?;
    }
    for Consistency { old_size, new_size, proof } in &vectors.consistency {
        verify_consistency(*old_size, &at(*old_size)?, *new_size, &at(*new_size)?, &unhex_all(proof)?)?;
    }
    Ok(())
}

#[test]
#[ignore = "made once: version 1 is frozen, and other bytes are another version"]
fn make_vectors() -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(&computed()?)?;
    text.push('\n');
    Ok(std::fs::write(file(), text)?)
}
