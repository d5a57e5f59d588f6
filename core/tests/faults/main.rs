//! Several processes at once, processes that are killed, and a disk that misbehaves: nothing acknowledged is lost.
//!
//! A child is this test binary again, told by the environment what to do (`child`), and tells by lines what it did.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by it, or says why it is skipped"
)]

#[macro_use]
#[path = "../authority/methods.rs"]
mod methods;

mod approvals;
mod child;
mod clock;
mod crowd;
mod disk;
mod dropped;
mod dying;
mod forks;
mod kills;
mod moved;
mod rotations;
mod threads;
mod world;
