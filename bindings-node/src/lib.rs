//! The Node package: arguments in, typed results out, no rule of its own.
//!
//! `client` has the operations, each listed once by `ops!`, which also tells the package's JavaScript half about it;
//! `records` the results, made from the core's by `record!`; `promise` the one way to wait. What JavaScript says better
//! is in `lib`: the error classes, what masks secrets, pages, feeds, and where files come from.
#![deny(unsafe_code)]
#![expect(unreachable_pub, reason = "Node-API sees what is public, and TypeScript its documentation")]
#![expect(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "napi hands JavaScript's arguments over as values, and its environment as a reference"
)]
#![expect(
    clippy::doc_markdown,
    clippy::inconsistent_struct_constructor,
    reason = "doc comments here are TypeScript's, and what may be absent stands last in a declaration"
)]

mod args;
mod client;
mod error;
mod ops;
mod page;
mod promise;
mod record;
mod records;
mod reply;
mod source;

pub use client::connect::drop_memory;
pub use client::secrets::validate;
pub use records::field::is_concealed;

use napi_derive::napi;
use strongroom::cli::run;
use strongroom::error::ErrorKind;

/// Runs the command line with these arguments, the program's name first, and answers its exit code.
#[napi(skip_typescript)]
pub fn main(argv: Vec<String>) -> u8 {
    run(argv.into_iter().map(Into::into).collect())
}

/// The codes of all kinds of errors, in the order of the documentation.
#[napi(skip_typescript)]
pub fn error_codes() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

/// The operations: class, method, the operation's name, what it answers, and its arguments.
#[napi(skip_typescript)]
pub fn operations() -> Vec<Vec<&'static str>> {
    client::operations()
}

/// The version of this package.
#[napi(js_name = "version")]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
