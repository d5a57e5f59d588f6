//! The attacks of the protocol's list, each between honest clients and each ending in a typed refusal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::clone_on_ref_ptr, reason = "a test that can't go on fails")]

mod malicious;
mod world;

mod keys;
mod moved;
mod replayed;
