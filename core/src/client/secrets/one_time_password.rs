//! One-time passwords (RFC 6238) of fields that hold what they are made from.

use totp_rs::{Builder, Secret as Key, Totp};

use crate::error::{Error, Result};
use crate::model::field::{Field, FieldType};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;

const FORM: &str = "its value has to be an `otpauth://totp/…` address of 6 to 8 digits, or a key in base32";

/// The password of that moment.
///
/// A field holds an `otpauth://` address, or the bare key in base32, for which SHA-1, six digits and 30 seconds hold.
pub(super) fn derive(field: &Field, at: Timestamp) -> Result<Secret> {
    if field.field_type != FieldType::Totp {
        return Err(Error::argument("reference", "`attribute=otp` is for fields of the type `totp`, and this is none"));
    }
    let totp = parse(field.value.expose().trim()).ok_or_else(|| Error::argument("reference", FORM))?;
    let seconds =
        u64::try_from(at.timestamp()).map_err(|_| Error::argument("reference", "the clock is before 1970"))?;
    Ok(Secret::new(totp.generate(seconds).to_string()))
}

/// Keys of fewer than the 128 bits that RFC 4226 asks of whoever makes them are in use, so they are read.
fn parse(value: &str) -> Option<Totp> {
    let totp = if value.starts_with("otpauth:") {
        Totp::from_url_unchecked(value).ok()?
    } else {
        let key: String = value.chars().filter(|letter| !matches!(letter, ' ' | '-' | '=')).collect();
        Builder::new().with_secret(Key::try_from_base32(key.to_ascii_uppercase()).ok()?).build_noncompliant()
    };
    let usable = (6..=8).contains(&totp.digits()) && totp.step() > 0 && !totp.secret().as_ref().is_empty();
    usable.then_some(totp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time;

    fn field(value: &str) -> Field {
        Field { label: "code".into(), value: Secret::new(value), field_type: FieldType::Totp, section: None }
    }

    fn at(value: &str, seconds: u64) -> String {
        derive(&field(value), time::from_millis(seconds * 1000)).unwrap().expose().to_owned()
    }

    #[test]
    fn the_published_examples_hold() {
        // RFC 6238, appendix B: keys of 20, 32 and 64 bytes of the same digits.
        let digits = "1234567890".repeat(7);
        let key = |bytes: usize| data_encoding::BASE32_NOPAD.encode(&digits.as_bytes()[..bytes]);
        let address = |algorithm: &str, key: &str| {
            format!("otpauth://totp/x?secret={key}&digits=8&period=30&algorithm={algorithm}")
        };
        for (seconds, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            assert_eq!(at(&address("SHA1", &key(20)), seconds), sha1);
            assert_eq!(at(&address("SHA256", &key(32)), seconds), sha256);
            assert_eq!(at(&address("SHA512", &key(64)), seconds), sha512);
        }
        assert_eq!(at(&key(20).to_ascii_lowercase(), 59), "287082");
    }

    #[test]
    fn what_makes_no_password_is_refused_without_being_shown() {
        let bad = [
            "",
            "hunter2!",
            "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/x",
            "otpauth://totp/x?secret=",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=0",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=10",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5",
        ];
        for value in bad {
            let error = derive(&field(value), chrono::Utc::now()).unwrap_err();
            assert_eq!(error.code(), "invalid_argument", "{value}");
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("GEZD"), "{shown}");
        }
        let text = Field { field_type: FieldType::Text, ..field("GEZDGNBVGY3TQOJQ") };
        assert_eq!(derive(&text, chrono::Utc::now()).unwrap_err().code(), "invalid_argument");
    }
}
