//! An account that moves.

use strongroom::client::{ConnectOptions, connect, drop_memory, migrate};
use strongroom::model::change::ChangeFilter;

use crate::world::{World, code, open, options, put};

#[tokio::test]
async fn tokens_cursors_and_states_go_on_at_the_new_place() {
    let world = World::new().await;
    let from = world.place("class.db");
    let remembering = |place: &str| ConnectOptions { state: Some(world.path("state")), ..options(place, &world.alice) };
    let job = connect(remembering(&from)).await.unwrap();
    let cursor = job.changes().cursor().await.unwrap();
    job.close().await;

    migrate(&from, "memory:moved", Some(world.owner.clone())).await.unwrap();
    world.is_whole("memory:moved").await;
    put("memory:moved", &world.alice, &world.vault, "There").await;
    let there = world.place("there.db");
    migrate("memory:moved", &there, Some(world.owner.clone())).await.unwrap();
    drop_memory("memory:moved").unwrap();
    world.is_whole(&there).await;

    let job = connect(remembering(&there)).await.unwrap();
    let filter = ChangeFilter { after: Some(cursor), ..ChangeFilter::default() };
    let page = job.changes().list(filter).await.unwrap();
    assert_eq!(page.data.iter().map(|change| change.kind.as_str()).collect::<Vec<_>>(), ["item.created"]);
    job.close().await;
    // The old place is behind now, as whoever remembers the new one finds.
    assert_eq!(code(connect(remembering(&from)).await), "tampered");
    let owner = open(&there, &world.owner).await;
    owner.audit().verify().await.unwrap();
    owner.close().await;
}
