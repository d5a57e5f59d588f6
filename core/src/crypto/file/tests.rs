use super::*;
use crate::model::id::Id;

const PIECE_PLAINTEXT: usize = PIECE_CHUNKS * CHUNK;

fn key() -> SealKey {
    SealKey::from_bytes(&[9; 32]).unwrap()
}

fn ids(file: u8) -> (AccountId, VaultId, ItemId, FileId) {
    (AccountId(Id([1; 32])), VaultId(Id([2; 32])), ItemId(Id([3; 32])), FileId(Id([file; 32])))
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect()
}

fn seal(plaintext: &[u8], step: usize) -> (Vec<Piece>, SealedFile) {
    let (account, vault, item, file) = ids(4);
    let mut sealer = FileSealer::new(&key(), account, vault, item, file).unwrap();
    let mut pieces = Vec::new();
    for bytes in plaintext.chunks(step) {
        pieces.extend(sealer.push(bytes).unwrap());
    }
    let (last, size) = sealer.finish().unwrap();
    pieces.push(last);
    (pieces, size)
}

fn opener(pieces: &[Piece]) -> FileOpener {
    let (account, vault, item, file) = ids(4);
    FileOpener::new(&key(), &file_context(account, vault, item, file), &pieces[0].bytes[..HEADER]).unwrap()
}

#[test]
fn every_length_around_a_piece_comes_back_however_it_is_pushed() {
    let lengths = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, PIECE_PLAINTEXT - 1, PIECE_PLAINTEXT, 2 * PIECE_PLAINTEXT + 7];
    for (length, step) in
        lengths.into_iter().flat_map(|length| [1000, CHUNK, 40_000, 1 << 22].map(|step| (length, step)))
    {
        let plaintext = content(length);
        let (pieces, sealed) = seal(&plaintext, step);
        assert_eq!(sealed.pieces, pieces.len() as u64);
        assert_eq!(sealed.length, pieces.iter().map(|piece| piece.bytes.len() as u64).sum::<u64>());
        assert_eq!(sealed.length, ciphertext_length(length as u64));
        assert_eq!(sealed.pieces, piece_count(sealed.length));
        assert_eq!(plaintext_length(sealed.length).unwrap(), length as u64);
        let (opener, mut back) = (opener(&pieces), Vec::new());
        for (index, piece) in (0..).zip(&pieces) {
            assert_eq!(piece.index, index);
            back.extend_from_slice(&opener.open_piece(index, &piece.bytes, index + 1 == sealed.pieces).unwrap());
        }
        assert_eq!(back, plaintext);
    }
}

#[test]
fn the_pieces_are_one_message_of_chunked_encryption() {
    let plaintext = content(PIECE_PLAINTEXT + 3 * CHUNK + 5);
    let (account, vault, item, file) = ids(4);
    let sealed: Vec<u8> = seal(&plaintext, 5000).0.into_iter().flat_map(|piece| piece.bytes).collect();
    let context = file_context(account, vault, item, file);
    assert_eq!(*super::super::chunked::open(&key(), &context, &sealed).unwrap(), plaintext);
}

#[test]
fn pieces_cannot_be_cut_extended_or_reordered() {
    let (pieces, _) = seal(&content(2 * PIECE_PLAINTEXT + 7), CHUNK);
    let opener = opener(&pieces);
    let refused = |index, bytes: &[u8], is_last| {
        assert_eq!(opener.open_piece(index, bytes, is_last).unwrap_err().code(), "tampered");
    };
    let [first, second, last] = &pieces[..] else { panic!("three pieces") };
    assert_eq!(opener.open_piece(2, &last.bytes, true).unwrap().len(), 7);
    assert_eq!(opener.open_piece(1, &second.bytes, false).unwrap().len(), PIECE_PLAINTEXT);
    refused(0, &second.bytes, false);
    refused(1, &first.bytes, false);
    refused(1, &first.bytes[HEADER..], false);
    refused(2, &second.bytes, false);
    refused(1, &second.bytes, true);
    refused(2, &last.bytes, false);
    refused(1, &last.bytes, true);
    refused(2, &[&last.bytes[..], &[0]].concat(), true);
    refused(2, &last.bytes[..last.bytes.len() - 1], true);
    refused(2, &last.bytes[..TAG - 1], true);
    refused(2, &[], true);
    refused(1, &second.bytes[..PIECE - 1], false);
    refused(1, &second.bytes[..PIECE - SEALED_CHUNK], false);
    refused(1, &second.bytes[..PIECE - SEALED_CHUNK], true);
    refused(1, &[&second.bytes[..], &last.bytes[..]].concat(), true);
    refused(0, &first.bytes[..HEADER - 1], false);
    refused(u64::MAX, &last.bytes, true);
    let mut swapped = second.bytes.clone();
    swapped[..2 * SEALED_CHUNK].rotate_left(SEALED_CHUNK);
    refused(1, &swapped, false);
}

#[test]
fn a_file_opens_as_itself_only() {
    let (pieces, _) = seal(b"content", 7);
    let (account, vault, item, other) = ids(5);
    let header = &pieces[0].bytes[..HEADER];
    let context = file_context(account, vault, item, other);
    assert_eq!(FileOpener::new(&key(), &context, header).map(drop).unwrap_err().code(), "tampered");
    let context = file_context(account, vault, item, FileId(Id([4; 32])));
    assert!(FileOpener::new(&SealKey::make().unwrap(), &context, header).is_err());
    assert!(FileOpener::new(&key(), &context, &header[..HEADER - 1]).is_err());
    assert!(FileOpener::new(&key(), &context, &pieces[0].bytes).is_err());
    // Its own key and context again, but the chunks of another sealing.
    let mut mixed = header.to_vec();
    mixed.extend_from_slice(&seal(b"content", 7).0[0].bytes[HEADER..]);
    assert!(opener(&pieces).open_piece(0, &mixed, true).is_err());
}

#[test]
fn every_flipped_bit_is_refused() {
    let (pieces, _) = seal(b"content", 7);
    let opener = opener(&pieces);
    for at in 0..pieces[0].bytes.len() * 8 {
        let mut changed = pieces[0].bytes.clone();
        changed[at / 8] ^= 1 << (at % 8);
        assert_eq!(opener.open_piece(0, &changed, true).unwrap_err().code(), "tampered");
    }
}

#[test]
fn lengths_that_no_file_has_are_refused() {
    let short = HEADER as u64;
    for length in [0, short, short + 15, short + SEALED_CHUNK as u64, short + SEALED_CHUNK as u64 + 15] {
        assert_eq!(plaintext_length(length).unwrap_err().code(), "tampered");
    }
    assert_eq!(plaintext_length(short + 16).unwrap(), 0);
    assert_eq!(ciphertext_length(u64::MAX), u64::MAX);
    assert!(plaintext_length(u64::MAX).is_ok());
    assert_eq!((piece_count(0), piece_count(short), piece_count(short + 16)), (0, 0, 1));
}
