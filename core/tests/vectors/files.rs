//! Files: one message in pieces, and the tree over them.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Prk};
use serde_json::{Value, json};
use strongroom::crypto::file::{
    FileOpener, FileSealer, ciphertext_length, file_context, piece_count, plaintext_length,
};
use strongroom::crypto::key::SealKey;
use strongroom::error::Result;
use strongroom::log::tree::{Frontier, hash_leaf};
use strongroom::model::id::{AccountId, FileId, Id, ItemId, VaultId};

use crate::frozen::{flipped, hex, id, id_hex, list, number, read, unhex};

const ABOUT: &str = "Files whose byte i is i mod 251, sealed under one key each time with the salt that stands first in `header`, which was \
                     random: with it, the sealed bytes follow. Leaf hashes are of the pieces. What is invalid are pieces, in order, of a \
                     file of two.";
const KEY: [u8; 32] = [0x71; 32];
const PIECE: usize = 64 * 16_400;
const FULL: usize = 64 * 16_384;

fn context() -> Vec<u8> {
    let of = |number| Id([number; 32]);
    file_context(AccountId(of(0xa1)), VaultId(of(0xa2)), ItemId(of(0x41)), FileId(of(0x46)))
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

fn seal(length: usize) -> Vec<Vec<u8>> {
    let of = |number| Id([number; 32]);
    let key = SealKey::from_bytes(&KEY).unwrap();
    let ids = (AccountId(of(0xa1)), VaultId(of(0xa2)), ItemId(of(0x41)), FileId(of(0x46)));
    let mut sealer = FileSealer::new(&key, ids.0, ids.1, ids.2, ids.3).unwrap();
    let mut pieces = sealer.push(&plaintext(length)).unwrap();
    let (last, whole) = sealer.finish().unwrap();
    assert_eq!(whole.length, ciphertext_length(length as u64));
    pieces.push(last);
    pieces.into_iter().map(|piece| piece.bytes).collect()
}

struct Derived;

impl KeyType for Derived {
    fn len(&self) -> usize {
        76
    }
}

/// The sealed bytes that follow from a salt, by the definition and apart from the code that is tested.
fn sealed_with(salt: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let context = context();
    let mut derived = [0; 76];
    let info: [&[u8]; 3] = [b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0", salt, &context];
    Prk::new_less_safe(HKDF_SHA512, &KEY).expand(&info, Derived).unwrap().fill(&mut derived).unwrap();
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &derived[..32]).unwrap());
    let mut sealed = [salt, &derived[44..]].concat();
    for index in 0..=plaintext.len() / 16_384 {
        let mut nonce: [u8; 12] = derived[32..44].try_into().unwrap();
        for (byte, number) in nonce[4..].iter_mut().zip((index as u64).to_be_bytes()) {
            *byte ^= number;
        }
        let mut chunk = plaintext[index * 16_384..plaintext.len().min((index + 1) * 16_384)].to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut chunk).unwrap();
        sealed.extend(chunk);
    }
    sealed
}

/// The pieces of a sealed file.
fn pieces(sealed: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    while start < sealed.len() {
        let end = sealed.len().min(if start == 0 { 56 + PIECE } else { start + PIECE });
        pieces.push(&sealed[start..end]);
        start = end;
    }
    pieces
}

fn root(leaves: &[Id]) -> Id {
    let mut tree = Frontier::new();
    for leaf in leaves {
        tree.append(*leaf);
    }
    tree.root()
}

/// How each wrong file is made of the two pieces of a right one.
fn broken(name: &str, first: &[u8], second: &[u8]) -> Vec<Vec<u8>> {
    let (first, second) = (first.to_vec(), second.to_vec());
    match name {
        "the pieces swapped" => vec![second, first],
        "the first piece alone" => vec![first],
        "the second piece alone" => vec![second],
        "the first piece twice" => vec![first.clone(), first],
        "the second piece twice" => vec![first, second.clone(), second],
        "two chunks swapped" => {
            let chunk = |at: usize| first[56 + at * 16_400..56 + (at + 1) * 16_400].to_vec();
            let swapped = [&first[..56], &chunk(1), &chunk(0), &first[56 + 2 * 16_400..]].concat();
            vec![swapped, second]
        }
        "a chunk missing" => vec![[&first[..56], &first[56 + 16_400..]].concat(), second],
        "the last byte missing" => vec![first, second[..second.len() - 1].to_vec()],
        "a byte behind" => vec![first, [&second[..], &[0]].concat()],
        "a bit of the salt" => vec![flipped(&first, 0), second],
        "a bit of the commitment" => vec![flipped(&first, 55), second],
        "a bit of a chunk in the middle" => vec![flipped(&first, 56 + 30 * 16_400), second],
        "a bit of the last tag" => vec![first, flipped(&second, second.len() - 1)],
        _ => unreachable!("{name}"),
    }
}

const BROKEN: [&str; 13] = [
    "the pieces swapped",
    "the first piece alone",
    "the second piece alone",
    "the first piece twice",
    "the second piece twice",
    "two chunks swapped",
    "a chunk missing",
    "the last byte missing",
    "a byte behind",
    "a bit of the salt",
    "a bit of the commitment",
    "a bit of a chunk in the middle",
    "a bit of the last tag",
];

pub(crate) fn made() -> Value {
    let files: Vec<Value> = [0, 1, 5, 16_383, 16_384, FULL - 1, FULL, FULL + 1, 2 * FULL + 20_000]
        .into_iter()
        .map(|length| {
            let pieces = seal(length);
            let leaves: Vec<Id> = pieces.iter().map(|piece| hash_leaf(piece)).collect();
            json!({
                "size": length,
                "header": hex(&pieces[0][..56]),
                "length": pieces.iter().map(Vec::len).sum::<usize>(),
                "leaves": leaves.iter().map(|leaf| id_hex(*leaf)).collect::<Vec<_>>(),
                "root": id_hex(root(&leaves)),
                "sealed": (length < 100).then(|| hex(&pieces[0])),
            })
        })
        .collect();
    json!({
        "about": ABOUT,
        "key": hex(KEY),
        "account": hex([0xa1; 32]), "vault": hex([0xa2; 32]), "item": hex([0x41; 32]), "file": hex([0x46; 32]),
        "context": hex(context()),
        "files": files,
        "lengths_of_none": [0, 55, 56, 71, 56 + 16_400, 56 + 16_400 + 15],
        "invalid": BROKEN,
    })
}

/// The content of these pieces, opened one by one.
fn open(pieces: &[Vec<u8>]) -> Result<Vec<u8>> {
    let key = SealKey::from_bytes(&KEY)?;
    let header = pieces[0].get(..FileOpener::HEADER).unwrap_or(&pieces[0]);
    let opener = FileOpener::new(&key, &context(), header)?;
    let mut content = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        content.extend_from_slice(&opener.open_piece(index as u64, piece, index + 1 == pieces.len())?);
    }
    Ok(content)
}

#[test]
fn files_are_what_they_were() {
    let vectors = read("files");
    assert_eq!(unhex(&vectors["context"]), context());
    for vector in list(&vectors["files"]) {
        let size = usize::try_from(number(&vector["size"])).unwrap();
        let header = unhex(&vector["header"]);
        let sealed = sealed_with(&header[..24], &plaintext(size));
        assert_eq!(sealed[..56], header);
        let length = number(&vector["length"]);
        assert_eq!((sealed.len() as u64, ciphertext_length(size as u64)), (length, length));
        assert_eq!(plaintext_length(length).unwrap(), size as u64);
        let pieces = pieces(&sealed);
        assert_eq!(pieces.len() as u64, piece_count(length));
        let leaves: Vec<Id> = pieces.iter().map(|piece| hash_leaf(piece)).collect();
        assert_eq!(leaves, list(&vector["leaves"]).iter().map(id).collect::<Vec<_>>());
        assert_eq!(root(&leaves), id(&vector["root"]));
        if !vector["sealed"].is_null() {
            assert_eq!(unhex(&vector["sealed"]), sealed);
        }
        let pieces: Vec<Vec<u8>> = pieces.into_iter().map(<[u8]>::to_vec).collect();
        assert_eq!(open(&pieces).unwrap(), plaintext(size));
    }
    for length in list(&vectors["lengths_of_none"]) {
        assert_eq!(plaintext_length(number(length)).unwrap_err().code(), "tampered", "{length}");
    }
}

#[test]
fn pieces_out_of_place_open_nothing() {
    let vectors = read("files");
    let sealed = sealed_with(&[9; 24], &plaintext(FULL + 20_000));
    let pieces = pieces(&sealed);
    assert_eq!(pieces.len(), 2);
    assert_eq!(vectors["invalid"], json!(BROKEN));
    for name in BROKEN {
        assert_eq!(open(&broken(name, pieces[0], pieces[1])).unwrap_err().code(), "tampered", "{name}");
    }
}
