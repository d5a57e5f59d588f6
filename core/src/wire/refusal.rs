//! Errors, as a server tells them and a client takes them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Crosses;
use super::rows::{ItemAnswer, VaultRows};
use super::submission::Submitted;
use crate::error::{Error, ErrorKind, Result};

/// The longest text that a client takes from an error.
const LONGEST: usize = 2_048;

/// The longest pause that a server may ask for, in seconds.
const LONGEST_PAUSE: f64 = 86_400.0;

/// Why a request, or one row of it, was refused.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Refusal {
    /// The kind of error, such as `not_found`.
    pub code: String,
    /// What was asked, why it was refused, what to do.
    pub message: String,
    /// The id of what exists already, with `already_exists`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// How many seconds to wait before another try, with `rate_limited`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<f64>,
}

/// Rows of answers that stand or fail each by itself.
macro_rules! outcomes {
    ($($(#[$about:meta])* $outcome:ident of $row:ty;)*) => {$(
        $(#[$about])*
        #[derive(Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $outcome {
            /// It was done, or is there.
            Ok($row),
            /// It was refused, and this row alone.
            Refused(Refusal),
        }

        impl<T: Crosses<$row>> Crosses<$outcome> for Result<T> {
            fn into_form(self) -> $outcome {
                match self {
                    Ok(row) => $outcome::Ok(row.into_form()),
                    Err(error) => $outcome::Refused(error.into_form()),
                }
            }

            fn from_form(form: $outcome) -> Self {
                match form {
                    $outcome::Ok(row) => Ok(T::from_form(row)),
                    $outcome::Refused(refusal) => Err(Error::from_form(refusal)),
                }
            }
        }
    )*};
}

outcomes! {
    /// What became of a submission.
    SubmissionOutcome of Submitted;
    /// A vault's rows, or why they are not told.
    VaultOutcome of VaultRows;
    /// A version of an item, or why it is not told.
    ItemOutcome of ItemAnswer;
}

impl Crosses<Refusal> for Error {
    fn into_form(self) -> Refusal {
        Refusal {
            code: self.code().to_owned(),
            message: self.message().to_owned(),
            existing: self.existing().map(str::to_owned),
            retry_after: self.retry_after().map(|wait| wait.as_secs_f64()),
        }
    }

    fn from_form(form: Refusal) -> Self {
        let Refusal { code, message, existing, retry_after } = form;
        let error = match kind(&code) {
            Some(kind) => Self::new(kind, plain(&message)),
            None => {
                Self::unavailable(format!("the server refused for a reason of its own, `{}`: upgrade", plain(&code)))
            }
        };
        let error = match existing {
            Some(id) => error.with_existing(plain(&id)),
            None => error,
        };
        match retry_after {
            Some(wait) if wait.is_finite() && wait >= 0.0 => {
                error.with_retry_after(Duration::from_secs_f64(wait.min(LONGEST_PAUSE)))
            }
            _ => error,
        }
    }
}

fn kind(code: &str) -> Option<ErrorKind> {
    ErrorKind::ALL.into_iter().find(|kind| kind.code() == code)
}

/// A text from elsewhere for somebody's terminal: of bounded length, and without control characters.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(LONGEST).collect()
}

/// The status of an answer that is this error alone.
pub const fn status(kind: ErrorKind) -> u16 {
    match kind {
        ErrorKind::InvalidArgument => 400,
        ErrorKind::Unauthenticated => 401,
        ErrorKind::PermissionDenied | ErrorKind::PolicyViolation => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::AlreadyExists | ErrorKind::Conflict => 409,
        ErrorKind::RateLimited => 429,
        ErrorKind::Tampered => 500,
        ErrorKind::Unsupported => 501,
        ErrorKind::Unavailable => 503,
        ErrorKind::DeadlineExceeded => 504,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_the_same_on_the_other_side() {
        for kind in ErrorKind::ALL {
            let error = Error::new(kind, "why").with_existing("vlt_1").with_retry_after(Duration::from_millis(1500));
            let text = serde_json::to_string(&Crosses::<Refusal>::into_form(error)).unwrap();
            let back = Error::from_form(serde_json::from_str::<Refusal>(&text).unwrap());
            assert_eq!((back.kind(), back.message(), back.existing()), (kind, "why", Some("vlt_1")));
            assert_eq!(back.retry_after(), Some(Duration::from_millis(1500)));
            assert!((400..600).contains(&status(kind)));
        }
    }

    #[test]
    fn nonsense_is_an_error_too() {
        let refusal = |code: &str, message: String, retry_after| {
            Error::from_form(Refusal { code: code.to_owned(), message, existing: None, retry_after })
        };
        let error = refusal("new_kind", String::new(), Some(f64::NAN));
        assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Unavailable, None));
        let error = refusal("conflict", format!("\u{1b}[2J{}", "a".repeat(1 << 20)), Some(1e300));
        assert!(error.message().starts_with(" [2J") && error.message().len() == LONGEST);
        assert_eq!(error.retry_after(), Some(Duration::from_hours(24)));
    }
}
