//! Operations, entries, cursors, proofs, profiles and reads.

use data_encoding::BASE64URL_NOPAD;

use super::{refused, take, text};
use crate::error::ErrorKind::{InvalidArgument, Tampered, Unsupported};
use crate::log::body::profile_commitment;
use crate::log::cursor::Cursor;
use crate::log::encoding::{self, Bytes};
use crate::log::entry::Entry;
use crate::log::operation::{Operation, message};
use crate::log::reads::{Chain, Group, MAX_ENTRIES, MAX_ENTRY, ReadEntry, Rest, frame, groups_of};
use crate::log::signature::{accept_key, verify};
use crate::log::tree::{Frontier, root_from_inclusion, verify_consistency, verify_inclusion};
use crate::model::id::Id;

/// The bytes that somebody signs.
pub fn operation(data: &[u8]) {
    match Operation::from_bytes(data) {
        Ok(operation) => {
            assert_eq!(operation.to_bytes(), data);
            let _ = (operation.log_id(data), format!("{operation:?}"));
        }
        Err(error) => refused(&error, &[Tampered, Unsupported]),
    }
}

/// A key, a signature, and what it should be over.
pub fn signature(data: &[u8]) {
    let (public, rest) = take::<32>(data);
    let (signature, signed) = rest.split_at(rest.len().min(64));
    let verified = accept_key(&public).and_then(|key| verify(&key, &message(signed), signature));
    if let Err(error) = verified {
        refused(&error, &[Tampered]);
    }
}

/// A log's entry, and the signatures of one as the store has them.
pub fn entry(data: &[u8]) {
    match Entry::from_bytes(data) {
        Ok(entry) => {
            assert_eq!(entry.to_bytes(), data);
            operation(&entry.operation);
        }
        Err(error) => refused(&error, &[Tampered]),
    }
    match encoding::decode::<Vec<Bytes>>("signatures", data) {
        Ok(signatures) => assert_eq!(encoding::encode(&signatures), data),
        Err(error) => refused(&error, &[Tampered]),
    }
}

/// A cursor as text, and as the bytes in it.
pub fn cursor(data: &[u8]) {
    for written in [text(data).to_owned(), BASE64URL_NOPAD.encode(data)] {
        match Cursor::parse(&written) {
            Ok(cursor) => assert_eq!(cursor.encode(), written),
            Err(error) => refused(&error, &[InvalidArgument]),
        }
    }
}

/// Proofs of any size for trees of any size.
pub fn tree(data: &[u8]) {
    let (sizes, rest) = take::<24>(data);
    let number = |at: usize| u64::from_be_bytes(take(&sizes[at..]).0);
    let (size, other, index) = (number(0), number(8), number(16));
    let hashes: Vec<Id> = rest.as_chunks::<32>().0.iter().copied().map(Id).collect();
    let Some((root, proof)) = hashes.split_first() else { return };
    let split = proof.len().min(index.to_be_bytes()[0].into());
    let leaves: Vec<(u64, Id)> =
        (0..).map(|next| index.wrapping_add(next)).zip(proof[..split].iter().copied()).collect();
    let outcomes = [
        verify_inclusion(size, root, &leaves, &proof[split..]),
        verify_inclusion(size, root, &[(index, *root)], proof),
        root_from_inclusion(size, &leaves, &proof[split..]).map(drop),
        verify_consistency(size, root, other, root, proof),
        Frontier::from_peaks(size, hashes.clone()).map(drop),
    ];
    for error in outcomes.into_iter().filter_map(Result::err) {
        refused(&error, &[Tampered, InvalidArgument]);
    }
}

/// Two profiles have one commitment only if they are one.
pub fn profile(data: &[u8]) {
    let (cuts, rest) = take::<4>(data);
    let parts = |first: u8, second: u8| {
        let (salt, rest) = rest.split_at(rest.len().min(first.into()));
        let (name, email) = rest.split_at(rest.len().min(second.into()));
        (salt.to_vec(), String::from_utf8_lossy(name).into_owned(), String::from_utf8_lossy(email).into_owned())
    };
    let (one, other) = (parts(cuts[0], cuts[1]), parts(cuts[2], cuts[3]));
    let commitment = |(salt, name, email): &(Vec<u8>, String, String)| profile_commitment(salt, name, Some(email));
    assert_eq!(one == other, commitment(&one) == commitment(&other));
}

/// An entry of reads, a segment of them as a crash left it, and one that holds any entries.
pub fn read(data: &[u8]) {
    match ReadEntry::from_bytes(data) {
        Ok(entry) => assert!(entry.to_bytes() == data && entry.action().is_ok()),
        Err(error) => refused(&error, &[Tampered, Unsupported]),
    }
    let (groups, rest) = groups_of(data);
    let whole: Vec<u8> = groups.iter().flat_map(frame).collect();
    assert!(data.starts_with(&whole));
    match rest {
        Rest::End => assert_eq!(whole, data),
        Rest::Torn => assert!(whole.len() < data.len()),
        Rest::Damaged(at, error) => {
            assert_eq!(at, whole.len());
            refused(&error, &[Tampered, Unsupported]);
        }
    }
    for group in &groups {
        // Whatever it says of its chain, it continues one of that name or is refused.
        match group.continues(Chain::new(group.chain)) {
            Ok(after) => assert_eq!(after.count, group.end()),
            Err(error) => refused(&error, &[Tampered]),
        }
    }
    let (length, rest) = take::<1>(data);
    let entries: Vec<Vec<u8>> =
        rest.chunks((usize::from(length[0]) << 4 | 1).min(MAX_ENTRY)).take(MAX_ENTRIES).map(<[u8]>::to_vec).collect();
    if !entries.is_empty() {
        let mut chain = Chain::new(Id([1; 32]));
        let group = Group::of(&mut chain, entries);
        let (again, rest) = groups_of(&frame(&group));
        assert!(matches!(rest, Rest::End) && again == [group]);
    }
}
