//! The engine's clock, by which expiry is judged.

use chrono::Utc;

use crate::model::time::to_millis;

/// A day, in milliseconds.
pub(super) const DAY: u64 = 24 * 60 * 60 * 1000;

/// Now, in milliseconds since 1970.
pub(super) fn now() -> u64 {
    to_millis(Utc::now())
}

/// Whether an end, if there is one, lies behind us.
pub(super) fn is_over(end: Option<u64>, now: u64) -> bool {
    end.is_some_and(|end| now >= end)
}
