//! Access: who is let in, who is put out, who is in.

use std::collections::{BTreeMap, BTreeSet};

use super::epochs::{LOWERED, Next, REVOKED};
use super::known::{Known, VaultView};
use super::principals::nobody;
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::Rows;
use crate::backend::{GrantRequest, PageRequest, Rows as ListRows};
use crate::error::{Error, Result};
use crate::log::body::{AccessGranted, MemberGrant, Recipient, Removal, role_number};
use crate::log::operation::Body;
use crate::log::replay::PrincipalLog;
use crate::log::replay::vault::Tenure;
use crate::model::grant::{Grant, GrantState};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::time::{self, Timestamp};

impl Sealed {
    pub(super) async fn let_in(&self, vault: Id, request: GrantRequest) -> Result<Grant> {
        let GrantRequest { to, role, expires_at } = request;
        let expires_at = expires_at.map(time::to_millis);
        for _ in 0..MAX_TRIES {
            // What another administrator did a moment ago decides whether there is anything to do.
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            self.governed(&known, vault).await?;
            let who = self.principal_id(&to).await?;
            // Keys are given to who stands in the head that the grant names as seen.
            let known = self.refresh(Need::vault(vault).and_principals([who]).asked_now()).await?;
            let view = self.governed(&known, vault).await?.clone();
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
            let next = match tenure {
                Some((had, tenure))
                    if had == role && tenure.expires_at == expires_at && !is_waiting(&known, &view, who)? =>
                {
                    return self.show_grant(&known, &view, who, tenure, had).await;
                }
                Some((had, _)) if had > role => {
                    let removal = Removal { grantee: who, reason: LOWERED, role: Some(role_number(role)) };
                    match self.epoch_with(&known, &view, removal).await? {
                        Some(next) => next,
                        None => continue,
                    }
                }
                _ => {
                    self.check_reissued(&known, &to, log, Some(&view.log)).await?;
                    self.grant_submission(&known, &view, &[(log, role, expires_at)]).await?
                }
            };
            if self.settle_next(next, vault).await? {
                self.trust.expire(vault).await;
                let known = self.refresh(Need::vault(vault)).await?;
                let view = known.vault(vault)?;
                let (role, tenure) = last_tenure(view, who).ok_or_else(nobody)?;
                if tenure.expires_at != expires_at {
                    // A smaller role keeps its end, since an epoch can only take away; the grant that follows sets it.
                    continue;
                }
                return self.show_grant(&known, view, who, tenure, role).await;
            }
        }
        Err(Self::contended("the vault's access"))
    }

    /// The operation that gives each of them a role until then, and the key to who lacks it.
    pub(super) async fn grant_submission(
        &self,
        known: &Known,
        view: &VaultView,
        grants: &[(&PrincipalLog, Role, Option<u64>)],
    ) -> Result<Next> {
        let vault = view.log.id;
        let epoch = view.log.epoch().start.number;
        let standing = |to: &PrincipalLog| {
            to.standing_at(known.head.size).map(|keys| Recipient { principal: to.id, generation: keys.number })
        };
        let recipients: BTreeSet<Recipient> = grants.iter().filter_map(|(to, ..)| standing(to)).collect();
        let recipients: Vec<Recipient> = recipients.into_iter().filter(|to| !view.log.openers.contains(to)).collect();
        let wraps = if recipients.is_empty() {
            Vec::new()
        } else {
            let key = self.vault_key(view, epoch).await?;
            self.wrap_for(known, vault, epoch, &key, &recipients, None).await?
        };
        let member = |(to, role, expires_at): &(&PrincipalLog, Role, Option<u64>)| MemberGrant {
            grantee: to.id,
            role: role_number(*role),
            generation: to.newest().map(|newest| newest.number),
            expires_at: *expires_at,
        };
        let members = grants.iter().map(member).collect();
        let body = Body::AccessGranted(AccessGranted { epoch, members, recipients });
        let base = Base { log: Some(vault.0), at: view.log.progress.head(), seen: known.head };
        let submission = self.sign(base, None, body, Rows { wraps, ..Rows::default() })?;
        Ok(Next { submission, ends: Vec::new() })
    }

    pub(super) async fn put_out(&self, vault: Id, who: &PrincipalRef) -> Result<()> {
        for _ in 0..MAX_TRIES {
            // What another administrator did a moment ago decides whether there is anything to do.
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            self.governed(&known, vault).await?;
            let id = self.principal_id(who).await?;
            let known = self.refresh(Need::vault(vault).and_principals([id]).asked_now()).await?;
            known.directory()?.principal(id).ok_or_else(nobody)?;
            let view = self.governed(&known, vault).await?;
            if view.log.tenure(id).is_none() {
                return Ok(());
            }
            let removal = Removal { grantee: id, reason: REVOKED, role: None };
            let Some(next) = self.epoch_with(&known, view, removal).await? else { continue };
            if self.settle_next(next, vault).await? {
                self.trust.expire(vault).await;
                return Ok(());
            }
        }
        Err(Self::contended("the vault's access"))
    }

    /// The vault, if the caller may say who is in it: as administrator, or as the recovery key where the epoch names it.
    pub(super) async fn governed<'a>(&self, known: &'a Known, vault: Id) -> Result<&'a VaultView> {
        match self.governs(known, vault) {
            Some(view) => Ok(view),
            None => self.admitted(known, vault, Role::Admin).await,
        }
    }

    pub(super) fn governs<'a>(&self, known: &'a Known, vault: Id) -> Option<&'a VaultView> {
        let view = known.vault(vault).ok()?;
        let recovery = view.log.epoch().start.recovery;
        if recovery.is_some_and(|key| key.principal == self.my_id()) && !view.log.deleted {
            return Some(view);
        }
        self.member_with(known, vault, Role::Admin).ok()
    }

    pub(super) async fn grants_of(&self, vault: Id, at: Option<Timestamp>) -> Result<Vec<Grant>> {
        let known = self.refresh(Need::vault(vault).asked_now()).await?;
        if self.governs(&known, vault).is_none() {
            self.admitted(&known, vault, Role::Read).await?;
        }
        self.complete(&known, &[vault]).await;
        self.grants_in(&known, known.vault(vault)?, at).await
    }

    /// The grants of a page of the vaults that the caller administers.
    pub(super) async fn page_of_matrix(&self, page: PageRequest) -> Result<ListRows<Grant>> {
        let from = super::keys::parse_place(page.after.as_deref())?;
        let ids = self.authority.vaults(self.session(), from, page.limit).await?;
        let need = Need { vaults: ids.ids.iter().copied().collect(), ..Need::default() };
        let known = self.refresh(need.asked_now()).await?;
        let views: Vec<_> = ids.ids.iter().filter_map(|vault| self.governs(&known, *vault)).collect();
        let people: BTreeSet<Id> = views.iter().flat_map(|view| view.log.members.keys().copied()).collect();
        let people: Vec<Id> = people.into_iter().collect();
        self.profiles.load(self.authority(), self.session(), &known, &people).await?;
        let mut data = Vec::new();
        for view in views {
            data.extend(self.grants_in(&known, view, None).await?);
        }
        Ok(ListRows { data, next: ids.next.map(|next| next.to_string()) })
    }

    /// Who is in a vault, or was; whoever was deleted is in none.
    async fn grants_in(&self, known: &Known, view: &VaultView, at: Option<Timestamp>) -> Result<Vec<Grant>> {
        let until = at.map_or(u64::MAX, time::to_millis);
        let mut grants = BTreeMap::new();
        for (grantee, tenures) in &view.log.members {
            let Some(tenure) = tenures.iter().rev().find(|tenure| tenure.at <= until) else { continue };
            if let (Some(role), Some(log)) = (tenure.role, known.directory()?.principal(*grantee))
                && !known.is_deleted(log, until)
            {
                // In order of granting; of those whom one operation let in, whoever signed it is the first.
                let order = (tenure.seq, *grantee != tenure.by, *grantee);
                grants.insert(order, self.show_grant(known, view, *grantee, tenure, role).await?);
            }
        }
        Ok(grants.into_values().collect())
    }

    pub(super) async fn show_grant(
        &self,
        known: &Known,
        view: &VaultView,
        who: Id,
        tenure: &Tenure,
        role: Role,
    ) -> Result<Grant> {
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
        let last_used = self.authority.last_signed(self.session(), view.log.id.0, who).await?;
        Ok(Grant {
            vault_id: view.log.id,
            principal: self.profiles.view(self.authority(), self.session(), known, log).await?,
            role,
            granted_by: PrincipalId { kind, id: tenure.by },
            granted_at: time::from_millis(tenure.at),
            expires_at: tenure.expires_at.map(time::from_millis),
            last_used_at: last_used.map(time::from_millis),
            state,
        })
    }
}

/// What somebody has, or had last: whom one has just let in, another administrator may have put out since.
pub(super) fn last_tenure(view: &VaultView, who: Id) -> Option<(Role, &Tenure)> {
    let tenures = view.log.members.get(&who)?;
    tenures.iter().rev().find_map(|tenure| Some((tenure.role?, tenure)))
}

/// Whether somebody who is in still lacks the key, and could have it.
pub(super) fn is_waiting(known: &Known, view: &VaultView, who: Id) -> Result<bool> {
    let directory = known.directory()?;
    let stands = directory.principal(who).is_some_and(|log| log.standing_at(known.head.size).is_some());
    Ok(stands && !view.log.opens(directory, who))
}
