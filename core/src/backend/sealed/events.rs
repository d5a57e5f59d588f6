//! What verified entries did, as changes and the audit tell it.

use crate::log::body::kind_of;
use crate::log::operation::{Body, LogId, Operation};
use crate::log::replay::items::ItemEvent;
use crate::log::replay::{Placed, VaultLog};
use crate::model::change::ChangeKind;
use crate::model::id::{Id, PrincipalKind};
use crate::model::role::Role;

/// One entry, and what it did.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) log: LogId,
    pub(super) position: u64,
    pub(super) time: u64,
    pub(super) hash: Id,
    pub(super) signer: Option<Id>,
    pub(super) generation: u32,
    pub(super) what: What,
}

/// What an entry did.
#[derive(Clone, Debug)]
pub(super) enum What {
    Item(ItemEvent),
    Vault(ChangeKind),
    /// Everybody whose access it changed: who, which role is left, until when.
    Access(Vec<AccessChange>),
    /// Anything else, by its audit name and target.
    Other(&'static str, Option<Id>),
}

/// Somebody's access after an entry.
#[derive(Clone, Debug)]
pub(super) struct AccessChange {
    pub(super) grantee: Id,
    pub(super) role: Option<Role>,
    pub(super) expires_at: Option<u64>,
}

impl Event {
    pub(super) fn new(placed: Placed<'_>, signer: Option<Id>, what: What) -> Self {
        let generation = placed.operation.generation;
        let (log, position, time, hash) = (placed.log, placed.position, placed.time, placed.hash);
        Self { log, position, time, hash, signer, generation, what }
    }

    /// What an entry of a vault log did.
    pub(super) fn of_vault(placed: Placed<'_>, after: &VaultLog) -> Self {
        let access = |grantees: &mut dyn Iterator<Item = Id>| {
            What::Access(
                grantees
                    .map(|grantee| {
                        let tenure = after.tenure(grantee);
                        AccessChange {
                            grantee,
                            role: tenure.map(|(role, _)| role),
                            expires_at: tenure.and_then(|(_, tenure)| tenure.expires_at),
                        }
                    })
                    .collect(),
            )
        };
        let what = match &placed.operation.body {
            Body::VaultCreated(_) => What::Vault(ChangeKind::VaultCreated),
            Body::VaultUpdated(_) => What::Vault(ChangeKind::VaultUpdated),
            Body::VaultDeleted(_) => What::Vault(ChangeKind::VaultDeleted),
            Body::AccessGranted(body) => access(&mut body.members.iter().map(|member| member.grantee)),
            Body::EpochStarted(body) if !body.removes.is_empty() => {
                access(&mut body.removes.iter().map(|removal| removal.grantee))
            }
            other => What::Other(other.name(), None),
        };
        Self::new(placed, placed.operation.signer, what)
    }

    /// What an entry of the account's, a principal's or a group's log did.
    pub(super) fn of_directory(placed: Placed<'_>) -> Self {
        let operation: &Operation = placed.operation;
        let (action, target) = match &operation.body {
            Body::PrincipalAdded(body) => {
                let action = match kind_of(body.kind) {
                    Ok(PrincipalKind::User) if body.generation == 0 => "user.invited",
                    Ok(PrincipalKind::User) => "user.created",
                    Ok(PrincipalKind::Service) => "service_account.created",
                    _ => "recovery.created",
                };
                (action, Some(placed.log.id))
            }
            Body::GroupAdded(body) | Body::GroupRemoved(body) => (operation.body.name(), Some(body.member)),
            Body::AccountTransferred(body) => (operation.body.name(), Some(body.to)),
            Body::AccountCreated(_) | Body::PolicyChanged(_) | Body::AccountRestored(_) | Body::RecoveryReplaced(_) => {
                (operation.body.name(), None)
            }
            other => (other.name(), Some(placed.log.id)),
        };
        // Those with which the account begins sign for themselves.
        let signer = operation.signer.or(match operation.body {
            Body::PrincipalAdded(_) => Some(placed.log.id),
            _ => None,
        });
        Self::new(placed, signer, What::Other(action, target))
    }

    /// The dotted name in the audit, and what else the log says in plain.
    pub(super) fn action(&self) -> (&'static str, String) {
        match &self.what {
            What::Item(event) => (event.kind.as_str(), format!("version {}", event.version)),
            What::Vault(kind) => (kind.as_str(), String::new()),
            What::Access(changes) => {
                let granted = changes.iter().any(|change| change.role.is_some());
                let roles: Vec<&str> = changes.iter().map(|change| change.role.map_or("none", Role::as_str)).collect();
                (if granted { "access.granted" } else { "access.revoked" }, roles.join(", "))
            }
            What::Other(action, _) => (action, String::new()),
        }
    }
}
