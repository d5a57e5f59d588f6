//! A copy to keep.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::client::backup;
use strongroom::model::audit::{AuditEvent, AuditFilter};

use crate::postgresql::Schema;
use crate::world::{World, code, item, open};

/// All is in it, also what others write meanwhile, or not at all; a copy of the copy is as good.
async fn is_of_one_moment(world: &World, from: &str, to: &str, again: &str) {
    let (writer, stop) = (open(from, &world.alice).await, Arc::new(AtomicBool::new(false)));
    let writing = tokio::spawn({
        let (writer, vault, stop) = (writer.clone(), world.vault.clone(), Arc::clone(&stop));
        async move {
            let mut count = 0;
            while !stop.load(Ordering::Acquire) {
                writer.items().create(&vault, item(&format!("Meanwhile {count}"))).await.unwrap();
                count += 1;
            }
            count
        }
    });
    backup(Some(from), to, Some(world.owner.clone())).await.unwrap();
    stop.store(true, Ordering::Release);
    assert!(writing.await.unwrap() > 0);
    writer.close().await;

    let copy = open(to, &world.owner).await;
    let events = copy.audit().list(AuditFilter::default()).await.unwrap().all().await.unwrap();
    let original = open(from, &world.owner).await;
    let all = original.audit().list(AuditFilter::default()).await.unwrap().all().await.unwrap();
    // Opening the copy is itself an event of it, and of no other.
    let told = |event: &&AuditEvent| (event.hash, event.at, event.session.clone(), event.app.clone());
    let known: HashSet<_> = all.iter().map(|event| told(&event)).collect();
    let new: Vec<_> = events.iter().filter(|event| !known.contains(&told(event))).collect();
    assert_eq!(new.iter().map(|event| event.action.as_str()).collect::<Vec<_>>(), ["session.opened"]);
    assert!(events.len() > 20 && all.len() > events.len(), "{} of {}", events.len(), all.len());
    copy.audit().verify().await.unwrap();
    let people = copy.users().list().await.unwrap().all().await.unwrap();
    assert_eq!(people, original.users().list().await.unwrap().all().await.unwrap());
    assert_eq!(copy.vaults().get_by_external_id("class", None).await.unwrap().id.to_string(), world.vault);
    copy.close().await;
    original.close().await;
    world.is_whole(to).await;

    backup(Some(to), again, Some(world.owner.clone())).await.unwrap();
    world.is_whole(again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_file_it_is_of_one_moment() {
    let world = World::new().await;
    let [from, to, again] = ["class.db", "monday.db", "tuesday.db"].map(|name| world.place(name));
    is_of_one_moment(&world, &from, &to, &again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_postgresql_it_is_of_one_moment() {
    let schemas = [Schema::new(), Schema::new()];
    let world = World::in_postgresql(&schemas[0]).await;
    is_of_one_moment(&world, &schemas[0].0, &world.place("monday.db"), &schemas[1].0).await;
    // And from schema to schema.
    let schemas = [Schema::new(), Schema::new()];
    let world = World::in_postgresql(&schemas[0]).await;
    is_of_one_moment(&world, &schemas[0].0, &schemas[1].0, &world.place("tuesday.db")).await;
}

#[tokio::test]
async fn what_is_there_is_not_overwritten() {
    let world = World::new().await;
    let from = world.place("class.db");
    for (name, left) in [("there.db", "there.db"), ("beside.db", "beside.db-files")] {
        std::fs::write(world.path(left), "mine").unwrap();
        let refused = backup(Some(&from), &world.place(name), Some(world.owner.clone())).await;
        assert_eq!(code(refused), "already_exists");
        assert_eq!(world.left_of(name), [left]);
        assert_eq!(std::fs::read(world.path(left)).unwrap(), b"mine");
    }
    assert_eq!(code(backup(Some(&from), &from, Some(world.owner.clone())).await), "invalid_argument");
    let nowhere = backup(Some(&world.place("none.db")), &world.place("to.db"), Some(world.owner.clone())).await;
    assert_eq!(code(nowhere), "not_found");
    assert!(world.left_of("to.db").is_empty());
}

#[tokio::test]
async fn whoever_may_not_read_the_audit_copies_nothing() {
    let world = World::new().await;
    let refused = backup(Some(&world.place("class.db")), &world.place("to.db"), Some(world.alice.clone())).await;
    assert_eq!(code(refused), "permission_denied");
    assert!(world.left_of("to.db").is_empty());
}

#[tokio::test]
async fn a_store_that_contradicts_itself_is_not_copied() {
    let world = World::new().await;
    for (number, damage) in [
        "UPDATE entry SET operation = zeroblob(length(operation)) WHERE position = (SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 9)",
        "UPDATE entry SET time = time + 1 WHERE position = (SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 9)",
        "UPDATE batch SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM batch)",
        "DELETE FROM feed WHERE position = (SELECT position FROM entry ORDER BY position LIMIT 1 OFFSET 9)",
        "UPDATE part SET overview = zeroblob(length(overview)) WHERE version = 1",
        "UPDATE member SET role = 3 WHERE role = 2",
        "DELETE FROM wrap WHERE rowid = 1",
    ]
    .iter()
    .enumerate()
    {
        let (bad, to) = (format!("bad{number}.db"), format!("to{number}.db"));
        std::fs::copy(world.path("class.db"), world.path(&bad)).unwrap();
        copy_folder(&world.path("class.db-files"), &world.path(&format!("{bad}-files")));
        let database = rusqlite::Connection::open(world.path(&bad)).unwrap();
        assert!(database.execute(damage, []).unwrap() > 0, "{damage}");
        drop(database);
        let refused = backup(Some(&world.place(&bad)), &world.place(&to), Some(world.owner.clone())).await;
        assert_eq!(code(refused), "tampered", "{damage}");
        assert_eq!(world.left_of(&to), [""; 0], "{damage}");
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
