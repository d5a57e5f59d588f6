//! The files of version 1: JSON, bytes in lower-case hex.

use std::fs;
use std::path::PathBuf;

use data_encoding::HEXLOWER;
use minicbor::data::Type;
use minicbor::decode::Decoder;
use serde_json::Value;
use strongroom::model::id::Id;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/v1").join(format!("{name}.json"))
}

/// Writes a file that is not there.
pub(crate) fn make(name: &str, made: impl FnOnce() -> Value) {
    if !path(name).exists() {
        let mut text = serde_json::to_string_pretty(&made()).unwrap();
        text.push('\n');
        fs::write(path(name), text).unwrap();
    }
}

pub(crate) fn read(name: &str) -> Value {
    serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    let list = value.as_array().unwrap();
    assert!(!list.is_empty());
    list
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

pub(crate) fn small(value: &Value) -> u32 {
    u32::try_from(number(value)).unwrap()
}

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    HEXLOWER.encode(bytes.as_ref())
}

pub(crate) fn id_hex(id: Id) -> String {
    hex(id.as_bytes())
}

pub(crate) fn unhex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).unwrap()
}

pub(crate) fn id(value: &Value) -> Id {
    Id::try_from(unhex(value).as_slice()).unwrap()
}

/// The bytes with one bit turned.
pub(crate) fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}

/// CBOR in its diagnostic notation (RFC 8949, section 8), as far as it is used here.
pub(crate) fn diagnostic(bytes: &[u8]) -> String {
    let mut decoder = Decoder::new(bytes);
    let text = value(&mut decoder);
    assert_eq!(decoder.position(), bytes.len());
    text
}

fn value(decoder: &mut Decoder<'_>) -> String {
    match decoder.datatype().unwrap() {
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            let values: Vec<String> = (0..count).map(|_| value(decoder)).collect();
            format!("[{}]", values.join(", "))
        }
        Type::Bytes => format!("h'{}'", hex(decoder.bytes().unwrap())),
        Type::String => format!("{:?}", decoder.str().unwrap()),
        Type::Bool => decoder.bool().unwrap().to_string(),
        Type::Null => {
            decoder.null().unwrap();
            "null".to_owned()
        }
        _ => decoder.u64().unwrap().to_string(),
    }
}
