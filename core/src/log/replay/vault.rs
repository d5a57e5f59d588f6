//! A vault's log: its members through time, its epochs, its name.

use std::collections::{BTreeMap, BTreeSet};

use super::principal::CREATE_VAULTS;
use super::{Directory, Placed, Progress, Refusal, Verdict};
use crate::log::body::{EpochStart, MemberGrant, Recipient, SUITE, role_of, vault_id};
use crate::log::operation::{Body, Operation};
use crate::model::id::{Id, VaultId};
use crate::model::role::Role;

/// What a member had from one entry on.
#[derive(Clone, Debug)]
pub struct Tenure {
    /// The place in the vault log.
    pub seq: u64,
    /// How much its author had seen.
    pub seen: u64,
    /// The role; `None` once put out.
    pub role: Option<Role>,
    /// The generation that it is for; `None` for a group.
    pub generation: Option<u32>,
    /// In milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// Who gave it.
    pub by: Id,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// One key of the vault.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// The place in the vault log.
    pub seq: u64,
    /// What the operation says of it.
    pub start: EpochStart,
    /// Who made it.
    pub maker: Id,
    /// With which keys.
    pub maker_generation: u32,
}

/// A vault's sealed name, as its log binds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameReference {
    /// The hash of the sealed bytes.
    pub hash: Id,
    /// The epoch whose key seals it.
    pub epoch: u32,
    /// The place in the vault log of the operation that set it; its version.
    pub seq: u64,
}

/// A vault's log, replayed.
#[derive(Clone, Debug)]
pub struct VaultLog {
    /// Bound to account, creator and a nonce.
    pub id: VaultId,
    /// How far it was replayed.
    pub progress: Progress,
    /// Who made it.
    pub creator: Id,
    /// The creator's own name for it.
    pub external_id: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_at: u64,
    /// When its newest entry was taken.
    pub updated_at: u64,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Its sealed name.
    pub name: NameReference,
    /// Its keys, oldest first; never empty.
    pub epochs: Vec<Epoch>,
    /// Everybody who ever was a member, and what they had when.
    pub members: BTreeMap<Id, Vec<Tenure>>,
    /// Who can open the current epoch's key, with which of their keys.
    pub openers: BTreeSet<Recipient>,
    states: Vec<crate::log::feed::Head>,
}

impl VaultLog {
    /// The log of its first entry.
    pub fn begin(placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        let operation = placed.operation;
        let Body::VaultCreated(body) = &operation.body else {
            return Err(Refusal::Malformed("a vault begins with vault.created".to_owned()));
        };
        let progress = Progress::new();
        progress.expect_at(placed)?;
        let creator = signer(operation)?;
        let id = vault_id(directory.account.id, creator, body.nonce);
        if operation.account != Some(directory.account.id) || operation.log != Some(id.0) || placed.log.id != id.0 {
            return Err(Refusal::Malformed("the vault's id is not bound to its creator".to_owned()));
        }
        directory.signs(creator, operation.generation, placed.position, operation.seen.size)?;
        if !directory.allows(creator, CREATE_VAULTS, placed.position, operation.seen.size) {
            return Err(Refusal::Right("its signer may not create vaults".to_owned()));
        }
        if body.epoch.number != 1 || body.epoch.previous.0.is_some() {
            return Err(Refusal::Malformed("a vault's first epoch is number 1".to_owned()));
        }
        let mut log = Self {
            id,
            progress,
            creator,
            external_id: body.external_id.clone(),
            created_at: placed.time,
            updated_at: placed.time,
            deleted: false,
            name: NameReference { hash: body.name, epoch: 1, seq: 0 },
            epochs: Vec::new(),
            members: BTreeMap::new(),
            openers: BTreeSet::new(),
            states: Vec::new(),
        };
        for member in &body.members {
            log.admit(member, placed, directory)?;
        }
        log.start_epoch(&body.epoch, placed, directory)?;
        log.advance(placed);
        Ok(log)
    }

    /// The log with one more entry.
    pub fn apply(&self, placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        let operation = placed.operation;
        self.progress.expect_at(placed)?;
        let (position, seen) = (placed.position, operation.seen.size);
        let author = signer(operation)?;
        directory.signs(author, operation.generation, position, seen)?;
        if self.deleted {
            return Err(Refusal::State("the vault was deleted".to_owned()));
        }
        let role = self.role_for(directory, author, operation.generation, self.progress.head().size, position, seen);
        let admin = role == Some(Role::Admin);
        let rescue = self.recovery_may(directory, author, operation.generation, position, seen);
        let mut next = self.clone();
        match &operation.body {
            Body::VaultUpdated(body) if admin => {
                self.current(body.epoch)?;
                next.name = NameReference { hash: body.name, epoch: body.epoch, seq: placed.seq };
            }
            Body::VaultDeleted(_) if admin => next.deleted = true,
            Body::AccessGranted(body) if admin || rescue => {
                self.current(body.epoch)?;
                for member in &body.members {
                    self.is_no_smaller(member, directory)?;
                    next.admit(member, placed, directory)?;
                }
                for recipient in &body.recipients {
                    let named = body.members.iter().any(|member| {
                        member.grantee == recipient.principal || directory.in_group_at(member.grantee, *recipient, seen)
                    });
                    if !named || !stands_as(directory, *recipient, seen) {
                        return Err(Refusal::Malformed("it gives the key to somebody it does not let in".to_owned()));
                    }
                    next.openers.insert(*recipient);
                }
            }
            Body::AccessCompleted(body) if role.is_some() => {
                self.current(body.epoch)?;
                self.is_still_granted(body.grant, body.recipient, directory, position, seen)?;
                next.openers.insert(body.recipient);
            }
            Body::EpochStarted(body) if admin || rescue => {
                if body.epoch.number != self.epoch().start.number + 1 || body.epoch.previous.0.is_none() {
                    return Err(Refusal::Order("the vault moved to another key".to_owned()));
                }
                for removal in &body.removes {
                    next.put_out(removal.grantee, removal.role, placed, author)?;
                }
                next.start_epoch(&body.epoch, placed, directory)?;
                next.name = NameReference { hash: body.name, epoch: body.epoch.number, seq: placed.seq };
            }
            Body::VaultUpdated(_)
            | Body::VaultDeleted(_)
            | Body::AccessGranted(_)
            | Body::AccessCompleted(_)
            | Body::EpochStarted(_) => return Err(Refusal::Right("its signer has too low a role".to_owned())),
            _ => return Err(Refusal::Malformed("it does not belong in a vault's log".to_owned())),
        }
        next.advance(placed);
        Ok(next)
    }

    /// The newest epoch.
    pub fn epoch(&self) -> &Epoch {
        &self.epochs[self.epochs.len() - 1]
    }

    /// Whether somebody can open the current epoch's key with their newest keys, or with those that these follow by
    /// rotations.
    pub fn opens(&self, directory: &Directory, who: Id) -> bool {
        let all = Recipient { principal: who, generation: 0 }..=Recipient { principal: who, generation: u32::MAX };
        let newest = directory.principal(who).and_then(|log| Some((log, log.newest()?.number)));
        newest.is_some_and(|(log, newest)| {
            self.openers.range(all).any(|opener| log.same_chain(opener.generation, newest))
        })
    }

    /// Who of the active members can't open the current key, and the place of the grant by which they are in.
    pub fn waiting(&self, directory: &Directory, seen: u64, now: u64) -> Vec<(Recipient, u64)> {
        let unopened = self.recipients(directory, seen).into_iter().filter(|who| !self.opens(directory, who.principal));
        let by_which = |who: Recipient| {
            let grant = self.members.iter().find_map(|(grantee, tenures)| {
                let tenure = tenures.last().filter(|tenure| tenure.role.is_some())?;
                let theirs = *grantee == who.principal || directory.in_group_at(*grantee, who, seen);
                (theirs && tenure.expires_at.is_none_or(|end| now < end)).then_some(tenure.seq)
            });
            grant.map(|grant| (who, grant))
        };
        unopened.filter_map(by_which).collect()
    }

    /// The epoch of this number.
    pub fn epoch_of(&self, number: u32) -> Option<&Epoch> {
        self.epochs.iter().find(|epoch| epoch.start.number == number)
    }

    /// The state of the log after so many entries.
    pub fn state_at(&self, size: u64) -> Option<crate::log::feed::Head> {
        usize::try_from(size).ok().and_then(|size| self.states.get(size.checked_sub(1)?)).copied()
    }

    /// The epoch that was current after so many entries.
    pub fn epoch_at(&self, size: u64) -> Option<u32> {
        self.epochs.iter().rev().find(|epoch| epoch.seq < size).map(|epoch| epoch.start.number)
    }

    /// What a member has now; `None` once put out.
    pub fn tenure(&self, grantee: Id) -> Option<(Role, &Tenure)> {
        let tenure = self.members.get(&grantee)?.last()?;
        tenure.role.map(|role| (role, tenure))
    }

    /// The largest role that somebody could use at this place, by rules 2 and 3: of their own, and of their groups.
    pub fn role_for(
        &self,
        directory: &Directory,
        who: Id,
        generation: u32,
        at: u64,
        position: u64,
        seen: u64,
    ) -> Option<Role> {
        [Role::Admin, Role::Write, Role::Read].into_iter().find(|role| {
            self.members.iter().any(|(grantee, tenures)| {
                let covers = |tenure: &Tenure| {
                    if *grantee == who {
                        let log = directory.principal(who);
                        log.is_some_and(|log| tenure.generation.is_some_and(|of| log.same_chain(of, generation)))
                    } else {
                        directory.acts_in_group(*grantee, Recipient { principal: who, generation }, position, seen)
                    }
                };
                had(tenures, *role, at, position, covers)
            })
        })
    }

    /// Somebody's role after all that was replayed, at this instant; what expired is none.
    pub fn role_now(&self, directory: &Directory, who: Id, now: u64) -> Option<Role> {
        let generation = directory.principal(who)?.newest()?.number;
        self.members
            .iter()
            .filter_map(|(grantee, tenures)| {
                let tenure = tenures.last()?;
                let unexpired = tenure.expires_at.is_none_or(|end| now < end);
                let theirs = if *grantee == who {
                    directory.principal(who)?.same_chain(tenure.generation?, generation)
                } else {
                    directory.in_group_at(*grantee, Recipient { principal: who, generation }, u64::MAX)
                };
                (unexpired && theirs).then_some(tenure.role).flatten()
            })
            .max()
    }

    /// Whether the recovery key may act: the current epoch names it, before a rotation or after.
    pub fn recovery_may(&self, directory: &Directory, who: Id, generation: u32, position: u64, seen: u64) -> bool {
        self.names_recovery(directory, who, generation) && directory.account.recovery_allows(who, position, seen)
    }

    /// Whether the current epoch names these keys as those of recovery, or keys that they follow by rotations.
    pub fn names_recovery(&self, directory: &Directory, who: Id, generation: u32) -> bool {
        self.epoch().start.recovery.is_some_and(|named| {
            named.principal == who
                && directory.principal(who).is_some_and(|log| log.same_chain(named.generation, generation))
        })
    }

    /// Whom an epoch's key is for: the active members as judged in the feed of this size, in order of id.
    pub fn recipients(&self, directory: &Directory, seen: u64) -> BTreeSet<Recipient> {
        self.recipients_without(&[], directory, seen)
    }

    /// As [`VaultLog::recipients`], once these were put out.
    pub fn recipients_without(&self, removed: &[Id], directory: &Directory, seen: u64) -> BTreeSet<Recipient> {
        let mut recipients = BTreeSet::new();
        for (grantee, tenures) in &self.members {
            let in_it = |tenure: &&Tenure| tenure.role.is_some() && !removed.contains(grantee);
            let Some(tenure) = tenures.last().filter(in_it) else { continue };
            if let Some(group) = directory.group(*grantee) {
                for member in group.members_at(seen) {
                    let keys = directory.principal(member).and_then(|log| log.standing_at(seen));
                    let recipient =
                        keys.map(|generation| Recipient { principal: member, generation: generation.number });
                    recipients.extend(recipient.filter(|recipient| directory.in_group_at(*grantee, *recipient, seen)));
                }
            } else if let Some((log, generation)) =
                directory.principal(*grantee).and_then(|log| Some((log, log.standing_at(seen)?)))
                && tenure.generation.is_some_and(|of| log.same_chain(of, generation.number))
            {
                recipients.insert(Recipient { principal: *grantee, generation: generation.number });
            }
        }
        recipients
    }

    /// Whether somebody who can open the current key should no longer: ended, put out or expired.
    pub fn is_due(&self, directory: &Directory, now: u64) -> bool {
        let stands = |Recipient { principal, generation }: Recipient| {
            let log = directory.principal(principal);
            log.is_some_and(|log| log.generation(generation).is_ok_and(|keys| keys.standing.holds()))
        };
        let rescued = self.epoch().start.recovery;
        rescued.is_some_and(|key| directory.account.recovery() != Some(key.principal) || !stands(key))
            || self
                .openers
                .iter()
                .any(|opener| !stands(*opener) || self.role_now(directory, opener.principal, now).is_none())
    }

    fn admit(&mut self, member: &MemberGrant, placed: Placed<'_>, directory: &Directory) -> Verdict {
        let role = role_of(member.role)?;
        let fits = match (member.generation, directory.principal(member.grantee)) {
            (Some(generation), Some(log)) => {
                log.kind != crate::model::id::PrincipalKind::Recovery && log.generation(generation).is_ok()
            }
            (None, None) => directory.group(member.grantee).is_some(),
            _ => false,
        };
        if !fits {
            return Err(Refusal::Malformed("it lets somebody in who is not known, or can be no member".to_owned()));
        }
        self.members.entry(member.grantee).or_default().push(Tenure {
            seq: placed.seq,
            seen: placed.operation.seen.size,
            role: Some(role),
            generation: member.generation,
            expires_at: member.expires_at,
            by: signer(placed.operation)?,
            at: placed.time,
        });
        Ok(())
    }

    fn put_out(&mut self, grantee: Id, role: Option<u8>, placed: Placed<'_>, by: Id) -> Verdict {
        let role = role.map(role_of).transpose()?;
        let tenures = self.members.get_mut(&grantee);
        let Some((tenures, last)) = tenures.and_then(|tenures| tenures.last().cloned().map(|last| (tenures, last)))
        else {
            return Err(Refusal::State("it puts somebody out who is not in".to_owned()));
        };
        if last.role.is_none() || role >= last.role {
            return Err(Refusal::State("it puts somebody out who is not in, or lowers nobody".to_owned()));
        }
        tenures.push(Tenure { seq: placed.seq, seen: placed.operation.seen.size, role, by, at: placed.time, ..last });
        Ok(())
    }

    fn start_epoch(&mut self, start: &EpochStart, placed: Placed<'_>, directory: &Directory) -> Verdict {
        if start.suite != SUITE {
            return Err(Refusal::Malformed("its suite is not known".to_owned()));
        }
        let seen = placed.operation.seen.size;
        let expected: Vec<Recipient> = self.recipients(directory, seen).into_iter().collect();
        if start.recipients != expected {
            return Err(Refusal::Malformed("its key is not for exactly the active members".to_owned()));
        }
        if let Some(recovery) = start.recovery
            && !(directory.account.recovery_allows(recovery.principal, placed.position, seen)
                && stands_as(directory, recovery, seen))
        {
            return Err(Refusal::Malformed("it names a recovery key that is not the account's".to_owned()));
        }
        self.openers = expected.into_iter().collect();
        self.epochs.push(Epoch {
            seq: placed.seq,
            start: start.clone(),
            maker: signer(placed.operation)?,
            maker_generation: placed.operation.generation,
        });
        Ok(())
    }

    /// A role is made smaller by an epoch alone, of a group or along an unbroken chain of somebody's keys.
    fn is_no_smaller(&self, member: &MemberGrant, directory: &Directory) -> Verdict {
        let Some((role, tenure)) = self.tenure(member.grantee) else { return Ok(()) };
        let same = match (tenure.generation, member.generation) {
            (Some(one), Some(other)) => {
                directory.principal(member.grantee).is_some_and(|log| log.same_chain(one, other))
            }
            (one, other) => one == other,
        };
        if same && role_of(member.role)? < role {
            return Err(Refusal::Malformed("a smaller role is given by a new epoch".to_owned()));
        }
        Ok(())
    }

    fn is_still_granted(
        &self,
        grant: u64,
        recipient: Recipient,
        directory: &Directory,
        position: u64,
        seen: u64,
    ) -> Verdict {
        let refused = || Refusal::State("the grant that it completes is no longer in force".to_owned());
        let entry = self.members.iter().find_map(|(grantee, tenures)| {
            let tenure = tenures.last().filter(|tenure| tenure.seq == grant && tenure.role.is_some())?;
            let theirs =
                *grantee == recipient.principal || directory.acts_in_group(*grantee, recipient, position, seen);
            theirs.then_some(tenure)
        });
        let tenure = entry.ok_or_else(refused)?;
        let giver = directory.principal(tenure.by).and_then(|log| log.standing_at(seen));
        let may = giver.is_some_and(|keys| {
            match self.role_for(directory, tenure.by, keys.number, self.progress.head().size, position, seen) {
                Some(role) => role == Role::Admin || tenure.seq == 0,
                None => directory.account.recovery_allows(tenure.by, position, seen),
            }
        });
        let chain = directory
            .principal(recipient.principal)
            .is_some_and(|log| tenure.generation.is_none_or(|of| log.same_chain(of, recipient.generation)));
        if may && chain && stands_as(directory, recipient, seen) { Ok(()) } else { Err(refused()) }
    }

    fn current(&self, epoch: u32) -> Verdict {
        if epoch == self.epoch().start.number {
            Ok(())
        } else {
            Err(Refusal::Order("the vault moved to another key".to_owned()))
        }
    }

    fn advance(&mut self, placed: Placed<'_>) {
        self.progress.advance(placed);
        self.states.push(self.progress.head());
        self.updated_at = placed.time;
    }
}

/// Whether a member had a role after `at` entries of the vault log, and nothing that took it away later left out the operation at `position`.
fn had(tenures: &[Tenure], role: Role, at: u64, position: u64, covers: impl Fn(&Tenure) -> bool) -> bool {
    let Some(last) = tenures.iter().rposition(|tenure| tenure.seq < at) else { return false };
    tenures[last].role >= Some(role)
        && covers(&tenures[last])
        && tenures[last + 1..].iter().all(|later| later.role >= Some(role) || position < later.seen)
}

fn stands_as(directory: &Directory, recipient: Recipient, seen: u64) -> bool {
    directory
        .principal(recipient.principal)
        .and_then(|log| log.standing_at(seen))
        .is_some_and(|generation| generation.number == recipient.generation)
}

fn signer(operation: &Operation) -> Verdict<Id> {
    operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))
}
