//! A group's log: who is in it.

use std::collections::BTreeMap;

use super::principal::MANAGE_USERS;
use super::timeline::Timeline;
use super::{Directory, Placed, Progress, Refusal, Verdict};
use crate::log::operation::Body;
use crate::model::id::Id;

/// A group's log, replayed.
#[derive(Clone, Debug)]
pub struct GroupLog {
    /// The hash of its first operation.
    pub id: Id,
    /// How far it was replayed.
    pub progress: Progress,
    /// Its name.
    pub name: String,
    /// Whether it was deleted.
    pub deleted: bool,
    members: BTreeMap<Id, Timeline>,
}

impl GroupLog {
    pub(super) fn begin(placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        let Body::GroupCreated(body) = &placed.operation.body else {
            return Err(Refusal::Malformed("a group begins with group.created".to_owned()));
        };
        let mut progress = Progress::new();
        progress.expect_at(placed)?;
        if placed.operation.account != Some(directory.account.id) || placed.operation.log.is_some() {
            return Err(Refusal::Malformed("it names another account, or its own log".to_owned()));
        }
        kept_by_a_manager(placed, directory)?;
        progress.advance(placed);
        Ok(Self { id: placed.log.id, progress, name: body.name.clone(), deleted: false, members: BTreeMap::new() })
    }

    pub(super) fn apply(&self, placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        self.progress.expect_at(placed)?;
        kept_by_a_manager(placed, directory)?;
        if self.deleted {
            return Err(Refusal::State("the group was deleted".to_owned()));
        }
        let mut next = self.clone();
        let (position, seen) = (placed.position, placed.operation.seen.size);
        match &placed.operation.body {
            Body::GroupAdded(body) => {
                if directory.principal(body.member).is_none() {
                    return Err(Refusal::State("the new member is not known".to_owned()));
                }
                let timeline = next.members.entry(body.member).or_default();
                if !timeline.holds() {
                    timeline.give(position);
                }
            }
            Body::GroupRemoved(body) => {
                if let Some(timeline) = next.members.get_mut(&body.member) {
                    timeline.take(position, seen);
                }
            }
            Body::GroupDeleted(_) => {
                for timeline in next.members.values_mut() {
                    timeline.take(position, seen);
                }
                next.deleted = true;
            }
            _ => return Err(Refusal::Malformed("it does not belong in a group's log".to_owned())),
        }
        next.progress.advance(placed);
        Ok(next)
    }

    /// Who was in it in the feed of this size.
    pub fn members_at(&self, size: u64) -> impl Iterator<Item = Id> {
        self.members.iter().filter(move |(_, timeline)| timeline.held_at(size)).map(|(id, _)| *id)
    }

    /// Everybody who is in it, or ever was.
    pub fn members_ever(&self) -> impl Iterator<Item = Id> {
        self.members.keys().copied()
    }

    /// Where in the feed somebody was let in who was in it in the feed of this size.
    pub fn joined_at(&self, member: Id, size: u64) -> Option<u64> {
        self.members.get(&member)?.held_since(size)
    }

    /// Rule 3: where somebody was let in who could act as a member.
    pub fn allows(&self, member: Id, position: u64, seen: u64) -> Option<u64> {
        self.members.get(&member)?.allows_since(position, seen)
    }
}

fn kept_by_a_manager(placed: Placed<'_>, directory: &Directory) -> Verdict {
    let operation = placed.operation;
    let signer = operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))?;
    directory.signs(signer, operation.generation, placed.position, operation.seen.size)?;
    if directory.allows(signer, MANAGE_USERS, placed.position, operation.seen.size) {
        Ok(())
    } else {
        Err(Refusal::Right("its signer may not manage users".to_owned()))
    }
}
