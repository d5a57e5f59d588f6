//! Asking the authority until all that an answer rests on is verified and fresh.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Mutex;

use super::checked::Checked;
use super::former::former_requests;
use super::known::{Known, VaultView, is_recent};
use super::receipts::{Receipts, Shown};
use super::verify::Absorbed;
use crate::authority::{Authority, LogRequest, Session, StatesRequest, VaultRequest};
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::mentions;
use crate::model::id::{AccountId, Id};
use crate::store::Receipt;

/// Rounds after which an answer that keeps naming new principals is no honest one.
const MAX_ROUNDS: usize = 64;

/// Rounds after which logs that keep moving are taken as they were shown.
const MAX_MOVES: usize = 16;

/// How often an answer that leaves out what it rests on is asked for.
const MAX_LOOKS: usize = 3;

/// The verified logs of one client.
pub(super) struct Trust {
    account: AccountId,
    known: Mutex<Arc<Known>>,
    /// Keys and signatures.
    pub(super) checked: Checked,
    receipts: Arc<Receipts>,
}

/// What must be fresh for a call.
#[derive(Clone, Debug, Default)]
pub(super) struct Need {
    /// Principals and groups, besides those that the vaults name.
    pub(super) logs: BTreeSet<LogId>,
    /// Vaults; those that the authority leaves out stay unknown.
    pub(super) vaults: BTreeSet<Id>,
    /// Vaults that the caller was in and is no longer.
    pub(super) former: BTreeSet<Id>,
    /// Whether the vaults' item logs are replayed.
    pub(super) items: bool,
    /// Heads that others vouched for, to be joined to the newest.
    pub(super) joins: Vec<Head>,
    /// Asks even where what is known is less than a second old.
    pub(super) now: bool,
}

impl Need {
    pub(super) fn vault(vault: Id) -> Self {
        Self { vaults: BTreeSet::from([vault]), ..Self::default() }
    }

    pub(super) fn items(vault: Id) -> Self {
        Self { items: true, ..Self::vault(vault) }
    }

    pub(super) fn principals(ids: impl IntoIterator<Item = Id>) -> Self {
        Self { logs: ids.into_iter().map(|id| LogId::new(LogKind::Principal, id)).collect(), ..Self::default() }
    }

    pub(super) fn and_principals(mut self, ids: impl IntoIterator<Item = Id>) -> Self {
        self.logs.extend(ids.into_iter().map(|id| LogId::new(LogKind::Principal, id)));
        self
    }

    pub(super) fn asked_now(mut self) -> Self {
        self.now = true;
        self
    }
}

impl Trust {
    pub(super) fn new(account: AccountId, head: Head) -> Self {
        Self {
            account,
            known: Mutex::new(Arc::new(Known::new(head))),
            checked: Checked::new(),
            receipts: Arc::default(),
        }
    }

    /// Remembers what the authority has acknowledged, until a verified log covers it.
    pub(super) fn promised(&self, receipt: &Receipt) {
        self.receipts.keep(receipt, Instant::now());
    }

    /// Refuses an entry that was read alone, where another was acknowledged.
    pub(super) fn check_promise(&self, log: LogId, seq: u64, entry: Id) -> Result<()> {
        self.receipts.check(log, [(seq, entry)], u64::MAX, Instant::now())
    }

    /// What is known, whatever its age.
    pub(super) async fn known(&self) -> Arc<Known> {
        Arc::clone(&*self.known.lock().await)
    }

    /// Forgets the age of what is known of a vault: the next call asks.
    pub(super) async fn expire(&self, vault: Id) {
        self.expire_all(&[vault]).await;
    }

    /// As [`Trust::expire`], of many vaults.
    pub(super) async fn expire_all(&self, vaults: &[Id]) {
        let mut known = self.known.lock().await;
        let Some(asked) = Instant::now().checked_sub(super::known::FRESH) else { return };
        for vault in vaults.iter().filter(|vault| known.vaults.contains_key(vault)).copied().collect::<Vec<_>>() {
            if let Some(view) = Arc::make_mut(&mut known).vaults.get_mut(&vault) {
                Arc::make_mut(view).asked = asked;
            }
        }
    }

    /// Forgets a vault that the authority no longer shows.
    pub(super) async fn forget(&self, vault: Id) {
        Arc::make_mut(&mut *self.known.lock().await).vaults.remove_mut(&vault);
    }

    /// Verifies what the call needs, as far as it is not fresh already.
    pub(super) async fn refresh(&self, authority: &dyn Authority, session: Session, need: Need) -> Result<Arc<Known>> {
        let mut known = self.known.lock().await;
        let started = Instant::now();
        if !need.now && is_fresh(&known, &need, started) {
            return Ok(Arc::clone(&known));
        }
        for _ in 0..MAX_LOOKS {
            let Verified { next, shown, relied } = self.ask(authority, session, &need, &known).await?;
            // An honest authority leaves out what an answer rests on only where the caller lost a vault between two questions.
            if relied.iter().all(|log| next.is_fresh(*log, started)) {
                self.receipts.forget(shown);
                *known = Arc::new(next);
                return Ok(without_left_out(&known, &need, started));
            }
        }
        Err(Error::tampered("the store leaves out a log that its answer rests on: restore the store"))
    }

    /// Asks until all that an answer rests on was shown, or was left out.
    async fn ask(&self, authority: &dyn Authority, session: Session, need: &Need, known: &Known) -> Result<Verified> {
        let started = Instant::now();
        let mut absorbed = Absorbed::new(self.account, known.clone(), Arc::clone(&self.receipts));
        let mut asked = BTreeSet::new();
        for round in 0..MAX_ROUNDS {
            // The first answer tells whether the account's heads moved: often it is the only one that is needed.
            let first = round == 0;
            let wanted = if first { unknown(&absorbed, need) } else { wanted(&absorbed, need, started, &asked, round) };
            if wanted.is_empty() && !first {
                let shown = absorbed.take_shown();
                let mut relied: BTreeSet<LogId> =
                    absorbed.waiting().flat_map(|entry| mentions(&entry.operation)).collect();
                relied.insert(LogId::new(LogKind::Account, self.account));
                let mut next = absorbed.apply(&self.checked)?;
                for vault in &need.vaults {
                    // What the authority left out is no longer shown to the caller.
                    match next.vaults.get(vault) {
                        Some(view) if view.asked < started => drop(next.vaults.remove_mut(vault)),
                        Some(view) => relied.extend(involved(view)),
                        None => {}
                    }
                }
                return Ok(Verified { next, shown, relied });
            }
            let request = StatesRequest {
                known: absorbed.known.head,
                others: if first { need.joins.clone() } else { Vec::new() },
                logs: wanted.iter().map(|log| LogRequest { log: *log, from: absorbed.size(*log) }).collect(),
                vaults: if first { vault_requests(&absorbed, need) } else { Vec::new() },
                former: if first { former_requests(&absorbed.known, &need.former) } else { Vec::new() },
            };
            let now = Instant::now();
            let answer = authority.states(session, request.clone()).await?;
            absorbed.absorb(&request, answer, now)?;
            asked.extend(wanted);
        }
        Err(Error::tampered("the store names ever more principals for one answer: restore the store"))
    }
}

/// What answers have shown, and the logs whose newest states it rests on.
struct Verified {
    next: Known,
    shown: Vec<Shown>,
    relied: BTreeSet<LogId>,
}

/// What is known, but for logs that the call names and that were left out: whom the caller may no longer know.
fn without_left_out(known: &Arc<Known>, need: &Need, started: Instant) -> Arc<Known> {
    let left_out = |log: &&LogId| known.freshness.contains_key(*log) && !known.is_fresh(**log, started);
    let gone: Vec<LogId> = need.logs.iter().filter(left_out).copied().collect();
    if gone.is_empty() {
        return Arc::clone(known);
    }
    let mut shown = Known::clone(known);
    if let Some(directory) = &mut shown.directory {
        for log in gone {
            directory.leave_out(log);
        }
    }
    Arc::new(shown)
}

fn is_fresh(known: &Known, need: &Need, now: Instant) -> bool {
    let fresh = |view: &Arc<VaultView>| {
        is_recent(view.asked, now)
            && (!need.items || view.items.as_ref().is_some_and(|items| items.progress.head() == view.items_head))
            && involved(view).iter().all(|log| known.is_fresh(*log, now))
    };
    known.directory.is_some()
        && need.former.is_empty()
        && need.vaults.iter().all(|vault| known.vaults.get(vault).is_some_and(fresh))
        && need.logs.iter().all(|log| known.is_fresh(*log, now))
}

fn vault_requests(absorbed: &Absorbed, need: &Need) -> Vec<VaultRequest> {
    need.vaults
        .iter()
        .map(|vault| {
            let replayed = absorbed.known.vaults.get(vault).is_some_and(|view| view.items.is_some());
            VaultRequest {
                vault: *vault,
                access_from: absorbed.size(LogId::new(LogKind::Vault, *vault)),
                items_from: (need.items || replayed).then(|| absorbed.size(LogId::new(LogKind::Items, *vault))),
            }
        })
        .collect()
}

/// Directory logs to ask for before anything is known of the newest heads: the account's, and, if some were never seen, all
/// that are needed: whoever is new has moved the account's heads.
fn unknown(absorbed: &Absorbed, need: &Need) -> BTreeSet<LogId> {
    let seen = |log: &LogId| absorbed.known.freshness.contains_key(log);
    let mut logs = if need.logs.iter().all(seen) { BTreeSet::new() } else { need.logs.clone() };
    logs.insert(LogId::new(LogKind::Account, absorbed.account));
    logs
}

/// Directory logs that the answer rests on and that were not shown fresh yet.
fn wanted(absorbed: &Absorbed, need: &Need, now: Instant, asked: &BTreeSet<LogId>, round: usize) -> BTreeSet<LogId> {
    let known = &absorbed.known;
    let mut logs = need.logs.clone();
    for vault in &need.vaults {
        if let Some(view) = known.vaults.get(vault) {
            logs.extend(involved(view));
        }
    }
    for entry in absorbed.waiting() {
        logs.extend(mentions(&entry.operation));
    }
    // What is new is judged by who its authors were then, and what is signed names the newest head as seen: so all of it
    // is shown under one head, and asked for again where that moved between two answers.
    let newest = need.now || absorbed.moved();
    let fresh = |log: &LogId| if newest { known.is_newest(*log, now) } else { known.is_fresh(*log, now) };
    if newest && round < MAX_MOVES {
        // What the authority leaves out is not asked for twice.
        logs.retain(|log| !asked.contains(log) || known.freshness.contains_key(log));
        if logs.iter().all(fresh) {
            logs.clear();
        }
    } else {
        logs.retain(|log| !asked.contains(log) && !fresh(log));
    }
    logs
}

/// Everybody whose standing decides about a vault: members ever, and who made its keys or signed in it.
fn involved(view: &VaultView) -> BTreeSet<LogId> {
    let log = &view.log;
    let principal = |id: Id| LogId::new(LogKind::Principal, id);
    let mut logs: BTreeSet<LogId> = log
        .members
        .iter()
        .map(|(grantee, tenures)| {
            let is_group = tenures.last().is_some_and(|tenure| tenure.generation.is_none());
            if is_group { LogId::new(LogKind::Group, *grantee) } else { principal(*grantee) }
        })
        .collect();
    logs.extend(log.epochs.iter().map(|epoch| principal(epoch.maker)));
    logs.extend(log.openers.iter().chain(&log.epoch().start.recovery).map(|opener| principal(opener.principal)));
    logs.extend(view.signers.iter().copied().map(principal));
    logs
}
