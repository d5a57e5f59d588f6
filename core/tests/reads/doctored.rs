//! The rows of reads, changed by somebody who can write the file.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use strongroom::log::encoding::MaybeId;
use strongroom::log::reads::{Action, Chain, Group, ReadEntry, frame};
use strongroom::model::id::Id;

use crate::world::{World, list, open};

/// A closed account with reads of two engines, all anchored.
async fn anchored() -> World {
    let world = World::new("read").await;
    let alice = open(&world.path, &world.alice, None).await;
    for _ in 0..700 {
        alice.items().get(&world.vault, &world.item, None).await.unwrap();
    }
    alice.close().await;
    world.owner.items().get(&world.vault, &world.item, None).await.unwrap();
    world.close().await;
    world
}

/// The database alone, which nobody has open: what is in the item's file is not read here.
fn copy(world: &World) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("class.db");
    Connection::open(&world.path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    std::fs::copy(&world.path, &path).unwrap();
    (folder, path)
}

async fn verdict(path: &Path, world: &World) -> String {
    let owner = open(path, &world.owner_token, None).await;
    let verdict = match owner.audit().verify().await {
        Ok(_) => "whole".to_owned(),
        Err(error) => error.code().to_owned(),
    };
    owner.close().await;
    verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_reads_can_be_changed() {
    let world = anchored().await;
    let (_folder, path) = copy(&world);
    assert_eq!(verdict(&path, &world).await, "whole");
    for change in [
        "DELETE FROM reads WHERE place = (SELECT min(place) FROM reads)",
        "DELETE FROM reads WHERE place = (SELECT max(place) FROM reads)",
        "DELETE FROM reads",
        "UPDATE reads SET count = count - 1 WHERE place = (SELECT max(place) FROM reads)",
        "UPDATE reads SET place = place + 1 WHERE place = (SELECT max(place) FROM reads)",
        "UPDATE reads SET entries = (SELECT entries FROM reads AS other ORDER BY place DESC LIMIT 1)",
        "UPDATE reads SET entries = CAST(substr(entries, 1, 100) || x'01' || substr(entries, 102) AS BLOB) WHERE place = 0",
        "UPDATE reads SET entries = x'80'",
        "UPDATE reads_chain SET last = zeroblob(32) WHERE number = 1",
        "UPDATE reads_chain SET count = count - 1 WHERE number = 1",
        "UPDATE reads_chain SET count = count + 1 WHERE number = 1",
        "UPDATE reads_chain SET id = zeroblob(32) WHERE number = 1",
        "UPDATE reads_chain SET number = CASE number WHEN 1 THEN 200 ELSE number END",
        "UPDATE reads_chain SET number = 3 - number + 100; UPDATE reads_chain SET number = number - 100",
        "DELETE FROM reads_chain WHERE number = 1",
        "UPDATE session SET app = 'other'",
        "UPDATE entry SET session = (SELECT max(number) FROM session) WHERE session IS NULL AND signer IS NOT NULL",
    ] {
        let (_folder, path) = copy(&world);
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let allowed: &[&str] = match change {
            // What the engine says beside an entry: only what contradicts the chains shows.
            "UPDATE entry SET session = (SELECT max(number) FROM session) WHERE session IS NULL AND signer IS NOT NULL" => {
                &["whole", "tampered"]
            }
            _ => &["tampered"],
        };
        let verdict = verdict(&path, &world).await;
        assert!(allowed.contains(&verdict.as_str()), "{change}: {verdict}");
    }
}

type Row = (u64, Vec<(u64, u64, minicbor::bytes::ByteVec)>);

fn rows(connection: &Connection) -> Vec<Row> {
    let mut select = connection.prepare("SELECT place, entries FROM reads ORDER BY place").unwrap();
    let rows = select.query_map([], |row| {
        let bytes: Vec<u8> = row.get(1)?;
        Ok((row.get(0)?, minicbor::decode(&bytes).unwrap()))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Puts other entries in the place of those there, and makes the chains fit them again, as an engine would have.
fn rewrite(path: &Path, change: impl Fn(&mut ReadEntry)) {
    let connection = Connection::open(path).unwrap();
    let mut chains = std::collections::BTreeMap::new();
    for (place, mut entries) in rows(&connection) {
        for (number, _, bytes) in &mut entries {
            let mut entry = ReadEntry::from_bytes(bytes).unwrap();
            change(&mut entry);
            *bytes = entry.to_bytes().into();
            let id = || {
                let id: Vec<u8> = connection
                    .query_row("SELECT id FROM reads_chain WHERE number = ?1", [*number], |row| row.get(0))
                    .unwrap();
                Chain::new(Id(id.try_into().unwrap()))
            };
            chains.entry(*number).or_insert_with(id).step(bytes);
        }
        let bytes = minicbor::to_vec(&entries).unwrap();
        connection.execute("UPDATE reads SET entries = ?2 WHERE place = ?1", (place, bytes)).unwrap();
    }
    for (number, chain) in chains {
        let update = "UPDATE reads_chain SET last = ?2 WHERE number = ?1 AND count = ?3";
        assert_eq!(connection.execute(update, (number, chain.last.0, chain.count)).unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anchored_cant_be_rewritten_also_by_who_makes_the_chains_fit() {
    let world = anchored().await;
    let (_folder, path) = copy(&world);
    rewrite(&path, |_| {});
    assert_eq!(verdict(&path, &world).await, "whole", "the same bytes are the same chains");
    let changes: [fn(&mut ReadEntry); 3] =
        [|entry| entry.actor = Id([1; 32]), |entry| entry.time += 1, |entry| entry.action = 1];
    for change in changes {
        let (_folder, path) = copy(&world);
        rewrite(&path, change);
        assert_eq!(verdict(&path, &world).await, "tampered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn yesterdays_reads_and_todays_feed_do_not_fit() {
    let world = anchored().await;
    let (_folder, yesterday) = copy(&world);
    let owner = open(&world.path, &world.owner_token, None).await;
    owner.items().get(&world.vault, &world.item, None).await.unwrap();
    owner.close().await;
    let (_folder, path) = copy(&world);
    let connection = Connection::open(&path).unwrap();
    connection.execute("ATTACH ?1 AS yesterday", [yesterday.to_str().unwrap()]).unwrap();
    let back = "DELETE FROM reads; INSERT INTO reads SELECT * FROM yesterday.reads; \
                DELETE FROM reads_chain; INSERT INTO reads_chain SELECT * FROM yesterday.reads_chain";
    connection.execute_batch(back).unwrap();
    drop(connection);
    assert_eq!(verdict(&path, &world).await, "tampered");
}

/// Segments as an engine leaves them that was killed: groups of two entries each.
fn leave(database: &Path, groups: u64, segment: impl Fn(Vec<Vec<u8>>) -> Vec<u8>) -> Chain {
    let folder = PathBuf::from(format!("{}-reads", database.display()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut chain = Chain::new(Id([9; 32]));
    let frames = (0..groups)
        .map(|number| {
            let entries = (0..2).map(|_| entry(number).to_bytes()).collect();
            frame(&Group::of(&mut chain, entries))
        })
        .collect();
    std::fs::write(folder.join(format!("{:?}.0", chain.id)), segment(frames)).unwrap();
    std::fs::write(folder.join(format!("{:?}.1", chain.id)), b"").unwrap();
    std::fs::write(folder.join(format!("{:?}.lock", chain.id)), b"").unwrap();
    chain
}

fn entry(time: u64) -> ReadEntry {
    ReadEntry {
        version: 1,
        action: Action::ItemRead.number(),
        salt: Id([7; 32]),
        time,
        actor: Id([1; 32]),
        generation: 1,
        session: Id([2; 32]),
        app: Some("dead".to_owned()),
        vault: MaybeId(None),
        item: MaybeId(None),
        file: MaybeId(None),
        item_version: 0,
        detail: String::new(),
    }
}

async fn adopted(path: &Path, world: &World) -> usize {
    let owner = open(path, &world.owner_token, None).await;
    let found = list(&owner, &["item.read"]).await;
    owner.audit().verify().await.unwrap();
    owner.close().await;
    found.iter().filter(|event| event.app.as_deref() == Some("dead")).count()
}

/// What remains: the last seconds of an engine, which no anchor covers yet, are as good as its files. Nothing of them that
/// is damaged is taken up, and nothing keeps the database from opening.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_dead_engine_what_is_whole_is_taken_up_and_anchored() {
    let world = World::new("read").await;
    world.close().await;
    let all = |frames: Vec<Vec<u8>>| frames.concat();
    for (segment, expected) in [
        (Box::new(all) as Box<dyn Fn(Vec<Vec<u8>>) -> Vec<u8>>, 10),
        (Box::new(|frames| all(frames)[..].split_last().unwrap().1.to_vec()), 8),
        (Box::new(|frames| [&frames[..2].concat()[..], &frames[3..].concat()[..]].concat()), 4),
        (
            Box::new(|mut frames| {
                frames[3][40] ^= 1;
                frames.concat()
            }),
            6,
        ),
        (Box::new(|frames| [frames[0].clone(), frames.concat()].concat()), 10),
        (Box::new(|frames| [frames.concat(), vec![0xff; 100]].concat()), 10),
        (Box::new(|frames| [frames.concat(), vec![0; 4096]].concat()), 10),
    ] {
        let (_folder, path) = copy(&world);
        leave(&path, 5, segment);
        assert_eq!(adopted(&path, &world).await, expected);
        let left = std::fs::read_dir(format!("{}-reads", path.display())).unwrap().count();
        assert_eq!(left, 0, "taken up once");
        // From then on it stands.
        rewrite(&path, |entry| entry.salt = Id([8; 32]));
        assert_eq!(verdict(&path, &world).await, "tampered");
    }
    // Found again after it was folded, as where a crash came before it was removed: folded once.
    let (_folder, path) = copy(&world);
    for _ in 0..2 {
        leave(&path, 5, all);
        assert_eq!(adopted(&path, &world).await, 10);
    }
}
