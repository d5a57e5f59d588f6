//! Attack 15: a ciphertext made to open under two keys. AES-GCM alone takes it; the commitment before it fits one key only.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Prk};
use minicbor::bytes::ByteArray;
use strongroom::authority::{FilePart, Rows};
use strongroom::crypto::chunked;
use strongroom::crypto::file::file_context;
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::log::body::{FileReference, ItemWritten, sealed_hash};
use strongroom::log::encoding::{self, MaybeId};
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::tree::{Frontier, hash_leaf};
use strongroom::model::id::{FileId, Id, ItemId, VaultId};
use strongroom::store::Store;

use crate::world::{Member, World, code, connect};

const SALT: [u8; 24] = [7; 24];

/// The AEAD of one sealed message: its key and the nonce of chunk 0, and what stands before its chunks.
struct Message {
    key: LessSafeKey,
    nonce: [u8; 12],
    header: Vec<u8>,
}

struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        32 + 12 + 32
    }
}

impl Message {
    /// As C2SP `chunked-encryption` derives it, with AES-256-GCM.
    fn of(key: &[u8; 32], context: &[u8]) -> Self {
        let mut derived = [0; 76];
        let info: [&[u8]; 4] = [b"c2sp.org/chunked-encryption@v1+", b"AEAD_AES_256_GCM\0", &SALT, context];
        Prk::new_less_safe(HKDF_SHA512, key).expand(&info, Derived).unwrap().fill(&mut derived).unwrap();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derived[..32]).unwrap());
        Self { key, nonce: derived[32..44].try_into().unwrap(), header: [&SALT[..], &derived[44..]].concat() }
    }

    fn nonce(&self) -> Nonce {
        Nonce::assume_unique_for_key(self.nonce)
    }

    fn tag(&self, aad: &[u8]) -> u128 {
        let tag = self.key.seal_in_place_separate_tag(self.nonce(), Aad::from(aad), &mut []).unwrap();
        u128::from_be_bytes(tag.as_ref().try_into().unwrap())
    }

    /// What the tag of nothing is: GHASH of nothing is zero.
    fn mask(&self) -> u128 {
        self.tag(&[])
    }

    /// The key of GHASH, from two tags: they differ by the difference of the blocks times its square.
    fn hash_key(&self) -> u128 {
        let (one, other) = (1_u128, 2_u128);
        let difference = self.tag(&one.to_be_bytes()) ^ self.tag(&other.to_be_bytes());
        root(product(difference, inverse(one ^ other)))
    }

    fn open(&self, chunk: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = chunk.to_vec();
        self.key.open_in_place(self.nonce(), Aad::empty(), &mut bytes).ok().map(|plain| plain.to_vec())
    }
}

/// The product in GHASH's field, bits in its order.
fn product(one: u128, other: u128) -> u128 {
    let (mut sum, mut shifted) = (0, other);
    for bit in (0..128).rev() {
        if (one >> bit) & 1 == 1 {
            sum ^= shifted;
        }
        let carry = shifted & 1;
        shifted = (shifted >> 1) ^ (carry * (0xe1 << 120));
    }
    sum
}

fn powers(mut base: u128, squarings: usize, multiply: impl Fn(usize) -> bool) -> u128 {
    // One of this field is the first bit.
    let mut power = 1 << 127;
    for at in 0..=squarings {
        if multiply(at) {
            power = product(power, base);
        }
        base = product(base, base);
    }
    power
}

/// To the power of 2¹²⁸ − 2.
fn inverse(of: u128) -> u128 {
    powers(of, 127, |at| at > 0)
}

/// To the power of 2¹²⁷: what squares to it.
fn root(of: u128) -> u128 {
    powers(of, 127, |at| at == 127)
}

/// Two blocks and a tag that both keys take: the second block is the one that makes the two tags one.
fn chunk_for(one: &Message, other: &Message) -> Vec<u8> {
    let (h1, h2) = (one.hash_key(), other.hash_key());
    let cube = |h| product(product(h, h), h);
    let (first, lengths) = (0x5eed_u128, 256_u128);
    let known = |h| product(first, cube(h)) ^ product(lengths, h);
    let difference = known(h1) ^ known(h2) ^ one.mask() ^ other.mask();
    let second = product(difference, inverse(product(h1, h1) ^ product(h2, h2)));
    let tag = known(h1) ^ product(second, product(h1, h1)) ^ one.mask();
    [first, second, tag].iter().flat_map(|block| block.to_be_bytes()).collect()
}

#[test]
fn what_gcm_opens_under_two_keys_this_opens_under_one() {
    let keys = [[1; 32], [2; 32]];
    let [one, other] = keys.map(|key| Message::of(&key, b"here"));
    let chunk = chunk_for(&one, &other);
    let plain = [one.open(&chunk).unwrap(), other.open(&chunk).unwrap()];
    assert_ne!(plain[0], plain[1], "GCM takes it twice");

    let seal_keys = keys.map(|key| SealKey::from_bytes(&key).unwrap());
    for (message, mine, theirs, plain) in
        [(&one, &seal_keys[0], &seal_keys[1], &plain[0]), (&other, &seal_keys[1], &seal_keys[0], &plain[1])]
    {
        let sealed = [&message.header[..], &chunk].concat();
        assert_eq!(*chunked::open(mine, b"here", &sealed).unwrap(), *plain);
        assert_eq!(code(chunked::open(theirs, b"here", &sealed).map(drop)), "tampered");
        assert_eq!(code(chunked::open(mine, b"there", &sealed).map(drop)), "tampered");
    }
    // Nor under one key in two places.
    let there = Message::of(&keys[0], b"there");
    let chunk = chunk_for(&one, &there);
    assert!(one.open(&chunk).is_some() && there.open(&chunk).is_some());
    let sealed = [&one.header[..], &chunk].concat();
    assert!(chunked::open(&seal_keys[0], b"here", &sealed).is_ok());
    assert_eq!(code(chunked::open(&seal_keys[0], b"there", &sealed).map(drop)), "tampered");
}

/// A version of an item with one file, whose key is this.
fn version(
    writer: &Member,
    vault: VaultId,
    key: &SealKey,
    (item, number, previous): (Id, u64, Option<Id>),
    (file, file_key, size): (Id, [u8; 32], u64),
    added: Vec<FileReference>,
) -> (ItemWritten, Rows) {
    let place = |part| {
        let (account, item) = (writer.token.account, Some(ItemId(item)));
        Place { account, vault, item, version: number, epoch: 1, part }
    };
    let text = |text: &str| text.to_owned();
    let record = (file, text("essay"), size, text("text/plain"), ByteArray::from(file_key), 7_u64);
    let details = encoding::encode(&(text(""), Vec::<u8>::new(), vec![record]));
    let overview = part::seal_part(key, &place(Part::Overview), b"\x84\x66forged\x65login\x80\x80").unwrap();
    let details = part::seal_part(key, &place(Part::Details), &details).unwrap();
    let written = ItemWritten {
        item,
        version: number,
        previous: MaybeId(previous),
        epoch: 1,
        overview: sealed_hash(&overview),
        details: sealed_hash(&details),
        archived: false,
        added,
        removed: Vec::new(),
    };
    (written, Rows { overview, details, ..Rows::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_has_one_content_whatever_key_its_writer_names() {
    let world = World::new().await;
    let (writer, reader) = (world.user("writer").await, world.user("reader").await);
    let vault = world.vault(&[(&writer, "write"), (&reader, "read")]).await.id;
    let key = writer.vault_key(&world, vault, 1).await;
    let (item, file, keys) = (Id([5; 32]), Id([6; 32]), [[1; 32], [2; 32]]);
    let context = file_context(writer.token.account, vault, ItemId(item), FileId(file));
    let [one, other] = keys.map(|key| Message::of(&key, &context));
    let chunk = chunk_for(&one, &other);
    let piece = [&one.header[..], &chunk].concat();
    let size = chunk.len() as u64 - 16;
    let mut tree = Frontier::new();
    tree.append(hash_leaf(&piece));
    let reference = FileReference { file, length: piece.len() as u64, root: tree.root() };

    // The writer attaches it under the one key, and later tells the other.
    let part = FilePart { file, leaves: vec![hash_leaf(&piece)], piece: Some(piece) };
    let (written, rows) = version(&writer, vault, &key, (item, 1, None), (file, keys[0], size), vec![reference]);
    let operation = writer.operation(&world, vault, Body::ItemPut(written)).await;
    let submission = writer.sign(&operation, Rows { files: vec![part], ..rows });
    writer.submit(&world, submission).await.unwrap();
    let read = async || {
        let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
        fresh.files().read(&vault.to_string(), &ItemId(item).to_string(), &FileId(file).to_string()).await
    };
    assert_eq!(read().await.unwrap(), one.open(&chunk).unwrap());

    let log = LogId::new(LogKind::Items, vault);
    let first = world.store.snapshot().await.unwrap().entries(log, 0, 1).await.unwrap().remove(0);
    let (written, rows) = version(&writer, vault, &key, (item, 2, Some(first.hash)), (file, keys[1], size), Vec::new());
    let operation = writer.operation(&world, vault, Body::ItemPut(written)).await;
    writer.submit(&world, writer.sign(&operation, rows)).await.unwrap();
    assert!(other.open(&chunk).is_some());
    assert_eq!(code(read().await), "tampered");
}
