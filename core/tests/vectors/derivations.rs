//! What follows from a seed, and the hashes that bind things to each other.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use serde_json::{Value, json};
use strongroom::authority::{Authority, Challenge, session_message};
use strongroom::backend::sealed::{Sealed, SealedOptions, found};
use strongroom::client::Client;
use strongroom::crypto::identity::{Identity, RetiredIdentity, Seed};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::token::Token;
use strongroom::engine::Engine;
use strongroom::log::body::{kem_hash, profile_commitment, sealed_hash, vault_id};
use strongroom::log::{label, signature};
use strongroom::model::id::{AccountId, Id, VaultId};
use strongroom::model::item::NewItem;
use strongroom::model::vault::VaultSpec;
use strongroom::store::sqlite::SqliteStore;

use crate::frozen::{hex, id_hex, list, read, unhex};

const ABOUT: &str =
    "Keys of a seed, a session's signature, and hashes that bind. Everything is computed from what stands here.";
const ACCOUNT: AccountId = AccountId(Id([0xa1; 32]));
const VAULT: VaultId = VaultId(Id([0xa2; 32]));

/// HKDF-Expand by the library, apart from the code that is tested.
fn expand(seed: &[u8; 32], purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut key = [0; 32];
    let info = [label::join(purpose, parts)];
    let info = [info[0].as_slice()];
    Prk::new_less_safe(HKDF_SHA256, seed).expand(&info, HKDF_SHA256).unwrap().fill(&mut key).unwrap();
    key
}

fn same_key(one: &SealKey, bytes: &[u8]) {
    let other = SealKey::from_bytes(bytes).unwrap();
    assert_eq!(one.commitment(ACCOUNT, VAULT, 1), other.commitment(ACCOUNT, VAULT, 1));
}

pub(crate) fn made() -> Value {
    let identities: Vec<Value> = [[0; 32], [1; 32], [0xff; 32]]
        .iter()
        .map(|seed| {
            let identity = Identity::derive(&Seed::from_bytes(seed)).unwrap();
            let (public, retired) = (identity.public(), identity.retired_secrets());
            let (recovery, generation) = (Id([0xa3; 32]), 2_u32);
            let recovery_key = expand(seed, "identity/recovery", &[recovery.as_bytes(), &generation.to_be_bytes()]);
            same_key(&identity.derive_recovery_key(recovery, generation).unwrap(), &recovery_key);
            assert_eq!(retired[..32], expand(seed, "identity/kem", &[]));
            json!({
                "seed": hex(seed),
                "sign": hex(public.sign),
                "note": hex(public.note),
                "kem_secret": hex(&retired[..32]),
                "kem": hex(&public.kem),
                "kem_hash": id_hex(public.kem_hash()),
                "self_key": hex(expand(seed, "identity/self", &[])),
                "recovery_key": {
                    "recovery": id_hex(recovery), "generation": generation, "key": hex(recovery_key),
                },
            })
        })
        .collect();
    let identity = Identity::derive(&Seed::from_bytes(&[1; 32])).unwrap();
    let challenge =
        Challenge { account: ACCOUNT, origin: "embedded".into(), nonce: Id([7; 32]), generation: 3, roots: vec![] };
    let message = session_message(&challenge, Id([8; 32]));
    let idempotent = |purpose: &str, call: &str, place: &[Id]| {
        let id = idempotent(&identity, purpose, ACCOUNT, call, place);
        json!({ "purpose": purpose, "call": call, "key": "order 66", "id": id_hex(id),
            "place": place.iter().map(|id| id_hex(*id)).collect::<Vec<_>>() })
    };
    let ids = ["idempotent-operation", "idempotent-id"].map(|purpose| {
        [
            idempotent(purpose, "vaults.create", &[]),
            idempotent(purpose, "items.create", &[VAULT.0]),
            idempotent(purpose, "files.attach", &[VAULT.0, Id([12; 32])]),
        ]
    });
    json!({
        "about": ABOUT,
        "account": id_hex(ACCOUNT.0),
        "vault": id_hex(VAULT.0),
        "identities": identities,
        "session": {
            "seed": hex([1; 32]), "origin": "embedded", "challenge": hex([7; 32]), "principal": hex([8; 32]),
            "generation": 3, "message": hex(&message), "signature": hex(identity.sign(&message)),
        },
        "idempotent": {
            "seed": hex([1; 32]),
            "ids": ids.concat(),
        },
        "vault_id": { "creator": hex([4; 32]), "nonce": hex([5; 32]),
            "id": id_hex(vault_id(ACCOUNT, Id([4; 32]), Id([5; 32])).0) },
        "kem_hash": { "key": hex([6; 40]), "hash": id_hex(kem_hash(&[6; 40])) },
        "sealed_hash": { "sealed": hex(b"sealed"), "hash": id_hex(sealed_hash(b"sealed")) },
        "profiles": [
            { "salt": hex([9; 32]), "name": "Alice", "email": "alice@example.edu",
                "commitment": id_hex(profile_commitment(&[9; 32], "Alice", Some("alice@example.edu"))) },
            { "salt": hex([9; 16]), "name": "grader", "email": null,
                "commitment": id_hex(profile_commitment(&[9; 16], "grader", None)) },
        ],
        "commitment": { "epoch": 258, "key": hex([10; 32]),
            "commitment": id_hex(SealKey::from_bytes(&[10; 32]).unwrap().commitment(ACCOUNT, VAULT, 258)) },
        "weak_keys": [hex([0; 32]), hex(weak(1)), hex(weak(0x0100)), hex([0xff; 32])],
    })
}

/// The id of "order 66", as `docs/protocol.md` derives it.
fn idempotent(identity: &Identity, purpose: &str, account: AccountId, call: &str, place: &[Id]) -> Id {
    let mut parts = vec![account.as_bytes(), call.as_bytes(), b"order 66"];
    parts.extend(place.iter().map(Id::as_bytes));
    label::hash(purpose, &[&identity.sign(&label::join(purpose, &parts))])
}

/// The neutral element, or the spelling of another y, in 32 bytes.
fn weak(y: u16) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&y.to_le_bytes());
    if y == 0x0100 {
        // p, the second spelling of 0.
        bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed, 0x7f);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_the_ids_of_its_vector() {
    let store = SqliteStore::memory("vectors-idempotent", true).unwrap();
    let engine: Arc<dyn Authority> = Engine::new(store);
    let kit = found(engine.as_ref(), "owner@example.edu", "memory:", None).await.unwrap();
    let token = Token::parse(kit.token.expose()).unwrap();
    let identity = Identity::derive(&token.seed).unwrap();
    let sealed = Sealed::connect(Arc::clone(&engine), kit.token.expose(), SealedOptions::default()).await.unwrap();
    let client = Client::new(Arc::new(sealed), Duration::from_secs(30), 2);
    let key = Some("order 66".to_owned());
    let spec = VaultSpec { name: "vault".to_owned(), idempotency_key: key.clone(), ..VaultSpec::default() };
    let vault = client.vaults().create(spec).await.unwrap();
    let nonce = idempotent(&identity, "idempotent-id", token.account, "vaults.create", &[]);
    assert_eq!(vault.id, vault_id(token.account, token.principal, nonce));
    let item = NewItem { title: "item".to_owned(), idempotency_key: key, ..NewItem::default() };
    let item = client.items().create(&vault.id.to_string(), item).await.unwrap();
    assert_eq!(item.id.0, idempotent(&identity, "idempotent-id", token.account, "items.create", &[vault.id.0]));
}

#[test]
fn derivations_are_what_they_were() {
    let vectors = read("derivations");
    assert_eq!(vectors, made());
    for vector in list(&vectors["identities"]) {
        let seed = Seed::from_bytes(&unhex(&vector["seed"]).try_into().unwrap());
        let identity = Identity::derive(&seed).unwrap();
        same_key(identity.self_key(), &unhex(&vector["self_key"]));
        let secrets = [unhex(&vector["kem_secret"]), unhex(&vector["self_key"])].concat();
        let retired = RetiredIdentity::from_secrets(&secrets).unwrap();
        same_key(retired.self_key(), &unhex(&vector["self_key"]));
        assert_eq!(*identity.retired_secrets(), secrets[..]);
        let accepted = signature::accept_key(&unhex(&vector["sign"]).try_into().unwrap());
        signature::verify(&accepted.unwrap(), b"message", &identity.sign(b"message")).unwrap();
    }
    for key in list(&vectors["weak_keys"]) {
        assert_eq!(signature::accept_key(&unhex(key).try_into().unwrap()).unwrap_err().code(), "tampered");
    }
}
