//! Sources that fail, change, come in odd pieces, or are none.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::{StreamExt, stream};
use strongroom::error::Error;
use strongroom::model::file::{ByteStream, Source};

use crate::world::{MIB, World, block, content, new, random};

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_leaves_nothing_and_its_error_is_told() {
    let world = World::new().await;
    for blocks in [0, 1, 5, 20] {
        let good = stream::iter((0..blocks).map(|number| Ok(block(number).into())));
        let failing: ByteStream = Box::pin(good.chain(stream::iter([Err(Error::conflict("the source's own"))])));
        let error = world.attach(Source::Stream(failing)).await.unwrap_err();
        assert_eq!((error.code(), error.message()), ("conflict", "the source's own"));
    }
    assert!(world.names().await.is_empty());
    world.keeps(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_may_come_in_blocks_of_any_size() {
    let world = World::new().await;
    let whole = content(3);
    for (most, length) in [(1, 3000), (70_000, whole.len()), (MIB, whole.len()), (9 * MIB, whole.len() - 7)] {
        let (mut left, mut blocks) = (&whole[..length], Vec::new());
        while !left.is_empty() {
            let size = usize::try_from(random(most as u64 + 1)).unwrap().min(left.len());
            let (block, rest) = left.split_at(size);
            blocks.push(Ok(block.to_vec().into()));
            left = rest;
        }
        let file = world.attach(Source::Stream(Box::pin(stream::iter(blocks)))).await.unwrap();
        assert_eq!(file.size, length as u64);
        let read = world.client.files().read(&world.vault, &world.item, &file.id.to_string()).await.unwrap();
        assert!(read == whole[..length]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_asked_no_further_ahead_than_a_few_blocks() {
    let world = World::new().await;
    let (asked, most, told) =
        (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(0)), Arc::new(Mutex::new(Vec::new())));
    let (count, ahead, tell, seen) = (Arc::clone(&asked), Arc::clone(&most), Arc::clone(&told), Arc::clone(&asked));
    let blocks = (0..40).map(move |number| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(block(number).into())
    });
    let mut file = new("file", Source::Stream(Box::pin(stream::iter(blocks))));
    file.progress = Some(Arc::new(move |done| {
        let done = usize::try_from(done).unwrap();
        let mut most = ahead.lock().unwrap();
        *most = (*most).max(seen.load(Ordering::SeqCst) - done / MIB);
        tell.lock().unwrap().push(done);
    }));
    world.client.files().attach(&world.vault, &world.item, file).await.unwrap();
    assert!(*most.lock().unwrap() <= 12, "{} blocks ahead", most.lock().unwrap());
    let told = told.lock().unwrap();
    assert!(told.is_sorted() && told.len() >= 40);
    assert_eq!(told.last(), Some(&(40 * MIB)));
}

/// A file that something is done to when so much of it was attached.
async fn changed(world: &World, change: impl Fn(&PathBuf) + Send + Sync + 'static) -> String {
    let path = world.folder().join("source");
    fs::write(&path, content(30)).unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    let mut file = new("file", Source::Path(path.clone()));
    file.progress = Some(Arc::new(move |done| {
        if done == MIB as u64 {
            change(&path);
        }
    }));
    let error = world.client.files().attach(&world.vault, &world.item, file).await.unwrap_err();
    assert_eq!(error.code(), "invalid_argument");
    error.message().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_whose_file_changes_meanwhile_is_refused() {
    let world = World::new().await;
    let write = |path: &PathBuf| File::options().append(true).open(path).unwrap().write_all(b"more").unwrap();
    assert!(changed(&world, write).await.contains("changed while it was read"));
    let cut = |path: &PathBuf| File::options().write(true).open(path).unwrap().set_len(20 * MIB as u64).unwrap();
    assert!(changed(&world, cut).await.contains("changed while it was read"));
    let other = |path: &PathBuf| File::options().write(true).open(path).unwrap().write_all(b"other").unwrap();
    assert!(changed(&world, other).await.contains("changed while it was read"));
    assert!(world.names().await.is_empty());
    world.keeps(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_no_source() {
    let world = World::new().await;
    for path in [world.folder().to_path_buf(), world.folder().join("missing"), PathBuf::new()] {
        assert_eq!(world.attach(Source::Path(path)).await.unwrap_err().code(), "invalid_argument");
    }
    #[cfg(unix)]
    for path in ["/dev/null", "/dev/zero"] {
        assert_eq!(world.attach(Source::Path(path.into())).await.unwrap_err().code(), "invalid_argument");
    }
    assert!(world.names().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_takes_anothers_place_and_its_room() {
    let world = World::new().await;
    let first = world.attach(Source::Bytes(content(5).into())).await.unwrap();
    world.keeps(1).await;
    let mut file = new("file", Source::Bytes(content(4).into()));
    file.replace = Some(first.id.to_string());
    let second = world.client.files().attach(&world.vault, &world.item, file).await.unwrap();
    assert_eq!(world.names().await, [second.id.to_string()]);
    world.keeps(1).await;
    assert_eq!(world.kept()[0].len(), 5, "four pieces, and the empty one that ends them");
}
