//! Bytes in JSON: base64url (RFC 4648) without padding, of which each value has one form.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Crosses;
use crate::model::id::{AccountId, Id};

/// Bytes of any length.
pub struct Octets(pub Vec<u8>);

/// 32 bytes: an id or a hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key(pub Id);

impl Key {
    /// The 32 bytes of a text.
    pub fn parse(text: &str) -> Option<Self> {
        BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok().map(|bytes| Self(Id(bytes)))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(self.0.as_bytes()))
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

struct Text;

impl Visitor<'_> for Text {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64url without padding")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| E::custom("this is not base64url without padding"))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text).map(Self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserializer.deserialize_str(Text)?;
        let bytes = bytes.try_into().map_err(|_| D::Error::custom("these are not 32 bytes"))?;
        Ok(Self(Id(bytes)))
    }
}

impl Crosses<Octets> for Vec<u8> {
    fn into_form(self) -> Octets {
        Octets(self)
    }

    fn from_form(form: Octets) -> Self {
        form.0
    }
}

impl Crosses<Key> for Id {
    fn into_form(self) -> Key {
        Key(self)
    }

    fn from_form(form: Key) -> Self {
        form.0
    }
}

impl Crosses<Key> for AccountId {
    fn into_form(self) -> Key {
        Key(self.0)
    }

    fn from_form(form: Key) -> Self {
        Self(form.0)
    }
}

#[cfg(feature = "server")]
mod schema {
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::openapi::{RefOr, SchemaFormat};
    use utoipa::{PartialSchema, ToSchema};

    use super::{Key, Octets};

    fn text(pattern: &str, about: &str) -> RefOr<Schema> {
        let format = SchemaFormat::Custom("base64url".to_owned());
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(format))
            .pattern(Some(pattern))
            .description(Some(about));
        RefOr::T(object.into())
    }

    impl PartialSchema for Octets {
        fn schema() -> RefOr<Schema> {
            text("^[A-Za-z0-9_-]*$", "Bytes, as base64url without padding.")
        }
    }

    impl ToSchema for Octets {}

    impl PartialSchema for Key {
        fn schema() -> RefOr<Schema> {
            text("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", "32 bytes, an id or a hash, as base64url without padding.")
        }
    }

    impl ToSchema for Key {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_form() {
        let text = serde_json::to_string(&Octets(vec![0xfb, 0xff])).unwrap();
        assert_eq!(text, r#""-_8""#);
        assert_eq!(serde_json::from_str::<Octets>(&text).unwrap().0, vec![0xfb, 0xff]);
        for wrong in [r#""-_8=""#, r#""+/8""#, r#""-_9""#, r#"" -_8""#, "[251, 255]", "null"] {
            assert!(serde_json::from_str::<Octets>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_have_32_bytes() {
        let key = Key(Id([7; 32]));
        let text = serde_json::to_string(&key).unwrap();
        assert!(serde_json::from_str::<Key>(&text).unwrap() == key);
        assert!(Key::parse(&key.to_string()) == Some(key));
        for wrong in [r#""""#, r#""AAAA""#] {
            assert!(serde_json::from_str::<Key>(wrong).is_err(), "{wrong}");
        }
        assert!(Key::parse(&format!("{key}A")).is_none());
    }
}
