//! Attack 16: weak keys and signatures, wrong lengths, huge lengths, deep nesting, a second encoding; to the engine, and through a lying server to a reader.

use std::sync::Arc;

use strongroom::authority::{Profile, Rows, Submission};
use strongroom::crypto::identity::{Identity, Seed};
use strongroom::error::Result;
use strongroom::log::body::{KeySet, Nothing, PrincipalAdded, kem_hash, profile_commitment};
use strongroom::log::encoding::MaybeId;
use strongroom::log::feed::Head;
use strongroom::log::operation::{self, Body, LogId, LogKind, Operation};
use strongroom::model::id::{Id, PrincipalId, PrincipalKind, VaultId};
use strongroom::model::item::ItemFilter;

use crate::malicious::Malicious;
use crate::signed::{force, item_row, sealed};
use crate::world::{Member, World, code, connect};

/// Encodings of points that no key may be: small order in every spelling, not reduced, on no point.
fn bad_points() -> Vec<[u8; 32]> {
    let with = |first: u8, between: u8, last: u8| {
        let mut bytes = [between; 32];
        (bytes[0], bytes[31]) = (first, last);
        bytes
    };
    // Of order 8; RFC 8032's curve has four such points, two signs of two y.
    let mut order_8 = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let first = order_8;
    order_8[31] |= 0x80;
    vec![
        first,
        order_8,
        with(0, 0, 0),
        with(1, 0, 0),
        with(1, 0, 0x80),
        with(0xec, 0xff, 0x7f),
        with(0xed, 0xff, 0x7f),
        with(0xee, 0xff, 0x7f),
        with(0xff, 0xff, 0xff),
        with(2, 0, 0),
    ]
}

fn profile() -> (Id, Profile) {
    let (name, salt) = ("weak".to_owned(), vec![5; 32]);
    (profile_commitment(&salt, &name, None), Profile { name, email: None, salt })
}

/// `principal.added` of somebody with these keys.
async fn added(world: &World, keys: KeySet, rows: Rows) -> Submission {
    let (profile, row) = profile();
    let body = PrincipalAdded { kind: 1, generation: 1, keys, rights: 0b1, profile, expires_at: None };
    let operation = Operation {
        account: Some(world.owner.token.account),
        log: None,
        signer: Some(world.owner.id()),
        generation: 1,
        id: Id(strongroom::crypto::random::make_bytes().unwrap()),
        at: Head::empty(),
        seen: world.engine.end().await.unwrap(),
        body: Body::PrincipalAdded(body),
    };
    world.owner.sign(&operation, Rows { profile: Some(row), ..rows })
}

fn keys(sign: [u8; 32], note: [u8; 32], kem: &[u8]) -> KeySet {
    KeySet { sign: Id(sign), note: MaybeId(Some(Id(note))), kem: MaybeId(Some(kem_hash(kem))) }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_added_with_a_weak_key() {
    let world = World::new().await;
    let good = Identity::derive(&Seed::from_bytes(&[4; 32])).unwrap().public();
    let before = world.engine.end().await.unwrap();
    let with = |kem: &[u8]| Rows { kem_key: Some(kem.to_vec()), ..Rows::default() };
    for bad in bad_points() {
        for keys in [keys(bad, good.note, &good.kem), keys(good.sign, bad, &good.kem)] {
            let refused = world.owner.submit(&world, added(&world, keys, with(&good.kem)).await).await;
            assert_eq!(code(refused), "tampered", "{bad:?}");
        }
    }
    for length in [0, 1, 32, 1_215, 1_217, 1 << 20] {
        let kem = vec![7; length];
        let refused =
            world.owner.submit(&world, added(&world, keys(good.sign, good.note, &kem), with(&kem)).await).await;
        assert_eq!(code(refused), "invalid_argument", "{length}");
    }
    assert_eq!(world.engine.end().await.unwrap(), before);
    let honest = added(&world, keys(good.sign, good.note, &good.kem), with(&good.kem)).await;
    world.owner.submit(&world, honest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrapped_to_a_key_whose_point_is_of_small_order() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id.to_string();
    let good = Identity::derive(&Seed::from_bytes(&[4; 32])).unwrap().public();
    // The engine, which knows no X-Wing, takes the hash of any bytes of the right length; no client seals to them.
    let (mut one, mut high) = ([0; 32], [0; 32]);
    (one[0], high[31]) = (1, 0x80);
    for bad in [[0; 32], one, high] {
        let mut kem = good.kem.clone();
        let at = kem.len() - 32;
        kem[at..].copy_from_slice(&bad);
        let rows = Rows { kem_key: Some(kem.clone()), ..Rows::default() };
        let submission = added(&world, keys(good.sign, good.note, &kem), rows).await;
        let id = operation::hash(&submission.operation);
        world.owner.submit(&world, submission).await.unwrap();
        let id = PrincipalId { kind: PrincipalKind::Service, id };
        let granted = world.owner.client.access().grant(&vault, &id.to_string(), "read", None).await;
        assert_eq!(code(granted), "tampered", "{bad:?}");
    }
    assert_eq!(world.owner.client.access().list(&vault, None).await.unwrap().data.len(), 1);
}

/// The group order of edwards25519, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Other forms of a signature, which some verifiers take for it.
fn second_forms(signature: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![signature[..63].to_vec(), [signature, &[0]].concat(), Vec::new(), vec![0; 64]];
    let mut larger = signature.to_vec();
    let mut carry = 0;
    for (byte, add) in larger[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
    }
    forms.push(larger);
    for point in bad_points() {
        // With a key of small order, these would verify.
        forms.push([point, [0; 32]].concat());
        forms.push([&point[..], &signature[32..]].concat());
    }
    forms
}

/// What is no operation, or is one in another form; each is signed by its author.
fn other_forms(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let end = |tail: &[u8]| [&bytes[..4], tail].concat();
    let mut indefinite = bytes.to_vec();
    indefinite[0] = 0x9f;
    indefinite.push(0xff);
    let deep = |open: u8, count: usize| vec![open; count];
    vec![
        ("nothing", Vec::new()),
        ("a byte too many", [bytes, &[0]].concat()),
        ("a byte too few", bytes[..bytes.len() - 1].to_vec()),
        ("a longer head", [&[0x98, 0x0a], &bytes[1..]].concat()),
        ("a longer number", [&[0x8a, 0x18, 0x01], &bytes[2..]].concat()),
        ("an open end", indefinite),
        ("an array of 2^64 - 1", [&[0x9b][..], &[0xff; 8]].concat()),
        ("bytes of 2^64 - 1", end(&[&[0x5b][..], &[0xff; 8]].concat())),
        ("bytes of 4 GiB", end(&[0x5a, 0xff, 0xff, 0xff, 0xff])),
        ("a text of 2^63", end(&[0x7b, 0x80, 0, 0, 0, 0, 0, 0, 0])),
        ("a map of 2^64 - 1", end(&[&[0xbb][..], &[0xff; 8]].concat())),
        ("deep arrays", deep(0x81, 1 << 20)),
        ("deep open arrays", deep(0x9f, 1 << 20)),
        ("deep tags", deep(0xc6, 1 << 20)),
        ("deep arrays within", end(&deep(0x81, 1 << 20))),
        ("deep maps within", end(&deep(0xa1, 1 << 20))),
        ("too long", [bytes, &vec![0; 5 << 20]].concat()),
        ("a tag around it", [&[0xc6], bytes].concat()),
    ]
}

fn item_operation(author: &Member, operation: &Operation) -> Vec<u8> {
    author.sign(operation, Rows::default()).operation
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_takes_one_form_of_an_operation_and_of_its_signature() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let (operation, rows) = crate::signed::put(&world, &alice, vault, Id([1; 32])).await;
    let honest = alice.sign(&operation, rows.clone());
    let before = world.engine.end().await.unwrap();
    for signature in second_forms(&honest.signatures[0]) {
        let submission = Submission { signatures: vec![signature.clone()], ..honest.clone() };
        assert_eq!(code(alice.submit(&world, submission).await), "tampered", "{signature:?}");
    }
    for (what, bytes) in other_forms(&honest.operation) {
        let signature = alice.identity.sign(&operation::message(&bytes)).to_vec();
        let submission = Submission { operation: bytes, signatures: vec![signature], rows: rows.clone() };
        assert_eq!(code(alice.submit(&world, submission).await), "invalid_argument", "{what}");
    }
    assert_eq!(world.engine.end().await.unwrap(), before);
    alice.submit(&world, honest).await.unwrap();
}

/// Everything that reads the vault of a server whose answers about it were changed.
async fn is_refused(world: &World, server: &Arc<Malicious>, vault: VaultId, what: &str) {
    let client = server.client(&world.owner.kit).await;
    let id = vault.to_string();
    assert_eq!(code(client.vaults().get(&id).await), "tampered", "{what}");
    assert_eq!(code(client.items().list(&id, ItemFilter::default()).await), "tampered", "{what}");
    assert_eq!(code(client.access().list(&id, None).await), "tampered", "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_takes_one_form_of_an_operation_and_of_its_signature() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let log = LogId::new(LogKind::Vault, vault);
    let entry = {
        use strongroom::store::Store;
        world.store.snapshot().await.unwrap().entries(log, 0, 1).await.unwrap().remove(0)
    };
    let server = Malicious::over(Arc::clone(&world.engine));
    for (what, bytes) in other_forms(&entry.operation) {
        // In a proof of its own making, an entry of other bytes has another place: the form is looked at before.
        let signature = world.owner.identity.sign(&operation::message(&bytes)).to_vec();
        server.states.change(move |answer| {
            for entry in answer.vaults.iter_mut().flat_map(|vault| &mut vault.access_entries) {
                (entry.operation, entry.signatures) = (bytes.clone(), vec![signature.clone()]);
            }
        });
        is_refused(&world, &server, vault, what).await;
    }
    for signature in second_forms(&entry.signatures[0]) {
        let what = format!("{signature:?}");
        server.states.change(move |answer| {
            for entry in answer.vaults.iter_mut().flat_map(|vault| &mut vault.access_entries) {
                entry.signatures = vec![signature.clone()];
            }
        });
        is_refused(&world, &server, vault, &what).await;
    }
    server.states.stop();
    assert!(server.client(&world.owner.kit).await.vaults().get(&vault.to_string()).await.is_ok());
}

/// A reader of a feed whose proofs are right, for the signature was in it from the start.
async fn forced(world: &World, author: &Member, submission: Submission, vault: VaultId) -> Vec<Result<()>> {
    let log = LogId::new(LogKind::Items, vault);
    let (written, rows) = sealed(author, vault, Id([7; 32]), &author.vault_key(world, vault, 1).await, 1);
    let row = item_row(vault, &written, &rows);
    force(world, log, author, &submission, vec![row]).await;
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    vec![
        fresh.items().list(&vault.to_string(), ItemFilter::default()).await.map(drop),
        fresh.audit().verify().await.map(drop),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_form_is_refused_where_the_feed_itself_holds_it() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let (operation, rows) = crate::signed::put(&world, &alice, vault, Id([1; 32])).await;
    let honest = alice.sign(&operation, rows);
    for (number, signature) in second_forms(&honest.signatures[0]).into_iter().enumerate().step_by(4) {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "write")]).await.id;
        let (operation, rows) = crate::signed::put(&world, &alice, vault, Id([1; 32])).await;
        let submission = Submission { signatures: vec![signature], ..alice.sign(&operation, rows) };
        for refused in forced(&world, &alice, submission, vault).await {
            assert_eq!(code(refused), "tampered", "{number}");
        }
    }
    for (what, bytes) in other_forms(&item_operation(&alice, &operation)) {
        if bytes.len() > 1 << 21 {
            continue;
        }
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "write")]).await.id;
        let signature = alice.identity.sign(&operation::message(&bytes)).to_vec();
        let submission = Submission { operation: bytes, signatures: vec![signature], rows: Rows::default() };
        for refused in forced(&world, &alice, submission, vault).await {
            assert_eq!(code(refused), "tampered", "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_of_small_order_signed_is_refused() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    // Straight into the store: somebody whose key is the neutral element, under which one signature fits everything.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let good = alice.identity.public();
    let submission = added(&world, keys(neutral, good.note, &good.kem), Rows::default()).await;
    let id = operation::hash(&submission.operation);
    force(&world, LogId::new(LogKind::Principal, id), &world.owner, &submission, Vec::new()).await;
    let operation =
        Operation { signer: Some(id), ..alice.operation(&world, vault, Body::VaultDeleted(Nothing {})).await };
    let signature = [&neutral[..], &[0; 32]].concat();
    let submission = Submission { operation: operation.to_bytes(), signatures: vec![signature], rows: Rows::default() };
    force(&world, LogId::new(LogKind::Vault, vault), &alice, &submission, Vec::new()).await;
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    assert_eq!(code(fresh.vaults().get(&vault.to_string()).await), "tampered");
    assert_eq!(code(fresh.audit().verify().await), "tampered");
}
