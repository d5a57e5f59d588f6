//! Cursors.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use strongroom::log::cursor::Cursor;
use strongroom::log::feed::Head;
use strongroom::model::id::Id;

use crate::frozen::{hex, id, list, number, read, small, text};

const ABOUT: &str = "Cursors: version, position, head, changes of the entry that were read.";

pub(crate) fn made() -> Value {
    let head = Head { size: 300, root: Id([9; 32]) };
    let cursors = [
        (0, 0, Head::empty()),
        (23, 0, head),
        (24, 3, head),
        (u64::from(u32::MAX) + 1, u32::MAX, Head { size: u64::MAX >> 1, root: Id([0xff; 32]) }),
    ];
    let valid: Vec<Value> = cursors
        .into_iter()
        .map(|(position, skip, head)| {
            let text = Cursor::within(position, skip, head).encode();
            json!({ "position": position, "skip": skip, "size": head.size, "root": hex(head.root.as_bytes()), "text": text })
        })
        .collect();
    let bytes = BASE64URL_NOPAD.decode(Cursor::new(23, head).encode().as_bytes()).unwrap();
    let with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.clone();
        change(&mut bytes);
        BASE64URL_NOPAD.encode(&bytes)
    };
    let wrong = |about: &str, text: String| json!({ "about": about, "text": text });
    let good = BASE64URL_NOPAD.encode(&bytes);
    let invalid = [
        wrong("nothing", String::new()),
        wrong("no base64url", "a cursor".to_owned()),
        wrong("padded", format!("{good}==")),
        wrong("cut", with(&|bytes| bytes.truncate(20))),
        wrong("a byte behind", with(&|bytes| bytes.push(0))),
        wrong("version 2", with(&|bytes| bytes[1] = 2)),
        wrong("version 0", with(&|bytes| bytes[1] = 0)),
        wrong("the position in a longer form", with(&|bytes| drop(bytes.splice(2..3, [0x18, 23])))),
        wrong(
            "an array without an end",
            with(&|bytes| {
                bytes[0] = 0x9f;
                bytes.push(0xff);
            }),
        ),
        wrong(
            "five positions",
            with(&|bytes| {
                bytes[0] = 0x85;
                bytes.push(0);
            }),
        ),
        wrong("a root of 31 bytes", with(&|bytes| drop(bytes.splice(7..10, [0x58, 31])))),
    ];
    json!({ "about": ABOUT, "valid": valid, "invalid": invalid })
}

#[test]
fn cursors_are_what_they_were() {
    let vectors = read("cursors");
    assert_eq!(vectors, made());
    for vector in list(&vectors["valid"]) {
        let head = Head { size: number(&vector["size"]), root: id(&vector["root"]) };
        let cursor = Cursor::within(number(&vector["position"]), small(&vector["skip"]), head);
        assert_eq!(Cursor::parse(text(&vector["text"])).unwrap(), cursor);
    }
    for vector in list(&vectors["invalid"]) {
        let refused = Cursor::parse(text(&vector["text"]));
        assert_eq!(refused.unwrap_err().code(), "invalid_argument", "{}", vector["about"]);
    }
}
