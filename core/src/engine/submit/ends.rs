//! Whom an operation ends, and where: what it takes from them must cover all that was taken from them.

use super::plan::Scope;
use super::received::Received;
use crate::log::body::{Removal, rights_bits};
use crate::log::operation::Body;
use crate::log::replay::{Directory, PrincipalLog};
use crate::model::id::Id;

/// Whom an operation on a principal ends: the principal, if its keys end or a right is taken from it.
pub(super) fn of_principal(before: Option<&PrincipalLog>, received: &Received) -> Vec<Scope> {
    let ends = match &received.operation.body {
        Body::PrincipalSuspended(_)
        | Body::PrincipalDeleted(_)
        | Body::PrincipalRotated(_)
        | Body::PrincipalReissued(_) => true,
        Body::PrincipalUpdated(body) => {
            before.is_some_and(|before| rights_bits(before.rights_now()) & !body.rights != 0)
        }
        _ => false,
    };
    if ends { vec![(received.log.id, None)] } else { Vec::new() }
}

/// Whom an operation on a group ends: who leaves it.
pub(super) fn in_group(directory: &Directory, received: &Received) -> Vec<Scope> {
    match &received.operation.body {
        Body::GroupRemoved(body) => vec![(body.member, None)],
        Body::GroupDeleted(_) => members(directory, received.log.id).map(|member| (member, None)).collect(),
        _ => Vec::new(),
    }
}

/// Whom an epoch ends in its vault: whom it removes, and who was in only by a group that it removes.
pub(super) fn by_epoch(directory: &Directory, vault: Id, removes: &[Removal]) -> Vec<Scope> {
    let mut ended: Vec<Scope> = Vec::new();
    for removal in removes {
        if directory.group(removal.grantee).is_some() {
            ended.extend(members(directory, removal.grantee).map(|member| (member, Some(vault))));
        } else {
            ended.push((removal.grantee, Some(vault)));
        }
    }
    ended.sort_unstable();
    ended.dedup();
    ended
}

fn members(directory: &Directory, group: Id) -> impl Iterator<Item = Id> + '_ {
    directory.group(group).into_iter().flat_map(|group| group.members_at(u64::MAX))
}
