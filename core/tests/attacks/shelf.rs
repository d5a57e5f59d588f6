//! A vault with files, for attacks on their content.

use std::sync::Arc;

use minicbor::Decode;
use minicbor::bytes::ByteArray;
use strongroom::authority::{FileAnswer, Reading};
use strongroom::client::Client;
use strongroom::crypto::file::{CHUNK, FileSealer, PIECE_CHUNKS};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::error::Result;
use strongroom::log::tree::hash_leaf;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::id::{FileId, Id, ItemId, VaultId};
use strongroom::model::item::NewItem;

use crate::malicious::Malicious;
use crate::world::{Member, World, code};

/// Three pieces, the last one short.
pub(crate) const LARGE: usize = 2 * PIECE_CHUNKS * CHUNK + 50_000;
pub(crate) const SMALL: usize = 3 * CHUNK + 5;

/// A vault with files, their sealed pieces, and somebody who may read them.
pub(crate) struct Shelf {
    pub(crate) world: World,
    pub(crate) reader: Member,
    pub(crate) vault: VaultId,
    pub(crate) item: ItemId,
    pub(crate) files: Vec<Shelved>,
}

pub(crate) struct Shelved {
    pub(crate) id: FileId,
    pub(crate) content: Vec<u8>,
    pub(crate) answer: FileAnswer,
    pub(crate) pieces: Vec<Vec<u8>>,
}

fn file(name: &str, content: Vec<u8>) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(content.into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

pub(crate) fn content(length: usize, seed: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at / 7 + at * seed) % 251).unwrap()).collect()
}

impl Shelf {
    /// Two files of each of these lengths, on one item.
    pub(crate) async fn new(lengths: &[usize]) -> Self {
        let world = World::new().await;
        let reader = world.user("reader").await;
        let vault = world.vault(&[(&reader, "read")]).await.id;
        let contents: Vec<Vec<u8>> =
            lengths.iter().flat_map(|length| [content(*length, 3), content(*length, 5)]).collect();
        let files = contents.iter().map(|content| file("file", content.clone())).collect();
        let new = NewItem { title: "files".to_owned(), files, ..NewItem::default() };
        let item = world.owner.client.items().create(&vault.to_string(), new).await.unwrap();
        let mut shelved = Vec::new();
        for (file, content) in item.files.iter().zip(contents) {
            let (engine, session, id) = (&world.engine, reader.session, file.id);
            let answer = engine.file(session, vault.0, 1, id.0).await.unwrap();
            let mut pieces = Vec::new();
            for index in 0..answer.leaves.len() as u64 {
                pieces.push(engine.piece(session, vault.0, id.0, index).await.unwrap());
            }
            shelved.push(Shelved { id, content, answer, pieces });
        }
        Self { world, reader, vault, item: item.id, files: shelved }
    }

    pub(crate) async fn server(&self) -> (Arc<Malicious>, Client) {
        let server = Malicious::over(Arc::clone(&self.world.engine));
        let client = server.client(&self.reader.kit).await;
        (server, client)
    }

    pub(crate) async fn read(&self, client: &Client, file: FileId) -> Result<Vec<u8>> {
        client.files().read(&self.vault.to_string(), &self.item.to_string(), &file.to_string()).await
    }

    /// With these pieces, and their hashes if the server lies about those too, nothing is read from anywhere.
    pub(crate) async fn is_refused(&self, what: &str, number: usize, pieces: &[Vec<u8>]) {
        let honest = &self.files[number];
        for with_leaves in [false, true] {
            let (server, client) = self.server().await;
            let (before, after) = (honest.pieces.clone(), pieces.to_vec());
            server.piece.change(move |piece| {
                let place = before.iter().position(|one| one == piece);
                *piece = place.and_then(|place| after.get(place)).cloned().unwrap_or_default();
            });
            if with_leaves {
                let leaves: Vec<Id> = pieces.iter().map(|piece| hash_leaf(piece)).collect();
                server.file.change(move |answer| answer.leaves.clone_from(&leaves));
            }
            if with_leaves || honest.pieces.iter().zip(pieces).any(|(one, other)| one != other) {
                assert_eq!(code(self.read(&client, honest.id).await), "tampered", "{what}, {with_leaves}");
            }
            let (vault, item) = (self.vault.to_string(), self.item.to_string());
            if let Ok(reader) = client.files().open(&vault, &item, &honest.id.to_string()).await {
                for at in [0, CHUNK, PIECE_CHUNKS * CHUNK + 3, honest.content.len() - 10] {
                    if let Ok(read) = reader.read_at(at as u64, 10).await {
                        assert_eq!(read, honest.content[at.min(honest.content.len())..][..read.len()], "{what}");
                    }
                }
            }
            server.piece.stop();
            server.file.stop();
            assert!(self.read(&client, honest.id).await.unwrap() == honest.content);
        }
    }
}

/// As the sealed details hold it.
#[derive(Decode)]
struct Details(#[n(2)] Vec<PlainFile>);

#[derive(Decode)]
struct PlainFile {
    #[n(0)]
    id: Id,
    #[n(4)]
    key: ByteArray<32>,
}

impl Shelf {
    /// The real key of a file, as everybody has it who may read.
    pub(crate) async fn file_key(&self, file: FileId) -> SealKey {
        let (engine, session) = (&self.world.engine, self.reader.session);
        let mut rows = engine.items(session, self.vault.0, 1, vec![(self.item.0, None)], Reading::Whole).await.unwrap();
        let details = rows.pop().unwrap().unwrap().details;
        let (account, vault, item) = (self.reader.token.account, self.vault, Some(self.item));
        let place = Place { account, vault, item, version: 1, epoch: 1, part: Part::Details };
        let key = self.reader.vault_key(&self.world, vault, 1).await;
        let Details(files) = minicbor::decode(&part::open_part(&key, &place, &details).unwrap()).unwrap();
        let found = files.iter().find(|known| known.id == file.0).unwrap();
        SealKey::from_bytes(found.key.as_slice()).unwrap()
    }

    /// Other content, sealed for the same place under the same key.
    pub(crate) async fn sealed_again(&self, file: FileId, content: &[u8]) -> Vec<Vec<u8>> {
        let key = self.file_key(file).await;
        let account = self.reader.token.account;
        let mut sealer = FileSealer::new(&key, account, self.vault, self.item, file).unwrap();
        let mut pieces: Vec<Vec<u8>> = sealer.push(content).unwrap().into_iter().map(|piece| piece.bytes).collect();
        pieces.push(sealer.finish().unwrap().0.bytes);
        pieces
    }
}
