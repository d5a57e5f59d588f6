//! The logs: their bytes, signatures, trees, and the one replay of their rules. Pure, and unable to decrypt.

pub mod label;
pub mod tree;
