//! Back to a backup: noticed by all who remember more, and taken by those who are told to.

use strongroom::client::{ConnectOptions, backup, connect, restore};
use strongroom::model::change::ChangeFilter;

use crate::world::{World, code, open, options, put};

/// The account goes on for a day after its backup, and a job has remembered where it was.
async fn a_day_after_the_backup(world: &World) -> String {
    let place = world.place("class.db");
    backup(Some(&place), &world.place("kept.db"), Some(world.owner.clone())).await.unwrap();
    put(&place, &world.alice, &world.vault, "Lost").await;
    let job = connect(remembering(world, &place)).await.unwrap();
    let cursor = job.changes().cursor().await.unwrap();
    job.close().await;
    cursor
}

fn remembering(world: &World, place: &str) -> ConnectOptions {
    ConnectOptions { state: Some(world.path("state")), ..options(place, &world.alice) }
}

fn accepting(options: ConnectOptions) -> ConnectOptions {
    ConnectOptions { accept_restored: true, ..options }
}

fn after(cursor: &str) -> ChangeFilter {
    ChangeFilter { after: Some(cursor.to_owned()), ..ChangeFilter::default() }
}

#[tokio::test]
async fn who_remembers_more_is_told_until_they_accept() {
    let world = World::new().await;
    let cursor = a_day_after_the_backup(&world).await;
    let place = world.place("again.db");
    restore(&world.place("kept.db"), Some(&place), Some(world.owner.clone())).await.unwrap();
    world.is_whole(&place).await;

    // The job that restarts with its state, and the one that restarts with its cursor.
    assert_eq!(code(connect(remembering(&world, &place)).await), "tampered");
    let forgetful = open(&place, &world.alice).await;
    assert_eq!(code(forgetful.changes().list(after(&cursor)).await), "tampered");
    forgetful.close().await;

    put(&place, &world.alice, &world.vault, "After").await;
    let job = connect(accepting(remembering(&world, &place))).await.unwrap();
    let page = job.changes().list(after(&cursor)).await.unwrap();
    let kinds: Vec<_> = page.data.iter().map(|change| change.kind.as_str()).collect();
    assert_eq!(kinds, ["item.created"], "from where the backup ended");
    assert_eq!(job.changes().list(after(&page.cursor)).await.unwrap().data, []);
    job.close().await;
    // It was told once: the state file is of the new time now.
    let job = connect(remembering(&world, &place)).await.unwrap();
    job.changes().list(after(&page.cursor)).await.unwrap();
    job.close().await;
    // And tells it from the old one.
    assert_eq!(code(connect(remembering(&world, &world.place("class.db"))).await), "tampered");
}

#[tokio::test]
async fn what_the_owner_has_not_signed_is_a_rollback_whoever_accepts_it() {
    let world = World::new().await;
    let cursor = a_day_after_the_backup(&world).await;
    let yesterday = world.place("kept.db");
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
