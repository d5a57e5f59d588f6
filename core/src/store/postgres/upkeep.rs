//! What is done now and then: folding and anchoring reads, sequencing what others left behind, clearing what is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Core;
use super::sequence::Step;
use crate::error::Result;

/// Reads that were noted are in the tables so much later.
const FOLD: Duration = Duration::from_secs(1);
/// Chains of reads are anchored so often.
const ANCHOR: Duration = Duration::from_secs(5);
/// What an engine committed before it died is sequenced so much later at most.
const SWEEP: Duration = Duration::from_secs(10);
/// What is over is looked for so often.
const CLEAR: Duration = Duration::from_mins(1);

/// Works until the store is closed.
pub(super) async fn run(core: Arc<Core>) {
    let start = Instant::now();
    let (mut anchored, mut swept, mut cleared) = (start, None, None);
    loop {
        if is_due(swept, SWEEP) {
            report("what other engines left behind", core.sweep().await);
            report("reads", core.fold().await);
            swept = Some(Instant::now());
        }
        if anchored.elapsed() >= ANCHOR {
            report("the chains of reads", core.anchor().await);
            anchored = Instant::now();
        }
        if is_due(cleared, CLEAR) {
            report("uploads that are over", core.expire_uploads().await);
            report("what was kept", core.clear_kept().await);
            cleared = Some(Instant::now());
        }
        // Wakes at the first note, and a second later folds what came with it.
        let noted = tokio::time::timeout(FOLD, core.noted.notified()).await.is_ok();
        if noted {
            tokio::time::sleep(FOLD).await;
            report("reads", core.fold().await);
        }
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

fn report(what: &str, done: Result<()>) {
    if let Err(error) = done {
        tracing::warn!(?error, "{what} could not be seen to; it is tried again");
    }
}

impl Core {
    /// Sequences whatever waits, whoever committed it.
    pub(super) async fn sweep(&self) -> Result<()> {
        while let Step::Done(_) = self.sequence(&[], true).await? {}
        Ok(())
    }
}
