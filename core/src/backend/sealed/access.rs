//! Access: who is let in, who is put out, who is in.

use std::collections::BTreeMap;

use super::known::{Known, VaultView};
use super::principals::nobody;
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Rows, Submission};
use crate::backend::GrantRequest;
use crate::crypto::part;
use crate::error::{Error, Result};
use crate::log::body::{
    AccessGranted, EpochStart, EpochStarted, MemberGrant, Recipient, Removal, SUITE, role_number, sealed_hash,
};
use crate::log::encoding::MaybeId;
use crate::log::operation::Body;
use crate::log::replay::PrincipalLog;
use crate::log::replay::vault::Tenure;
use crate::model::grant::{Grant, GrantState};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::time::{self, Timestamp};

/// Why an epoch puts somebody out or lowers them, as `epoch.started` numbers it.
const REVOKED: u8 = 0;
const LOWERED: u8 = 1;

impl Sealed {
    pub(super) async fn let_in(&self, vault: Id, request: GrantRequest) -> Result<Grant> {
        let GrantRequest { to, role, expires_at } = request;
        let expires_at = expires_at.map(time::to_millis);
        for _ in 0..MAX_TRIES {
            // What another administrator did a moment ago decides whether there is anything to do.
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            let view = self.governed(&known, vault)?.clone();
            let who = self.principal_id(&to).await?;
            let known = self.refresh(Need::principals([who])).await?;
            let log = known.directory()?.principal(who).ok_or_else(nobody)?;
            let newest = log.newest().ok_or_else(nobody)?;
            if log.kind == PrincipalKind::Recovery {
                return Err(Error::argument(
                    "principal",
                    "the recovery key can't be granted a role: name a user or a service account",
                ));
            }
            if log.state == PrincipalState::Deleted {
                return Err(nobody());
            }
            let tenure = view.log.tenure(who).filter(|(_, tenure)| {
                tenure.generation.is_some_and(|generation| log.same_chain(generation, newest.number))
            });
            let submission = match tenure {
                Some((had, tenure)) if had == role && tenure.expires_at == expires_at => {
                    return self.show_grant(&known, &view, who, tenure, had).await;
                }
                Some((had, _)) if had > role => {
                    let removal = Removal { grantee: who, reason: LOWERED, role: Some(role_number(role)) };
                    match self.next_epoch(&known, &view, removal).await? {
                        Some(submission) => submission,
                        None => continue,
                    }
                }
                _ => self.grant_submission(&known, &view, log, role, expires_at).await?,
            };
            let submitted = self.submit(submission).await?;
            let lowered = tenure.is_some_and(|(had, _)| had > role);
            if self.settle(submitted, lowered.then_some((who, Some(vault)))).await?.is_some() {
                self.trust.expire(vault).await;
                let known = self.refresh(Need::vault(vault)).await?;
                let view = known.vault(vault)?;
                let (role, tenure) = view.log.tenure(who).ok_or_else(nobody)?;
                if tenure.expires_at != expires_at {
                    // A smaller role keeps its end, since an epoch can only take away; the grant that follows sets it.
                    continue;
                }
                return self.show_grant(&known, view, who, tenure, role).await;
            }
        }
        Err(Self::contended("the vault's access"))
    }

    async fn grant_submission(
        &self,
        known: &Known,
        view: &VaultView,
        to: &PrincipalLog,
        role: Role,
        expires_at: Option<u64>,
    ) -> Result<Submission> {
        let vault = view.log.id;
        let epoch = view.log.epoch().start.number;
        let generation = to.newest().map(|newest| newest.number);
        let standing =
            to.standing_at(known.head.size).map(|keys| Recipient { principal: to.id, generation: keys.number });
        let recipients: Vec<Recipient> =
            standing.into_iter().filter(|to| !view.log.openers.contains(to)).collect();
        let wraps = if recipients.is_empty() {
            Vec::new()
        } else {
            let key = self.vault_key(view, epoch).await?;
            self.wrap_for(known, vault, epoch, &key, &recipients, None).await?
        };
        let member = MemberGrant { grantee: to.id, role: role_number(role), generation, expires_at };
        let body = Body::AccessGranted(AccessGranted { epoch, members: vec![member], recipients });
        let base = Base { log: Some(vault.0), at: view.log.progress.head(), seen: known.head };
        self.sign(base, None, body, Rows { wraps, ..Rows::default() })
    }

    pub(super) async fn put_out(&self, vault: Id, who: &PrincipalRef) -> Result<()> {
        for _ in 0..MAX_TRIES {
            // What another administrator did a moment ago decides whether there is anything to do.
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            self.governed(&known, vault)?;
            let id = self.principal_id(who).await?;
            let known = self.refresh(Need::principals([id])).await?;
            known.directory()?.principal(id).ok_or_else(nobody)?;
            let view = known.vault(vault)?;
            if view.log.tenure(id).is_none() {
                return Ok(());
            }
            let removal = Removal { grantee: id, reason: REVOKED, role: None };
            let Some(submission) = self.next_epoch(&known, view, removal).await? else { continue };
            let submitted = self.submit(submission).await?;
            if self.settle(submitted, Some((id, Some(vault)))).await?.is_some() {
                self.trust.expire(vault).await;
                return Ok(());
            }
        }
        Err(Self::contended("the vault's access"))
    }

    /// The operation that moves a vault to a new key and puts somebody out, or lowers them; `None` if the vault moved on.
    async fn next_epoch(&self, known: &Known, view: &VaultView, removal: Removal) -> Result<Option<Submission>> {
        let directory = known.directory()?;
        let log = &view.log;
        let vault = log.id;
        let number = log.epoch().start.number + 1;
        let gone: &[Id] = if removal.role.is_none() { &[removal.grantee] } else { &[] };
        let recipients = log.recipients_without(gone, directory, known.head.size);
        let recovery = if directory.account.policy().1.recovery { self.recovery().await? } else { None };
        if let Some(recovery) = recovery {
            self.ensure_recoverable(recovery).await?;
        }
        let before = self.vault_key(view, number - 1).await?;
        let Some(name) = self.open_name(view, &self.vault_rows(vault.0).await?).await? else { return Ok(None) };
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
        let body =
            Body::EpochStarted(EpochStarted { epoch: start, name: sealed_hash(&sealed), removes: vec![removal] });
        let rows = Rows { name: Some(sealed), wraps: epoch.wraps, previous_key: Some(previous), ..Rows::default() };
        self.sign(Base { log: Some(vault.0), at, seen: known.head }, None, body, rows).map(Some)
    }

    /// The vault, if the caller may say who is in it: as administrator, or as the recovery key where the epoch names it.
    fn governed<'a>(&self, known: &'a Known, vault: Id) -> Result<&'a VaultView> {
        let view = known.vault(vault)?;
        let recovery = view.log.epoch().start.recovery;
        if recovery.is_some_and(|key| key.principal == self.my_id()) && !view.log.deleted {
            return Ok(view);
        }
        self.member_with(known, vault, Role::Admin)
    }

    pub(super) async fn grants_of(&self, vault: Id, at: Option<Timestamp>) -> Result<Vec<Grant>> {
        let known = self.refresh(Need::vault(vault).asked_now()).await?;
        if self.governed(&known, vault).is_err() {
            self.member(&known, vault)?;
        }
        let view = known.vault(vault)?;
        let until = at.map_or(u64::MAX, time::to_millis);
        let mut grants = BTreeMap::new();
        for (grantee, tenures) in &view.log.members {
            let Some(tenure) = tenures.iter().rev().find(|tenure| tenure.at <= until) else { continue };
            if let Some(role) = tenure.role
                && known.directory()?.principal(*grantee).is_some()
            {
                // In order of granting; of those whom one operation let in, whoever signed it is the first.
                let order = (tenure.seq, *grantee != tenure.by, *grantee);
                grants.insert(order, self.show_grant(&known, view, *grantee, tenure, role).await?);
            }
        }
        Ok(grants.into_values().collect())
    }

    async fn show_grant(&self, known: &Known, view: &VaultView, who: Id, tenure: &Tenure, role: Role) -> Result<Grant> {
        let directory = known.directory()?;
        let log = directory.principal(who).ok_or_else(nobody)?;
        let now = time::to_millis(chrono::Utc::now());
        let state = if tenure.expires_at.is_some_and(|end| end <= now) {
            GrantState::Expired
        } else if view.log.opens(directory, who) {
            GrantState::Active
        } else {
            GrantState::Pending
        };
        let kind = directory.principal(tenure.by).map_or(PrincipalKind::User, |giver| giver.kind);
        let last_used = self.authority.last_signed(self.session, view.log.id.0, who).await?;
        Ok(Grant {
            vault_id: view.log.id,
            principal: self.profiles.view(self.authority(), self.session, known, log).await?,
            role,
            granted_by: PrincipalId { kind, id: tenure.by },
            granted_at: time::from_millis(tenure.at),
            expires_at: tenure.expires_at.map(time::from_millis),
            last_used_at: last_used.map(time::from_millis),
            state,
        })
    }
}
