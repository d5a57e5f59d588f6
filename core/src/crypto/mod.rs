//! Keys, wraps, sealing and signing. Pure: no async, no I/O, no clock.
//!
//! To seal a part of an item or a vault's name, go to [`part`]; a file, to [`mod@file`]; a vault key for somebody,
//! to [`wrap`]. Everything that is sealed goes through the one construction of [`chunked`], everything that is
//! secret starts in [`identity`] or [`key`], and all randomness comes from [`random`]. `derive_` is deterministic,
//! `make_` is random.

pub mod chunked;
pub mod file;
pub mod identity;
pub mod kem;
pub mod key;
pub mod part;
pub mod random;
pub mod token;
pub mod wrap;

use crate::error::Error;

/// A refusal to open: what was asked, why not, and what to do. Callers pass constants and lengths, never secrets.
fn refuse(asked: &str, why: impl std::fmt::Display) -> Error {
    Error::tampered(format!("{asked}: {why}; nothing of it was used, run `audit.verify()` to find what was changed"))
}

/// A failure of the cryptographic library itself, which correct arguments never meet.
fn broken(asked: &str) -> Error {
    Error::unavailable(format!("{asked}: the cryptographic library refused to work; restart the process and try again"))
}
