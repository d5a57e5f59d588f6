//! The logs: their bytes, signatures, trees, and the one replay of their rules. Pure, and unable to decrypt.

pub mod body;
pub mod cursor;
pub mod encoding;
pub mod entry;
pub mod feed;
pub mod label;
pub mod operation;
pub mod reads;
pub mod replay;
pub mod signature;
pub mod tree;
