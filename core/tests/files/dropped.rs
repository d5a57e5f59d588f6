//! Calls that are dropped at any moment: what they ask for is done or not done, and nothing is left over.

use std::future::Future;

use futures_util::FutureExt;
use strongroom::model::file::Source;
use strongroom::model::item::{ItemFilter, NewItem};

use crate::world::{MIB, World, content, new, random, stream};

/// Drops a call after so many looks at it, if it is not done by then; each look comes when there is something new.
async fn dropped_after(looks: u64, call: impl Future) -> bool {
    let mut call = Box::pin(call);
    let mut left = looks;
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        call.poll_unpin(context).map(|_| true)
    })
    .await
}

/// How many files the items have, once all that was on its way to the writer has arrived.
async fn files(world: &World) -> usize {
    let (items, vault) = (world.client.items(), &world.vault);
    items.create(vault, NewItem { title: "last".to_owned(), ..NewItem::default() }).await.unwrap();
    let mut count = 0;
    for item in items.list(vault, ItemFilter::default()).await.unwrap().data {
        count += items.get(vault, &item.id.to_string(), None).await.unwrap().files.len();
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_dropped_uploads_are_whole_or_gone() {
    let world = World::new().await;
    let mut done = 0;
    for round in 0..100 {
        // A file of so many blocks has one piece more, which is empty and ends it: so all are in the folder.
        let (looks, blocks) = (random(70), 1 + round % 6);
        done += usize::from(if round % 2 == 0 {
            dropped_after(looks, world.attach(Source::Stream(stream(blocks)))).await
        } else {
            let files = vec![new("a", Source::Stream(stream(2))), new("b", Source::Stream(stream(blocks)))];
            let item = NewItem { title: "item".to_owned(), files, ..NewItem::default() };
            dropped_after(looks, world.client.items().create(&world.vault, item)).await
        });
    }
    world.keeps(files(&world).await).await;
    assert!((1..100).contains(&done), "{done} were done before they were dropped");
    for item in world.client.items().list(&world.vault, ItemFilter::default()).await.unwrap().data {
        let item = item.id.to_string();
        for file in world.client.items().get(&world.vault, &item, None).await.unwrap().files {
            let read = world.client.files().read(&world.vault, &item, &file.id.to_string()).await.unwrap();
            assert!(read.len() as u64 == file.size && read == content(read.len() / MIB));
        }
    }

    // And the same for what takes a file away.
    for file in world.names().await {
        dropped_after(random(12), world.client.files().detach(&world.vault, &world.item, &file)).await;
    }
    world.keeps(files(&world).await).await;
    world.client.audit().verify().await.unwrap();
}
