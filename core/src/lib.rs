//! Vaults made, shared, watched and audited by program.
#![forbid(unsafe_code)]

pub mod authority;
pub mod backend;
#[cfg(feature = "cli")]
pub mod cli;
pub mod client;
pub mod crypto;
pub mod engine;
pub mod error;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzz;
pub mod log;
pub mod model;
pub mod store;
