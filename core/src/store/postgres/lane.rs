//! A lane of the writer: it takes what waits as one group, stages it, sees to it that it is sequenced, and answers.
//!
//! Most changes go by one lane, which waits for nobody: what others have locked is put off. What ends somebody or changes
//! what others rest on goes by a second, which waits for its locks.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::Span;

use super::Core;
use super::fault;
use super::group::{Committed, Fate, attempt};
use super::request::{Request, Waiting};
use super::settle::Settled;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::{Outcome, Receipt, Row};
use crate::trace::step_of;

/// The most requests of one group.
const GROUP: usize = 1024;
/// A request that others kept from being judged for so long is refused.
const PATIENCE: Duration = Duration::from_secs(20);
/// And so long while `PostgreSQL` is away.
const AWAY: Duration = Duration::from_secs(10);

/// A step of all who wait for a group, for as long as this is kept.
fn steps(group: &[Waiting], name: &'static str) -> Vec<Span> {
    group.iter().map(|waiting| step_of(&waiting.within, name)).collect()
}

/// One lane.
pub(super) struct Lane {
    core: Arc<Core>,
    requests: UnboundedReceiver<Waiting>,
    queue: VecDeque<Waiting>,
    apart: bool,
    closing: Option<tokio::sync::oneshot::Sender<()>>,
}

impl Lane {
    pub(super) fn new(core: Arc<Core>, requests: UnboundedReceiver<Waiting>, apart: bool) -> Self {
        Self { core, requests, queue: VecDeque::new(), apart, closing: None }
    }

    /// Writes until it is closed, or until nobody can ask any more.
    pub(super) async fn run(mut self) {
        while self.fill().await {
            let group = self.take_group();
            if !group.is_empty() {
                let again = self.round(group).await;
                self.queue.extend(again);
            }
        }
        if let Some(closing) = self.closing {
            let _ = closing.send(());
        }
    }

    /// Waits until something is due; `false` once there is nothing more to do.
    async fn fill(&mut self) -> bool {
        loop {
            while let Ok(request) = self.requests.try_recv() {
                self.accept(request);
            }
            let now = Instant::now();
            let due = self.queue.iter().map(|waiting| waiting.due).min();
            match due {
                Some(due) if due <= now => return true,
                None if self.closing.is_some() => return false,
                _ => {}
            }
            let later = async {
                match due {
                    Some(due) => tokio::time::sleep(due.saturating_duration_since(now)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = later => return true,
                request = self.requests.recv() => match request {
                    Some(request) => self.accept(request),
                    None if self.queue.is_empty() => return false,
                    None => tokio::time::sleep(Duration::from_millis(1)).await,
                },
            }
        }
    }

    fn accept(&mut self, waiting: Waiting) {
        if let Request::Close(answer) = waiting.request {
            self.closing = Some(answer);
            self.requests.close();
        } else {
            self.queue.push_back(waiting);
        }
    }

    /// What is due; the more often it failed, the fewer go together.
    fn take_group(&mut self) -> Vec<Waiting> {
        let now = Instant::now();
        let (due, later): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.queue).into_iter().partition(|waiting| waiting.due <= now);
        self.queue = later;
        let tries = due.front().map_or(0, |first| first.failures.min(10));
        let most = (GROUP >> tries).max(1);
        let mut due: Vec<Waiting> = due.into();
        let rest = due.split_off(due.len().min(most));
        for waiting in rest.into_iter().rev() {
            self.queue.push_front(waiting);
        }
        due
    }

    /// One group; answers what is to be looked at again.
    async fn round(&self, group: Vec<Waiting>) -> Vec<Waiting> {
        let staging = steps(&group, "postgresql.stage");
        let attempted = attempt(&self.core, &group, self.apart).await;
        drop(staging);
        match attempted {
            Ok(committed) => self.settle(group, committed).await,
            Err((error, _)) if fault::is_crowded(&error) => {
                let mut again = Vec::new();
                for mut waiting in group {
                    waiting.failures += 1;
                    put_off(waiting, PATIENCE, &fault::crowded(), &mut again);
                }
                again
            }
            // Nothing was written, so it is tried until PostgreSQL is back.
            Err((error, false)) if fault::is_lost(&error) => {
                let mut again = Vec::new();
                for waiting in group {
                    put_off(waiting, AWAY, &error, &mut again);
                }
                again
            }
            Err((error, _)) => {
                tracing::warn!(?error, "a group of changes could not be written");
                for waiting in group {
                    waiting.request.fail(&error);
                }
                Vec::new()
            }
        }
    }

    /// Sees to it that what was staged is sequenced, then answers.
    async fn settle(&self, group: Vec<Waiting>, committed: Committed) -> Vec<Waiting> {
        let Committed { group: name, fates } = committed;
        let mut entries: HashMap<i32, Vec<(LogId, u64, Id)>> = HashMap::new();
        let (mut behind, mut ended) = (false, Vec::new());
        for (waiting, fate) in group.iter().zip(&fates) {
            match fate {
                Fate::Taken(number, of) if !of.is_empty() => _ = entries.insert(*number, of.clone()),
                Fate::Later(locked) => behind |= !locked,
                Fate::Held(true) => {
                    if let Request::Hold(hold, _) = &waiting.request {
                        ended.push(hold.signer);
                    }
                }
                _ => {}
            }
        }
        let littered = group.iter().zip(&fates).any(|(waiting, fate)| match (&waiting.request, fate) {
            (Request::Commit(change, _), Fate::Taken(..)) => change.rows.iter().any(ends_files),
            _ => false,
        });
        let sequencing = steps(&group, "postgresql.sequence");
        let settled = self.core.settle(name, &entries, behind, &ended).await;
        drop(sequencing);
        if littered {
            self.core.littered.notify_one();
        }
        let (mut settled, error) = match settled {
            Ok(settled) => (settled, None),
            Err(error) => (Settled::default(), Some(error)),
        };
        let mut again = Vec::new();
        for (waiting, fate) in group.into_iter().zip(fates) {
            match fate {
                Fate::Later(_) => put_off(waiting, PATIENCE, &fault::crowded(), &mut again),
                fate => answer(waiting.request, fate, &mut settled, error.as_ref()),
            }
        }
        again
    }
}

/// Whether files may go with it.
fn ends_files(row: &Row) -> bool {
    matches!(row, Row::FileGone { .. } | Row::ItemGone { .. } | Row::VaultGone { .. })
}

/// Puts a request off, or gives it up with this error if it waited for too long.
fn put_off(mut waiting: Waiting, patience: Duration, error: &Error, again: &mut Vec<Waiting>) {
    if waiting.since.elapsed() > patience {
        waiting.request.fail(error);
        return;
    }
    let delays = ExponentialBuilder::default()
        .with_min_delay(Duration::from_micros(500))
        .with_max_delay(Duration::from_millis(40))
        .with_factor(1.5)
        .without_max_times()
        .with_jitter();
    let delay = delays.build().nth(waiting.tries.min(12) as usize).unwrap_or_default();
    waiting.tries += 1;
    waiting.due = Instant::now() + delay;
    again.push(waiting);
}

/// Answers a request that was carried out. Whoever asked may have stopped waiting.
fn answer(request: Request, fate: Fate, settled: &mut Settled, error: Option<&Error>) {
    let refused = error.map(fault::same);
    match request {
        Request::Commit(_, answer) => {
            let outcome: Result<Outcome> = match (fate, refused) {
                (Fate::Refused(error), _) | (_, Some(error)) => Err(error),
                (Fate::Stale(guard), None) => Ok(Outcome::Stale(guard)),
                (Fate::Repeated(append, receipt), None) => Ok(Outcome::Repeated(append, receipt)),
                (Fate::Taken(_, entries), None) if entries.is_empty() => {
                    Ok(Outcome::Committed(Vec::new(), settled.head))
                }
                (Fate::Taken(number, _), None) => settled
                    .receipts
                    .remove(&number)
                    .map(|receipts: Vec<Receipt>| Outcome::Committed(receipts, settled.head))
                    .ok_or_else(super::sequence::lost),
                (Fate::Later(_) | Fate::Held(_), None) => Err(fault::crowded()),
            };
            let _ = answer.send(outcome);
        }
        Request::Hold(_, answer) => {
            let held: Result<Option<Head>> = match (fate, refused) {
                (Fate::Refused(error), _) | (_, Some(error)) => Err(error),
                (Fate::Held(taken), None) => Ok(taken.then_some(settled.head)),
                _ => Err(fault::crowded()),
            };
            let _ = answer.send(held);
        }
        Request::Close(answer) => _ = answer.send(()),
    }
}
