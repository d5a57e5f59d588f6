//! Processes that are killed in an upload, and others that go on meanwhile.

use std::path::PathBuf;
use std::sync::Arc;

use strongroom::model::file::Source;
use strongroom::model::item::ItemFilter;

use crate::child::{Worker, say};
use crate::world::{MIB, World, new, open, stream};

/// Attaches without an end, and says how far it is.
pub(crate) async fn upload(path: PathBuf, token: String) {
    let client = open(&path, &token).await;
    let vault = client.vaults().list().await.unwrap().data.remove(0).id.to_string();
    let item = client.items().list(&vault, ItemFilter::default()).await.unwrap().data[0].id.to_string();
    let mut file = new("endless", Source::Stream(stream(usize::MAX)));
    file.progress = Some(Arc::new(|done| say(&(done / MIB as u64).to_string())));
    client.files().attach(&vault, &item, file).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_upload_is_collected_by_the_next_to_open_and_a_living_one_is_not() {
    let world = World::new().await;
    world.client.close().await;
    for round in 0..3 {
        let mut living = Worker::start("upload", &world.database(), world.token());
        assert!(living.next().is_some());
        let mut killed = Worker::start("upload", &world.database(), world.token());
        while killed.next().unwrap().parse::<u64>().unwrap() < 2 + 5 * round {}
        assert_eq!(world.kept().len(), 2);
        drop(killed);
        let client = open(&world.database(), world.token()).await;
        for _ in 0..1000 {
            if world.kept().len() == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let kept = world.kept();
        assert!(kept.len() == 1 && kept[0].contains(&"upload".to_owned()) && kept[0].contains(&"0".to_owned()));
        let (before, mut pieces) = (kept[0].len(), 0);
        while pieces <= before {
            assert!(living.next().is_some(), "it goes on");
            pieces = world.kept()[0].len();
        }
        drop(living);
        client.close().await;
        let client = open(&world.database(), world.token()).await;
        world.keeps(0).await;
        assert!(client.items().get(&world.vault, &world.item, None).await.unwrap().files.is_empty());
        client.audit().verify().await.unwrap();
        client.close().await;
    }
}
