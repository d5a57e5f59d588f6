//! Reads and refusals in the audit.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]

mod vectors;
