//! Whose turn the disk is: pieces of files are put several at a time while nobody else writes, and one at a time while
//! somebody does. What they sync is large, and whoever commits meanwhile waits behind it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

/// So long after a commit of anybody's there may be another.
const QUIET: Duration = Duration::from_millis(200);

/// Between two pieces, for who has waited behind the first.
const PAUSE: Duration = Duration::from_millis(1);

/// Pieces' turns.
#[derive(Default)]
pub(super) struct Turns {
    seen: Mutex<Seen>,
    one: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Seen {
    /// How long the feed was.
    end: Option<u64>,
    /// When it was first seen longer.
    moved: Option<Instant>,
}

impl Turns {
    /// Waits for a turn while others write; the feed is so long now, whichever process made it longer.
    pub(super) async fn take(&self, end: u64) -> Option<OwnedMutexGuard<()>> {
        if !self.others_write(end, Instant::now()) {
            return None;
        }
        let turn = Arc::clone(&self.one).lock_owned().await;
        tokio::time::sleep(PAUSE).await;
        Some(turn)
    }

    fn others_write(&self, end: u64, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.end.replace(end).is_some_and(|before| before != end) {
            seen.moved = Some(now);
        }
        seen.moved.is_some_and(|moved| now.saturating_duration_since(moved) < QUIET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pieces_go_one_at_a_time_while_the_feed_grows() {
        let turns = Turns::default();
        let began = Instant::now();
        assert!(!turns.others_write(7, began));
        assert!(!turns.others_write(7, began));
        assert!(turns.others_write(8, began), "somebody wrote");
        assert!(turns.others_write(8, began + QUIET / 2));
        assert!(!turns.others_write(8, began + QUIET), "and no longer does");
        assert!(turns.take(8).await.is_some(), "by the clock of now it is not that long ago");
        let held = turns.take(9).await;
        assert!(held.is_some());
        tokio::select! {
            biased;
            _ = turns.take(10) => panic!("two at a time"),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
        drop(held);
        assert!(turns.take(11).await.is_some());
    }
}
