//! Sealed parts: their contexts, their padding, and the records inside.

use minicbor::encode::Encode;
use serde_json::{Value, json};
use strongroom::crypto::chunked;
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{Part, Place, open_part, seal_part};
use strongroom::model::id::{AccountId, Id, ItemId, VaultId};

use crate::frozen::{diagnostic, flipped, hex, id, list, number, read, small, text, unhex};

const ABOUT: &str = "Sealed bytes by key and context; parts by key and place; the records that parts hold, in CBOR. The salts were \
                     random. What is invalid opens nowhere, or is no record.";
const KEY: [u8; 32] = [0x51; 32];

fn key() -> SealKey {
    SealKey::from_bytes(&KEY).unwrap()
}

fn place(item: bool, version: u64, epoch: u32, part: Part) -> Place {
    let (account, vault) = (AccountId(Id([0xa1; 32])), VaultId(Id([0xa2; 32])));
    Place { account, vault, item: item.then_some(ItemId(Id([0x41; 32]))), version, epoch, part }
}

fn word(part: Part) -> &'static str {
    match part {
        Part::Overview => "overview",
        Part::Details => "details",
        Part::Name => "name",
        Part::PreviousKey => "previous-key",
    }
}

fn described(place: &Place, sealed: &[u8]) -> Value {
    json!({
        "key": hex(KEY),
        "account": hex(place.account.as_bytes()),
        "vault": hex(place.vault.as_bytes()),
        "item": place.item.map(|item| hex(item.as_bytes())),
        "version": place.version,
        "epoch": place.epoch,
        "part": word(place.part),
        "context": hex(place.context()),
        "sealed": hex(sealed),
    })
}

fn with(mut described: Value, name: &str, value: impl Into<Value>) -> Value {
    described[name] = value.into();
    described
}

fn cbor(record: impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(record).unwrap()
}

fn bytes(of: &[u8]) -> &minicbor::bytes::ByteSlice {
    of.into()
}

fn records() -> Vec<Value> {
    let record =
        |kind: &str, bytes: Vec<u8>| json!({ "record": kind, "bytes": hex(&bytes), "diagnostic": diagnostic(&bytes) });
    let password = ("password", "hunter2", "concealed");
    let grade = ("grade", "Ä", "text", Some("class"));
    let file = (bytes(&[0x46; 32]), "essay.pdf", 8_u8, "application/pdf", bytes(&[0x52; 32]), 1_764_000_000_000_u64);
    let none: [u8; 0] = [];
    vec![
        record("name", cbor(("Alice", "Homework"))),
        record("name", cbor(("", ""))),
        record("overview", cbor(("Homework 1", "login", ["math"], ["https://example.edu"]))),
        record("overview", cbor(("", "", none, none))),
        record("details", cbor(("A note", (password, grade), [file]))),
        record("details", cbor(("", none, none))),
    ]
}

fn invalid_records() -> Vec<Value> {
    let wrong = |about: &str, kind: &str, bytes: &[u8]| json!({ "about": about, "record": kind, "bytes": hex(bytes) });
    vec![
        wrong("nothing", "name", &[]),
        wrong("one position", "name", b"\x81\x60"),
        wrong("three positions", "name", b"\x83\x60\x60\x60"),
        wrong("text that is not UTF-8", "name", b"\x82\x61\xff\x60"),
        wrong("text in pieces", "name", b"\x82\x7f\x61a\xff\x60"),
        wrong("a length in two bytes", "name", b"\x82\x78\x01a\x60"),
        wrong("a byte behind", "name", b"\x82\x60\x60\x00"),
        wrong("a section that is empty, written out", "details", b"\x83\x60\x81\x84\x60\x60\x60\xf6\x80"),
        wrong("a field without a type", "details", b"\x83\x60\x81\x82\x60\x60\x80"),
        wrong("tags without an end", "overview", b"\x84\x60\x60\x9f\xff\x80"),
    ]
}

pub(crate) fn made() -> Value {
    let sealed: Vec<Value> = [&b""[..], b"s", b"secret", &[7; 100]]
        .into_iter()
        .map(|plaintext| {
            let sealed = chunked::seal(&key(), b"a context", plaintext).unwrap();
            json!({ "key": hex(KEY), "context": hex(b"a context"), "plaintext": hex(plaintext), "sealed": hex(sealed) })
        })
        .collect();
    let places = [
        (place(false, 0, 1, Part::Name), cbor(("Alice", "Homework"))),
        (place(false, 7, 258, Part::Name), vec![8; 60]),
        (place(false, 0, 2, Part::PreviousKey), vec![0x53; 32]),
        (place(true, 1, 1, Part::Overview), vec![9; 61]),
        (place(true, 1, 1, Part::Details), Vec::new()),
        (place(true, u64::MAX >> 1, u32::MAX, Part::Details), vec![10; 300]),
    ];
    let parts: Vec<Value> = places
        .iter()
        .map(|(place, plaintext)| {
            let sealed = seal_part(&key(), place, plaintext).unwrap();
            with(described(place, &sealed), "plaintext", hex(plaintext))
        })
        .collect();

    let here = place(true, 4, 5, Part::Details);
    let good = seal_part(&key(), &here, b"secret").unwrap();
    let wrong = |about: &str, place: Place, sealed: &[u8]| with(described(&place, sealed), "about", about);
    let padded =
        |about: &str, padded: &[u8]| wrong(about, here, &chunked::seal(&key(), &here.context(), padded).unwrap());
    let mut true_padding = [&[0, 0, 0, 6][..], b"secret"].concat();
    true_padding.resize(64, 0);
    let changed = |at: usize, byte: u8| {
        let mut changed = true_padding.clone();
        changed[at] = byte;
        changed
    };
    let other = |change: &dyn Fn(&mut Place)| {
        let mut other = here;
        change(&mut other);
        other
    };
    let invalid = vec![
        wrong("a bit of the salt", here, &flipped(&good, 0)),
        wrong("a bit of the commitment", here, &flipped(&good, 30)),
        wrong("a bit of the ciphertext", here, &flipped(&good, 60)),
        wrong("a bit of the tag", here, &flipped(&good, good.len() - 1)),
        wrong("cut", here, &good[..good.len() - 1]),
        wrong("the header alone", here, &good[..56]),
        wrong("nothing", here, &[]),
        wrong("longer", here, &[&good[..], &[0]].concat()),
        wrong("of another account", other(&|place| place.account = AccountId(Id([1; 32]))), &good),
        wrong("of another vault", other(&|place| place.vault = VaultId(Id([1; 32]))), &good),
        wrong("of another item", other(&|place| place.item = Some(ItemId(Id([1; 32])))), &good),
        wrong("of no item", other(&|place| place.item = None), &good),
        wrong("of the version before", other(&|place| place.version = 3), &good),
        wrong("of another epoch", other(&|place| place.epoch = 4), &good),
        wrong("another part", other(&|place| place.part = Part::Overview), &good),
        with(wrong("by another key", here, &good), "key", hex([0x54; 32])),
        padded("no padding at all", b""),
        padded("a length alone", &[0; 4]),
        padded("a step of padding too many", &[&true_padding[..], &[0; 64]].concat()),
        padded("a step of padding missing", &true_padding[..10]),
        padded("a byte in the padding", &changed(63, 1)),
        padded("a length beyond the end", &changed(3, 61)),
        padded("a length of 2^24 and more", &changed(0, 1)),
    ];
    json!({
        "about": ABOUT, "sealed": sealed, "parts": parts, "records": records(), "invalid": invalid,
        "invalid_records": invalid_records(),
    })
}

fn place_of(vector: &Value) -> Place {
    let part = [Part::Overview, Part::Details, Part::Name, Part::PreviousKey]
        .into_iter()
        .find(|part| word(*part) == text(&vector["part"]))
        .unwrap();
    let item = (!vector["item"].is_null()).then(|| ItemId(id(&vector["item"])));
    let (account, vault) = (AccountId(id(&vector["account"])), VaultId(id(&vector["vault"])));
    Place { account, vault, item, version: number(&vector["version"]), epoch: small(&vector["epoch"]), part }
}

#[test]
fn what_was_sealed_opens() {
    let vectors = read("parts");
    for vector in list(&vectors["sealed"]) {
        let key = SealKey::from_bytes(&unhex(&vector["key"])).unwrap();
        let opened = chunked::open(&key, &unhex(&vector["context"]), &unhex(&vector["sealed"])).unwrap();
        assert_eq!(*opened, unhex(&vector["plaintext"]));
    }
    for vector in list(&vectors["parts"]) {
        let (key, place) = (SealKey::from_bytes(&unhex(&vector["key"])).unwrap(), place_of(vector));
        assert_eq!(place.context(), unhex(&vector["context"]));
        assert_eq!(*open_part(&key, &place, &unhex(&vector["sealed"])).unwrap(), unhex(&vector["plaintext"]));
    }
    for vector in list(&vectors["invalid"]) {
        let (key, place) = (SealKey::from_bytes(&unhex(&vector["key"])).unwrap(), place_of(vector));
        assert_eq!(place.context(), unhex(&vector["context"]));
        let refused = open_part(&key, &place, &unhex(&vector["sealed"]));
        assert_eq!(refused.unwrap_err().code(), "tampered", "{}", vector["about"]);
    }
    // The records themselves are read where their types are, in `backend/sealed/content.rs`.
    assert_eq!(
        (vectors["records"].clone(), vectors["invalid_records"].clone()),
        (records().into(), invalid_records().into())
    );
}
