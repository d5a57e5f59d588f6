//! The plain records inside sealed parts, and their bytes.

use minicbor::bytes::ByteArray;
use minicbor::{Decode, Encode};
use zeroize::{Zeroize, Zeroizing};

use crate::error::Result;
use crate::log::encoding;
use crate::model::field::{Field, FieldType};
use crate::model::id::Id;
use crate::model::secret::Secret;

/// The longest record, in bytes: what engines take of an item's details.
const MAX_RECORD: usize = 8 << 20;

/// A vault's name and description.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(super) struct VaultName {
    #[n(0)]
    pub(super) name: String,
    #[n(1)]
    pub(super) description: String,
}

/// What a list shows of an item.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(super) struct Overview {
    #[n(0)]
    pub(super) title: String,
    #[n(1)]
    pub(super) category: String,
    #[n(2)]
    pub(super) tags: Vec<String>,
    #[n(3)]
    pub(super) urls: Vec<String>,
}

/// What only reading the item shows.
#[derive(Clone, Default, PartialEq, Encode, Decode)]
pub(super) struct Details {
    #[n(0)]
    pub(super) notes: String,
    #[n(1)]
    pub(super) fields: Vec<PlainField>,
    #[n(2)]
    pub(super) files: Vec<PlainFile>,
}

/// A field's plain record.
#[derive(Clone, PartialEq, Encode, Decode)]
pub(super) struct PlainField {
    #[n(0)]
    label: String,
    #[n(1)]
    value: String,
    #[n(2)]
    field_type: String,
    #[n(3)]
    section: Option<String>,
}

/// A file's plain record. Its time is its author's clock.
#[derive(Clone, PartialEq, Encode, Decode)]
pub(super) struct PlainFile {
    #[n(0)]
    pub(super) id: Id,
    #[n(1)]
    pub(super) name: String,
    #[n(2)]
    pub(super) size: u64,
    #[n(3)]
    pub(super) content_type: String,
    #[n(4)]
    pub(super) key: ByteArray<32>,
    #[n(5)]
    pub(super) attached_at: u64,
}

impl Drop for PlainField {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl Drop for PlainFile {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl From<&Field> for PlainField {
    fn from(field: &Field) -> Self {
        Self {
            label: field.label.clone(),
            value: field.value.expose().to_owned(),
            field_type: field.field_type.as_str().to_owned(),
            section: field.section.clone(),
        }
    }
}

impl PlainField {
    /// The field; a type that this version does not know is shown as concealed text.
    pub(super) fn to_field(&self) -> Field {
        Field {
            label: self.label.clone(),
            value: Secret::new(self.value.clone()),
            field_type: self.field_type.parse().unwrap_or(FieldType::Concealed),
            section: self.section.clone(),
        }
    }

    /// Its name in the item.
    pub(super) fn name(&self) -> (Option<&str>, &str) {
        (self.section.as_deref(), &self.label)
    }
}

/// The bytes of a record, wiped when dropped.
pub(super) fn encode<T: Encode<()>>(record: &T) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(encoding::encode(record))
}

/// The record of these bytes.
pub(super) fn decode<'b, T: Decode<'b, ()> + Encode<()>>(bytes: &'b [u8]) -> Result<T> {
    encoding::decode_within(MAX_RECORD, "a sealed record", bytes)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    /// The record of a vector's bytes, encoded again.
    fn again(vector: &Value) -> Result<Zeroizing<Vec<u8>>> {
        let bytes = HEXLOWER.decode(vector["bytes"].as_str().unwrap().as_bytes()).unwrap();
        match vector["record"].as_str().unwrap() {
            "name" => decode::<VaultName>(&bytes).map(|record| encode(&record)),
            "overview" => decode::<Overview>(&bytes).map(|record| encode(&record)),
            "details" => decode::<Details>(&bytes).map(|record| encode(&record)),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_frozen_records_are_read_and_no_other_form() {
        let text = include_str!("../../../../tests/vectors/v1/parts.json");
        let vectors: Value = serde_json::from_str(text).unwrap();
        for vector in vectors["records"].as_array().unwrap() {
            assert_eq!(HEXLOWER.encode(&again(vector).unwrap()), vector["bytes"].as_str().unwrap());
        }
        let details = HEXLOWER.decode(vectors["records"][4]["bytes"].as_str().unwrap().as_bytes()).unwrap();
        let details: Details = decode(&details).unwrap();
        assert_eq!(details.notes, "A note");
        assert_eq!(details.fields[1].name(), (Some("class"), "grade"));
        assert_eq!(details.fields[0].to_field().value.expose(), "hunter2");
        assert_eq!((details.files[0].name.as_str(), details.files[0].size), ("essay.pdf", 8));
        assert_eq!(details.files[0].key.as_slice(), [0x52; 32]);
        let invalid = vectors["invalid_records"].as_array().unwrap();
        assert!(!invalid.is_empty());
        for vector in invalid {
            assert_eq!(again(vector).unwrap_err().code(), "tampered", "{}", vector["about"]);
        }
    }

    #[test]
    fn what_engines_take_is_read_again() {
        let field = PlainField {
            label: String::new(),
            value: "v".repeat(1 << 20),
            field_type: "text".to_owned(),
            section: None,
        };
        let details = Details { notes: String::new(), fields: vec![field; 7], files: Vec::new() };
        let bytes = encode(&details);
        assert!(decode::<Details>(&bytes).unwrap() == details);
        assert_eq!(decode::<Details>(&vec![0; MAX_RECORD + 1]).err().map(|error| error.code()), Some("tampered"));
    }
}
