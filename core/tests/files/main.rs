//! Files of any size: bounded memory, reading from the middle, and nothing left of what was not attached.
//!
//! A child is this test binary again, told by the environment what to do (`child`), and tells by lines what it did.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::clone_on_ref_ptr, reason = "the shared authority is written so")]

#[macro_use]
#[path = "../authority/methods.rs"]
mod methods;

mod child;
#[path = "../attacks/malicious.rs"]
mod malicious;
mod world;

mod dropped;
mod full;
mod killed;
mod memory;
mod middle;
mod source;
mod target;
