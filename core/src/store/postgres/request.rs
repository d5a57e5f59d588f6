//! What the writer is asked for, and what a transaction has to lock for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use tokio::sync::oneshot;
use tracing::Span;

use super::hold::Hold;
use crate::error::{Error, Result};
use crate::log::feed::{Head, is_vault_log};
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::{ChangeSet, Guard, Outcome, Row};

pub(super) type Answer<T> = oneshot::Sender<Result<T>>;

/// What the writer is asked for.
pub(super) enum Request {
    Commit(ChangeSet, Answer<Outcome>),
    Hold(Hold, Answer<Option<Head>>),
    /// Answers once all that was asked before is done, and no more is taken.
    Close(oneshot::Sender<()>),
}

/// A request in the queue.
pub(super) struct Waiting {
    pub(super) request: Request,
    /// The step that waits for it.
    pub(super) within: Span,
    /// When it came.
    pub(super) since: Instant,
    /// Looked at again no sooner than this.
    pub(super) due: Instant,
    /// How often it was put off.
    pub(super) tries: u32,
    /// How often its group failed.
    pub(super) failures: u32,
}

impl Waiting {
    pub(super) fn new(request: Request) -> Self {
        let now = Instant::now();
        Self { request, within: Span::current(), since: now, due: now, tries: 0, failures: 0 }
    }
}

/// What commits meet in: a vault with both its logs, or another log.
pub(super) type Unit = LogId;

/// The unit of a log.
pub(super) const fn unit(log: LogId) -> Unit {
    if is_vault_log(log.kind) { LogId { kind: LogKind::Vault, id: log.id } } else { log }
}

const fn vault_unit(id: Id) -> Unit {
    LogId { kind: LogKind::Vault, id }
}

/// The slot of all holds, beyond those of ids.
const HOLDS: i32 = 256;

/// Who signs, and the logs that verdicts rest on, have a slot by the first byte of their id. A lock for each would be more
/// than PostgreSQL has room for; two that share a slot wait for each other now and then.
pub(super) fn slot(id: Id) -> i32 {
    i32::from(id.0[0])
}

/// What a request has to lock.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// Rows, alone.
    pub(super) units: BTreeSet<Unit>,
    /// Advisory locks; true: alone.
    pub(super) slots: BTreeMap<i32, bool>,
    /// Logs that take their slot alone if they have begun.
    pub(super) appended: BTreeSet<Unit>,
}

impl Needs {
    fn share(&mut self, id: Id) {
        self.slots.entry(slot(id)).or_insert(false);
    }

    fn alone(&mut self, slot: i32) {
        self.slots.insert(slot, true);
    }

    /// What both need.
    pub(super) fn merge(&mut self, other: &Self) {
        self.units.extend(&other.units);
        self.appended.extend(&other.appended);
        for (slot, alone) in &other.slots {
            *self.slots.entry(*slot).or_insert(false) |= alone;
        }
    }
}

impl Request {
    /// Whether it ends or changes what other vaults' writers rest on, and so goes apart from them.
    pub(super) fn is_apart(&self) -> bool {
        match self {
            Self::Commit(change, _) => {
                change.appends.iter().any(|append| !is_vault_log(append.log.kind))
                    || change.guards.iter().any(|guard| {
                        matches!(guard, Guard::NoneSince { vault: None, .. } | Guard::Empty | Guard::NoEmail { .. })
                    })
            }
            Self::Hold(..) => true,
            Self::Close(_) => false,
        }
    }

    pub(super) fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        match self {
            Self::Commit(change, _) => of_change(change, &mut needs),
            Self::Hold(hold, _) => {
                needs.alone(HOLDS);
                needs.alone(slot(hold.signer));
                if is_vault_log(hold.log.kind) {
                    needs.units.insert(unit(hold.log));
                } else {
                    needs.alone(slot(hold.log.id));
                }
                needs.units.extend(hold.vault.map(vault_unit));
            }
            Self::Close(_) => {}
        }
        needs
    }

    /// Answers that it could not be carried out.
    pub(super) fn fail(self, error: &Error) {
        let error = super::fault::same(error);
        // Whoever asked may have stopped waiting.
        match self {
            Self::Commit(_, answer) => _ = answer.send(Err(error)),
            Self::Hold(_, answer) => _ = answer.send(Err(error)),
            Self::Close(answer) => _ = answer.send(()),
        }
    }
}

fn of_change(change: &ChangeSet, needs: &mut Needs) {
    for append in &change.appends {
        let unit = unit(append.log);
        needs.units.insert(unit);
        if unit.kind != LogKind::Vault {
            needs.appended.insert(unit);
        }
        if let Some(signer) = append.signer {
            needs.share(signer);
        }
    }
    for guard in &change.guards {
        match guard {
            Guard::LogAt { log, .. } if is_vault_log(log.kind) => _ = needs.units.insert(unit(*log)),
            Guard::LogAt { log, .. } => needs.share(log.id),
            Guard::ItemAt { vault, .. } | Guard::NoneSince { vault: Some(vault), .. } => {
                needs.units.insert(vault_unit(*vault));
            }
            Guard::NoneSince { signer, vault: None, .. } => needs.alone(slot(*signer)),
            Guard::NotHeld { signer, .. } => needs.share(*signer),
            Guard::Empty | Guard::NoExternal { .. } | Guard::NoEmail { .. } => {}
        }
    }
    for row in &change.rows {
        needs.units.extend(unit_of(row));
    }
}

/// The unit whose rows a row is among.
pub(super) fn unit_of(row: &Row) -> Option<Unit> {
    match row {
        Row::Principal { principal, .. } => Some(LogId { kind: LogKind::Principal, id: *principal }),
        Row::KemKey { .. } | Row::Piece { .. } | Row::Release { .. } => None,
        Row::Vault { vault, .. }
        | Row::Name { vault, .. }
        | Row::MemberGone { vault, .. }
        | Row::Person { vault, .. }
        | Row::PreviousKey { vault, .. }
        | Row::VaultGone { vault }
        | Row::Item { vault, .. }
        | Row::ItemGone { vault, .. }
        | Row::File { vault, .. }
        | Row::FileGone { vault, .. } => Some(vault_unit(*vault)),
        Row::Member(member) => Some(vault_unit(member.vault)),
        Row::Wrap(wrap) => Some(vault_unit(wrap.vault)),
    }
}
