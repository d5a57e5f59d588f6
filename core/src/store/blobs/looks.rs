//! When a place is looked at for what is to be removed.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::error::Result;

/// The pauses before what could not be removed is tried again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// When to look again for what is to be removed.
pub(in crate::store) struct Looks {
    every: Duration,
    after_failures: ExponentialBackoff,
}

impl Looks {
    /// So often, where nothing fails.
    pub(in crate::store) fn new(every: Duration) -> Self {
        Self { every, after_failures: pauses() }
    }

    /// The pause after a step that says whether there may be more to do; none if there may. After failures it grows.
    pub(in crate::store) fn pause_after(&mut self, step: Result<bool>) -> Option<Duration> {
        match step {
            Ok(more) => {
                self.after_failures = pauses();
                (!more).then_some(self.every)
            }
            Err(error) => {
                tracing::warn!(?error, "the content of files that are gone stays until the next look");
                Some(self.after_failures.next().unwrap_or(self.every))
            }
        }
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build()
}
