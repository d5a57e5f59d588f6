//! Taking signed operations: each row is judged by itself, and all good ones become one change.

mod account;
mod author;
mod batch;
mod bench;
pub(super) mod content;
mod ends;
mod group;
mod item;
mod plan;
mod policy;
mod principal;
pub(super) mod profile;
pub(super) mod received;
mod sealed;
pub(super) mod stop;
mod vault;

use std::time::Duration;

use tracing::Instrument;

use super::known::{Loading, View};
use super::session::Caller;
use super::{Engine, clock};
use crate::authority::{Session, Submission, Submitted};
use crate::error::{Error, ErrorKind, Result};
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::replay::mentions;
use crate::store::{Guard, Outcome, SessionRow, Snapshot};
use crate::trace::step;
use bench::Bench;
use plan::{Plan, change_set};
use received::Received;
use stop::Stop;

/// How often a batch is judged again because others were faster.
const TRIES: u32 = 8;

type Answers = Vec<Option<Result<Submitted>>>;

impl Engine {
    pub(super) async fn take(&self, session: Session, submissions: Vec<Submission>) -> Result<Vec<Result<Submitted>>> {
        let mut answers: Answers = Vec::with_capacity(submissions.len());
        let mut received = Vec::with_capacity(submissions.len());
        for submission in submissions {
            match Received::of(submission) {
                Ok(row) => {
                    received.push((answers.len(), row));
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let mut verified = vec![false; answers.len()];
        match self.settle(session, &received, &mut verified, &mut answers).await {
            Err(error) if is_of_a_row(&error) => {
                // The store refused a row, and does not say which: each is taken by itself.
                for row in received.chunks(1) {
                    let settled = self.settle(session, row, &mut verified, &mut answers).await;
                    match (settled, row) {
                        (Err(error), [(index, _)]) if is_of_a_row(&error) => answers[*index] = Some(Err(error)),
                        (settled, _) => settled?,
                    }
                }
            }
            settled => settled?,
        }
        Ok(answers.into_iter().map(|answer| answer.unwrap_or(Ok(Submitted::Stale))).collect())
    }

    /// Judges and writes until every row has its answer, or others were faster too often.
    async fn settle(
        &self,
        session: Session,
        received: &[(usize, Received)],
        verified: &mut [bool],
        answers: &mut Answers,
    ) -> Result<()> {
        let mut moved = None;
        for _ in 0..TRIES {
            let open: Vec<_> = received.iter().filter(|(index, _)| answers[*index].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let again = self.attempt(session, &open, verified, answers).await?;
            if let (true, Some((log, _))) = (again == moved, again) {
                // The log has not moved, so it is held for somebody else.
                for (index, _) in open.iter().filter(|(_, row)| row.log == log) {
                    answers[*index].get_or_insert_with(|| Err(held()));
                }
            }
            moved = again;
        }
        Ok(())
    }

    /// Judges all rows that have no answer, and writes the good ones; rows that must be judged again keep none. Answers
    /// with the log whose size was another than the judged one, if that stopped it.
    async fn attempt(
        &self,
        session: Session,
        received: &[&(usize, Received)],
        verified: &mut [bool],
        answers: &mut Answers,
    ) -> Result<Option<(LogId, u64)>> {
        let mut snapshot = self.snapshot().await?;
        let caller = self.authenticate(session, &mut *snapshot).await?;
        let view = self.evidence(&mut *snapshot, received).await?;
        let mut bench = Bench::new(self, &mut *snapshot, &view, &caller);
        let mut beside = Vec::new();
        for (index, row) in received.iter().copied() {
            match bench.judge(*index, row, &mut verified[*index]).await {
                Ok(()) => {}
                Err(Stop::Answer(answer)) => answers[*index] = Some(Ok(*answer)),
                Err(Stop::Refused(error)) => answers[*index] = Some(Err(error)),
                Err(Stop::Denied(error)) => {
                    let begins = matches!(row.operation.body, Body::VaultCreated(_));
                    let vault = matches!(row.log.kind, LogKind::Vault | LogKind::Items).then_some(row.log.id);
                    let vault = vault.filter(|_| !begins);
                    let detail = format!("{} was refused", row.name());
                    answers[*index] = Some(Err(self.denied(&caller, vault, &detail, error).await));
                }
                // What another row of the batch decides is an answer only once that row is written.
                Err(stop @ (Stop::Same { .. } | Stop::Beside(_))) => beside.push((*index, stop)),
            }
        }
        let plans = bench.into_batch().into_plans();
        drop(snapshot);
        self.write(&caller, &plans, beside, answers).await
    }

    async fn write(
        &self,
        caller: &Caller,
        plans: &[Plan],
        beside: Vec<(usize, Stop)>,
        answers: &mut Answers,
    ) -> Result<Option<(LogId, u64)>> {
        if plans.is_empty() {
            return Ok(None);
        }
        let (mut change, owners) = change_set(plans);
        change.session = Some(SessionRow { session: caller.session, app: caller.app.as_deref().map(str::to_owned) });
        let guards = change.guards.clone();
        match self.store.commit(change).instrument(step("store.commit")).await? {
            Outcome::Committed(receipts, _) => {
                for (plan, receipt) in plans.iter().zip(&receipts) {
                    answers[plan.index] = Some(Ok(Submitted::Taken(*receipt)));
                }
                for (index, stop) in beside {
                    answers[index] = match stop {
                        Stop::Same { plan, identical } => {
                            receipts.get(plan).zip(plans.get(plan)).map(|(receipt, plan)| {
                                Ok(if identical {
                                    Submitted::Before(*receipt)
                                } else {
                                    Submitted::Used(*receipt, plan.append.operation.clone())
                                })
                            })
                        }
                        Stop::Beside(error) | Stop::Refused(error) | Stop::Denied(error) => Some(Err(error)),
                        Stop::Answer(answer) => Some(Ok(*answer)),
                    };
                }
            }
            // Whoever was faster is seen by the next snapshot.
            Outcome::Repeated(..) => {}
            Outcome::Stale(number) => match guards.get(number) {
                Some(Guard::NoneSince { .. }) => {
                    let plan = owners.get(number).and_then(|owner| plans.get(*owner));
                    if let Some(plan) = plan {
                        answers[plan.index] = Some(Ok(Submitted::Uncovered));
                    }
                }
                Some(Guard::NotHeld { signer, vault }) => {
                    for plan in plans.iter().filter(|plan| plan.scope == (*signer, *vault)) {
                        answers[plan.index] = Some(Err(held()));
                    }
                }
                Some(Guard::LogAt { log, size }) => return Ok(Some((*log, *size))),
                _ => {}
            },
        }
        Ok(None)
    }

    /// The logs that the verdicts on these rows rest on.
    async fn evidence(&self, snapshot: &mut dyn Snapshot, received: &[&(usize, Received)]) -> Result<View> {
        let mut known = self.known.lock().await;
        let mut loading = Loading::default();
        let named = received.iter().flat_map(|(_, row)| {
            let target = match row.log.kind {
                LogKind::Items => LogId { kind: LogKind::Vault, id: row.log.id },
                _ => row.log,
            };
            mentions(&row.operation).into_iter().chain([target])
        });
        let named: Vec<LogId> = named.filter(|log| log.kind != LogKind::Reads).collect();
        known.load(snapshot, &mut loading, named).await?;
        // Of a vault that only items go to, groups matter, but not what became of every member.
        let whole: std::collections::HashSet<_> =
            received.iter().filter(|(_, row)| row.log.kind == LogKind::Vault).map(|(_, row)| row.log.id).collect();
        let members = loading.members(|vault| whole.contains(&vault));
        known.load(snapshot, &mut loading, members).await?;
        let people = known.people(&loading);
        known.load(snapshot, &mut loading, people).await?;
        known.view(loading)
    }
}

/// Whether the store refuses what a row says, and not the whole change.
fn is_of_a_row(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::InvalidArgument)
}

fn held() -> Error {
    Error::unavailable(
        "an operation was submitted while an administrator ends its signer, or changes the same log: try again",
    )
    .with_retry_after(Duration::from_secs(1))
}

/// Refuses rows of a submission that were not used.
pub(super) fn nothing_left(received: &Received) -> Result<()> {
    sealed::nothing_left(received, &received.rows)
}

/// Now, as one batch sees it.
fn now() -> u64 {
    clock::now()
}
