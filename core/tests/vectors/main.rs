//! The vectors: the published ones of every standard, and the frozen bytes of version 1.
//!
//! `tests/vectors/v1` was made once, by `cargo test --test vectors -- --ignored make`, which writes the files that are
//! not there and never one that is. Whatever is random was frozen as it came out; the rest is computed again and compared.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod cursors;
mod derivations;
mod feed;
mod files;
mod frozen;
mod ids;
mod labels;
mod operations;
mod parts;
mod published;
mod reads;
mod tokens;
mod trees;
mod wraps;

#[test]
#[ignore = "made once: version 1 is frozen, and other bytes are another version"]
fn make_vectors() {
    frozen::make("cursors", cursors::made);
    frozen::make("derivations", derivations::made);
    frozen::make("feed", feed::made);
    frozen::make("files", files::made);
    frozen::make("ids", ids::made);
    frozen::make("labels", labels::made);
    frozen::make("operations", operations::made);
    frozen::make("parts", parts::made);
    frozen::make("reads", reads::made);
    frozen::make("tokens", tokens::made);
    frozen::make("wraps", wraps::made);
}
