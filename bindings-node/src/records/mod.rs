//! The results, one file per noun. Each is declared here and made from the core's by [`crate::record::record`].

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod credential;
pub(crate) mod field;
pub(crate) mod file;
pub(crate) mod grant;
pub(crate) mod item;
pub(crate) mod policy;
pub(crate) mod principal;
pub(crate) mod vault;

/// A word of the core's, which TypeScript knows as one of a few.
pub(crate) type Role = String;
