//! Many vaults at once: new keys for those that are due, and grants renewed after a reissue.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::epochs::Next;
use super::known::{Known, VaultView};
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed, principals};
use crate::authority::{Ids, Rows, VaultRows};
use crate::error::{Error, Result};
use crate::log::body::{AccessGranted, MemberGrant, Recipient, role_number};
use crate::log::operation::Body;
use crate::log::replay::PrincipalLog;
use crate::log::replay::vault::Tenure;
use crate::model::id::{Id, VaultId};
use crate::model::principal::{PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::time;

/// How many vaults change in one commit.
const PAGE: u32 = 500;

/// What is to be done to each vault.
#[derive(Clone, Copy)]
enum Task {
    /// A new key, whatever the old one.
    Move,
    /// A new key, where it is due.
    MoveDue,
    /// The grant of somebody's new keys, where an older one is in force. The new key of the vault follows.
    Renew(Id),
}

/// What many vaults came to.
#[derive(Default)]
struct Tally {
    done: Vec<Id>,
    refused: Option<Error>,
    others: u64,
}

impl Tally {
    fn refuse(&mut self, error: Error) {
        if self.refused.is_none() {
            self.refused = Some(error);
        } else {
            self.others += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.done.extend(other.done);
        self.others += other.others;
        if let Some(error) = other.refused {
            self.refuse(error);
        }
    }

    /// How many were done, or the first refusal: what was done stays, and a repeat goes on from there.
    fn count(self) -> Result<u64> {
        let done = self.done.len() as u64;
        match self.refused {
            None => Ok(done),
            Some(error) if done == 0 && self.others == 0 => Err(error),
            Some(error) => {
                let message = format!("{}; {done} vaults were done, and {} refused", error.message(), self.others + 1);
                Err(Error::new(error.kind(), message))
            }
        }
    }
}

impl Sealed {
    /// Moves these vaults to new keys, or all that are due and the caller's to move; how many.
    pub(super) async fn rekey(&self, ids: Option<Vec<VaultId>>) -> Result<u64> {
        let mut tally = Tally::default();
        if let Some(ids) = ids {
            let ids = self.all_governed(ids).await?;
            for page in ids.chunks(PAGE as usize) {
                tally.add(self.do_in(page, Task::Move).await?);
            }
            return tally.count();
        }
        let mut from = Some(0);
        while let Some(place) = from {
            let page = self.authority.vaults(self.session(), place, PAGE).await?;
            tally.add(self.do_in(&page.ids, Task::MoveDue).await?);
            from = page.next;
        }
        tally.count()
    }

    /// Renews the grants of somebody whose keys were reissued, and moves those vaults to new keys; how many.
    pub(super) async fn approve(&self, who: &PrincipalRef, vaults: Option<Vec<VaultId>>) -> Result<u64> {
        let who = self.principal_id(who).await?;
        let known = self.refresh(Need::principals([who]).asked_now()).await?;
        let log = known.directory()?.principal(who).ok_or_else(principals::nobody)?;
        if log.state == PrincipalState::Deleted {
            return Err(principals::nobody());
        }
        let mut tally = Tally::default();
        if let Some(vaults) = vaults {
            let ids = self.all_governed(vaults).await?;
            for page in ids.chunks(PAGE as usize) {
                tally.add(self.approve_in(who, page).await?);
            }
            return tally.count();
        }
        let mut from = Some(0);
        while let Some(place) = from {
            let Ids { ids, next } = self.authority.vaults_of(self.session(), who, place, PAGE).await?;
            tally.add(self.approve_in(who, &ids).await?);
            from = next;
        }
        tally.count()
    }

    /// The grants first, in one commit, then the keys: a call that ended between goes on with the keys.
    async fn approve_in(&self, who: Id, vaults: &[Id]) -> Result<Tally> {
        let mut renewed = self.do_in(vaults, Task::Renew(who)).await?;
        let granted: BTreeSet<Id> = std::mem::take(&mut renewed.done).into_iter().collect();
        let known = self.trust.known().await;
        let directory = known.directory()?;
        let log = directory.principal(who).ok_or_else(principals::nobody)?;
        let is_left = |vault: &Id| {
            let half_done = known.vaults.get(vault).is_some_and(|view| {
                let reissued = log.newest().is_some_and(|newest| newest.chain > 0);
                reissued && view.log.tenure(who).is_some_and(|(_, tenure)| is_current(log, tenure))
            });
            !granted.contains(vault) && half_done
        };
        let half_done: Vec<Id> = vaults.iter().copied().filter(is_left).collect();
        renewed.add(self.do_in(&granted.into_iter().collect::<Vec<_>>(), Task::Move).await?);
        renewed.add(self.do_in(&half_done, Task::MoveDue).await?);
        Ok(renewed)
    }

    /// Each vault once; refuses the whole call if the caller may not say who is in one of them.
    async fn all_governed(&self, vaults: Vec<VaultId>) -> Result<Vec<Id>> {
        let vaults: BTreeSet<Id> = vaults.into_iter().map(|id| id.0).collect();
        let vaults: Vec<Id> = vaults.into_iter().collect();
        for page in vaults.chunks(PAGE as usize) {
            let need = Need { vaults: page.iter().copied().collect(), ..Need::default() };
            let known = self.refresh(need.asked_now()).await?;
            for vault in page {
                self.governed(&known, *vault).await?;
            }
        }
        Ok(vaults)
    }

    /// Does the same to many vaults, in one commit and as many more as others' changes ask for.
    async fn do_in(&self, vaults: &[Id], task: Task) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut open: Vec<Id> = vaults.to_vec();
        for _ in 0..MAX_TRIES {
            if open.is_empty() {
                return Ok(tally);
            }
            let need = Need { vaults: open.iter().copied().collect(), ..Need::default() };
            let known = self.refresh(need.asked_now()).await?;
            open.retain(|vault| self.is_open(&known, *vault, task));
            let next = self.make_all(&known, &mut open, task, &mut tally).await?;
            let (made, submissions): (Vec<_>, Vec<_>) =
                next.into_iter().map(|(vault, Next { submission, ends })| ((vault, ends), submission)).unzip();
            let answers = if submissions.is_empty() { Vec::new() } else { self.submit_many(submissions).await? };
            for ((vault, ends), answer) in made.into_iter().zip(answers) {
                let settled = match answer {
                    Ok(submitted) => self.settled(submitted, &ends, vault).await,
                    Err(error) => Err(error),
                };
                match settled {
                    Ok(true) => tally.done.push(vault),
                    Ok(false) => open.push(vault),
                    Err(error) => tally.refuse(error),
                }
            }
            self.trust.expire_all(&tally.done).await;
        }
        tally.refuse(Self::contended("a vault"));
        Ok(tally)
    }

    /// Whether the task is the caller's to do in this vault, and not done.
    fn is_open(&self, known: &Known, vault: Id, task: Task) -> bool {
        let (Some(view), Ok(directory)) = (self.governs(known, vault), known.directory()) else { return false };
        let now = time::to_millis(chrono::Utc::now());
        match task {
            Task::Move => true,
            Task::MoveDue => view.log.is_due(directory, now),
            Task::Renew(who) => directory.principal(who).is_some_and(|log| {
                view.log.tenure(who).is_some_and(|(_, tenure)| {
                    !is_current(log, tenure) && tenure.expires_at.is_none_or(|end| now < end)
                })
            }),
        }
    }

    /// The operations, one for each vault. Those that can't be made are refused in the tally; vaults that moved on between
    /// two answers stay in the list.
    async fn make_all(
        &self,
        known: &Known,
        open: &mut Vec<Id>,
        task: Task,
        tally: &mut Tally,
    ) -> Result<Vec<(Id, Next)>> {
        let vaults = std::mem::take(open);
        let mut made = Vec::with_capacity(vaults.len());
        if vaults.is_empty() {
            return Ok(made);
        }
        if let Task::Renew(who) = task {
            for vault in vaults {
                made.push((vault, self.renewal(known, known.vault(vault)?, who)?));
            }
            return Ok(made);
        }
        let recovery = self.recovery_for_epochs(known).await?;
        let rows = self.authority.vault_rows(self.session(), vaults.clone()).await?;
        self.fetch_keys(known, &vaults).await?;
        for (vault, rows) in vaults.into_iter().zip(rows) {
            match self.epoch_of(known, known.vault(vault)?, rows, recovery).await {
                Ok(Some(next)) => made.push((vault, next)),
                Ok(None) => open.push(vault),
                Err(error) => tally.refuse(error),
            }
        }
        Ok(made)
    }

    async fn epoch_of(
        &self,
        known: &Known,
        view: &Arc<VaultView>,
        rows: Result<VaultRows>,
        recovery: Option<Recipient>,
    ) -> Result<Option<Next>> {
        self.next_epoch(known, view, &rows?, Vec::new(), recovery).await
    }

    /// Fetches the public keys of everybody in these vaults in one question.
    async fn fetch_keys(&self, known: &Known, vaults: &[Id]) -> Result<()> {
        let directory = known.directory()?;
        let mut recipients = BTreeSet::new();
        for vault in vaults {
            recipients.extend(known.vault(*vault)?.log.recipients(directory, known.head.size));
        }
        let others: Vec<Recipient> = recipients.into_iter().filter(|to| to.principal != self.my_id()).collect();
        self.kem_keys(known, &others).await.map(drop)
    }

    /// The role that somebody had, given to their newest keys. The vault's next key is for them too, so this wraps none.
    fn renewal(&self, known: &Known, view: &VaultView, who: Id) -> Result<Next> {
        let log = known.directory()?.principal(who).ok_or_else(principals::nobody)?;
        let (role, tenure): (Role, &Tenure) = view.log.tenure(who).ok_or_else(principals::nobody)?;
        let member = MemberGrant {
            grantee: who,
            role: role_number(role),
            generation: log.newest().map(|newest| newest.number),
            expires_at: tenure.expires_at,
        };
        let epoch = view.log.epoch().start.number;
        let body = Body::AccessGranted(AccessGranted { epoch, members: vec![member], recipients: Vec::new() });
        let base = Base { log: Some(view.log.id.0), at: view.log.progress.head(), seen: known.head };
        Ok(Next { submission: self.sign(base, None, body, Rows::default())?, ends: Vec::new() })
    }
}

/// Whether a membership is of somebody's newest keys, or of keys that these follow by rotations.
fn is_current(log: &PrincipalLog, tenure: &Tenure) -> bool {
    log.newest().is_some_and(|newest| tenure.generation.is_some_and(|of| log.same_chain(of, newest.number)))
}
