//! Everybody: the account's log and those of its principals and groups, as far as they are known.

use std::sync::Arc;

use rpds::HashTrieMapSync;

use super::principal::Right;
use super::{AccountLog, GroupLog, Placed, PrincipalLog, Refusal, Verdict};
use crate::log::body::Recipient;
use crate::log::operation::{Body, LogId, LogKind, Operation};
use crate::model::id::{Id, PrincipalKind};

/// A log of the directory after one more entry.
#[derive(Clone, Debug)]
pub enum Judged {
    /// The account's.
    Account(Box<AccountLog>),
    /// A principal's.
    Principal(Box<PrincipalLog>),
    /// A group's.
    Group(GroupLog),
}

/// The logs that say who is who. A clone shares what it holds.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The account's log.
    pub account: AccountLog,
    principals: HashTrieMapSync<Id, Arc<PrincipalLog>>,
    groups: HashTrieMapSync<Id, Arc<GroupLog>>,
}

impl Directory {
    /// A directory in which nobody is known yet.
    pub fn new(account: AccountLog) -> Self {
        Self { account, principals: HashTrieMapSync::default(), groups: HashTrieMapSync::default() }
    }

    /// A principal's log, if it is known.
    pub fn principal(&self, id: Id) -> Option<&PrincipalLog> {
        self.principals.get(&id).map(Arc::as_ref)
    }

    /// A group's log, if it is known.
    pub fn group(&self, id: Id) -> Option<&GroupLog> {
        self.groups.get(&id).map(Arc::as_ref)
    }

    /// Whether these keys were those of a member in the feed of this size: a reissue ends what a group had let in.
    pub fn in_group_at(&self, group: Id, who: Recipient, size: u64) -> bool {
        let joined = self.group(group).and_then(|group| group.joined_at(who.principal, size));
        self.carries_over(who, joined)
    }

    /// Rule 3: whether these keys could act as a member's.
    pub fn acts_in_group(&self, group: Id, who: Recipient, position: u64, seen: u64) -> bool {
        let joined = self.group(group).and_then(|group| group.allows(who.principal, position, seen));
        self.carries_over(who, joined)
    }

    fn carries_over(&self, who: Recipient, joined: Option<u64>) -> bool {
        let log = self.principal(who.principal);
        joined.is_some_and(|joined| log.is_some_and(|log| log.had_chain_at(joined, who.generation)))
    }

    /// Everybody who is known.
    pub fn principals(&self) -> impl Iterator<Item = &PrincipalLog> {
        self.principals.values().map(Arc::as_ref)
    }

    /// How many entries of one of its logs are known.
    pub fn size(&self, log: LogId) -> u64 {
        let progress = match log.kind {
            LogKind::Account if log.id == self.account.id.0 => Some(&self.account.progress),
            LogKind::Principal => self.principal(log.id).map(|log| &log.progress),
            LogKind::Group => self.group(log.id).map(|log| &log.progress),
            _ => None,
        };
        progress.map_or(0, |progress| progress.head().size)
    }

    /// Leaves out a principal's or a group's log, as if it were not known.
    pub fn leave_out(&mut self, log: LogId) {
        match log.kind {
            LogKind::Principal => drop(self.principals.remove_mut(&log.id)),
            LogKind::Group => drop(self.groups.remove_mut(&log.id)),
            _ => {}
        }
    }

    /// The directory of the account and these logs alone; it shares what it holds.
    pub fn part<'a>(&self, logs: impl IntoIterator<Item = &'a LogId>) -> Self {
        let mut part = Self::new(self.account.clone());
        for log in logs {
            match log.kind {
                LogKind::Principal => {
                    if let Some(known) = self.principals.get(&log.id) {
                        part.principals.insert_mut(log.id, Arc::clone(known));
                    }
                }
                LogKind::Group => {
                    if let Some(known) = self.groups.get(&log.id) {
                        part.groups.insert_mut(log.id, Arc::clone(known));
                    }
                }
                _ => {}
            }
        }
        part
    }

    /// The log as the next entry of the account's, a principal's or a group's log would leave it; nothing is kept.
    pub fn judge(&self, placed: Placed<'_>) -> Verdict<Judged> {
        match placed.log.kind {
            LogKind::Account => {
                let mut account = self.account.clone();
                account.apply(placed, self)?;
                Ok(Judged::Account(Box::new(account)))
            }
            LogKind::Principal => match self.principals.get(&placed.log.id) {
                None => PrincipalLog::begin(placed, self),
                Some(log) => log.apply(placed, self),
            }
            .map(|next| Judged::Principal(Box::new(next))),
            LogKind::Group => match self.groups.get(&placed.log.id) {
                None => GroupLog::begin(placed, self),
                Some(log) => log.apply(placed, self),
            }
            .map(Judged::Group),
            LogKind::Reads | LogKind::Vault | LogKind::Items => {
                Err(Refusal::Malformed("it does not belong in the directory".to_owned()))
            }
        }
    }

    /// Takes the next entry of the account's, a principal's or a group's log.
    pub fn apply(&mut self, placed: Placed<'_>) -> Verdict {
        match self.judge(placed)? {
            Judged::Account(account) => self.account = *account,
            Judged::Principal(next) => {
                if placed.operation.signer.is_none() {
                    self.account.rooted(next.id, next.kind != PrincipalKind::Recovery, placed.position);
                }
                self.principals.insert_mut(next.id, Arc::new(*next));
            }
            Judged::Group(next) => {
                self.groups.insert_mut(next.id, Arc::new(next));
            }
        }
        Ok(())
    }

    /// The keys that must have signed an operation, in order.
    pub fn signing_keys(&self, operation: &Operation) -> Verdict<Vec<Id>> {
        let signer = || -> Verdict<Id> {
            let id = operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))?;
            let log = self.principal(id).ok_or_else(|| Refusal::Right("its signer is not known".to_owned()))?;
            log.generation(operation.generation).map(|generation| generation.keys.sign)
        };
        Ok(match &operation.body {
            Body::AccountCreated(body) => vec![body.owner.sign],
            Body::ReadsAnchored(_) => Vec::new(),
            Body::PrincipalAdded(body) if operation.signer.is_none() => vec![body.keys.sign],
            Body::PrincipalRotated(body) => vec![signer()?, body.keys.sign],
            Body::PrincipalAccepted(body) => vec![signer()?, body.keys.sign],
            _ => vec![signer()?],
        })
    }

    /// Rule 3 for the signer's keys: this generation may sign at this place.
    pub fn signs(&self, signer: Id, generation: u32, position: u64, seen: u64) -> Verdict<&PrincipalLog> {
        let log = self.principal(signer).ok_or_else(|| Refusal::Right("its signer is not known".to_owned()))?;
        if log.generation(generation)?.standing.allows(position, seen) {
            Ok(log)
        } else {
            Err(Refusal::Line("the keys that signed it had ended".to_owned()))
        }
    }

    /// Rule 3 for a right over the account; the owner has all of them.
    pub fn allows(&self, principal: Id, right: Right, position: u64, seen: u64) -> bool {
        self.account.owner_allows(principal, position, seen)
            || self.principal(principal).is_some_and(|log| log.rights[right].allows(position, seen))
    }

    /// Whether somebody has a right over the account now.
    pub fn may(&self, principal: Id, right: Right) -> bool {
        self.account.owner() == Some(principal)
            || self.principal(principal).is_some_and(|log| log.rights[right].holds())
    }
}
