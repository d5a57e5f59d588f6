//! Wraps, in all forms, and the keys that a rotation leaves behind.

use serde_json::{Value, json};
use strongroom::crypto::identity::{Identity, RetiredIdentity, Seed};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::{chunked, wrap};
use strongroom::log::body::Recipient;
use strongroom::model::id::{AccountId, Id, VaultId};

use crate::frozen::{flipped, hex, id, id_hex, list, read, unhex};

const ABOUT: &str = "One vault key wrapped in every form, by fixed seeds; encapsulations and salts were random. `hpke` and `recoverable` \
                     open with the recipient's X-Wing key, `own` with the maker's self key, `recovery` with the key that `recoverable` \
                     wraps, `retired` with the self key of `next`. What is invalid does not open with these.";
const ACCOUNT: AccountId = AccountId(Id([0xa1; 32]));
const VAULT: VaultId = VaultId(Id([0xa2; 32]));
const EPOCH: u32 = 258;
const KEY: [u8; 32] = [0x61; 32];
const MAKER: Recipient = Recipient { principal: Id([0xb1; 32]), generation: 1 };
const MEMBER: Recipient = Recipient { principal: Id([0xb2; 32]), generation: 2 };
const RECOVERY: Recipient = Recipient { principal: Id([0xb3; 32]), generation: 3 };

fn identity(number: u8) -> Identity {
    Identity::derive(&Seed::from_bytes(&[number; 32])).unwrap()
}

fn key() -> SealKey {
    SealKey::from_bytes(&KEY).unwrap()
}

fn infos() -> [(&'static str, Vec<u8>); 5] {
    [
        ("hpke", wrap::wrap_info(ACCOUNT, VAULT, EPOCH, MEMBER, identity(2).public().kem_hash())),
        ("own", wrap::self_context(ACCOUNT, VAULT, EPOCH, MAKER)),
        ("recovery", wrap::recovery_context(ACCOUNT, VAULT, EPOCH, MAKER, RECOVERY)),
        ("recoverable", wrap::recoverable_info(ACCOUNT, MAKER, RECOVERY)),
        ("retired", wrap::retired_context(ACCOUNT, MAKER.principal, 2)),
    ]
}

pub(crate) fn made() -> Value {
    let (maker, member, recovery, next) = (identity(1), identity(2), identity(3), identity(4));
    let recovery_key = maker.derive_recovery_key(RECOVERY.principal, RECOVERY.generation).unwrap();
    let infos = infos();
    let info = |form: &str| infos.iter().find(|(name, _)| *name == form).unwrap().1.as_slice();
    let sealed = |form: &str| match form {
        "hpke" => wrap::wrap_key(&member.public().kem, info(form), &key()).unwrap(),
        "own" => wrap::seal_wrap(maker.self_key(), info(form), &key()).unwrap(),
        "recovery" => wrap::seal_wrap(&recovery_key, info(form), &key()).unwrap(),
        "recoverable" => wrap::wrap_key(&recovery.public().kem, info(form), &recovery_key).unwrap(),
        _ => chunked::seal(next.self_key(), info(form), &*maker.retired_secrets()).unwrap(),
    };
    let wraps: Vec<Value> = infos
        .iter()
        .map(|(form, info)| json!({ "form": form, "info": hex(info), "sealed": hex(sealed(form)) }))
        .collect();
    let mut invalid = Vec::new();
    for (form, _) in &infos {
        let good = sealed(form);
        let mut wrong = |about: &str, info: &[u8], sealed: &[u8]| {
            invalid.push(json!({ "about": about, "form": form, "info": hex(info), "sealed": hex(sealed) }));
        };
        wrong("the first bit", info(form), &flipped(&good, 0));
        wrong("the last bit", info(form), &flipped(&good, good.len() - 1));
        wrong("cut", info(form), &good[..good.len() - 1]);
        wrong("longer", info(form), &[&good[..], &[0]].concat());
        wrong("nothing", info(form), &[]);
        wrong("for another place", &flipped(info(form), info(form).len() - 1), &good);
    }
    let good = sealed("hpke");
    for (about, point) in [("zero", [0; 32]), ("one", [&[1][..], &[0; 31]].concat().try_into().unwrap())] {
        let mut small = good.clone();
        small[1088..1120].copy_from_slice(&point);
        invalid.push(json!({
            "about": format!("an encapsulation of small order: {about}"), "form": "hpke", "info": hex(info("hpke")),
            "sealed": hex(small),
        }));
    }
    json!({
        "about": ABOUT,
        "seeds": { "maker": hex([1; 32]), "member": hex([2; 32]), "recovery": hex([3; 32]), "next": hex([4; 32]) },
        "account": id_hex(ACCOUNT.0),
        "vault": id_hex(VAULT.0),
        "epoch": EPOCH,
        "maker": [id_hex(MAKER.principal), MAKER.generation],
        "member": [id_hex(MEMBER.principal), MEMBER.generation],
        "recovery": [id_hex(RECOVERY.principal), RECOVERY.generation],
        "key": hex(KEY),
        "commitment": id_hex(key().commitment(ACCOUNT, VAULT, EPOCH)),
        "wraps": wraps,
        "invalid": invalid,
    })
}

/// What a wrap opens to, by the commitment to it.
fn open(vector: &Value, recoverable: &Value) -> strongroom::error::Result<Id> {
    let (info, sealed) = (unhex(&vector["info"]), unhex(&vector["sealed"]));
    let commitment = |key: SealKey| key.commitment(ACCOUNT, VAULT, EPOCH);
    let of_recovery =
        |vector: &Value| wrap::unwrap_key(identity(3).kem(), &unhex(&vector["info"]), &unhex(&vector["sealed"]));
    match vector["form"].as_str().unwrap() {
        "hpke" => wrap::unwrap_key(identity(2).kem(), &info, &sealed).map(commitment),
        "own" => wrap::open_wrap(identity(1).self_key(), &info, &sealed).map(commitment),
        "recovery" => wrap::open_wrap(&of_recovery(recoverable).unwrap(), &info, &sealed).map(commitment),
        "recoverable" => of_recovery(vector).map(commitment),
        _ => {
            let secrets = chunked::open(identity(4).self_key(), &info, &sealed)?;
            let retired = RetiredIdentity::from_secrets(&secrets)?;
            assert_eq!(*secrets, identity(1).retired_secrets()[..]);
            Ok(retired.self_key().commitment(ACCOUNT, VAULT, EPOCH))
        }
    }
}

#[test]
fn what_was_wrapped_opens() {
    let vectors = read("wraps");
    assert_eq!(id(&vectors["commitment"]), key().commitment(ACCOUNT, VAULT, EPOCH));
    let wraps = list(&vectors["wraps"]);
    let recoverable = wraps.iter().find(|vector| vector["form"] == "recoverable").unwrap();
    let recovery_key = identity(1).derive_recovery_key(RECOVERY.principal, RECOVERY.generation).unwrap();
    for (vector, (form, info)) in wraps.iter().zip(infos()) {
        assert_eq!(vector["form"], form);
        assert_eq!(unhex(&vector["info"]), info);
        let expected = match form {
            "recoverable" => recovery_key.commitment(ACCOUNT, VAULT, EPOCH),
            "retired" => identity(1).self_key().commitment(ACCOUNT, VAULT, EPOCH),
            _ => id(&vectors["commitment"]),
        };
        assert_eq!(open(vector, recoverable).unwrap(), expected, "{form}");
    }
    for vector in list(&vectors["invalid"]) {
        let refused = open(vector, recoverable).unwrap_err();
        assert_eq!(refused.code(), "tampered", "{}: {}", vector["form"], vector["about"]);
    }
}
