//! Programs that run beside the one that measures.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A program that says on its first line where it listens, and is killed with this.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) location: String,
}

impl Program {
    /// `strongroom serve` over this database.
    pub(crate) fn strongroom(database: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        command.args(["serve", "--json", "--listen", "127.0.0.1:0", "--rate", "0", "--log-level", "error"]);
        command.args(["--max-connections", "20000", "--database", database]);
        let (child, line) = started(command);
        let told: Value = serde_json::from_str(&line).unwrap();
        Self { child, location: told["origin"].as_str().unwrap().to_owned() }
    }

    /// The limit: the bytes of this file, from memory.
    pub(crate) fn limit(file: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["limit", file]);
        let (child, line) = started(command);
        Self { child, location: line.trim().to_owned() }
    }

    pub(crate) fn resident(&self) -> u64 {
        resident(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn started(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "a program does not start: what it says is above");
    (child, line)
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
