//! Reading from the middle: only the pieces that are touched are fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom::engine::Engine;
use strongroom::model::file::Source;
use strongroom::store::sqlite::SqliteStore;

use crate::malicious::Malicious;
use crate::world::{MIB, World, block, stream};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pieces_that_are_touched_are_fetched_and_checked() {
    let world = World::new().await;
    let file = world.attach(Source::Stream(stream(12))).await.unwrap().id.to_string();
    let server = Malicious::over(Engine::new(SqliteStore::open(&world.database(), false).unwrap()));
    let client = server.client(&world.kit).await;
    let fetched = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fetched);
    // All but the header's piece and three in the middle are worthless.
    let honest = [0, 6, 7, 8].map(|number| world.piece(&file, number));
    server.piece.change(move |piece| {
        count.fetch_add(1, Ordering::SeqCst);
        if !honest.contains(piece) {
            piece.clear();
        }
    });
    let reader = client.files().open(&world.vault, &world.item, &file).await.unwrap();
    assert_eq!(fetched.load(Ordering::SeqCst), 0, "opening fetches none");
    let at = |number: usize, offset: usize| (number * MIB + offset) as u64;
    assert_eq!(reader.read_at(at(7, 100), 10).await.unwrap(), block(7)[100..110]);
    assert_eq!(fetched.swap(0, Ordering::SeqCst), 2, "the piece, and once the file's first with the header");
    assert_eq!(reader.read_at(at(7, MIB - 3), 10).await.unwrap(), block(7)[MIB - 3..]);
    assert_eq!(reader.read_at(at(7, 0), MIB).await.unwrap(), block(7));
    assert_eq!(fetched.load(Ordering::SeqCst), 0, "it is kept");
    assert_eq!(reader.read_at(at(8, 0), MIB).await.unwrap(), block(8));
    assert_eq!(reader.read_at(at(6, 5), 1).await.unwrap(), block(6)[5..6]);
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
    assert_eq!(reader.read_at(at(9, 0), 1).await.unwrap_err().code(), "tampered");
    assert_eq!(reader.read_at(at(12, 0), 1).await.unwrap(), b"", "the end");
    assert_eq!(reader.read_at(u64::MAX, usize::MAX).await.unwrap(), b"");
    server.piece.tell(|piece| piece);
    server.piece.stop();
    let whole = client.files().read(&world.vault, &world.item, &file).await.unwrap();
    assert!(whole == crate::world::content(12));
}
