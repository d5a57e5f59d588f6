//! Vaults made, shared, watched and audited by program.
#![forbid(unsafe_code)]

pub mod error;
pub mod log;
pub mod model;
