//! Arguments that several commands take.

use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::builder::PossibleValuesParser;

use crate::model::role::Role;
use crate::model::time::Timestamp;

/// A role, from what there is.
pub(super) fn role() -> PossibleValuesParser {
    PossibleValuesParser::new([Role::Read, Role::Write, Role::Admin].map(Role::as_str))
}

/// An instant, by RFC 3339.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| "a time is written as 2026-12-31T23:59:59Z or 2026-12-31T23:59:59+01:00".to_owned())
}

/// A duration above zero.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(|| "give seconds above zero, such as 30 or 0.5".to_owned())
}

/// `NAME=ROLE`.
pub(super) fn with_role(text: &str) -> Result<(String, String), String> {
    // An e-mail address may have a `=` in it, a role has none.
    let (name, role) = text.rsplit_once('=').ok_or("write it as NAME=ROLE, such as alice@example.edu=write")?;
    if name.is_empty() {
        return Err("before the `=` stands a name".to_owned());
    }
    let role: Role = role.parse().map_err(|error: crate::error::Error| error.message().to_owned())?;
    Ok((name.to_owned(), role.as_str().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_stands_after_the_last_equals_sign() {
        assert_eq!(with_role("a=b@example.edu=write").unwrap(), ("a=b@example.edu".to_owned(), "write".to_owned()));
        for wrong in ["alice@example.edu", "alice@example.edu=owner", "=read", ""] {
            assert!(with_role(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_a_zone() {
        assert_eq!(instant("2026-01-01T01:00:00+01:00").unwrap(), instant("2026-01-01T00:00:00Z").unwrap());
        assert!(instant("2026-01-01T00:00:00").is_err());
        assert!(instant("tomorrow").is_err());
    }

    #[test]
    fn a_timeout_is_above_zero() {
        assert_eq!(seconds("0.5").unwrap(), Duration::from_millis(500));
        for wrong in ["0", "-1", "NaN", "inf", "30s"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
