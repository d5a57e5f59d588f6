//! How a command ends when it does not end well.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::output::Output;
use super::render;
use crate::error::Error;

/// What a command returns.
pub(super) type Done = Result<(), Failure>;

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The library refused, or something failed.
    Refused(Error),
    /// Nobody reads the output any more.
    Closed,
    /// Ctrl-C.
    Interrupted,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::Closed;
        }
        Self::Refused(Error::unavailable(format!("the output can't be written: {error}")).caused_by(error))
    }
}

/// Says on `errors` why a command failed, if it did, and returns the exit code.
pub(super) fn complain(ended: Done, json: bool, errors: &mut dyn Write) -> u8 {
    match ended {
        Ok(()) | Err(Failure::Closed) => 0,
        Err(Failure::Interrupted) => 130,
        Err(Failure::Refused(error)) => {
            let line = if json {
                refusal(&error).to_string()
            } else {
                format!("strongroom: {}", render::line(&error.to_string()))
            };
            // There is nowhere left to say that standard error can't be written; the exit code says enough.
            let _ = writeln!(errors, "{line}");
            1
        }
    }
}

fn refusal(error: &Error) -> Value {
    let mut object = json!({ "code": error.code(), "operation": error.operation(), "message": error.message() });
    if let Some(id) = error.existing() {
        object["id"] = id.into();
    }
    if let Some(wait) = error.retry_after() {
        object["retry_after"] = wait.as_secs_f64().into();
    }
    json!({ "error": object })
}

/// Answers what clap made of a command line that is not one: help goes to the output, a complaint to `errors`.
pub(super) fn misused(refusal: &clap::Error, out: &Output, errors: &mut dyn Write) -> u8 {
    let text = refusal.render().to_string();
    if !refusal.use_stderr() {
        return complain(out.text(&text).map_err(Failure::from), out.is_json(), errors);
    }
    let text = if out.is_json() {
        let message = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}\n", json!({ "error": { "code": "invalid_argument", "operation": "", "message": message } }))
    } else {
        text
    };
    // As above.
    let _ = errors.write_all(text.as_bytes());
    2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(ended: Done, json: bool) -> (u8, String) {
        let mut errors = Vec::new();
        let code = complain(ended, json, &mut errors);
        (code, String::from_utf8(errors).unwrap())
    }

    #[test]
    fn an_error_is_one_line() {
        let error =
            || Error::already_exists("it is\nthere").with_existing("vlt_a").in_operation("vaults.create").into();
        assert_eq!(complaint(Err(error()), false), (1, "strongroom: vaults.create: it is\\nthere\n".to_owned()));
        let (code, line) = complaint(Err(error()), true);
        assert_eq!((code, line.lines().count()), (1, 1));
        let told: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            told,
            json!({"error": {"code": "already_exists", "operation": "vaults.create", "message": "it is\nthere", "id": "vlt_a"}})
        );
    }

    #[test]
    fn a_reader_that_left_is_no_error_and_a_full_disk_is() {
        assert_eq!(complaint(Err(io::Error::from(io::ErrorKind::BrokenPipe).into()), false), (0, String::new()));
        assert_eq!(complaint(Err(io::Error::from(io::ErrorKind::StorageFull).into()), false).0, 1);
        assert_eq!(complaint(Err(Failure::Interrupted), false), (130, String::new()));
    }
}
