//! Whom an operation names: the logs that must be known before it can be judged.

use crate::log::body::{EpochStart, MemberGrant};
use crate::log::operation::{Body, LogId, LogKind, Operation};
use crate::model::id::Id;

/// The logs of everybody an operation names: its signer, and whom it lets in, puts out or gives a key.
pub fn mentions(operation: &Operation) -> Vec<LogId> {
    let mut logs: Vec<LogId> = Vec::new();
    let principal = |id: Id| LogId::new(LogKind::Principal, id);
    logs.extend(operation.signer.map(principal));
    let members = |members: &[MemberGrant]| {
        members
            .iter()
            .map(|member| {
                let kind = if member.generation.is_some() { LogKind::Principal } else { LogKind::Group };
                LogId::new(kind, member.grantee)
            })
            .collect::<Vec<_>>()
    };
    let epoch = |start: &EpochStart| {
        start
            .recipients
            .iter()
            .chain(&start.recovery)
            .map(|recipient| principal(recipient.principal))
            .collect::<Vec<_>>()
    };
    match &operation.body {
        Body::AccountTransferred(body) => logs.push(principal(body.to)),
        Body::RecoveryReplaced(body) => logs.push(principal(body.recovery)),
        Body::PrincipalRecoverable(body) => logs.push(principal(body.recovery.principal)),
        Body::GroupAdded(body) => logs.push(principal(body.member)),
        Body::VaultCreated(body) => {
            logs.extend(members(&body.members));
            logs.extend(epoch(&body.epoch));
        }
        Body::AccessGranted(body) => {
            logs.extend(members(&body.members));
            logs.extend(body.recipients.iter().map(|recipient| principal(recipient.principal)));
        }
        Body::AccessCompleted(body) => logs.push(principal(body.recipient.principal)),
        Body::EpochStarted(body) => logs.extend(epoch(&body.epoch)),
        _ => {}
    }
    logs
}

/// Everybody whom an operation on a vault's log names, but the recovery key, in order of id: who are in it know of them.
pub fn people(operation: &Operation, recovery: Option<Id>) -> Vec<Id> {
    let mut named: Vec<Id> = mentions(operation)
        .into_iter()
        .filter(|log| matches!(log.kind, LogKind::Principal | LogKind::Group) && Some(log.id) != recovery)
        .map(|log| log.id)
        .collect();
    named.sort_unstable();
    named.dedup();
    named
}
