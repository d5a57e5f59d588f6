//! What the corpus begins with: good bytes of every kind. `UPDATE_CORPUS=1` writes them anew, and keeps what was found.

use std::fs;
use std::path::Path;

use minicbor::bytes::ByteArray;
use rusqlite::{Connection, OpenFlags};

use crate::crypto::file::FileSealer;
use crate::crypto::identity::{Identity, Seed};
use crate::crypto::part::seal_part;
use crate::crypto::wrap::{seal_wrap, wrap_key};
use crate::crypto::{chunked, file};
use crate::fuzz::crypto::{KEY, context, identity, key, place};
use crate::log::encoding::{self, Bytes, MaybeId};
use crate::log::entry::Entry;
use crate::log::operation::{Operation, message};
use crate::log::reads::{Action, Chain, Group, ReadEntry, frame};
use crate::log::tree::{MemoryNodes, hash_leaf, prove_consistency, prove_inclusion, root};
use crate::model::id::{AccountId, FileId, Id, ItemId, VaultId};

/// Writes the seeds of a target.
pub(super) fn write(name: &str, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (number, seed) in of(name).into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:02}")), seed).unwrap();
    }
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// What the database of version 1 says beside itself.
fn said(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1/database/classroom.json");
    let said: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    said[name].as_str().unwrap().as_bytes().to_vec()
}

/// One entry of each kind and length in the database of version 1.
fn entries() -> Vec<Entry> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1/database/classroom.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut rows = database.prepare("SELECT seq, time, operation, signatures FROM entry ORDER BY position").unwrap();
    let entries = rows.query_map((), |row| {
        let (operation, signatures): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
        let signatures: Vec<Bytes> = encoding::decode("signatures", &signatures).unwrap();
        Ok(Entry { seq: row.get(0)?, time: row.get(1)?, operation: operation.into(), signatures })
    });
    let mut kinds = std::collections::HashSet::new();
    let mut kept: Vec<Entry> = entries.unwrap().map(Result::unwrap).collect();
    kept.retain(|entry| kinds.insert(Operation::from_bytes(&entry.operation).unwrap().body.code()));
    kept
}

fn of(name: &str) -> Vec<Vec<u8>> {
    match name {
        "argument" => texts(&[
            "section.label[concealed]=@file",
            "a\\.b[text]=-",
            "2026-12-31T23:59:59+01:00",
            "0.5",
            "a@b.edu=write",
        ]),
        "container" => {
            [0, 6, chunked::CHUNK].map(|length| chunked::seal(&key(), b"here", &vec![7; length]).unwrap()).into()
        }
        "cursor" => vec![said("cursor"), data_encoding::BASE64URL_NOPAD.decode(&said("cursor")).unwrap()],
        "entry" => {
            let entries = entries();
            let signatures = entries.iter().take(1).map(|entry| encoding::encode(&entry.signatures));
            entries.iter().map(Entry::to_bytes).chain(signatures).collect()
        }
        "operation" => entries().into_iter().map(|entry| entry.operation.to_vec()).collect(),
        "file" => files(),
        "name" => {
            let mut names = vec![said("vault"), said("item")];
            names.extend(texts(&["Alice@example.edu", "admin", "item.created", "concealed", "login"]));
            names.extend([
                format!("usr_{}", "a".repeat(52)).into_bytes(),
                format!("grp_{}", "a".repeat(52)).into_bytes(),
            ]);
            names
        }
        "part" => {
            let mut padded = vec![0; 64];
            padded[3] = 32;
            padded[4..36].copy_from_slice(&KEY);
            vec![vec![0; 64], padded, seal_part(&key(), &place(), b"secret").unwrap()]
        }
        "profile" => vec![b"\x04\x05\x05\x04saltAlicealice@example.edu".to_vec()],
        "read" => reads(),
        "record" => records(),
        "reference" => {
            texts(&["op://Alice/Homework 1/password", "op://a/b/c/d?attribute=otp", "op://a/b/c?ssh-format=openssh"])
        }
        "signature" => {
            let identity = Identity::derive(&Seed::from_bytes(&[5; 32])).unwrap();
            let signature = identity.sign(&message(b"operation"));
            vec![[&identity.public().sign[..], &signature, b"operation"].concat()]
        }
        "state" => {
            let root = "ab".repeat(32);
            let account = AccountId(Id([1; 32]));
            texts(&[&format!(r#"{{"version":1,"account":"{account}","size":7,"root":"{root}"}}"#)])
        }
        "token" => vec![said("owner"), said("recovery"), [&[1, 1][..], &[7; 136]].concat()],
        "tree" => trees(),
        "wrap" => {
            let vault_key = key();
            let public = identity().public();
            vec![
                wrap_key(&public.kem, b"info", &vault_key).unwrap(),
                seal_wrap(&key(), b"context", &vault_key).unwrap(),
                public.kem,
                identity().retired_secrets().to_vec(),
            ]
        }
        other => panic!("`{other}` has no seeds"),
    }
}

fn files() -> Vec<Vec<u8>> {
    let ids = (AccountId(Id([1; 32])), VaultId(Id([2; 32])), ItemId(Id([3; 32])), FileId(Id([4; 32])));
    assert_eq!(context(), file::file_context(ids.0, ids.1, ids.2, ids.3));
    [0, 20, chunked::CHUNK + 1]
        .map(|length| {
            let mut sealer = FileSealer::new(&key(), ids.0, ids.1, ids.2, ids.3).unwrap();
            assert!(sealer.push(&vec![7; length]).unwrap().is_empty());
            let (piece, size) = sealer.finish().unwrap();
            [&size.length.to_be_bytes()[..], &0_u64.to_be_bytes(), &[1], &piece.bytes].concat()
        })
        .into()
}

fn reads() -> Vec<Vec<u8>> {
    let entry = |action: Action, time| ReadEntry {
        version: 1,
        action: action.number(),
        salt: Id([9; 32]),
        time,
        actor: Id([1; 32]),
        generation: 1,
        session: Id([2; 32]),
        app: Some("grader/1.4".to_owned()),
        vault: MaybeId(Some(Id([3; 32]))),
        item: MaybeId(Some(Id([4; 32]))),
        file: MaybeId(None),
        item_version: 7,
        detail: "version 7".to_owned(),
    };
    let mut chain = Chain::new(Id([7; 32]));
    let mut group = |actions: &[Action]| {
        let entries = (5..).zip(actions).map(|(time, action)| entry(*action, time).to_bytes()).collect();
        frame(&Group::of(&mut chain, entries))
    };
    let first = group(&[Action::SessionOpened, Action::ItemRead]);
    let second = group(&[Action::FileRead]);
    let third = group(&[Action::AccessDenied, Action::AuditVerified, Action::ItemOpened]);
    let torn = third[..third.len() / 2].to_vec();
    vec![entry(Action::ItemRead, 5).to_bytes(), [&first[..], &second, &third].concat(), [first, torn].concat()]
}

fn records() -> Vec<Vec<u8>> {
    let text = |text: &str| text.to_owned();
    let name = encoding::encode(&(text("Alice"), text("Homework")));
    let overview = encoding::encode(&(
        text("Homework 1"),
        text("document"),
        vec![text("math")],
        vec![text("https://example.edu")],
    ));
    let field = (text("password"), text("hunter2"), text("concealed"), None::<String>);
    let section = (text("grade"), text("A"), text("text"), Some(text("results")));
    let file = (Id([4; 32]), text("essay.pdf"), 20_u64, text("application/pdf"), ByteArray::from([6; 32]), 7_u64);
    vec![name, overview, encoding::encode(&(text("A note"), vec![field, section], vec![file]))]
}

fn trees() -> Vec<Vec<u8>> {
    let mut nodes = MemoryNodes::new();
    let mut frontier = crate::log::tree::Frontier::new();
    for leaf in 0..11_u8 {
        frontier.append_with(hash_leaf(&[leaf]), |level, index, hash| nodes.set(level, index, hash));
    }
    let head = root(&nodes, 11).unwrap();
    let seed = |numbers: [u64; 3], hashes: &[Id]| {
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(hashes.iter().flat_map(|hash| hash.0));
        bytes
    };
    let inclusion = prove_inclusion(&nodes, 11, &[5]).unwrap();
    let consistency = prove_consistency(&nodes, 6, 11).unwrap();
    vec![
        seed([11, 11, 5], &[&[head], &inclusion[..]].concat()),
        seed([6, 11, 1 << 56], &[&[head], &consistency[..]].concat()),
        seed([11, 11, 0], &[&[head], frontier.peaks()].concat()),
        seed([u64::MAX, u64::MAX - 1, u64::MAX], &[head; 70]),
    ]
}
