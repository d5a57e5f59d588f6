//! Measuring a thing and its limit in turn, so that both meet the same machine.

use std::future::Future;
use std::time::{Duration, Instant};

/// What one round cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    /// Processor time of the whole process; nothing where the system does not tell.
    pub(crate) cpu: Duration,
}

/// Runs `work`, and says what it cost.
pub(crate) async fn cost<T>(work: impl Future<Output = T>) -> (T, Cost) {
    let (cpu, began) = (processor_time(), Instant::now());
    let done = work.await;
    (done, Cost { wall: began.elapsed(), cpu: processor_time().saturating_sub(cpu) })
}

/// Processor time of this process so far, from Linux.
pub(crate) fn processor_time() -> Duration {
    let run = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten().map(|task| {
        let told = std::fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0)
    });
    Duration::from_nanos(run.sum())
}

/// The median.
pub(crate) fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of.get(of.len() / 2).copied().unwrap_or_default()
}

/// One line: what it is, what it cost, against what, and the aim.
pub(crate) fn row(what: &str, done: Duration, against: &str, limit: Duration, aim: &str) {
    let ratio = done.as_secs_f64() / limit.as_secs_f64();
    println!("{what}: {done:.1?} | {against}: {limit:.1?} | ratio {ratio:.2} (aim {aim})");
}
