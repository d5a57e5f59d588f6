//! The next key of a vault: whom it is for, and whom it puts out.

use super::Sealed;
use super::known::{Known, VaultView};
use super::sign::Base;
use crate::authority::{Rows, Submission, Submitted, VaultRows};
use crate::crypto::part;
use crate::error::Result;
use crate::log::body::{EpochStart, EpochStarted, Recipient, Removal, SUITE, sealed_hash};
use crate::log::encoding::MaybeId;
use crate::log::operation::Body;
use crate::log::replay::{Directory, VaultLog};
use crate::model::id::Id;
use crate::model::principal::PrincipalState;
use crate::model::time;

/// Why an epoch puts somebody out or lowers them, as `epoch.started` numbers it.
pub(super) const REVOKED: u8 = 0;
pub(super) const LOWERED: u8 = 1;
pub(super) const EXPIRED: u8 = 2;

/// The next operation of a vault's log, and whom it ends there.
pub(super) struct Next {
    pub(super) submission: Submission,
    pub(super) ends: Vec<Id>,
}

impl Sealed {
    /// The operation that moves a vault to a new key and puts somebody out, or lowers them; `None` if the vault moved on.
    pub(super) async fn epoch_with(&self, known: &Known, view: &VaultView, removal: Removal) -> Result<Option<Next>> {
        let recovery = self.recovery_for_epochs(known).await?;
        let rows = self.vault_rows(view.log.id.0).await?;
        self.next_epoch(known, view, &rows, vec![removal], recovery).await
    }

    /// The recovery key that new epochs name, able to open what the caller seals for it.
    pub(super) async fn recovery_for_epochs(&self, known: &Known) -> Result<Option<Recipient>> {
        if !known.directory()?.account.policy().1.recovery {
            return Ok(None);
        }
        let recovery = self.recovery().await?;
        self.ensure_recoverable(recovery).await?;
        Ok(Some(recovery))
    }

    /// The operation that moves a vault to a new key. It puts out whom it is told to, whose time is over, and who was
    /// deleted. `None` if the vault moved on.
    pub(super) async fn next_epoch(
        &self,
        known: &Known,
        view: &VaultView,
        rows: &VaultRows,
        mut removes: Vec<Removal>,
        recovery: Option<Recipient>,
    ) -> Result<Option<Next>> {
        let directory = known.directory()?;
        let log = &view.log;
        let vault = log.id;
        let number = log.epoch().start.number + 1;
        for removal in over(log, directory, time::to_millis(chrono::Utc::now())) {
            if removes.iter().all(|named| named.grantee != removal.grantee) {
                removes.push(removal);
            }
        }
        let gone: Vec<Id> =
            removes.iter().filter(|removal| removal.role.is_none()).map(|removal| removal.grantee).collect();
        let recipients = log.recipients_without(&gone, directory, known.head.size);
        let Some(name) = self.open_name(view, rows).await? else { return Ok(None) };
        let before = self.vault_key(view, number - 1).await?;
        let epoch = self.make_epoch(known, vault, number, &recipients, recovery).await?;
        let previous = part::seal_key(&epoch.key, &self.previous_place(vault, number), &before)?;
        let at = log.progress.head();
        let sealed = self.seal_name(&epoch.key, vault, at.size, number, &name)?;
        let start = EpochStart {
            number,
            suite: SUITE,
            commitment: epoch.key.commitment(self.account_id(), vault, number),
            recipients: recipients.into_iter().collect(),
            previous: MaybeId(Some(sealed_hash(&previous))),
            recovery,
        };
        let ends = removes.iter().map(|removal| removal.grantee).collect();
        let body = Body::EpochStarted(EpochStarted { epoch: start, name: sealed_hash(&sealed), removes });
        let rows = Rows { name: Some(sealed), wraps: epoch.wraps, previous_key: Some(previous), ..Rows::default() };
        let submission = self.sign(Base { log: Some(vault.0), at, seen: known.head }, None, body, rows)?;
        Ok(Some(Next { submission, ends }))
    }

    /// Submits the next operation of a vault's log; `false` if it must be made again on a newer state.
    pub(super) async fn settle_next(&self, next: Next, vault: Id) -> Result<bool> {
        let submitted = self.submit(next.submission).await?;
        self.settled(submitted, &next.ends, vault).await
    }

    /// Whether the operation was taken; whom it could not end yet is held.
    pub(super) async fn settled(&self, submitted: Submitted, ends: &[Id], vault: Id) -> Result<bool> {
        if let (Submitted::Uncovered, [_, others @ ..]) = (&submitted, ends) {
            for ended in others {
                self.authority.hold(self.session(), *ended, Some(vault)).await?;
            }
        }
        let first = ends.first().map(|first| (*first, Some(vault)));
        Ok(self.settle(submitted, first).await?.is_some())
    }
}

/// Members whose time is over, and those who were deleted: the next epoch puts them out.
fn over(log: &VaultLog, directory: &Directory, now: u64) -> Vec<Removal> {
    let reason = |grantee: Id| {
        let (_, tenure) = log.tenure(grantee)?;
        let deleted = directory.principal(grantee).is_some_and(|log| log.state == PrincipalState::Deleted);
        let expired = tenure.expires_at.is_some_and(|end| end <= now);
        (deleted || expired).then_some(if expired { EXPIRED } else { REVOKED })
    };
    let removal = |grantee: &Id| Some(Removal { grantee: *grantee, reason: reason(*grantee)?, role: None });
    log.members.keys().filter_map(removal).collect()
}
