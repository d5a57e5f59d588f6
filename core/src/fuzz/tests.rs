//! Each target on its corpus and on what becomes of it, for [`SECONDS`] or `$STRONGROOM_FUZZ_SECONDS`.
//!
//! The random numbers are the same in every run, so that a failure comes again. What it prints belongs into the corpus.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

mod seeds;

const SECONDS: f64 = 2.0;

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                run(stringify!($name), super::$name);
            }
        )*
    };
}

targets! {
    argument, container, cursor, entry, file, name, operation, part, profile, read, record, reference, signature, state, token,
    tree, wrap,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn cargo_fuzz_has_the_same_targets() {
    let named = |folder: PathBuf| -> Vec<String> {
        files(&folder).iter().map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(named(folder().join("corpus")), NAMES);
    assert_eq!(named(folder().join("fuzz_targets")), NAMES);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    assert!(NAMES.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
}

fn run(name: &str, target: fn(&[u8])) {
    let folder = folder().join("corpus").join(name);
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        seeds::write(name, &folder);
    }
    let corpus: Vec<Vec<u8>> = files(&folder).iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(!corpus.is_empty(), "{} is empty", folder.display());
    for seed in &corpus {
        try_one(name, target, seed);
    }
    let seconds = std::env::var("STRONGROOM_FUZZ_SECONDS").map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let edit = (0..8_u8, any::<Index>(), any::<Index>(), any::<u8>());
    let strategy = (any::<Index>(), any::<Index>(), vec(edit, 1..6));
    while Instant::now() < end {
        let (seed, other, edits) = strategy.new_tree(&mut runner).unwrap().current();
        let mut data = seed.get(corpus.as_slice()).clone();
        for (kind, at, to, byte) in edits {
            let places = (at.index(data.len() + 1), to.index(data.len() + 1));
            change(&mut data, other.get::<Vec<u8>>(&corpus), kind, places, byte);
        }
        try_one(name, target, &data);
    }
}

fn try_one(name: &str, target: fn(&[u8]), data: &[u8]) {
    let held = catch_unwind(AssertUnwindSafe(|| target(data)));
    assert!(held.is_ok(), "`{name}` fails with these bytes: {}", data_encoding::HEXLOWER.encode(data));
}

/// One edit, as fuzzers make them.
fn change(data: &mut Vec<u8>, other: &[u8], kind: u8, (from, to): (usize, usize), byte: u8) {
    let (from, to) = (from.min(to), from.max(to));
    match kind {
        0 if from < data.len() => data[from] ^= 1 << (byte % 8),
        1 if from < data.len() => data[from] = byte,
        2 => data.insert(from, byte),
        3 => drop(data.drain(from..to)),
        4 if data.len() < 1 << 16 => data.extend_from_within(from..to),
        5 => {
            data.truncate(from);
            data.extend_from_slice(&other[from.min(other.len())..]);
        }
        6 => data.truncate(to),
        _ => {
            let extreme = [0, 1, 0x7f, 0x80, 0xff, 0x18, 0x1b, 0x9f][usize::from(byte % 8)];
            data[from..to.min(from + 8)].fill(extreme);
        }
    }
}
