//! A directory with a database in it, and the commands that people run there.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const OWNER: &str = "teacher@example.edu";

/// What a command said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Said {
    /// The one JSON document of a command that succeeded.
    pub(crate) fn json(&self) -> Value {
        assert_eq!((self.code, self.errors.as_str()), (Some(0), ""));
        serde_json::from_str(&self.out).unwrap()
    }

    /// The code of a command that was refused.
    pub(crate) fn refusal(&self) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{}", self.errors);
        assert_eq!(self.errors.lines().count(), 1, "{}", self.errors);
        let told: Value = serde_json::from_str(&self.errors).unwrap();
        assert!(!told["error"]["message"].as_str().unwrap().is_empty());
        told["error"]["code"].as_str().unwrap().to_owned()
    }
}

/// A directory with a database in it, and whoever works there.
pub(crate) struct Room {
    pub(crate) directory: TempDir,
}

impl Room {
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A room whose owner's token is in the file `owner`.
    pub(crate) fn new() -> Self {
        let room = Self::empty();
        let made = room.run(&["init", "--owner", OWNER, "--token-file", "owner", "classroom.db"]);
        assert_eq!((made.code, made.errors.as_str()), (Some(0), ""));
        room
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_strongroom"));
        for variable in ["STRONGROOM_LOCATION", "STRONGROOM_TOKEN", "STRONGROOM_STATE"] {
            command.env_remove(variable);
        }
        command.current_dir(self.directory.path()).args(arguments).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// Runs a command as whoever has this token file, with text on standard input.
    pub(crate) fn hears(&self, who: &str, arguments: &[&str], input: &str) -> Said {
        let mut child = self
            .command(&[&["--location", "classroom.db", "--token-file", who], arguments].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command as whoever has this token file.
    pub(crate) fn by(&self, who: &str, arguments: &[&str]) -> Said {
        self.hears(who, arguments, "")
    }

    /// As [`Room::by`], with the answer in JSON.
    pub(crate) fn json(&self, who: &str, arguments: &[&str]) -> Value {
        self.by(who, &[arguments, &["--json"]].concat()).json()
    }

    pub(crate) fn refusal(&self, who: &str, arguments: &[&str]) -> String {
        self.by(who, &[arguments, &["--json"]].concat()).refusal()
    }

    /// A vault of the owner's.
    pub(crate) fn vault(&self, name: &str) -> String {
        id(&self.json("owner", &["vault", "create", name]))
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    let output = command.output().unwrap();
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

pub(crate) fn rows(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}
