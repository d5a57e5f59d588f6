//! The arguments that are parsed here, for `crate::fuzz`.
#![allow(clippy::missing_panics_doc, reason = "to panic is how they report")]

use super::{argument, field};
use crate::error::ErrorKind::InvalidArgument;
use crate::fuzz::{refused, text};

/// Fields, instants, durations and grants as they stand on a command line.
pub fn argument(data: &[u8]) {
    let text = text(data);
    if let Err(error) = field::parse(text) {
        refused(&error, &[InvalidArgument]);
    }
    if let Ok(at) = argument::instant(text) {
        assert_eq!(argument::instant(&at.to_rfc3339()), Ok(at));
    }
    if let Ok(seconds) = argument::seconds(text) {
        assert!(!seconds.is_zero());
    }
    if let Ok((name, role)) = argument::with_role(text) {
        assert_eq!(format!("{name}={role}"), text);
    }
}
