//! Attack 9: the content of files, cut, moved, doubled, extended, swapped, or sealed again by somebody who holds the key.

use std::sync::Arc;

use strongroom::crypto::chunked::SEALED_CHUNK;
use strongroom::log::body::FileReference;
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::tree::{Frontier, hash_leaf};
use strongroom::model::id::{FileId, Id};
use strongroom::store::{Row, Store};

use crate::shelf::{LARGE, SMALL, Shelf, content};
use crate::signed::{force, item_row, sealed};
use crate::world::{code, connect};

/// Every way to change pieces that a server has: of the bytes within one, and of the pieces among each other.
fn changes(pieces: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let first = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut pieces = pieces.to_vec();
        change(&mut pieces[0]);
        pieces
    };
    let last = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut pieces = pieces.to_vec();
        change(pieces.last_mut().unwrap());
        pieces
    };
    let mut changes = vec![
        ("a byte short", last(&|piece| piece.truncate(piece.len() - 1))),
        ("a chunk short", last(&|piece| piece.truncate(piece.len().saturating_sub(SEALED_CHUNK)))),
        ("empty", last(&Vec::clear)),
        ("a byte more", last(&|piece| piece.push(0))),
        ("a chunk more", last(&|piece| piece.extend_from_within(..SEALED_CHUNK.min(piece.len())))),
        (
            "chunks swapped",
            first(&|piece| {
                let (header, chunks) = piece.split_at_mut(56);
                assert_eq!(header.len(), 56);
                chunks[..2 * SEALED_CHUNK].rotate_left(SEALED_CHUNK);
            }),
        ),
        ("a chunk twice", first(&|piece| piece.copy_within(56..56 + SEALED_CHUNK, 56 + SEALED_CHUNK))),
        ("another header", first(&|piece| piece[..56].copy_from_slice(&other[0][..56]))),
        ("another first piece", [&other[..1], &pieces[1..]].concat()),
        ("another file", other.to_vec()),
        ("a bit", last(&|piece| *piece.last_mut().unwrap() ^= 1)),
    ];
    if pieces.len() > 1 {
        let mut swapped = pieces.to_vec();
        swapped.swap(0, 1);
        let mut doubled = pieces.to_vec();
        doubled[1].clone_from(&pieces[0]);
        changes.extend([
            ("pieces swapped", swapped),
            ("a piece twice", doubled),
            ("the last piece missing", pieces[..pieces.len() - 1].to_vec()),
            ("a piece more", [pieces, &pieces[1..2]].concat()),
            ("a middle piece missing", [&pieces[..1], &pieces[2..]].concat()),
        ]);
    }
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_pieces_are_refused_wherever_the_reading_begins() {
    let shelf = Shelf::new(&[SMALL, LARGE]).await;
    for (number, other) in [(0, 1), (2, 3)] {
        for (what, pieces) in changes(&shelf.files[number].pieces, &shelf.files[other].pieces) {
            shelf.is_refused(what, number, &pieces).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_file_is_not_answered_for_another() {
    let shelf = Shelf::new(&[SMALL]).await;
    let (server, client) = shelf.server().await;
    let [asked, other] = &shelf.files[..] else { panic!("two files") };
    let (mut answer, piece) = (other.answer.clone(), other.pieces[0].clone());
    server.piece.change(move |honest| honest.clone_from(&piece));
    assert_eq!(code(shelf.read(&client, asked.id).await), "tampered");
    answer.leaves.clone_from(&other.answer.leaves);
    server.file.change(move |honest| *honest = answer.clone());
    assert_eq!(code(shelf.read(&client, asked.id).await), "tampered");
    server.file.stop();
    server.piece.stop();
    assert!(shelf.read(&client, asked.id).await.unwrap() == asked.content);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_seals_other_content_under_the_real_key_writes_nothing() {
    let shelf = Shelf::new(&[SMALL, LARGE]).await;
    for (number, length) in [(0, SMALL), (2, LARGE)] {
        let other = shelf.sealed_again(shelf.files[number].id, &content(length, 9)).await;
        assert_eq!(other.len(), shelf.files[number].pieces.len());
        shelf.is_refused("sealed again", number, &other).await;
        let same = shelf.sealed_again(shelf.files[number].id, &shelf.files[number].content).await;
        shelf.is_refused("the same content sealed again", number, &same).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_signs_other_content_attaches_nothing() {
    let shelf = Shelf::new(&[SMALL]).await;
    let Shelf { world, reader, vault, item, files } = &shelf;
    let pieces = shelf.sealed_again(files[0].id, &content(SMALL, 9)).await;
    let mut tree = Frontier::new();
    tree.append(hash_leaf(&pieces[0]));
    let reference = FileReference { file: Id([4; 32]), length: pieces[0].len() as u64, root: tree.root() };
    let key = reader.vault_key(world, *vault, 1).await;
    let (mut written, rows) = sealed(reader, *vault, item.0, &key, 1);
    let log = LogId::new(LogKind::Items, *vault);
    let before = world.store.snapshot().await.unwrap().entries(log, 0, 1).await.unwrap().remove(0);
    (written.version, written.previous, written.added) = (2, MaybeId(Some(before.hash)), vec![reference.clone()]);
    let row = item_row(*vault, &written, &rows);
    let operation = reader.operation(world, *vault, Body::FileAttached(written)).await;
    let submission = reader.sign(&operation, rows);
    assert_eq!(code(reader.submit(world, submission.clone()).await), "permission_denied");
    assert!(shelf.read(&world.owner.client, files[0].id).await.unwrap() == files[0].content);

    let leaves = hash_leaf(&pieces[0]).0.to_vec();
    let (vault, item, file, length) = (vault.0, item.0, reference.file, reference.length);
    let attached = Row::File { vault, item, file, entry: 0, length, leaves };
    let piece = Row::Piece { file, piece: pieces[0].clone() };
    force(world, log, reader, &submission, vec![row, attached, piece]).await;
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    for known in [files[0].id, FileId(file)] {
        assert_eq!(code(shelf.read(&fresh, known).await), "tampered");
    }
    assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
}
