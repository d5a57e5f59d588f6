//! A server and what may come to it: its document, its limits, its end, and whoever stands between.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on fails")]
#![allow(clippy::large_futures, reason = "a test has few of them")]

mod collector;
mod document;
mod limits;
mod origin;
#[path = "../../../tests/postgresql.rs"]
mod postgresql;
mod process;
mod raw;
mod requests;
mod sessions;
mod stopping;
mod streams;
mod tls;
mod traces;
