//! Tokens, sealed parts, files and wraps.

use std::sync::OnceLock;

use data_encoding::BASE64URL_NOPAD;

use super::{refused, take, text};
use crate::crypto::chunked;
use crate::crypto::file::{FileOpener, PIECE_CHUNKS, ciphertext_length, file_context, plaintext_length};
use crate::crypto::identity::{Identity, RetiredIdentity, Seed};
use crate::crypto::kem::check_kem_key;
use crate::crypto::key::SealKey;
use crate::crypto::part::{Part, Place, open_key, open_part, seal_part};
use crate::crypto::token::{Token, TokenKind};
use crate::crypto::wrap::{open_wrap, unwrap_key};
use crate::error::ErrorKind::{Tampered, Unauthenticated};
use crate::model::id::{AccountId, FileId, Id, ItemId, VaultId};

/// The key that everything here is sealed under.
pub(super) const KEY: [u8; 32] = [6; 32];

pub(super) fn key() -> SealKey {
    SealKey::from_bytes(&KEY).expect("a key has 32 bytes")
}

pub(super) fn place() -> Place {
    Place {
        account: AccountId(Id([1; 32])),
        vault: VaultId(Id([2; 32])),
        item: Some(ItemId(Id([3; 32]))),
        version: 4,
        epoch: 5,
        part: Part::Details,
    }
}

pub(super) fn context() -> Vec<u8> {
    file_context(AccountId(Id([1; 32])), VaultId(Id([2; 32])), ItemId(Id([3; 32])), FileId(Id([4; 32])))
}

pub(super) fn identity() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity::derive(&Seed::from_bytes(&[5; 32])).expect("keys of a seed"))
}

/// A token as somebody pastes it, and one whose checksum fits whatever it says.
pub fn token(data: &[u8]) {
    let summed = || {
        let (which, body) = data.split_first()?;
        let kind = TokenKind::ALL[usize::from(which % 4)];
        let bytes = [body, &crc32fast::hash(body).to_be_bytes()].concat();
        Some(format!("{}{}", kind.prefix(), BASE64URL_NOPAD.encode(&bytes)))
    };
    for written in [Some(text(data).to_owned()), summed()].into_iter().flatten() {
        match Token::parse(&written) {
            Ok(token) => assert_eq!(*token.encode(), written),
            Err(error) => {
                refused(&error, &[Unauthenticated]);
                let repeated = written.get(20..40).is_some_and(|part| error.to_string().contains(part));
                assert!(!repeated, "{error}");
            }
        }
    }
}

/// The bytes as a sealed part, and as the padded plaintext of one.
pub fn part(data: &[u8]) {
    if let Err(error) = open_part(&key(), &place(), data) {
        refused(&error, &[Tampered]);
    }
    let sealed = chunked::seal(&key(), &place().context(), data).expect("sealing works");
    match open_part(&key(), &place(), &sealed) {
        Ok(plaintext) => {
            let again = seal_part(&key(), &place(), &plaintext).expect("sealing works");
            assert_eq!(*chunked::open(&key(), &place().context(), &again).expect("it opens"), data);
        }
        Err(error) => refused(&error, &[Tampered]),
    }
    match open_key(&key(), &place(), &sealed) {
        Ok(key) => assert_eq!(data[4..36], *key.as_bytes()),
        Err(error) => refused(&error, &[Tampered]),
    }
}

/// The bytes as a sealed message.
pub fn container(data: &[u8]) {
    match chunked::open(&key(), b"here", data) {
        Ok(plaintext) => assert_eq!(ciphertext_length(plaintext.len() as u64), data.len() as u64),
        Err(error) => refused(&error, &[Tampered]),
    }
}

/// A file's length, its header, and a piece of any number.
pub fn file(data: &[u8]) {
    let (length, rest) = take::<8>(data);
    let length = u64::from_be_bytes(length);
    match plaintext_length(length) {
        Ok(plaintext) => assert_eq!(ciphertext_length(plaintext), length),
        Err(error) => refused(&error, &[Tampered]),
    }
    let (number, rest) = take::<8>(rest);
    let (flags, piece) = take::<1>(rest);
    let number = u64::from_be_bytes(number);
    let header = piece.get(..FileOpener::HEADER).unwrap_or(piece);
    match FileOpener::new(&key(), &context(), header) {
        Ok(opener) => match opener.open_piece(number, piece, flags[0] & 1 == 1) {
            Ok(plaintext) => assert!(plaintext.len() <= PIECE_CHUNKS * chunked::CHUNK && plaintext.len() < piece.len()),
            Err(error) => refused(&error, &[Tampered]),
        },
        Err(error) => refused(&error, &[Tampered]),
    }
}

/// A vault key wrapped for somebody, a key to wrap for, and what a rotation retired.
pub fn wrap(data: &[u8]) {
    let outcomes = [
        unwrap_key(identity().kem(), b"info", data).map(drop),
        open_wrap(&key(), b"context", data).map(drop),
        check_kem_key(data).map(drop),
        RetiredIdentity::from_secrets(data).map(drop),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        refused(&error, &[Tampered]);
    }
}
