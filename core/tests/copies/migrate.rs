//! An account that moves.

use strongroom::client::{connect, drop_memory, migrate};

use crate::postgresql::Schema;
use crate::world::{World, after, code, open, put, remembering};

/// Moves it: tokens, cursors and state files go on at the new place, and the old one is behind.
async fn moves(world: &World, from: &str, to: &str) {
    let job = connect(remembering(world, from)).await.unwrap();
    let cursor = job.changes().cursor().await.unwrap();
    job.close().await;
    migrate(from, to, Some(world.owner.clone())).await.unwrap();
    world.is_whole(to).await;
    put(to, &world.alice, &world.vault, "There").await;

    let job = connect(remembering(world, to)).await.unwrap();
    let page = job.changes().list(after(&cursor)).await.unwrap();
    assert_eq!(page.data.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>(), ["item.created"]);
    job.close().await;
    // As whoever remembers the new one finds.
    assert_eq!(code(connect(remembering(world, from)).await), "tampered");
    let owner = open(to, &world.owner).await;
    owner.audit().verify().await.unwrap();
    owner.close().await;
}

#[tokio::test]
async fn from_a_file_into_memory_and_back() {
    let world = World::new().await;
    moves(&world, &world.place("class.db"), "memory:moved").await;
    moves(&world, "memory:moved", &world.place("there.db")).await;
    drop_memory("memory:moved").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_a_file_to_postgresql_on_to_another_schema_and_back() {
    let world = World::new().await;
    let (one, two) = (Schema::new(), Schema::new());
    moves(&world, &world.place("class.db"), &one.0).await;
    moves(&world, &one.0, &two.0).await;
    moves(&world, &two.0, &world.place("there.db")).await;
}
