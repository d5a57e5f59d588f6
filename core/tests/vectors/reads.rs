//! The frozen bytes of version 1: an entry, a chain, a group and an anchor must stay what they are.

use serde::{Deserialize, Serialize};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::Operation;
use strongroom::log::reads::{Action, Chain, Frame, Group, ReadEntry, anchor, frame, next_frame};
use strongroom::model::id::{AccountId, Id};

use crate::frozen::{hex, list, read, unhex};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Vectors {
    about: String,
    chain: String,
    /// The hash of a chain without entries.
    begin: String,
    entries: Vec<Entry>,
    /// The first three entries, and the rest, as a segment holds them.
    frames: Vec<String>,
    session: Session,
    anchor: Anchor,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    action: u16,
    time: u64,
    app: Option<String>,
    vault: Option<String>,
    item: Option<String>,
    file: Option<String>,
    item_version: u64,
    detail: String,
    bytes: String,
    /// Of the entry, salted.
    hash: String,
    /// Of the chain after it.
    last: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Session {
    secret: String,
    id: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Anchor {
    account: String,
    operation: String,
}

const ABOUT: &str = "Reads of version 1. Bytes are lower-case hex; ids of one byte stand for 32 of it. Every entry has the \
                     salt 5, the actor 1, the generation 2 and the session 3. An entry's hash is SHA-256 of the label \
                     read-entry and its bytes, a step that of read-step, the hash before and the entry's hash.";

fn id(byte: u8) -> Id {
    Id([byte; 32])
}

fn entries() -> Vec<ReadEntry> {
    let all = [
        (Action::SessionOpened, Some("grader/1.4"), [None; 3], 0, ""),
        (Action::ItemRead, None, [Some(6), Some(7), None], 1, "version 1"),
        (Action::FileRead, Some(""), [Some(6), Some(7), Some(8)], 300, ""),
        (Action::AccessDenied, None, [Some(9), None, None], 0, "needed write, had none"),
        (Action::AuditVerified, None, [Some(6), None, None], 0, "12 versions of items"),
        (Action::ItemOpened, None, [Some(6), Some(7), None], u64::MAX, "version 18446744073709551615"),
    ];
    all.into_iter()
        .zip(1_700_000_000_000..)
        .map(|((action, app, [vault, item, file], item_version, detail), time)| ReadEntry {
            version: 1,
            action: action.number(),
            salt: id(5),
            time,
            actor: id(1),
            generation: 2,
            session: id(3),
            app: app.map(str::to_owned),
            vault: MaybeId(vault.map(id)),
            item: MaybeId(item.map(id)),
            file: MaybeId(file.map(id)),
            item_version,
            detail: detail.to_owned(),
        })
        .collect()
}

fn compute() -> Vectors {
    let begin = Chain::new(id(4));
    let (mut chain, mut listed) = (begin, Vec::new());
    let all = entries();
    for entry in &all {
        let bytes = entry.to_bytes();
        chain.step(&bytes);
        let named = |id: MaybeId| id.0.map(|id| hex(id.as_bytes()));
        listed.push(Entry {
            action: entry.action,
            time: entry.time,
            app: entry.app.clone(),
            vault: named(entry.vault),
            item: named(entry.item),
            file: named(entry.file),
            item_version: entry.item_version,
            detail: entry.detail.clone(),
            hash: hex(ReadEntry::hash(&bytes).as_bytes()),
            bytes: hex(bytes),
            last: hex(chain.last.as_bytes()),
        });
    }
    let mut grouped = begin;
    let (first, rest) = all.split_at(3);
    let frames =
        [first, rest].map(|part| hex(frame(&Group::of(&mut grouped, part.iter().map(ReadEntry::to_bytes).collect()))));
    assert_eq!(grouped, chain);
    let account = AccountId(id(10));
    Vectors {
        about: ABOUT.to_owned(),
        chain: hex(begin.id.as_bytes()),
        begin: hex(begin.last.as_bytes()),
        entries: listed,
        frames: frames.into(),
        session: Session { secret: hex(id(11).as_bytes()), id: hex(ReadEntry::session_id(id(11)).as_bytes()) },
        anchor: Anchor { account: hex(account.as_bytes()), operation: hex(anchor(account, chain).to_bytes()) },
    }
}

pub(crate) fn made() -> serde_json::Value {
    serde_json::to_value(compute()).unwrap()
}

#[test]
fn reads_are_the_frozen_ones() {
    let json = read("reads");
    let frozen: Vectors = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(compute(), frozen);

    // And they are read as what they were.
    for (listed, entry) in list(&json["entries"]).iter().zip(entries()) {
        assert_eq!(ReadEntry::from_bytes(&unhex(&listed["bytes"])).unwrap(), entry);
    }
    let mut chain = Chain::new(id(4));
    for text in list(&json["frames"]) {
        let Frame::Group(group, _) = next_frame(&unhex(text), 0).unwrap() else { unreachable!("a whole frame") };
        chain = group.continues(chain).unwrap();
    }
    let operation = Operation::from_bytes(&unhex(&json["anchor"]["operation"])).unwrap();
    assert_eq!(operation, anchor(AccountId(id(10)), chain));
}
