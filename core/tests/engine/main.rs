//! The engine over a real store, with real signatures, against what a reader checks.
#![allow(clippy::unwrap_used, reason = "helpers of tests are no tests to clippy")]

mod beginnings;
mod endings;
mod files;
mod former;
mod notes;
mod people;
mod proofs;
mod reads;
mod refusals;
mod sessions;
mod vault;
mod world;
