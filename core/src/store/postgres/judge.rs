//! Whether a change is taken, and what it leaves for the changes after it in its group. Nothing is written while it is
//! judged, so one that is refused leaves no trace.

use std::collections::{HashMap, HashSet};

use super::claim::{Claim, EMAIL, EXTERNAL};
use super::convert::int;
use super::found::{Found, Used};
use super::hold::{Held, Hold, Holds};
use super::request::{Unit, unit, unit_of};
use super::staged::{Staged, StagedEntry};
use crate::error::{Error, Result};
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::{Append, ChangeSet, Guard, Receipt, Row};

/// The bytes of a hash in the list of a file's pieces.
const HASH: usize = 32;

/// What becomes of a change.
pub(super) enum Verdict {
    /// It is to be looked at again: what it rests on is not in the feed yet.
    Later,
    Stale(usize),
    Repeated(usize, Receipt),
    Refused(Error),
    Taken(Taken),
}

/// A change that is taken.
pub(super) struct Taken {
    pub(super) staged: Staged,
    /// Each entry's log, place and operation id, in order.
    pub(super) entries: Vec<(LogId, u64, Id)>,
    pub(super) signers: Vec<Id>,
}

/// What is written beside the changes themselves.
#[derive(Clone, Default)]
pub(super) struct Delta {
    /// The sizes of units' logs.
    pub(super) sizes: HashMap<Unit, (u64, u64)>,
    /// None: given up.
    pub(super) claims: HashMap<Claim, Option<Id>>,
    pub(super) published: HashSet<Id>,
    pub(super) pieces: HashMap<Id, Vec<u8>>,
    pub(super) released: Vec<(Id, Id, Option<Id>)>,
    pub(super) held: Vec<Held>,
    /// Rows of changes without entries: they wait for no place.
    pub(super) rows: Vec<Row>,
    items: HashMap<(Id, Id), u64>,
    ended: HashSet<(Id, Id)>,
    parts: HashSet<(Id, Id, u64)>,
    operations: HashSet<(LogId, Option<Id>, Id)>,
    begun: HashSet<(Option<Id>, Id)>,
    signers: HashSet<Id>,
    gone: HashSet<Unit>,
}

/// Judges the changes of one group, in order.
pub(super) struct Judge {
    found: Found,
    /// What the changes before leave.
    pub(super) group: Delta,
    /// What this change adds.
    trial: Delta,
    holds: Holds,
}

impl Judge {
    pub(super) fn new(mut found: Found) -> Self {
        let holds = std::mem::take(&mut found.holds);
        Self { found, group: Delta::default(), trial: Delta::default(), holds }
    }

    /// What was looked up.
    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// Whether a unit has entries that the feed does not have yet.
    pub(super) fn is_behind(&self, unit: Unit) -> bool {
        self.found.unit(unit).is_behind()
    }

    /// Takes a hold; `false` if one of somebody else stands.
    pub(super) fn hold(&mut self, hold: Hold) -> bool {
        let placed = self.holds.place(hold, self.found.now);
        if let Some(held) = placed {
            self.group.released.push((hold.by, hold.signer, hold.vault));
            self.group.held.push(held);
        }
        placed.is_some()
    }

    /// Judges a change; if it is taken, those after it see it.
    pub(super) fn change(&mut self, change: &ChangeSet, units: impl Iterator<Item = Unit>) -> Verdict {
        let touched: Vec<Unit> = units.collect();
        if touched.iter().any(|unit| self.found.unit(*unit).is_behind()) {
            return Verdict::Later;
        }
        // Of a vault that ends in this group, nothing more is known.
        if touched.iter().any(|unit| self.group.gone.contains(unit)) {
            return Verdict::Later;
        }
        // Rows that wait for no place go after the entries before them, which have none yet.
        if change.appends.is_empty() && touched.iter().any(|unit| self.group.sizes.contains_key(unit)) {
            return Verdict::Later;
        }
        self.trial = Delta::default();
        match self.attempt(change) {
            Ok(verdict) => {
                if matches!(verdict, Verdict::Taken(_)) {
                    self.keep();
                }
                verdict
            }
            Err(error) => Verdict::Refused(error),
        }
    }

    fn keep(&mut self) {
        let Delta {
            sizes,
            claims,
            published,
            pieces,
            released,
            held,
            rows,
            items,
            ended,
            parts,
            operations,
            begun,
            signers,
            gone,
        } = std::mem::take(&mut self.trial);
        for (by, signer, vault) in &released {
            self.holds.release(*by, *signer, *vault);
        }
        let group = &mut self.group;
        group.sizes.extend(sizes);
        group.claims.extend(claims);
        group.published.extend(published);
        group.pieces.extend(pieces);
        group.released.extend(released);
        group.held.extend(held);
        group.rows.extend(rows);
        for item in items.keys() {
            group.ended.remove(item);
        }
        for item in &ended {
            group.parts.retain(|(vault, of, _)| (*vault, *of) != *item);
        }
        group.items.extend(items);
        group.ended.extend(ended);
        group.parts.extend(parts);
        group.operations.extend(operations);
        group.begun.extend(begun);
        group.signers.extend(signers);
        group.gone.extend(gone);
    }

    fn attempt(&mut self, change: &ChangeSet) -> Result<Verdict> {
        // Before the guards: a retry of what was committed fails its own guards, and must still get its answer.
        let mut own = HashSet::with_capacity(change.appends.len());
        for (number, append) in change.appends.iter().enumerate() {
            if !own.insert((append.log, append.signer, append.operation_id)) {
                return Err(Error::invalid_argument(
                    "one change was to append two entries with one operation id to one log",
                ));
            }
            match self.repeated(append) {
                Repeat::No => {}
                Repeat::Unsequenced => return Ok(Verdict::Later),
                Repeat::Of(receipt) => return Ok(Verdict::Repeated(number, receipt)),
            }
        }
        for (number, guard) in change.guards.iter().enumerate() {
            match self.holds(guard) {
                Some(true) => {}
                Some(false) => return Ok(Verdict::Stale(number)),
                None => return Ok(Verdict::Later),
            }
        }
        for append in &change.appends {
            if self.holds.keeps_out(append.log, append.signer, self.found.now) {
                let on_log = |guard: &Guard| matches!(guard, Guard::LogAt { log, .. } if *log == append.log);
                return Ok(Verdict::Stale(change.guards.iter().position(on_log).unwrap_or(change.guards.len())));
            }
        }
        if change.guards.iter().any(|guard| matches!(guard, Guard::Empty)) {
            self.trial.claims.insert(Claim::account(), Some(Id([0; 32])));
        }
        let mut places = Vec::with_capacity(change.appends.len());
        for append in &change.appends {
            places.push(self.append(append)?);
        }
        if let Some(session) = &change.session {
            storable(session.app.as_deref(), &[])?;
        }
        for row in &change.rows {
            self.row(row, &places)?;
        }
        Ok(Verdict::Taken(self.taken(change, places)))
    }

    /// What is written of a change that is taken.
    fn taken(&mut self, change: &ChangeSet, places: Vec<(LogId, u64, Id)>) -> Taken {
        let mut rows = Vec::with_capacity(change.rows.len());
        for row in &change.rows {
            match row {
                // Nobody sees it until a file's row names it.
                Row::Piece { file, piece } => _ = self.trial.pieces.insert(*file, piece.clone()),
                Row::Release { by, signer, vault } => self.trial.released.push((*by, *signer, *vault)),
                row => rows.push(row.clone()),
            }
        }
        let mut signers: Vec<Id> = change.appends.iter().filter_map(|append| append.signer).collect();
        signers.sort_unstable();
        signers.dedup();
        self.trial.signers.extend(&signers);
        if change.appends.is_empty() {
            self.trial.rows.append(&mut rows);
        }
        let appends = change.appends.iter().zip(&places);
        let entries = appends.map(|(append, (_, seq, _))| StagedEntry::of(append.clone(), *seq)).collect();
        Taken { staged: Staged { session: change.session.clone(), entries, rows }, entries: places, signers }
    }

    /// The sizes of a unit's logs, as far as the group has come.
    fn sizes(&self, of: Unit) -> (u64, u64) {
        let known = self.trial.sizes.get(&of).or_else(|| self.group.sizes.get(&of));
        known.copied().unwrap_or_else(|| {
            let state = self.found.unit(of);
            (state.size, state.items)
        })
    }

    /// The size of a log; none before its first entry (an item log's: before its vault's).
    fn size(&self, log: LogId) -> Option<u64> {
        let (size, items) = self.sizes(unit(log));
        (size > 0).then_some(if log.kind == LogKind::Items { items } else { size })
    }

    fn repeated(&self, append: &Append) -> Repeat {
        let Append { log, signer, operation_id, .. } = append;
        let known = self.size(*log).is_some();
        let is_it = |used: &&Used| {
            used.operation_id == *operation_id
                && used.signer == *signer
                // A log that has not begun: what began another is its repeat.
                && if known { used.receipt.log == *log } else { used.receipt.seq == 0 }
        };
        if let Some(used) = self.found.used.iter().find(is_it) {
            return Repeat::Of(used.receipt);
        }
        let begun = !known
            && (self.group.begun.contains(&(*signer, *operation_id))
                || self.found.claims.contains_key(&Claim::begun(*signer, *operation_id)));
        if begun || self.group.operations.contains(&(*log, *signer, *operation_id)) {
            return Repeat::Unsequenced;
        }
        Repeat::No
    }

    /// Whether a guard holds; none if that can't be said before all that is committed is in the feed.
    fn holds(&self, guard: &Guard) -> Option<bool> {
        match guard {
            Guard::Empty => {
                Some(self.found.empty && self.claim(&Claim::account()).is_none() && self.group.sizes.is_empty())
            }
            Guard::LogAt { log, size } => {
                let holds = self.size(*log).unwrap_or(0) == *size;
                if !holds && self.found.unit(*log).is_behind() {
                    // Who is told that it is stale looks again, and has to see why.
                    return None;
                }
                Some(holds)
            }
            Guard::ItemAt { vault, item, version } => {
                if self.size(LogId { kind: LogKind::Vault, id: *vault }).is_none() {
                    return Some(*version == 0);
                }
                Some(self.item(*vault, *item).unwrap_or(0) == *version)
            }
            Guard::NoExternal { creator, external_id } => {
                Some(self.claim(&Claim::external(*creator, external_id)).is_none())
            }
            Guard::NoEmail { email } => Some(self.claim(&Claim::email(email)).is_none()),
            Guard::NoneSince { signer, vault, size } => {
                if self.found.unsequenced.contains(signer) || self.group.signers.contains(signer) {
                    return None;
                }
                let newest = self.found.since.get(&(*signer, *vault));
                Some(newest.is_none_or(|position| position < size))
            }
            Guard::NotHeld { signer, vault } => Some(!self.holds.holds(*signer, *vault, self.found.now)),
        }
    }

    /// An item's newest version.
    fn item(&self, vault: Id, item: Id) -> Option<u64> {
        let known = self.trial.items.get(&(vault, item)).or_else(|| self.group.items.get(&(vault, item)));
        known.copied().or_else(|| self.found.items.get(&(vault, item)).map(|state| state.version))
    }

    /// Who has a name.
    fn claim(&self, claim: &Claim) -> Option<Id> {
        let known = self.trial.claims.get(claim).or_else(|| self.group.claims.get(claim));
        known.copied().unwrap_or_else(|| self.found.claims.get(claim).copied())
    }

    /// Gives an entry its place in its log.
    fn append(&mut self, append: &Append) -> Result<(LogId, u64, Id)> {
        let Append { log, signer, operation_id, .. } = append;
        let of = unit(*log);
        let (mut size, mut items) = self.sizes(of);
        let seq = match (log.kind, size) {
            (LogKind::Items, 0) => {
                return Err(Error::invalid_argument("an entry was to go to the items of a vault that has no log yet"));
            }
            (LogKind::Items, _) => {
                items += 1;
                items - 1
            }
            (_, 0) => {
                self.trial.begun.insert((*signer, *operation_id));
                self.trial.claims.insert(Claim::begun(*signer, *operation_id), Some(log.id));
                size = 1;
                0
            }
            (..) => {
                size += 1;
                size - 1
            }
        };
        self.trial.sizes.insert(of, (size, items));
        self.trial.operations.insert((*log, *signer, *operation_id));
        Ok((*log, seq, *operation_id))
    }

    /// Takes up what a row changes, or says why it can't stand.
    fn row(&mut self, row: &Row, places: &[(LogId, u64, Id)]) -> Result<()> {
        if let Some(of) = unit_of(row)
            && self.size(of).is_none()
        {
            return Err(Error::invalid_argument(format!("a row names a {} whose log has not begun", of.kind.as_str())));
        }
        match row {
            Row::Principal { name, email, .. } => {
                storable(Some(name), &[])?;
                storable(email.as_deref(), &[])?;
            }
            Row::Vault { external_id, .. } => storable(external_id.as_deref(), &[])?,
            Row::Member(member) => storable(None, &[member.expires_at.unwrap_or(0)])?,
            Row::Item { version, .. } | Row::ItemGone { version, .. } => storable(None, &[*version])?,
            Row::File { length, .. } => storable(None, &[*length])?,
            _ => {}
        }
        match row {
            Row::Principal { principal, email, active, .. } => {
                let wanted = email.as_ref().filter(|_| *active).map(|email| Claim::email(email));
                self.give_up(*principal, wanted.as_ref());
                if let Some(wanted) = wanted {
                    self.take(wanted, *principal)?;
                }
            }
            Row::Vault { vault, creator, external_id: Some(external_id) } => {
                self.take(Claim::external(*creator, external_id), *vault)?;
            }
            Row::VaultGone { vault } => {
                self.give_up(*vault, None);
                self.trial.gone.insert(LogId { kind: LogKind::Vault, id: *vault });
            }
            Row::Item { vault, item, version, entry, .. } => {
                in_items(places, *entry)?;
                if self.has_part(*vault, *item, *version) {
                    return Err(one_name());
                }
                self.trial.items.insert((*vault, *item), *version);
                self.trial.ended.remove(&(*vault, *item));
                self.trial.parts.insert((*vault, *item, *version));
            }
            Row::ItemGone { vault, item, version, entry } => {
                in_items(places, *entry)?;
                self.item(*vault, *item).ok_or_else(no_item)?;
                self.trial.items.insert((*vault, *item), *version);
                self.trial.parts.retain(|(of, other, _)| (of, other) != (vault, item));
                self.trial.ended.insert((*vault, *item));
            }
            Row::File { vault, item, file, entry, leaves, .. } => {
                in_items(places, *entry)?;
                self.item(*vault, *item).ok_or_else(no_item)?;
                let pending = self.found.uploads.contains(file) && !self.group.published.contains(file);
                if !pending && leaves.len() > HASH {
                    // More than one piece comes by an upload alone. Its day is over, or never began: nothing could be read.
                    return Err(Error::conflict(
                        "the file's upload expired before it was attached: send the file again",
                    ));
                }
                if self.claim(&Claim::file(*file)).is_some() {
                    return Err(one_name());
                }
                self.trial.claims.insert(Claim::file(*file), Some(*vault));
                self.trial.published.insert(*file);
            }
            _ => {}
        }
        Ok(())
    }

    fn has_part(&self, vault: Id, item: Id, version: u64) -> bool {
        let part = (vault, item, version);
        if self.trial.parts.contains(&part) || self.group.parts.contains(&part) {
            return true;
        }
        let ended = self.trial.ended.contains(&(vault, item)) || self.group.ended.contains(&(vault, item));
        !ended && self.found.parts.contains(&part)
    }

    /// Takes a name, unless somebody else has it.
    fn take(&mut self, claim: Claim, owner: Id) -> Result<()> {
        if self.claim(&claim).is_some_and(|other| other != owner) {
            return Err(one_name());
        }
        self.trial.claims.insert(claim, Some(owner));
        Ok(())
    }

    /// Gives up the names of an owner, but for one.
    fn give_up(&mut self, owner: Id, but: Option<&Claim>) {
        let stored = self.found.owned.get(&owner).into_iter().flatten();
        let taken = self.group.claims.iter().chain(&self.trial.claims);
        // What operations and files have stays theirs.
        let taken = taken.filter(|(claim, by)| **by == Some(owner) && matches!(claim.kind, EXTERNAL | EMAIL));
        let all = stored.chain(taken.map(|(claim, _)| claim)).filter(|claim| Some(*claim) != but);
        let all: Vec<Claim> = all.cloned().collect();
        for claim in all {
            if self.claim(&claim) == Some(owner) {
                self.trial.claims.insert(claim, None);
            }
        }
    }
}

/// The entry that used an operation id before.
enum Repeat {
    No,
    /// It has no place in the feed yet.
    Unsequenced,
    Of(Receipt),
}

/// Refuses a row whose entry is none of an item log.
fn in_items(places: &[(LogId, u64, Id)], entry: usize) -> Result<()> {
    match places.get(entry) {
        Some((log, ..)) if log.kind == LogKind::Items => Ok(()),
        _ => Err(Error::invalid_argument(format!(
            "a row names entry {entry} of its change, which is none of an item log"
        ))),
    }
}

/// Refuses what no column takes, before it waits for its place: there it would stand in everybody's way.
fn storable(text: Option<&str>, numbers: &[u64]) -> Result<()> {
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(Error::invalid_argument("a text has the character of number 0, which PostgreSQL does not keep"));
    }
    numbers.iter().try_for_each(|number| int(*number).map(drop))
}

fn no_item() -> Error {
    Error::invalid_argument("a row names an item that its vault does not have")
}

fn one_name() -> Error {
    Error::conflict("the change would give two things one name: read what is there and try again")
}
