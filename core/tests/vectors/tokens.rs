//! Tokens.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use strongroom::crypto::identity::Seed;
use strongroom::crypto::token::{Token, TokenKind};
use strongroom::model::id::{AccountId, Id};

use crate::frozen::{hex, id, id_hex, list, number, read, text, unhex};

const ABOUT: &str =
    "Tokens and what is in them. `upgrade` is of another version; what is invalid is mistyped or no token.";

fn token(kind: TokenKind, head_size: u64) -> Token {
    let (account, principal, head_root) = (AccountId(Id([1; 32])), Id([2; 32]), Id([5; 32]));
    Token { kind, account, principal, seed: Seed::from_bytes(&[3; 32]), head_size, head_root }
}

/// A token of these bytes, with a checksum that fits.
fn checked(body: &[u8]) -> String {
    let checksum = miniz_checksum(body).to_be_bytes();
    format!("strongroom_usr_{}", BASE64URL_NOPAD.encode(&[body, &checksum].concat()))
}

/// CRC-32 bit by bit, as IEEE 802.3 defines it.
fn miniz_checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

pub(crate) fn made() -> Value {
    let mut valid = Vec::new();
    for (kind, size) in TokenKind::ALL.into_iter().zip([0, 1, 4_294_967_296, u64::MAX >> 1]) {
        valid.push(json!({
            "text": *token(kind, size).encode(),
            "prefix": kind.prefix(),
            "account": hex([1; 32]),
            "principal": hex([2; 32]),
            "seed": hex([3; 32]),
            "head": { "size": size, "root": hex([5; 32]) },
        }));
    }
    let good = token(TokenKind::User, 4).encode();
    let wrong = |about: &str, text: String| json!({ "about": about, "text": text });
    let invalid = [
        wrong("nothing", String::new()),
        wrong("another prefix", good.replace("_usr_", "_api_")),
        wrong("the prefix of another kind in upper case", good.replace("_usr_", "_USR_")),
        wrong("cut", good[..100].to_owned()),
        wrong("one symbol changed", good.replacen(&good[40..41], if &good[40..41] == "A" { "B" } else { "A" }, 1)),
        wrong("padded", format!("{}=", *good)),
        wrong("a line end behind", format!("{}\n", *good)),
        wrong("a byte too few, with its checksum", checked(&[1; 136])),
        wrong("a byte too many, with its checksum", checked(&[1; 138])),
        wrong("nothing but a checksum", checked(&[])),
    ];
    let upgrade = [wrong("version 2", checked(&[2; 137])), wrong("version 0, short", checked(&[0; 20]))];
    json!({ "about": ABOUT, "valid": valid, "upgrade": upgrade, "invalid": invalid })
}

#[test]
fn tokens_are_what_they_were() {
    let vectors = read("tokens");
    assert_eq!(vectors, made());
    for vector in list(&vectors["valid"]) {
        let token = Token::parse(text(&vector["text"])).unwrap();
        assert_eq!(token.kind.prefix(), text(&vector["prefix"]));
        assert_eq!((token.account.0, token.principal), (id(&vector["account"]), id(&vector["principal"])));
        assert_eq!((token.head_size, token.head_root), (number(&vector["head"]["size"]), id(&vector["head"]["root"])));
        let seed = Seed::from_bytes(&unhex(&vector["seed"]).try_into().unwrap());
        assert_eq!(*Token { seed, ..token }.encode(), text(&vector["text"]));
    }
    for (kind, upgrade) in [("upgrade", true), ("invalid", false)] {
        for vector in list(&vectors[kind]) {
            let refused = Token::parse(text(&vector["text"])).err().unwrap();
            assert_eq!(refused.code(), "unauthenticated", "{}", vector["about"]);
            assert_eq!(refused.to_string().contains("upgrade"), upgrade, "{}", vector["about"]);
        }
    }
    assert_eq!(id_hex(Id([1; 32])), hex([1; 32]));
}
