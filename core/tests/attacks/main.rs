//! The attacks of the protocol's list, each between honest clients and each ending in a typed refusal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::clone_on_ref_ptr, reason = "a test that can't go on fails")]
#![allow(clippy::large_futures, reason = "a test has few of them")]

#[macro_use]
#[path = "../authority/methods.rs"]
mod methods;

mod doctor;
mod fork;
mod history;
mod malicious;
mod served;
mod shelf;
mod signed;
mod world;

mod acknowledged;
mod administrators;
mod backdated;
mod bare;
mod bits;
mod certified;
mod committing;
mod contents;
mod crossing;
mod doctored;
mod ended;
mod forged;
mod forgetful;
mod forked;
mod former;
mod heads;
mod keyed;
mod keys;
mod lies;
mod looping;
mod lost;
mod matrix;
mod moved;
mod named;
mod older;
mod races;
mod reissued;
mod replayed;
mod rescued;
mod resumed;
mod retried;
mod unknown;
mod versions;
mod weak;
mod withheld;
