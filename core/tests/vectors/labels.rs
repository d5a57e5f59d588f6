//! Labels: parts that can't flow into each other.

use serde_json::{Value, json};
use strongroom::log::label;

use crate::frozen::{hex, id_hex, list, read, text, unhex};

const ABOUT: &str = "join(purpose, parts) and its SHA-256.";

pub(crate) fn made() -> Value {
    let long = [7; 300];
    let joined: [(&str, &[&[u8]]); 6] = [
        ("x", &[]),
        ("x", &[b"ab", b""]),
        ("x", &[b"a", b"b"]),
        ("x", &[b"", b"ab"]),
        ("identity/sign", &[]),
        ("part", &[&[1; 32], &[2; 32], b"", &7_u64.to_be_bytes(), &long]),
    ];
    let joined: Vec<Value> = joined
        .iter()
        .map(|(purpose, parts)| {
            json!({
                "purpose": purpose,
                "parts": parts.iter().map(hex).collect::<Vec<_>>(),
                "joined": hex(label::join(purpose, parts)),
                "hash": id_hex(label::hash(purpose, parts)),
            })
        })
        .collect();
    json!({ "about": ABOUT, "joined": joined })
}

#[test]
fn labels_are_what_they_were() {
    let vectors = read("labels");
    assert_eq!(vectors, made());
    let mut seen = Vec::new();
    for vector in list(&vectors["joined"]) {
        let parts: Vec<Vec<u8>> = vector["parts"].as_array().unwrap().iter().map(unhex).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let joined = label::join(text(&vector["purpose"]), &parts);
        assert_eq!(joined, unhex(&vector["joined"]));
        assert!(!seen.contains(&joined));
        seen.push(joined);
    }
}
