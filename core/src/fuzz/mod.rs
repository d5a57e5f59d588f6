//! One function for every decoder of what others wrote: it takes any bytes, and panics if the decoder misbehaves.
//!
//! `cargo fuzz` calls them from `fuzz/`, and the tests below do, for seconds. A decoder refuses with a typed error or
//! accepts; what it accepts has one form, which encodes to the same bytes.
#![allow(clippy::missing_panics_doc, reason = "to panic is how they report")]

mod crypto;
mod log;
mod words;

#[cfg(test)]
mod tests;

pub use crypto::{container, file, part, token, wrap};
pub use log::{cursor, entry, operation, profile, read, signature, tree};
pub use words::{name, reference};

pub use crate::backend::sealed::fuzz::{record, state};
#[cfg(feature = "cli")]
pub use crate::cli::fuzz::argument;

use crate::error::{Error, ErrorKind};

/// The bytes as text, as far as they are.
pub(crate) fn text(data: &[u8]) -> &str {
    match std::str::from_utf8(data) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&data[..error.valid_up_to()]).unwrap_or_default(),
    }
}

/// The refusal is one of these kinds.
pub(crate) fn refused(error: &Error, kinds: &[ErrorKind]) {
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

/// The first bytes, zeros where there are too few, and what follows.
pub(crate) fn take<const N: usize>(data: &[u8]) -> ([u8; N], &[u8]) {
    let (head, rest) = data.split_at(data.len().min(N));
    let mut taken = [0; N];
    taken[..head.len()].copy_from_slice(head);
    (taken, rest)
}
