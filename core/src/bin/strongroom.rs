//! The `strongroom` program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(strongroom::cli::run(std::env::args_os().collect()))
}
