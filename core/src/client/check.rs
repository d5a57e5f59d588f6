//! What an argument may be, said once.

use std::time::Duration;

use crate::backend::GrantRequest;
use crate::error::{Error, Result};
use crate::model::field::Field;
use crate::model::item::{MAX_FIELDS, MAX_TITLE};
use crate::model::time::Timestamp;

/// The longest a field's value may be, in bytes.
const MAX_VALUE: usize = 1 << 20;
/// The most tags or web addresses of an item.
const MAX_LIST: usize = 1000;

/// The text, if it has at least one and at most `most` bytes.
pub(super) fn required(name: &str, text: String, most: usize) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Error::argument(name, "it is empty: give it at least one character"));
    }
    optional(name, text, most)
}

/// The text, if it has at most `most` bytes.
pub(super) fn optional(name: &str, text: String, most: usize) -> Result<String> {
    if text.len() > most {
        return Err(Error::argument(name, format!("it has {} bytes, and at most {most} fit", text.len())));
    }
    Ok(text)
}

/// The list, if it is not too long and none of its texts is empty.
pub(super) fn texts(name: &str, list: Vec<String>) -> Result<Vec<String>> {
    if list.len() > MAX_LIST {
        return Err(Error::argument(name, format!("there are {} of them, and at most {MAX_LIST} fit", list.len())));
    }
    list.into_iter().map(|text| required(name, text, MAX_TITLE)).collect()
}

/// The fields, if each is well formed and none comes twice.
pub(super) fn fields(fields: Vec<Field>) -> Result<Vec<Field>> {
    if fields.len() > MAX_FIELDS {
        return Err(Error::argument("fields", format!("there are {}, and at most {MAX_FIELDS} fit", fields.len())));
    }
    let mut seen = std::collections::HashSet::new();
    for field in &fields {
        if field.label.trim().is_empty() || field.label.len() > MAX_TITLE {
            return Err(Error::argument("fields", format!("a label has 1 to {MAX_TITLE} bytes")));
        }
        if field.value.expose().len() > MAX_VALUE {
            return Err(Error::argument("fields", format!("`{}` has more than {MAX_VALUE} bytes", field.label)));
        }
        if !seen.insert((field.section.as_deref(), field.label.as_str())) {
            return Err(Error::argument(
                "fields",
                format!("`{}` is there twice: (section, label) is unique in an item", field.label),
            ));
        }
    }
    Ok(fields)
}

/// A number of rows that one call takes.
pub(super) fn at_most(name: &str, rows: usize, most: usize) -> Result<()> {
    if rows > most {
        return Err(Error::argument(name, format!("there are {rows}, and at most {most} fit")));
    }
    Ok(())
}

/// A time limit above zero.
pub(super) fn timeout(timeout: Duration) -> Result<()> {
    if timeout.is_zero() {
        return Err(Error::argument("timeout", "it is zero: give seconds above zero"));
    }
    Ok(())
}

/// An end in the future.
pub(super) fn expiry(expires_at: Option<Timestamp>) -> Result<Option<Timestamp>> {
    match expires_at {
        Some(at) if at <= chrono::Utc::now() => {
            Err(Error::argument("expires_at", "it is in the past: give an instant to come"))
        }
        other => Ok(other),
    }
}

/// A grant from its printed parts.
pub(super) fn grant(who: &str, role: &str, expires_at: Option<Timestamp>) -> Result<GrantRequest> {
    Ok(GrantRequest { to: who.parse()?, role: role.parse()?, expires_at: expiry(expires_at)? })
}

/// A key of at most 256 bytes that is not empty.
pub(super) fn idempotency_key(key: Option<String>) -> Result<Option<String>> {
    key.map(|key| required("idempotency_key", key, 256)).transpose()
}
