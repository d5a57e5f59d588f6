//! Vaults of which somebody is the last administrator.

use super::look::Look;
use super::{Engine, clock, pages};
use crate::authority::Session;
use crate::error::{Error, Result};
use crate::log::body::role_number;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::model::principal::PrincipalState;
use crate::model::role::Role;
use crate::store::{MemberRow, Snapshot};

/// In how many vaults somebody is the last administrator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    pub(super) all: u64,
    /// Those whose newest key is not the recovery key's too.
    pub(super) without_recovery: u64,
}

impl Engine {
    pub(super) async fn count_last_in(&self, session: Session, who: Id) -> Result<u64> {
        let mut look: Look = self.look(session).await?;
        if !self.standing(&mut look).await?.manager {
            return Err(Error::permission_denied(
                "vaults of somebody else were asked for: this needs can_manage_users: ask the owner",
            ));
        }
        Ok(self.last_in(&mut *look.snapshot, who).await?.all)
    }

    pub(super) async fn last_in(&self, snapshot: &mut dyn Snapshot, who: Id) -> Result<Last> {
        let (mut last, mut from) = (Last::default(), Some(0));
        while let Some(place) = from {
            let rows = snapshot.vaults_of(who, place, pages::LIMIT).await?;
            from = (rows.len() >= pages::LIMIT as usize).then(|| rows.last().map(|row| row.leaf + 1)).flatten();
            for row in rows.iter().filter(|row| !row.deleted) {
                let members = snapshot.members(row.vault).await?;
                if self.is_last(snapshot, row.vault, who, &members).await? {
                    let view = self.view(snapshot, [LogId::new(LogKind::Vault, row.vault)]).await?;
                    let rescued = view.vaults.get(&row.vault).is_some_and(|log| log.epoch().start.recovery.is_some());
                    last.all += 1;
                    last.without_recovery += u64::from(!rescued);
                }
            }
        }
        Ok(last)
    }

    async fn is_last(&self, snapshot: &mut dyn Snapshot, vault: Id, who: Id, members: &[MemberRow]) -> Result<bool> {
        let now = clock::now();
        let administers =
            |member: &&MemberRow| member.role == role_number(Role::Admin) && !clock::is_over(member.expires_at, now);
        if !members.iter().filter(administers).any(|member| member.grantee == who) {
            return Ok(false);
        }
        for other in members.iter().filter(administers).filter(|member| member.grantee != who) {
            // A row does not tell a group from a principal, nor of which keys a membership is.
            let logs = [LogKind::Vault, LogKind::Principal, LogKind::Group]
                .map(|kind| LogId::new(kind, if kind == LogKind::Vault { vault } else { other.grantee }));
            let view = self.view(snapshot, logs).await?;
            let directory = &view.directory;
            let role = view.vaults.get(&vault).and_then(|log| log.role_now(directory, other.grantee, now));
            let of_group =
                directory.group(other.grantee).is_some_and(|group| group.members_at(u64::MAX).next().is_some());
            let stands = directory.principal(other.grantee).is_some_and(|log| log.state != PrincipalState::Deleted);
            if of_group || (stands && role == Some(Role::Admin)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
