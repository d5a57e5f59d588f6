//! One request's look at the store: a moment, a caller, and what they may.

use super::session::Caller;
use super::{Engine, clock};
use crate::authority::Session;
use crate::error::{Error, Result};
use crate::log::body::role_of;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::principal::{MANAGE_USERS, READ_AUDIT};
use crate::model::id::{Id, PrincipalKind};
use crate::model::role::Role;
use crate::store::Snapshot;

/// A moment of the store, and who looks.
pub(super) struct Look {
    pub(super) snapshot: Box<dyn Snapshot>,
    pub(super) caller: Caller,
    standing: Option<Standing>,
    groups: Option<Vec<Id>>,
}

/// What somebody is in the account now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Owns it.
    pub(super) owner: bool,
    /// Manages users; the owner does.
    pub(super) manager: bool,
    /// Reads the whole audit; the owner does.
    pub(super) auditor: bool,
    /// Is the recovery key, which lets anybody in and puts anybody out.
    pub(super) rescue: bool,
    /// The recovery key in force.
    pub(super) recovery: Option<Id>,
}

impl Standing {
    /// Whether they may know everybody.
    pub(super) fn knows_all(self) -> bool {
        self.manager || self.auditor || self.rescue
    }
}

/// What is said of a vault to those who have no role there, whether it exists or not.
pub(super) fn no_vault() -> Error {
    Error::not_found("there is no such vault, or you may not know of it: check the id")
}

/// What is said to those whose role is too low.
pub(super) fn too_low(need: Role) -> Error {
    Error::permission_denied(format!("this needs the role {need} in the vault: ask one of its administrators"))
}

/// What the audit says of a role that was too low.
pub(super) fn lacking(need: Role, had: Option<Role>) -> String {
    format!("needed {need}, had {}", had.map_or("none", Role::as_str))
}

impl Engine {
    pub(super) async fn look(&self, session: Session) -> Result<Look> {
        let mut snapshot = self.snapshot().await?;
        let caller = self.authenticate(session, &mut *snapshot).await?;
        Ok(Look { snapshot, caller, standing: None, groups: None })
    }

    pub(super) async fn standing(&self, look: &mut Look) -> Result<Standing> {
        if let Some(standing) = look.standing {
            return Ok(standing);
        }
        let who = look.caller.principal;
        let view = self.view(&mut *look.snapshot, [LogId::new(LogKind::Principal, who)]).await?;
        let directory = &view.directory;
        let standing = Standing {
            owner: directory.account.owner() == Some(who),
            manager: directory.may(who, MANAGE_USERS),
            auditor: directory.may(who, READ_AUDIT),
            rescue: directory.account.recovery() == Some(who),
            recovery: directory.account.recovery(),
        };
        look.standing = Some(standing);
        Ok(standing)
    }

    /// The groups that the caller is in.
    pub(super) async fn groups_of(&self, look: &mut Look) -> Result<Vec<Id>> {
        if let Some(groups) = &look.groups {
            return Ok(groups.clone());
        }
        let who = look.caller.principal;
        let mut known = self.known.lock().await;
        let view = known.groups(&mut *look.snapshot).await?;
        let is_in = |id: &Id| view.directory.group(*id).is_some_and(|group| group.joined_at(who, u64::MAX).is_some());
        let groups: Vec<Id> = known.group_ids().iter().copied().filter(is_in).collect();
        look.groups = Some(groups.clone());
        Ok(groups)
    }

    /// The caller's role in a vault, of its own or of a group; what expired is none.
    ///
    /// Groups are looked at only if the caller's own role is less than `enough`.
    pub(super) async fn role(&self, look: &mut Look, vault: Id, enough: Role) -> Result<Option<Role>> {
        if look.caller.reissued {
            return self.replayed_role(look, vault).await;
        }
        let own = member_role(look, vault, look.caller.principal).await?;
        if own >= Some(enough) {
            return Ok(own);
        }
        let mut role = own;
        for group in self.groups_of(look).await? {
            role = role.max(member_role(look, vault, group).await?);
        }
        Ok(role)
    }

    /// The caller's role by the vault's log, which tells of which keys a membership is.
    async fn replayed_role(&self, look: &mut Look, vault: Id) -> Result<Option<Role>> {
        let who = look.caller.principal;
        let mut logs: Vec<LogId> =
            self.groups_of(look).await?.iter().map(|id| LogId::new(LogKind::Group, *id)).collect();
        logs.extend([LogId::new(LogKind::Vault, vault), LogId::new(LogKind::Principal, who)]);
        let view = self.view(&mut *look.snapshot, logs).await?;
        let log = view.vaults.get(&vault).filter(|log| !log.deleted);
        Ok(log.and_then(|log| log.role_now(&view.directory, who, clock::now())))
    }

    /// Refuses unless the caller has this role in the vault; a refusal is noted.
    pub(super) async fn need(&self, look: &mut Look, vault: Id, need: Role) -> Result<()> {
        let (had, refusal) = match self.role(look, vault, need).await? {
            None => (None, no_vault()),
            Some(role) if role < need => (Some(role), too_low(need)),
            Some(_) => return Ok(()),
        };
        Err(self.denied(&look.caller, Some(vault), &lacking(need, had), refusal).await)
    }

    /// Whether the caller is the recovery key and the vault's current epoch names it.
    pub(super) async fn rescues(&self, look: &mut Look, vault: Id) -> Result<bool> {
        let Caller { principal, generation, kind, .. } = look.caller;
        if kind != PrincipalKind::Recovery || self.standing(look).await?.recovery != Some(principal) {
            return Ok(false);
        }
        let logs = [LogId::new(LogKind::Vault, vault), LogId::new(LogKind::Principal, principal)];
        let view = self.view(&mut *look.snapshot, logs).await?;
        let log = view.vaults.get(&vault).filter(|log| !log.deleted);
        Ok(log.is_some_and(|log| log.names_recovery(&view.directory, principal, generation)))
    }
}

async fn member_role(look: &mut Look, vault: Id, grantee: Id) -> Result<Option<Role>> {
    let member = look.snapshot.member(vault, grantee).await?;
    match member.filter(|member| !clock::is_over(member.expires_at, clock::now())) {
        Some(member) => role_of(member.role).map(Some),
        None => Ok(None),
    }
}
