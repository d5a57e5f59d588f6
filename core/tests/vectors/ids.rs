//! Ids and their text.

use serde_json::{Value, json};
use strongroom::error::Result;
use strongroom::model::id::{AccountId, FileId, GroupId, Id, ItemId, PrincipalId, VaultId};

use crate::frozen::{id, id_hex, list, read, text};

const ABOUT: &str = "Ids: 32 bytes, and their text. What is invalid is no id of that prefix.";

/// The bytes of an id of this prefix, as its type parses it.
fn parse(prefix: &str, printed: &str) -> Result<Id> {
    match prefix {
        "acc_" => printed.parse::<AccountId>().map(Id::from),
        "vlt_" => printed.parse::<VaultId>().map(Id::from),
        "itm_" => printed.parse::<ItemId>().map(Id::from),
        "fil_" => printed.parse::<FileId>().map(Id::from),
        "grp_" => printed.parse::<GroupId>().map(Id::from),
        _ => printed.parse::<PrincipalId>().map(|id| id.id),
    }
}

fn print(prefix: &str, id: Id) -> String {
    format!("{prefix}{id:?}")
}

pub(crate) fn made() -> Value {
    let mut counted = [0; 32];
    (0..).zip(&mut counted).for_each(|(at, byte)| *byte = at * 8 + 1);
    let mut valid = Vec::new();
    for bytes in [[0; 32], [0xff; 32], counted] {
        for prefix in ["acc_", "usr_", "svc_", "rec_", "vlt_", "itm_", "fil_", "grp_"] {
            valid.push(json!({ "prefix": prefix, "bytes": id_hex(Id(bytes)), "text": print(prefix, Id(bytes)) }));
        }
    }
    let good = print("vlt_", Id(counted));
    let wrong = |about: &str, text: String| json!({ "about": about, "prefix": "vlt_", "text": text });
    let invalid = [
        wrong("nothing", String::new()),
        wrong("a prefix alone", "vlt_".to_owned()),
        wrong("another prefix", good.replace("vlt_", "itm_")),
        wrong("upper case", good.to_uppercase()),
        wrong("upper case after the prefix", format!("vlt_{}", good[4..].to_uppercase())),
        wrong("cut", good[..55].to_owned()),
        wrong("longer", format!("{good}a")),
        wrong("padded", format!("{good}====")),
        wrong("a bit that is not used", format!("{}b", print("vlt_", Id([0; 32])).strip_suffix('a').unwrap())),
        wrong("a symbol outside the alphabet", good.replacen(&good[10..11], "1", 1)),
        wrong("a space behind", format!("{good} ")),
    ];
    json!({ "about": ABOUT, "valid": valid, "invalid": invalid })
}

#[test]
fn ids_are_what_they_were() {
    let vectors = read("ids");
    assert_eq!(vectors, made());
    for vector in list(&vectors["valid"]) {
        let (prefix, printed) = (text(&vector["prefix"]), text(&vector["text"]));
        assert_eq!(parse(prefix, printed).unwrap(), id(&vector["bytes"]));
        if let Ok(principal) = printed.parse::<PrincipalId>() {
            assert_eq!(principal.to_string(), printed);
        }
    }
    for vector in list(&vectors["invalid"]) {
        let refused = parse(text(&vector["prefix"]), text(&vector["text"]));
        assert_eq!(refused.unwrap_err().code(), "invalid_argument", "{}", vector["about"]);
    }
}
