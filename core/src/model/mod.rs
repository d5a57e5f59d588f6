//! The words of the library: what users see and name. Imports nothing else of ours.

pub mod account;
pub mod audit;
pub mod change;
pub mod credential;
pub mod field;
pub mod file;
pub mod grant;
pub mod id;
pub mod item;
pub mod page;
pub mod policy;
pub mod principal;
pub mod role;
pub mod secret;
pub mod time;
pub mod vault;
