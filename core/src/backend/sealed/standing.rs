//! Where principals stand: changed, suspended, let back, ended.

use super::known::Known;
use super::principals::{NewProfile, may_not, nobody};
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Profile, Rows};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{Nothing, PrincipalUpdated, rights_bits};
use crate::log::operation::Body;
use crate::log::replay::PrincipalLog;
use crate::log::replay::principal::MANAGE_USERS;
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{Principal, PrincipalRef, PrincipalState, ServiceAccountUpdate};
use crate::model::time;

impl Sealed {
    pub(super) async fn rewrite_principal(&self, who: PrincipalId, update: ServiceAccountUpdate) -> Result<Principal> {
        let known = self.managing(&[who.id]).await?;
        let log = known.directory()?.principal(who.id).ok_or_else(nobody)?;
        let before = self.profiles.view(self.authority(), self.session(), &known, log).await?;
        let ServiceAccountUpdate {
            name,
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            expires_at,
        } = update;
        let name = name.unwrap_or_else(|| before.name.clone());
        self.change_principal(who.id, Some(who.kind), |log| {
            if log.state == PrincipalState::Deleted {
                return Err(nobody());
            }
            let mut rights = log.rights_now();
            rights.can_create_vaults = can_create_vaults.unwrap_or(rights.can_create_vaults);
            rights.can_manage_users = can_manage_users.unwrap_or(rights.can_manage_users);
            rights.can_manage_policy = can_manage_policy.unwrap_or(rights.can_manage_policy);
            rights.can_read_audit = can_read_audit.unwrap_or(rights.can_read_audit);
            let expires_at = expires_at.map_or(log.expires_at, |end| Some(time::to_millis(end)));
            if (name == before.name) && (rights, expires_at) == (log.rights_now(), log.expires_at) {
                return Ok(None);
            }
            let NewProfile { commitment, row } = NewProfile::make(name.clone(), before.email.clone())?;
            let body = PrincipalUpdated { rights: rights_bits(rights), profile: commitment, expires_at };
            Ok(Some((Body::PrincipalUpdated(body), Rows { profile: Some(row), ..Rows::default() })))
        })
        .await?;
        self.read_principal(&PrincipalRef::Id(who)).await
    }

    pub(super) async fn suspend(&self, who: &PrincipalRef) -> Result<Principal> {
        let id = self.principal_id(who).await?;
        self.change_principal(id, Some(PrincipalKind::User), |log| match log.state {
            PrincipalState::Deleted => Err(nobody()),
            PrincipalState::Suspended => Ok(None),
            PrincipalState::Invited | PrincipalState::Active => {
                Ok(Some((Body::PrincipalSuspended(Nothing {}), Rows::default())))
            }
        })
        .await?;
        self.shown(id).await
    }

    pub(super) async fn reactivate(&self, who: &PrincipalRef) -> Result<Principal> {
        let id = self.principal_id(who).await?;
        self.change_principal(id, Some(PrincipalKind::User), |log| match log.state {
            PrincipalState::Deleted => Err(nobody()),
            PrincipalState::Suspended => Ok(Some((Body::PrincipalReactivated(Nothing {}), Rows::default()))),
            PrincipalState::Invited | PrincipalState::Active => Ok(None),
        })
        .await?;
        self.shown(id).await
    }

    async fn shown(&self, id: Id) -> Result<Principal> {
        self.read_principal(&PrincipalRef::Id(PrincipalId { kind: PrincipalKind::User, id })).await
    }

    pub(super) async fn end_principal(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        successor: Option<&PrincipalRef>,
        erase: bool,
    ) -> Result<()> {
        let id = self.principal_id(who).await?;
        let known = self.refresh(Need::principals([id]).asked_now()).await?;
        let may = known.directory()?.may(self.my_id(), MANAGE_USERS);
        let log = known.directory()?.principal(id).filter(|log| log.kind == kind);
        let log = log.ok_or_else(|| if may { nobody() } else { may_not() })?;
        let profile = log.profile;
        if may && log.state == PrincipalState::Deleted {
            let shown = self.profiles.view(self.authority(), self.session(), &known, log).await?;
            if erase && !(shown.name.is_empty() && shown.email.is_none()) {
                return Err(Error::conflict(
                    "erasing was asked of somebody who is deleted already: it goes with the deletion alone",
                ));
            }
            return Ok(());
        }
        if may && let Some(successor) = successor {
            self.hand_on(id, successor).await?;
        }
        self.change_principal(id, Some(kind), |log| {
            if log.state == PrincipalState::Deleted {
                return Ok(None);
            }
            let forgotten = Profile { name: String::new(), email: None, salt: Vec::new() };
            let rows = Rows { profile: erase.then_some(forgotten), ..Rows::default() };
            Ok(Some((Body::PrincipalDeleted(Nothing {}), rows)))
        })
        .await?;
        if erase {
            self.profiles.forget(profile);
        }
        Ok(())
    }

    /// What is known of these principals now, if the caller may manage users.
    pub(super) async fn managing(&self, who: &[Id]) -> Result<std::sync::Arc<Known>> {
        let known = self.refresh(Need::principals(who.iter().copied()).asked_now()).await?;
        if known.directory()?.may(self.my_id(), MANAGE_USERS) {
            return Ok(known);
        }
        Err(may_not())
    }

    /// Signs and submits the next operation of a principal's log, until it is taken. `make` answers `None` where nothing is
    /// left to do.
    pub(super) async fn change_principal(
        &self,
        who: Id,
        kind: Option<PrincipalKind>,
        make: impl Fn(&PrincipalLog) -> Result<Option<(Body, Rows)>> + Send + Sync,
    ) -> Result<()> {
        for _ in 0..MAX_TRIES {
            let known = self.refresh(Need::principals([who]).asked_now()).await?;
            let may = known.directory()?.may(self.my_id(), MANAGE_USERS);
            let refusal = || if may { nobody() } else { may_not() };
            let log = known.directory()?.principal(who).ok_or_else(refusal)?;
            if kind.is_some_and(|kind| log.kind != kind) {
                return Err(refusal());
            }
            let Some((body, rows)) = make(log).map_err(|error| if may { error } else { may_not() })? else {
                return if may { Ok(()) } else { Err(may_not()) };
            };
            let base = Base { log: Some(who), at: log.progress.head(), seen: known.head };
            // Sent even without the right to it, so that the refusal stands in the audit.
            let submitted =
                self.submit(self.sign(base, None, body, rows)?).await.map_err(|error| match error.kind() {
                    ErrorKind::PermissionDenied if !may => may_not().caused_by(error),
                    _ => error,
                })?;
            if self.settle(submitted, Some((who, None))).await?.is_some() {
                self.refresh(Need::principals([who]).asked_now()).await?;
                return Ok(());
            }
        }
        Err(Self::contended("the principal"))
    }
}
