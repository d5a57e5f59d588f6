//! Backups, what is restored from them, and accounts that move: whole, verified, and told apart from a rollback.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod backup;
mod migrate;
mod postgres;
#[path = "../../../tests/postgresql.rs"]
mod postgresql;
mod restore;
mod world;
