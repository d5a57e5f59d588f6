//! Back to a backup: noticed by all who remember more, and taken by those who are told to.

use strongroom::client::{ConnectOptions, backup, connect, restore};

use crate::postgresql::Schema;
use crate::world::{World, after, code, open, options, put, remembering};

/// The account goes on for a day after its backup, and a job has remembered where it was.
async fn a_day_after_the_backup(world: &World, place: &str, kept: &str) -> String {
    backup(Some(place), kept, Some(world.owner.clone())).await.unwrap();
    put(place, &world.alice, &world.vault, "Lost").await;
    let job = connect(remembering(world, place)).await.unwrap();
    let cursor = job.changes().cursor().await.unwrap();
    job.close().await;
    cursor
}

fn accepting(options: ConnectOptions) -> ConnectOptions {
    ConnectOptions { accept_restored: true, ..options }
}

/// Who remembers more is told until they accept it.
async fn goes_back(world: &World, place: &str, kept: &str, again: &str) {
    let cursor = a_day_after_the_backup(world, place, kept).await;
    restore(kept, Some(again), Some(world.owner.clone())).await.unwrap();
    world.is_whole(again).await;

    // The job that restarts with its state, and the one that restarts with its cursor.
    assert_eq!(code(connect(remembering(world, again)).await), "tampered");
    let forgetful = open(again, &world.alice).await;
    assert_eq!(code(forgetful.changes().list(after(&cursor)).await), "tampered");
    forgetful.close().await;

    put(again, &world.alice, &world.vault, "After").await;
    let job = connect(accepting(remembering(world, again))).await.unwrap();
    let page = job.changes().list(after(&cursor)).await.unwrap();
    let kinds: Vec<_> = page.data.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(kinds, ["item.created"], "from where the backup ended");
    assert_eq!(job.changes().list(after(&page.cursor)).await.unwrap().data, []);
    job.close().await;
    // It was told once: the state file is of the new time now.
    let job = connect(remembering(world, again)).await.unwrap();
    job.changes().list(after(&page.cursor)).await.unwrap();
    job.close().await;
    // And tells it from the old one.
    assert_eq!(code(connect(remembering(world, place)).await), "tampered");
}

#[tokio::test]
async fn in_files() {
    let world = World::new().await;
    let [place, kept, again] = ["class.db", "kept.db", "again.db"].map(|name| world.place(name));
    goes_back(&world, &place, &kept, &again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgresql_from_a_file_and_from_another_schema() {
    let schemas = [(); 5].map(|()| Schema::new());
    let world = World::in_postgresql(&schemas[0]).await;
    goes_back(&world, &schemas[0].0, &world.place("kept.db"), &schemas[1].0).await;
    let world = World::in_postgresql(&schemas[2]).await;
    goes_back(&world, &schemas[2].0, &schemas[3].0, &schemas[4].0).await;
}

#[tokio::test]
async fn what_the_owner_has_not_signed_is_a_rollback_whoever_accepts_it() {
    let world = World::new().await;
    let yesterday = world.place("kept.db");
    let cursor = a_day_after_the_backup(&world, &world.place("class.db"), &yesterday).await;
    assert_eq!(code(connect(accepting(remembering(&world, &yesterday))).await), "tampered");
    let forgetful = connect(accepting(options(&yesterday, &world.alice))).await.unwrap();
    assert_eq!(code(forgetful.changes().list(after(&cursor)).await), "tampered");
    forgetful.close().await;
    let refused = restore(&yesterday, Some(&world.place("again.db")), Some(world.alice.clone())).await;
    assert_eq!(code(refused), "permission_denied");
    assert!(world.left_of("again.db").is_empty());
}

#[tokio::test]
async fn a_copy_that_was_broken_off_is_not_opened() {
    let world = World::new().await;
    backup(Some(&world.place("class.db")), &world.place("kept.db"), Some(world.owner.clone())).await.unwrap();
    rusqlite::Connection::open(world.path("kept.db")).unwrap().pragma_update(None, "user_version", 1).unwrap();
    let refused = connect(options(&world.place("kept.db"), &world.owner)).await.err().unwrap();
    assert_eq!(refused.code(), "invalid_argument");
    assert!(refused.message().contains("broken off"), "{refused}");
    let refused = restore(&world.place("kept.db"), Some(&world.place("to.db")), Some(world.owner.clone())).await;
    assert_eq!(code(refused), "invalid_argument");
}
