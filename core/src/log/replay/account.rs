//! The account's log: its root of trust, its owner, its recovery key, its policy.

use super::timeline::Timeline;
use super::{Directory, Placed, Progress, Refusal, Verdict};
use crate::log::body::{AccountCreated, SUITE};
use crate::log::feed::Head;
use crate::log::operation::Body;
use crate::model::id::{AccountId, Id};
use crate::model::policy::Policy;

/// The account's log, replayed.
#[derive(Clone, Debug)]
pub struct AccountLog {
    /// The hash of its first operation.
    pub id: AccountId,
    /// How far it was replayed.
    pub progress: Progress,
    /// The keys of the first owner and of the first recovery code.
    pub root: AccountCreated,
    /// When it began, in milliseconds since 1970.
    pub created_at: u64,
    owners: Vec<(Id, Timeline)>,
    recoveries: Vec<(Id, Timeline)>,
    policy: (u64, Policy),
    restored: Option<Head>,
}

impl AccountLog {
    /// The account of its first entry. Whoever calls has checked that `id` is the operation's hash.
    pub fn begin(placed: Placed<'_>, id: AccountId) -> Verdict<Self> {
        let Body::AccountCreated(body) = &placed.operation.body else {
            return Err(Refusal::Malformed("an account begins with account.created".to_owned()));
        };
        let operation = placed.operation;
        if operation.account.is_some() || operation.log.is_some() || operation.signer.is_some() || body.suite != SUITE {
            return Err(Refusal::Malformed("the account's first operation names what only follows from it".to_owned()));
        }
        let mut progress = Progress::new();
        progress.expect_at(placed)?;
        progress.advance(placed);
        Ok(Self {
            id,
            progress,
            root: body.clone(),
            created_at: placed.time,
            owners: Vec::new(),
            recoveries: Vec::new(),
            policy: (0, Policy::default()),
            restored: None,
        })
    }

    /// The first owner or recovery key, whose own log began: the account's first operation names their keys.
    pub(super) fn rooted(&mut self, principal: Id, owner: bool, position: u64) {
        let list = if owner { &mut self.owners } else { &mut self.recoveries };
        if list.is_empty() {
            let mut timeline = Timeline::default();
            timeline.give(position);
            list.push((principal, timeline));
        }
    }

    /// The log with one more entry.
    pub fn apply(&mut self, placed: Placed<'_>, directory: &Directory) -> Verdict {
        self.progress.expect_at(placed)?;
        let operation = placed.operation;
        let signer = operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))?;
        directory.signs(signer, operation.generation, placed.position, operation.seen.size)?;
        let owner = self.owner_allows(signer, placed.position, operation.seen.size);
        let recovery = self.recovery_allows(signer, placed.position, operation.seen.size);
        match &operation.body {
            Body::PolicyChanged(body) => {
                let manages =
                    directory.allows(signer, super::principal::MANAGE_POLICY, placed.position, operation.seen.size);
                if !(owner || manages) {
                    return Err(Refusal::Right("its signer may not change the policy".to_owned()));
                }
                if body.version != self.policy.0 + 1 {
                    return Err(Refusal::Order("the policy moved on".to_owned()));
                }
                self.policy = (body.version, body.policy()?);
            }
            Body::AccountTransferred(body) if owner || recovery => {
                if directory.principal(body.to).is_none_or(|to| to.standing_at(operation.seen.size).is_none()) {
                    return Err(Refusal::State("the new owner is not an active principal".to_owned()));
                }
                hand_over(&mut self.owners, body.to, placed.position, operation.seen.size);
            }
            Body::RecoveryReplaced(body) if owner => {
                hand_over(&mut self.recoveries, body.recovery, placed.position, operation.seen.size);
            }
            Body::AccountRestored(body) if owner => self.restored = Some(body.last),
            Body::AccountTransferred(_) | Body::RecoveryReplaced(_) | Body::AccountRestored(_) => {
                return Err(Refusal::Right("only the owner may sign it".to_owned()));
            }
            _ => return Err(Refusal::Malformed("it does not belong in the account's log".to_owned())),
        }
        self.progress.advance(placed);
        Ok(())
    }

    /// Who owns the account; `None` before the owner's own log was replayed.
    pub fn owner(&self) -> Option<Id> {
        self.owners.iter().find(|(_, timeline)| timeline.holds()).map(|(id, _)| *id)
    }

    /// The recovery key in force.
    pub fn recovery(&self) -> Option<Id> {
        self.recoveries.iter().find(|(_, timeline)| timeline.holds()).map(|(id, _)| *id)
    }

    /// The policy in force and its version; 0 is the default.
    pub fn policy(&self) -> (u64, &Policy) {
        (self.policy.0, &self.policy.1)
    }

    /// The last head of the backup that was restored last, by the owner's word.
    pub fn restored(&self) -> Option<Head> {
        self.restored
    }

    /// Whether this principal was the owner, or the recovery key, at a place in the feed.
    pub fn is_root_at(&self, principal: Id, position: u64) -> bool {
        let held = |(id, timeline): &(Id, Timeline)| *id == principal && timeline.held_at(position);
        self.owners.iter().any(held) || self.recoveries.iter().any(held)
    }

    /// Whether this principal is, or ever was, the owner or the recovery key.
    pub fn was_root(&self, principal: Id) -> bool {
        self.owners.iter().chain(&self.recoveries).any(|(id, _)| *id == principal)
    }

    /// Whether the owner's right was this principal's, by rule 3.
    pub fn owner_allows(&self, principal: Id, position: u64, seen: u64) -> bool {
        self.owners.iter().any(|(id, timeline)| *id == principal && timeline.allows(position, seen))
    }

    /// Whether the recovery key was this principal, by rule 3.
    pub fn recovery_allows(&self, principal: Id, position: u64, seen: u64) -> bool {
        self.recoveries.iter().any(|(id, timeline)| *id == principal && timeline.allows(position, seen))
    }
}

fn hand_over(holders: &mut Vec<(Id, Timeline)>, to: Id, position: u64, seen: u64) {
    for (_, timeline) in holders.iter_mut() {
        timeline.take(position, seen);
    }
    if let Some((_, timeline)) = holders.iter_mut().find(|(id, _)| *id == to) {
        timeline.give(position);
    } else {
        let mut timeline = Timeline::default();
        timeline.give(position);
        holders.push((to, timeline));
    }
}
