//! Files: their pieces, and what binds them.

use strongroom::authority::{Authority, FilePart, Rows};
use strongroom::crypto::file::FileSealer;
use strongroom::crypto::key::SealKey;
use strongroom::log::body::FileReference;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::tree::{Frontier, hash_leaf, verify_inclusion};
use strongroom::model::id::{FileId, Id, ItemId, VaultId};

use super::vault::{grant, item};
use super::world::{World, code, fresh, sign, taken_receipt};

pub(crate) fn sealed(world: &World, vault: Id, file: Id, plaintext: &[u8]) -> (FileReference, Vec<Id>, Vec<Vec<u8>>) {
    let key = SealKey::from_bytes(&[9; 32]).unwrap();
    let mut sealer = FileSealer::new(&key, world.account, VaultId(vault), ItemId(fresh()), FileId(file)).unwrap();
    let mut pieces: Vec<Vec<u8>> = sealer.push(plaintext).unwrap().into_iter().map(|piece| piece.bytes).collect();
    let (last, size) = sealer.finish().unwrap();
    pieces.push(last.bytes);
    let leaves: Vec<Id> = pieces.iter().map(|piece| hash_leaf(piece)).collect();
    let mut tree = Frontier::new();
    for leaf in &leaves {
        tree.append(*leaf);
    }
    (FileReference { file, length: size.length, root: tree.root() }, leaves, pieces)
}

#[tokio::test]
async fn a_file_comes_whole_or_not_at_all() {
    let world = World::new().await;
    let (alice, reader) = (world.student("alice@example.edu").await, world.student("reader@example.edu").await);
    let vault = world.vault(&[grant(&alice, 2), grant(&reader, 1)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (file, small) = (fresh(), fresh());
    let (reference, leaves, pieces) = sealed(&world, vault, file, &vec![1; 2_500_000]);
    let (small_reference, small_leaves, small_pieces) = sealed(&world, vault, small, b"essay");
    assert_eq!(pieces.len(), 3);
    let (mut body, mut rows) = item(fresh(), 1, None);
    body.added = vec![reference, small_reference];
    let part = |file, leaves: &[Id], piece| FilePart { file, leaves: leaves.to_vec(), piece };
    rows.files = vec![part(file, &leaves, None), part(small, &small_leaves, Some(small_pieces[0].clone()))];
    let put = |body: &strongroom::log::body::ItemWritten, rows: &Rows| {
        world.act(&alice, Some(vault), at, Body::ItemPut(body.clone()), rows.clone())
    };
    let session = world.sign_in(&alice).await;
    let of_reader = world.sign_in(&reader).await;
    assert_eq!(code(put(&body, &rows).await), "invalid_argument", "pieces are missing");
    for (index, piece) in (0..).zip(&pieces) {
        let refused = world.engine.put_piece(of_reader, vault, file, index, piece.clone().into()).await;
        assert_eq!(code(refused), "permission_denied");
        let piece = if index == 1 { vec![0; piece.len()] } else { piece.clone() };
        world.engine.put_piece(session, vault, file, index, piece.into()).await.unwrap();
    }
    assert_eq!(
        code(world.engine.put_piece(session, vault, file, 3, vec![0; 2 << 20].into()).await),
        "invalid_argument"
    );
    assert_eq!(code(put(&body, &rows).await), "invalid_argument", "a piece is another");
    world.engine.put_piece(session, vault, file, 1, pieces[1].clone().into()).await.unwrap();
    // Of another's upload nobody but its author says that it is over.
    world.engine.give_up(of_reader, file);
    let mut wrong = rows.clone();
    wrong.files[0].leaves.swap(0, 1);
    assert_eq!(code(put(&body, &wrong).await), "invalid_argument", "the order is signed");
    let mut wrong = rows.clone();
    wrong.files[1].piece = Some(vec![0; small_pieces[0].len()]);
    assert_eq!(code(put(&body, &wrong).await), "invalid_argument", "the small piece is signed");
    let mut longer = body.clone();
    longer.added[0].length += 1;
    assert_eq!(code(put(&longer, &rows).await), "invalid_argument", "the length is signed");
    let taken = taken_receipt(&put(&body, &rows).await.unwrap());

    world.engine.give_up(session, file);
    let answer = world.engine.file(of_reader, vault, 1, file).await.unwrap();
    assert_eq!(answer.leaves, leaves);
    let (hash, root) = (taken.hash, taken.state.root);
    verify_inclusion(1, &root, &[(0, hash)], &answer.path).unwrap();
    for (index, piece) in (0..).zip(&pieces) {
        assert_eq!(&world.engine.piece(of_reader, vault, file, index).await.unwrap(), piece);
    }
    assert_eq!(world.engine.piece(of_reader, vault, small, 0).await.unwrap(), small_pieces[0]);
    assert_eq!(code(world.engine.put_piece(session, vault, file, 0, vec![0; 9].into()).await), "conflict");

    let (mut next, next_rows) = item(body.item, 2, Some(taken.hash));
    next.removed = vec![fresh()];
    let detach = |body: &strongroom::log::body::ItemWritten| {
        world.act(&alice, Some(vault), at, Body::FileDetached(body.clone()), next_rows.clone())
    };
    assert_eq!(code(detach(&next).await), "conflict", "no such file");
    next.removed = vec![file];
    taken_receipt(&detach(&next).await.unwrap());
    assert_eq!(code(world.engine.file(of_reader, vault, 2, file).await), "not_found");
    assert_eq!(code(world.engine.piece(of_reader, vault, file, 0).await), "not_found");
}

#[tokio::test]
async fn a_file_of_another_vault_is_not_touched() {
    let world = World::new().await;
    let mallory = world.student("mallory@example.edu").await;
    let (theirs, own) = (world.vault(&[grant(&mallory, 1)]).await, world.vault(&[grant(&mallory, 2)]).await);
    let file = fresh();
    let (reference, leaves, pieces) = sealed(&world, theirs, file, b"essay");
    let (mut body, mut rows) = item(fresh(), 1, None);
    body.added = vec![reference];
    rows.files = vec![FilePart { file, leaves, piece: Some(pieces[0].clone()) }];
    let at = world.state(LogId { kind: LogKind::Vault, id: theirs }).await;
    taken_receipt(&world.act(&world.owner, Some(theirs), at, Body::ItemPut(body), rows).await.unwrap());
    let (reference, leaves, other) = sealed(&world, own, file, b"other");
    let (mut body, mut rows) = item(fresh(), 1, None);
    body.added = vec![reference];
    rows.files = vec![FilePart { file, leaves, piece: Some(other[0].clone()) }];
    let at = world.state(LogId { kind: LogKind::Vault, id: own }).await;
    let bad = sign(&world.operation(&mallory, Some(own), at, Body::ItemPut(body)), &[&mallory.identity], rows);
    let (body, rows) = item(fresh(), 1, None);
    let good = sign(&world.operation(&mallory, Some(own), at, Body::ItemPut(body)), &[&mallory.identity], rows);
    let session = world.sign_in(&mallory).await;
    let mut answers = world.engine.submit(session, vec![bad, good]).await.unwrap();
    taken_receipt(&answers.remove(1).unwrap());
    assert_eq!(code(answers.remove(0)), "conflict");
    assert_eq!(code(world.engine.put_piece(session, own, file, 0, other[0].clone().into()).await), "conflict");
    assert_eq!(world.engine.piece(session, theirs, file, 0).await.unwrap(), pieces[0]);
}
