//! Which logs a caller may know of.

use std::collections::HashSet;

use crate::authority::LogRequest;
use crate::engine::Engine;
use crate::engine::look::{Look, Standing};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::principal::{MANAGE_POLICY, MANAGE_USERS};
use crate::log::replay::{Directory, GroupLog};
use crate::model::id::Id;
use crate::model::role::Role;

/// How much of a vault's logs a caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Sight {
    /// Nothing, not even that it exists.
    None,
    /// Who may, and how long the item log is.
    Access,
    /// Both logs.
    All,
}

impl Engine {
    /// How much of a vault the caller may see.
    pub(in crate::engine) async fn sight(&self, look: &mut Look, vault: Id) -> Result<Sight> {
        if self.role(look, vault, Role::Read).await?.is_some() || self.standing(look).await?.auditor {
            return Ok(Sight::All);
        }
        Ok(if self.rescues(look, vault).await? { Sight::Access } else { Sight::None })
    }

    /// Those of the logs that the caller may know of.
    pub(super) async fn visible_logs(&self, look: &mut Look, asked: &[LogRequest]) -> Result<HashSet<LogId>> {
        let standing = self.standing(look).await?;
        let unsure = |log: &LogId| {
            matches!(log.kind, LogKind::Principal | LogKind::Group)
                && !standing.knows_all()
                && log.id != look.caller.principal
        };
        let unsure: Vec<LogId> = asked.iter().map(|asked| asked.log).filter(unsure).collect();
        let mut visible: HashSet<LogId> =
            asked.iter().map(|asked| asked.log).filter(|log| is_plain(*log, standing, look.caller.principal)).collect();
        if unsure.is_empty() {
            return Ok(visible);
        }
        let (mine, fellows) = self.my_groups(look).await?;
        let directory = self.view(&mut *look.snapshot, unsure.iter().copied()).await?.directory;
        for log in unsure {
            let known = mine.contains(&log.id) || fellows.contains(&log.id) || certifies(&directory, log);
            if known || self.met(look, log.id).await? {
                visible.insert(log);
            }
        }
        Ok(visible)
    }

    /// The groups that the caller is in or has met in a vault, and everybody who is or was in them.
    async fn my_groups(&self, look: &mut Look) -> Result<(HashSet<Id>, HashSet<Id>)> {
        let mut mine: HashSet<Id> = self.groups_of(look).await?.into_iter().collect();
        let (ids, directory) = {
            let mut known = self.known.lock().await;
            let view = known.groups(&mut *look.snapshot).await?;
            (known.group_ids().to_vec(), view.directory)
        };
        for id in ids {
            if !mine.contains(&id) && self.met(look, id).await? {
                mine.insert(id);
            }
        }
        let fellows = mine.iter().filter_map(|id| directory.group(*id)).flat_map(GroupLog::members_ever).collect();
        Ok((mine, fellows))
    }

    /// Whether the caller is, or was, in a vault whose log names somebody: what it saw there is judged by their keys.
    async fn met(&self, look: &mut Look, other: Id) -> Result<bool> {
        Ok(look.snapshot.met(look.caller.principal, other).await? || self.shares_a_vault(look, other).await?)
    }

    /// Whether the caller is in a vault whose log names somebody.
    pub(in crate::engine) async fn shares_a_vault(&self, look: &mut Look, other: Id) -> Result<bool> {
        if look.snapshot.share_a_vault(look.caller.principal, other).await? {
            return Ok(true);
        }
        for group in self.groups_of(look).await? {
            if look.snapshot.share_a_vault(group, other).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What needs no look at who is where.
fn is_plain(log: LogId, standing: Standing, caller: Id) -> bool {
    match log.kind {
        LogKind::Account => true,
        LogKind::Reads => standing.auditor,
        LogKind::Principal | LogKind::Group => standing.knows_all() || log.id == caller,
        LogKind::Vault | LogKind::Items => false,
    }
}

/// Whether everybody's keys, or the policy, may rest on somebody: their log is for all.
fn certifies(directory: &Directory, log: LogId) -> bool {
    log.kind == LogKind::Principal
        && (directory.account.was_root(log.id)
            || directory.principal(log.id).is_some_and(|principal| {
                principal.rights[MANAGE_USERS].ever() || principal.rights[MANAGE_POLICY].ever()
            }))
}
