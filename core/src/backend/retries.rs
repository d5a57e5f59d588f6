//! How often, and after which pauses, what could not be reached is tried again.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use crate::error::{Error, ErrorKind, Result};

/// How often a call tries again unless it says otherwise.
pub const DEFAULT_RETRIES: u32 = 2;

/// The pause before the first repeat; each after it is twice as long, and each is longer by a random part of itself, so
/// that those who failed together do not come back together.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A pause that a server asks for is made if it is no longer than this; a longer one is the caller's to make.
const LONGEST_ASKED: Duration = Duration::from_secs(10);

tokio::task_local! {
    static RETRIES: u32;
}

/// Runs a call that tries again at most so often.
pub async fn with_retries<T>(retries: u32, call: impl Future<Output = T>) -> T {
    RETRIES.scope(retries, call).await
}

/// The pauses before each repeat of this call.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    policy().build()
}

/// Does `work` again while its error may pass; it must be safe to repeat.
pub(super) async fn retried<T, F: Future<Output = Result<T>>>(work: impl FnMut() -> F) -> Result<T> {
    let asked = |error: &Error, pause: Option<Duration>| pause.map(|pause| pause_after(error, pause));
    work.retry(policy()).sleep(tokio::time::sleep).when(is_passing).adjust(asked).await
}

/// Whether an error may be gone at the next try: what is `Unavailable`, and what a server asks to be asked later.
pub(super) fn is_passing(error: &Error) -> bool {
    let soon = error.retry_after().is_some_and(|wait| wait <= LONGEST_ASKED);
    match error.kind() {
        ErrorKind::Unavailable => error.retry_after().is_none() || soon,
        ErrorKind::RateLimited => soon,
        _ => false,
    }
}

/// The pause after an error, no shorter than it asks for.
pub(super) fn pause_after(error: &Error, pause: Duration) -> Duration {
    error.retry_after().map_or(pause, |wait| wait.max(pause))
}

fn policy() -> ExponentialBuilder {
    let retries = RETRIES.try_with(|retries| *retries).unwrap_or(DEFAULT_RETRIES);
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(FIRST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .with_max_times(usize::try_from(retries).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn tries(retries: u32, error: fn() -> Error) -> u32 {
        let count = AtomicU32::new(0);
        let failing = || async {
            count.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(error())
        };
        with_retries(retries, retried(failing)).await.unwrap_err();
        count.into_inner()
    }

    #[tokio::test]
    async fn what_passes_is_tried_again_as_often_as_the_call_says() {
        let away = || Error::unavailable("away");
        assert_eq!(tries(0, away).await, 1);
        assert_eq!(tries(3, away).await, 4);
        assert_eq!(tries(5, || Error::not_found("gone")).await, 1);
        let limited = |wait| Error::new(ErrorKind::RateLimited, "too fast").with_retry_after(wait);
        assert!(is_passing(&limited(LONGEST_ASKED)) && !is_passing(&limited(LONGEST_ASKED * 2)));
        assert!(!is_passing(&Error::new(ErrorKind::RateLimited, "for how long is not said")));
        assert_eq!(pause_after(&limited(LONGEST_ASKED), FIRST_PAUSE), LONGEST_ASKED);
        assert_eq!(pauses().count(), 2, "outside a call, the default");
    }

    #[tokio::test]
    async fn pauses_grow_and_differ() {
        let pauses: Vec<Duration> = with_retries(12, async { pauses().collect() }).await;
        for (number, pause) in pauses.iter().enumerate() {
            let least = FIRST_PAUSE.saturating_mul(1 << number).min(LONGEST_PAUSE);
            assert!((least..=2 * least).contains(pause), "{number}: {pause:?}");
        }
    }
}
