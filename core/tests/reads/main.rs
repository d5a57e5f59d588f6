//! Reads and refusals in the audit: what is noted, by whom it is seen, that a crash loses none, that none is rewritten.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::large_futures, reason = "a test has few of them")]

mod doctored;
mod events;
mod processes;
mod world;
