//! The words of the library: what users see and name. Imports nothing else of ours.

pub mod id;
