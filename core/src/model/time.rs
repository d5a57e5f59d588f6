//! Instants: UTC, to the millisecond, which is what the logs keep.

use chrono::{DateTime, TimeZone, Utc};

/// An instant in UTC.
pub type Timestamp = DateTime<Utc>;

/// Milliseconds since 1970-01-01T00:00:00Z; instants before that are 0.
pub fn to_millis(at: Timestamp) -> u64 {
    u64::try_from(at.timestamp_millis()).unwrap_or(0)
}

/// The instant of these milliseconds since 1970; what no calendar holds is the latest instant there is.
pub fn from_millis(millis: u64) -> Timestamp {
    i64::try_from(millis)
        .ok()
        .and_then(|millis| Utc.timestamp_millis_opt(millis).single())
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}
