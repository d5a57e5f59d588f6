//! Attack 22: an upload resumed with a changed source; a lost answer and a retry sealed again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use strongroom::client::Client;
use strongroom::error::{Error, Result};
use strongroom::model::file::{File, NewFile, Source};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::NewItem;
use strongroom::store::Store;

use crate::malicious::Malicious;
use crate::shelf::content;
use crate::world::{World, code};

const MIB: usize = 1 << 20;

/// An item to attach to, through a server that notes what is put.
struct Desk {
    world: World,
    server: Arc<Malicious>,
    client: Client,
    vault: VaultId,
    item: ItemId,
}

impl Desk {
    async fn new() -> Self {
        let world = World::new().await;
        let vault = world.vault(&[]).await.id;
        let new = NewItem { title: "files".to_owned(), ..NewItem::default() };
        let item = world.owner.client.items().create(&vault.to_string(), new).await.unwrap().id;
        let server = Malicious::over(Arc::clone(&world.engine));
        let client = server.client(&world.owner.kit).await;
        Self { world, server, client, vault, item }
    }

    async fn attach(&self, content: Vec<u8>) -> Result<File> {
        let blocks: Vec<_> = content.chunks(700_000).map(|block| Ok(block.to_vec().into())).collect();
        let file = NewFile {
            name: "essay".to_owned(),
            source: Source::Stream(Box::pin(stream::iter(blocks))),
            content_type: None,
            replace: None,
            progress: None,
            idempotency_key: None,
        };
        self.client.files().attach(&self.vault.to_string(), &self.item.to_string(), file).await
    }

    async fn read(&self, client: &Client, file: &File) -> Result<Vec<u8>> {
        client.files().read(&self.vault.to_string(), &self.item.to_string(), &file.id.to_string()).await
    }

    async fn files(&self) -> Vec<File> {
        let (vault, item) = (self.vault.to_string(), self.item.to_string());
        self.world.owner.client.items().get(&vault, &item, None).await.unwrap().files
    }

    /// How often each piece came, always with the same bytes; the files in the order of their first piece.
    fn sent(&self) -> (Vec<Id>, Vec<usize>) {
        let (mut files, mut pieces) = (Vec::new(), HashMap::new());
        for (file, index, bytes) in self.server.sent.lock().unwrap().iter() {
            if !files.contains(file) {
                files.push(*file);
            }
            let (first, count) = pieces.entry((*file, *index)).or_insert((bytes.clone(), 0));
            assert!(first == bytes, "piece {index} was sealed twice");
            *count += 1;
        }
        (files, pieces.into_values().map(|(_, count)| count).collect())
    }
}

fn lost() -> Error {
    Error::unavailable("the answer was lost")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_piece_whose_answer_was_lost_comes_again_as_it_was() {
    let desk = Desk::new().await;
    let mut number = 0;
    desk.server.put_piece.tell(move |honest| {
        number += 1;
        if number % 3 == 0 { Err(lost()) } else { honest }
    });
    let file = desk.attach(content(5 * MIB + 9, 3)).await.unwrap();
    let (files, counts) = desk.sent();
    assert_eq!(files, [file.id.0]);
    assert!(counts.len() == 6 && counts.contains(&2), "{counts:?}");
    assert!(desk.read(&desk.client, &file).await.unwrap() == content(5 * MIB + 9, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_broke_off_begins_again_as_another_file_under_another_key() {
    let desk = Desk::new().await;
    let mut number = 0;
    desk.server.put_piece.tell(move |honest| {
        number += 1;
        if number > 2 { Err(lost()) } else { honest }
    });
    assert_eq!(code(desk.attach(content(4 * MIB, 3)).await), "unavailable");
    assert!(desk.files().await.is_empty());
    desk.server.put_piece.stop();
    // The same source, and one that changed in its last part.
    let again = desk.attach(content(4 * MIB, 3)).await.unwrap();
    let mut changed = content(4 * MIB, 3);
    changed.truncate(4 * MIB - 5);
    let other = desk.attach(changed.clone()).await.unwrap();
    let (files, _) = desk.sent();
    assert_eq!(files[1..], [again.id.0, other.id.0]);
    let first = |file: Id| {
        let sent = desk.server.sent.lock().unwrap();
        sent.iter().find(|(id, index, _)| *id == file && *index == 0).unwrap().2.to_vec()
    };
    // Neither the salt in the header nor the first chunk, of the same plain bytes, is the same.
    assert_ne!(first(files[0])[..56], first(files[1])[..56]);
    assert_ne!(first(files[0])[56..], first(files[1])[56..]);
    // What broke off is gone, and is no part of what came after.
    for _ in 0..500 {
        if desk.world.store.piece(files[0], 0).await.unwrap().is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(desk.world.store.piece(files[0], 0).await.unwrap().is_none());
    for (broken, whole) in [(files[0], &again), (files[1], &other)] {
        let (old, new) = (first(broken), first(whole.id.0));
        desk.server.piece.change(move |piece| {
            if *piece == new {
                piece.clone_from(&old);
            }
        });
        assert_eq!(code(desk.read(&desk.client, whole).await), "tampered");
        desk.server.piece.stop();
    }
    assert!(desk.read(&desk.client, &again).await.unwrap() == content(4 * MIB, 3));
    assert!(desk.read(&desk.client, &other).await.unwrap() == changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_answer_was_lost_is_there_once_and_is_not_written_over() {
    let desk = Desk::new().await;
    let mut answers = 0;
    desk.server.submit.tell(move |honest| {
        answers += 1;
        if answers == 1 { Err(lost()) } else { honest }
    });
    // Whether the client asks again with the same bytes or gives up: the file is attached once.
    let told = desk.attach(content(3 * MIB, 3)).await;
    let files = desk.files().await;
    assert_eq!(files.len(), 1);
    if let Ok(told) = &told {
        assert_eq!(told.id, files[0].id);
    }
    let second = desk.attach(content(3 * MIB, 5)).await.unwrap();
    assert_eq!(desk.files().await.len(), 2);
    let (sent, _) = desk.sent();
    assert_eq!(sent, [files[0].id.0, second.id.0]);
    // The upload was given up by a client that did not know; what is attached stays.
    let owner = &desk.world.owner.client;
    assert!(desk.read(owner, &files[0]).await.unwrap() == content(3 * MIB, 3));
    assert!(desk.read(owner, &second).await.unwrap() == content(3 * MIB, 5));
    owner.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_puts_a_piece_in_the_place_of_another_once_the_file_is_attached() {
    let desk = Desk::new().await;
    let file = desk.attach(content(2 * MIB, 3)).await.unwrap();
    let (engine, session) = (&desk.world.engine, desk.world.owner.session);
    for (index, bytes) in [(0, vec![0; 70]), (1, vec![1; MIB]), (9, vec![2; 70])] {
        let put = engine.put_piece(session, desk.vault.0, file.id.0, index, bytes.into()).await;
        assert_eq!(code(put), "conflict");
    }
    engine.give_up(session, file.id.0);
    assert!(desk.read(&desk.client, &file).await.unwrap() == content(2 * MIB, 3));
}
