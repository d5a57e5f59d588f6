//! A principal's log: its keys by generation, its rights, where it stands.

use super::timeline::Timeline;
use super::{Directory, Placed, Progress, Refusal, Verdict};
use crate::log::body::{KeySet, PrincipalAdded, kind_of, rights_of};
use crate::log::operation::Body;
use crate::model::id::{Id, PrincipalKind};
use crate::model::principal::{PrincipalState, Rights};

/// The number of a right over the account, as its bit in `principal.added`.
pub type Right = usize;
/// May make vaults.
pub const CREATE_VAULTS: Right = 0;
/// May make, change and end principals and groups.
pub const MANAGE_USERS: Right = 1;
/// May change the policy.
pub const MANAGE_POLICY: Right = 2;
/// May read the whole audit.
pub const READ_AUDIT: Right = 3;

/// One generation of a principal's keys.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Its number.
    pub number: u32,
    /// Its public keys.
    pub keys: KeySet,
    /// Memberships carry over within a chain; a reissue begins another.
    pub chain: u32,
    /// When it could sign.
    pub standing: Timeline,
    /// The old secrets, sealed under this generation's self key, where the holder rotated.
    pub retired: Option<Vec<u8>>,
}

/// A key for recovery that a principal has wrapped to the recovery key.
#[derive(Clone, Debug)]
pub struct Recoverable {
    /// The principal's own generation.
    pub generation: u32,
    /// The recovery principal.
    pub recovery: Id,
    /// Its generation.
    pub recovery_generation: u32,
    /// The wrap.
    pub wrap: Vec<u8>,
}

/// A principal's log, replayed.
#[derive(Clone, Debug)]
pub struct PrincipalLog {
    /// The hash of its first operation.
    pub id: Id,
    /// How far it was replayed.
    pub progress: Progress,
    /// User, service account or recovery key.
    pub kind: PrincipalKind,
    /// Its keys, oldest first.
    pub generations: Vec<Generation>,
    /// Its rights, by number.
    pub rights: [Timeline; 4],
    /// Binds name and e-mail.
    pub profile: Id,
    /// In milliseconds since 1970.
    pub expires_at: Option<u64>,
    /// When it was added, in milliseconds since 1970.
    pub created_at: u64,
    /// Where it stands.
    pub state: PrincipalState,
    /// Whether its present keys were made by somebody else.
    pub issued: bool,
    /// Who added it; `None` for those the account began with.
    pub added_by: Option<Id>,
    /// Its keys for recovery.
    pub recoverable: Vec<Recoverable>,
}

impl PrincipalLog {
    /// The log of its first entry.
    pub(super) fn begin(placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        let Body::PrincipalAdded(body) = &placed.operation.body else {
            return Err(Refusal::Malformed("a principal begins with principal.added".to_owned()));
        };
        let operation = placed.operation;
        let progress = Progress::new();
        progress.expect_at(placed)?;
        if operation.account != Some(directory.account.id) || operation.log.is_some() {
            return Err(Refusal::Malformed("it names another account, or its own log".to_owned()));
        }
        let kind = kind_of(body.kind)?;
        match operation.signer {
            None => begins_the_account(body, kind, directory)?,
            Some(signer) => certified(signer, body, kind, placed, directory)?,
        }
        let invited = body.generation == 0;
        if body.generation > 1 || (invited && kind != PrincipalKind::User) {
            return Err(Refusal::Malformed("its first keys are of another generation".to_owned()));
        }
        if invited == (body.keys.kem.0.is_some() || body.keys.note.0.is_some()) {
            return Err(Refusal::Malformed("its key set is not that of its generation".to_owned()));
        }
        let mut rights: [Timeline; 4] = Default::default();
        set_rights(&mut rights, body.rights, placed.position, operation.seen.size);
        let mut log = Self {
            id: placed.log.id,
            progress,
            kind,
            generations: Vec::new(),
            rights,
            profile: body.profile,
            expires_at: body.expires_at,
            created_at: placed.time,
            state: if invited { PrincipalState::Invited } else { PrincipalState::Active },
            issued: operation.signer.is_some(),
            added_by: operation.signer,
            recoverable: Vec::new(),
        };
        log.begin_generation(body.generation, &body.keys, 0, placed.position, None);
        log.progress.advance(placed);
        Ok(log)
    }

    /// The log with one more entry.
    pub(super) fn apply(&self, placed: Placed<'_>, directory: &Directory) -> Verdict<Self> {
        self.progress.expect_at(placed)?;
        let operation = placed.operation;
        let seen = operation.seen.size;
        let signer = operation.signer.ok_or_else(|| Refusal::Malformed("it has no signer".to_owned()))?;
        directory.signs(signer, operation.generation, placed.position, seen)?;
        if self.state == PrincipalState::Deleted {
            return Err(Refusal::State("the principal was deleted".to_owned()));
        }
        let mut next = self.clone();
        match &operation.body {
            Body::PrincipalUpdated(body) => {
                self.managed_by(signer, placed, directory)?;
                grants_only_what_it_has(signer, body.rights, placed, directory)?;
                set_rights(&mut next.rights, body.rights, placed.position, seen);
                next.profile = body.profile;
                next.expires_at = body.expires_at;
            }
            Body::PrincipalSuspended(_) => {
                self.managed_by(signer, placed, directory)?;
                next.end_generation(placed.position, seen);
                next.state = PrincipalState::Suspended;
            }
            Body::PrincipalReactivated(_) => {
                self.managed_by(signer, placed, directory)?;
                if self.state != PrincipalState::Suspended {
                    return Err(Refusal::State("the principal is not suspended".to_owned()));
                }
                let invited = next.generations.last().is_some_and(|generation| generation.number == 0);
                next.state = if invited { PrincipalState::Invited } else { PrincipalState::Active };
                if let Some(generation) = next.generations.last_mut() {
                    generation.standing.give(placed.position);
                }
            }
            Body::PrincipalDeleted(_) => {
                self.managed_by(signer, placed, directory)?;
                next.end_generation(placed.position, seen);
                next.state = PrincipalState::Deleted;
            }
            Body::PrincipalRotated(body) => {
                let (old, chain) = self.own(signer, operation.generation)?;
                if old == 0 {
                    return Err(Refusal::State("an invitation is accepted, not rotated".to_owned()));
                }
                next.end_generation(placed.position, seen);
                next.begin_generation(old + 1, &body.keys, chain, placed.position, Some(body.retired.to_vec()));
                next.issued = false;
            }
            Body::PrincipalAccepted(body) => {
                let (old, chain) = self.own(signer, operation.generation)?;
                if old != 0 {
                    return Err(Refusal::State("there is no invitation to accept".to_owned()));
                }
                next.end_generation(placed.position, seen);
                next.begin_generation(1, &body.keys, chain, placed.position, None);
                next.state = PrincipalState::Active;
                next.issued = false;
            }
            Body::PrincipalReissued(body) => {
                self.managed_by(signer, placed, directory)?;
                let newest = self.generations.last().map_or((0, 0), |newest| (newest.number, newest.chain));
                next.end_generation(placed.position, seen);
                next.begin_generation(newest.0 + 1, &body.keys, newest.1 + 1, placed.position, None);
                set_rights(&mut next.rights, 0, placed.position, seen);
                next.state = PrincipalState::Active;
                next.issued = true;
            }
            Body::PrincipalRecoverable(body) => {
                self.own(signer, operation.generation)?;
                next.recoverable.push(Recoverable {
                    generation: operation.generation,
                    recovery: body.recovery.principal,
                    recovery_generation: body.recovery.generation,
                    wrap: body.wrap.to_vec(),
                });
            }
            _ => return Err(Refusal::Malformed("it does not belong in a principal's log".to_owned())),
        }
        next.progress.advance(placed);
        Ok(next)
    }

    /// The keys of a generation.
    pub fn generation(&self, number: u32) -> Verdict<&Generation> {
        self.generations
            .iter()
            .find(|generation| generation.number == number)
            .ok_or_else(|| Refusal::Malformed(format!("its signer has no keys of generation {number}")))
    }

    /// Whether it may sign now.
    pub fn stands(&self) -> bool {
        self.state == PrincipalState::Active
    }

    /// The newest keys.
    pub fn newest(&self) -> Option<&Generation> {
        self.generations.last()
    }

    /// The generation that stood in the feed of this size and has keys of its own; an invitation's code has none.
    pub fn standing_at(&self, size: u64) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.number > 0 && generation.standing.held_at(size))
    }

    /// Whether what was given to the principal itself at this place in the feed, and not to a generation of it, is also
    /// this generation's: a reissue between ends it.
    pub fn had_chain_at(&self, position: u64, generation: u32) -> bool {
        let begun = |keys: &&Generation| keys.standing.begun().is_some_and(|begun| begun <= position);
        self.generations.iter().rfind(begun).is_some_and(|keys| self.same_chain(keys.number, generation))
    }

    /// Whether a membership of one generation is also the other's.
    pub fn same_chain(&self, one: u32, other: u32) -> bool {
        match (self.generation(one), self.generation(other)) {
            (Ok(one), Ok(other)) => one.chain == other.chain,
            _ => false,
        }
    }

    /// The rights it has now, the owner's aside.
    pub fn rights_now(&self) -> Rights {
        Rights {
            can_create_vaults: self.rights[CREATE_VAULTS].holds(),
            can_manage_users: self.rights[MANAGE_USERS].holds(),
            can_manage_policy: self.rights[MANAGE_POLICY].holds(),
            can_read_audit: self.rights[READ_AUDIT].holds(),
        }
    }

    fn begin_generation(&mut self, number: u32, keys: &KeySet, chain: u32, position: u64, retired: Option<Vec<u8>>) {
        let mut standing = Timeline::default();
        standing.give(position);
        self.generations.push(Generation { number, keys: keys.clone(), chain, standing, retired });
    }

    fn end_generation(&mut self, position: u64, seen: u64) {
        for generation in &mut self.generations {
            generation.standing.take(position, seen);
        }
    }

    /// The newest generation and its chain, if the signer is the principal itself, with its newest keys.
    fn own(&self, signer: Id, generation: u32) -> Verdict<(u32, u32)> {
        let newest = self.newest().map(|newest| (newest.number, newest.chain));
        match newest {
            Some((number, chain)) if signer == self.id && number == generation => Ok((number, chain)),
            _ => Err(Refusal::Right("only the holder of the newest keys may sign it".to_owned())),
        }
    }

    /// The owner manages everybody; others whom they lack no right of, and neither owner nor recovery key.
    fn managed_by(&self, signer: Id, placed: Placed<'_>, directory: &Directory) -> Verdict {
        let (position, seen) = (placed.position, placed.operation.seen.size);
        if directory.account.owner_allows(signer, position, seen) {
            return Ok(());
        }
        if !directory.allows(signer, MANAGE_USERS, position, seen) {
            return Err(Refusal::Right("its signer may not manage users".to_owned()));
        }
        let protected = directory.account.is_root_at(self.id, position);
        let above = (0..4).any(|right| self.rights[right].holds() && !directory.allows(signer, right, position, seen));
        if protected || above {
            return Err(Refusal::Right("its signer may not manage somebody with more rights".to_owned()));
        }
        Ok(())
    }
}

fn begins_the_account(body: &PrincipalAdded, kind: PrincipalKind, directory: &Directory) -> Verdict {
    let root = &directory.account.root;
    let named = match kind {
        PrincipalKind::User => directory.account.owner().is_none() && body.keys == root.owner,
        PrincipalKind::Recovery => directory.account.recovery().is_none() && body.keys == root.recovery,
        PrincipalKind::Service => false,
    };
    if named && body.generation == 1 { Ok(()) } else { Err(Refusal::Right("nobody certified its keys".to_owned())) }
}

fn certified(
    signer: Id,
    body: &PrincipalAdded,
    kind: PrincipalKind,
    placed: Placed<'_>,
    directory: &Directory,
) -> Verdict {
    let (position, seen) = (placed.position, placed.operation.seen.size);
    directory.signs(signer, placed.operation.generation, position, seen)?;
    let owner = directory.account.owner_allows(signer, position, seen);
    let rescue =
        kind == PrincipalKind::User && body.rights == 0 && directory.account.recovery_allows(signer, position, seen);
    if kind == PrincipalKind::Recovery && !owner {
        return Err(Refusal::Right("only the owner may add a recovery key".to_owned()));
    }
    if !(rescue || directory.allows(signer, MANAGE_USERS, position, seen)) {
        return Err(Refusal::Right("its signer may not manage users".to_owned()));
    }
    grants_only_what_it_has(signer, body.rights, placed, directory)
}

fn grants_only_what_it_has(signer: Id, rights: u8, placed: Placed<'_>, directory: &Directory) -> Verdict {
    rights_of(rights)?;
    let (position, seen) = (placed.position, placed.operation.seen.size);
    let lacks = (0..4).any(|right| rights & (1 << right) != 0 && !directory.allows(signer, right, position, seen));
    if lacks {
        return Err(Refusal::Right("its signer gives a right that it lacks".to_owned()));
    }
    Ok(())
}

fn set_rights(timelines: &mut [Timeline; 4], rights: u8, position: u64, seen: u64) {
    for (right, timeline) in timelines.iter_mut().enumerate() {
        match (rights & (1 << right) != 0, timeline.holds()) {
            (true, false) => timeline.give(position),
            (false, true) => timeline.take(position, seen),
            _ => {}
        }
    }
}
