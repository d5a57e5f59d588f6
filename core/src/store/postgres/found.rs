//! What a group of requests is judged by: looked up at once, when all locks are held.

use std::collections::{HashMap, HashSet};

use futures_util::future::{join, join3, try_join_all};

use super::claim::{Claim, EMAIL, EXTERNAL};
use super::connect::Transaction;
use super::convert::{Columns, bound, kind_number};
use super::hold::{Held, Hold, Holds};
use super::request::{Request, Unit, unit};
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::{Append, Guard, Receipt, Row, tree_key};

/// A vault's two logs, or another log: as committed, and as far as the feed has it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UnitState {
    pub(super) size: u64,
    pub(super) items: u64,
    sequenced: u64,
    sequenced_items: u64,
    /// Its leaf, once it is sequenced.
    pub(super) leaf: Option<u64>,
}

impl UnitState {
    /// Whether there are entries that the feed does not have yet.
    pub(super) fn is_behind(&self) -> bool {
        self.size > self.sequenced || self.items > self.sequenced_items
    }
}

/// An entry that used an operation id that a request uses.
pub(super) struct Used {
    pub(super) operation_id: Id,
    pub(super) signer: Option<Id>,
    pub(super) receipt: Receipt,
}

/// An item's newest version.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemState {
    pub(super) version: u64,
}

/// Everything that was looked up.
#[derive(Default)]
pub(super) struct Found {
    pub(super) now: u64,
    /// Whether nothing was ever taken.
    pub(super) empty: bool,
    pub(super) units: HashMap<Unit, UnitState>,
    pub(super) used: Vec<Used>,
    pub(super) holds: Holds,
    pub(super) items: HashMap<(Id, Id), ItemState>,
    /// Versions whose parts are there.
    pub(super) parts: HashSet<(Id, Id, u64)>,
    pub(super) claims: HashMap<Claim, Id>,
    /// The claims of owners that may give them up.
    pub(super) owned: HashMap<Id, Vec<Claim>>,
    pub(super) uploads: HashSet<Id>,
    /// The newest place of a signer: anywhere, or in a vault.
    pub(super) since: HashMap<(Id, Option<Id>), u64>,
    /// Who signed what the feed does not have yet, of those that are to end.
    pub(super) unsequenced: HashSet<Id>,
}

/// What is to be looked up.
#[derive(Default)]
struct Wanted {
    ids: HashSet<Id>,
    operations: Vec<Id>,
    items: HashSet<(Id, Id, u64)>,
    claims: HashSet<Claim>,
    owners: HashSet<Id>,
    uploads: Vec<Id>,
    since: HashSet<(Id, Option<Id>)>,
}

impl Wanted {
    fn add(&mut self, request: &Request) {
        self.ids.extend(request.needs().units.iter().map(|unit| unit.id));
        let Request::Commit(change, _) = request else { return };
        for Append { log, signer, operation_id, .. } in &change.appends {
            self.operations.push(*operation_id);
            self.claims.insert(Claim::begun(*signer, *operation_id));
            self.ids.insert(log.id);
        }
        for guard in &change.guards {
            match guard {
                Guard::Empty => _ = self.claims.insert(Claim::account()),
                Guard::LogAt { log, .. } => _ = self.ids.insert(log.id),
                Guard::ItemAt { vault, item, .. } => _ = self.items.insert((*vault, *item, 0)),
                Guard::NoExternal { creator, external_id } => {
                    self.claims.insert(Claim::external(*creator, external_id));
                }
                Guard::NoEmail { email } => _ = self.claims.insert(Claim::email(email)),
                Guard::NoneSince { signer, vault, .. } => _ = self.since.insert((*signer, *vault)),
                Guard::NotHeld { .. } => {}
            }
        }
        for row in &change.rows {
            match row {
                Row::Principal { principal, email, active, .. } => {
                    self.owners.insert(*principal);
                    self.claims.extend(email.iter().filter(|_| *active).map(|email| Claim::email(email)));
                }
                Row::Vault { creator, external_id: Some(external_id), .. } => {
                    self.claims.insert(Claim::external(*creator, external_id));
                }
                Row::VaultGone { vault } => _ = self.owners.insert(*vault),
                Row::Item { vault, item, version, .. } => _ = self.items.insert((*vault, *item, *version)),
                Row::ItemGone { vault, item, .. } => _ = self.items.insert((*vault, *item, 0)),
                Row::File { vault, item, file, .. } => {
                    self.items.insert((*vault, *item, 0));
                    self.claims.insert(Claim::file(*file));
                    self.uploads.push(*file);
                }
                _ => {}
            }
        }
    }
}

impl Found {
    /// Looks up what these requests need.
    pub(super) async fn of<'r>(transaction: &Transaction, requests: impl Iterator<Item = &'r Request>) -> Result<Self> {
        let mut wanted = Wanted::default();
        requests.for_each(|request| wanted.add(request));
        let mut found = Self::default();
        let (first, second) = join(
            join3(
                units(transaction, wanted.ids.iter().copied().collect()),
                used(transaction, &wanted.operations),
                holds(transaction),
            ),
            join3(
                claims(transaction, &wanted.claims, wanted.owners.iter().copied().collect()),
                uploads(transaction, &wanted.uploads),
                unsequenced(transaction, &wanted.since),
            ),
        )
        .await;
        let (units, used, holds) = first;
        let (claims, uploads, unsequenced) = second;
        (found.units, found.used) = (units?, used?);
        (found.now, found.empty, found.holds) = holds?;
        (found.claims, found.owned) = claims?;
        (found.uploads, found.unsequenced) = (uploads?, unsequenced?);
        // By their leaves, which are known now.
        let (items, since) =
            join(found.look_at_items(transaction, &wanted), found.look_since(transaction, &wanted)).await;
        (found.items, found.parts) = items?;
        found.since = since?;
        Ok(found)
    }

    /// A unit, if its log has begun.
    pub(super) fn unit(&self, log: LogId) -> UnitState {
        self.units.get(&unit(log)).copied().unwrap_or_default()
    }

    fn leaf(&self, vault: Id) -> Option<u64> {
        self.unit(LogId { kind: LogKind::Vault, id: vault }).leaf
    }

    #[allow(clippy::type_complexity, reason = "two of its own fields")]
    async fn look_at_items(
        &self,
        transaction: &Transaction,
        wanted: &Wanted,
    ) -> Result<(HashMap<(Id, Id), ItemState>, HashSet<(Id, Id, u64)>)> {
        let (mut vaults, mut items, mut versions, mut named) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (vault, item, version) in &wanted.items {
            if let Some(leaf) = self.leaf(*vault) {
                vaults.push(bound(leaf));
                items.push(*item);
                versions.push(bound(*version));
                named.push((*vault, *item, *version));
            }
        }
        let (mut states, mut parts) = (HashMap::new(), HashSet::new());
        if named.is_empty() {
            return Ok((states, parts));
        }
        let numbers: Vec<i32> = (0..).take(named.len()).collect();
        let rows = transaction
            .query(
                "SELECT number, item.version, EXISTS (SELECT 1 FROM part WHERE part.vault = asked.vault \
                 AND part.item = asked.item AND part.version = asked.version) \
                 FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BIGINT[], $4::INT[]) AS asked (vault, item, version, number) \
                 JOIN item ON item.vault = asked.vault AND item.id = asked.item",
                &[&vaults, &items, &versions, &numbers],
            )
            .await?;
        for row in rows {
            let number = usize::try_from(row.get_as::<i32>(0)?).unwrap_or_default();
            let Some((vault, item, version)) = named.get(number) else { continue };
            states.insert((*vault, *item), ItemState { version: row.number(1)? });
            if row.flag(2)? {
                parts.insert((*vault, *item, *version));
            }
        }
        Ok((states, parts))
    }

    async fn look_since(&self, transaction: &Transaction, wanted: &Wanted) -> Result<HashMap<(Id, Option<Id>), u64>> {
        let each = wanted.since.iter().map(async |(signer, vault)| {
            let row = match vault {
                None => transaction.one("SELECT max(position) FROM entry WHERE signer = $1", &[signer]).await?,
                Some(vault) => {
                    let Some(leaf) = self.leaf(*vault) else { return Ok(None) };
                    let logs = [LogKind::Vault, LogKind::Items].map(|kind| bound(tree_key::of_log(kind, leaf)));
                    let sql = "SELECT max(position) FROM entry WHERE log = ANY($2) AND signer = $1";
                    transaction.one(sql, &[signer, &logs.as_slice()]).await?
                }
            };
            let newest = row.map(|row| row.maybe_number(0)).transpose()?.flatten();
            Ok::<_, crate::error::Error>(newest.map(|newest| ((*signer, *vault), newest)))
        });
        Ok(try_join_all(each).await?.into_iter().flatten().collect())
    }
}

async fn units(transaction: &Transaction, ids: Vec<Id>) -> Result<HashMap<Unit, UnitState>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = transaction
        .query(
            "SELECT intake.kind, intake.id, intake.size, intake.items, own.size, item.size, own.key FROM intake \
             LEFT JOIN log AS own ON own.id = intake.id AND own.kind = intake.kind \
             LEFT JOIN log AS item ON item.id = intake.id AND intake.kind = 4 AND item.kind = 5 \
             WHERE intake.id = ANY($1)",
            &[&ids],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let state = UnitState {
                size: row.number(2)?,
                items: row.number(3)?,
                sequenced: row.maybe_number(4)?.unwrap_or(0),
                sequenced_items: row.maybe_number(5)?.unwrap_or(0),
                leaf: row.maybe_number(6)?.map(tree_key::leaf),
            };
            Ok((LogId { kind: row.kind(0)?, id: row.id(1)? }, state))
        })
        .collect()
}

async fn used(transaction: &Transaction, operations: &[Id]) -> Result<Vec<Used>> {
    if operations.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction
        .query(
            "SELECT operation_id, signer, log.kind, log.id, seq, time, entry.hash, entry.root, position \
             FROM entry JOIN log ON log.key = entry.log WHERE operation_id = ANY($1)",
            &[&operations],
        )
        .await?;
    rows.into_iter()
        .map(|row| {
            let seq = row.number(4)?;
            let receipt = Receipt {
                log: LogId { kind: row.kind(2)?, id: row.id(3)? },
                seq,
                time: row.number(5)?,
                hash: row.id(6)?,
                state: Head { size: seq + 1, root: row.id(7)? },
                position: row.number(8)?,
            };
            Ok(Used { operation_id: row.id(0)?, signer: row.get_as(1)?, receipt })
        })
        .collect()
}

/// The clock, whether the feed is empty, and all holds.
async fn holds(transaction: &Transaction) -> Result<(u64, bool, Holds)> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT, size, signer, vault, log_kind, log_id, \
               holder, until FROM feed_head LEFT JOIN hold ON TRUE";
    let rows = transaction.query(sql, &[]).await?;
    let (mut now, mut empty, mut holds) = (0, false, Holds::default());
    for row in rows {
        (now, empty) = (row.number(0)?, row.number(1)? == 0);
        let Some(signer) = row.get_as(2)? else { continue };
        let log = LogId { kind: row.kind(4)?, id: row.id(5)? };
        let hold = Hold { signer, vault: row.get_as(3)?, log, by: row.id(6)? };
        holds.0.push(Held { hold, until: row.number(7)? });
    }
    Ok((now, empty, holds))
}

#[allow(clippy::type_complexity, reason = "two fields of what was found")]
async fn claims(
    transaction: &Transaction,
    wanted: &HashSet<Claim>,
    owners: Vec<Id>,
) -> Result<(HashMap<Claim, Id>, HashMap<Id, Vec<Claim>>)> {
    let (mut holders, mut owned) = (HashMap::new(), HashMap::<Id, Vec<Claim>>::new());
    let read = |row: &tokio_postgres::Row| -> Result<(Claim, Id)> {
        Ok((Claim { kind: row.get_as(0)?, key: row.bytes(1)? }, row.id(2)?))
    };
    if !wanted.is_empty() {
        let kinds: Vec<i16> = wanted.iter().map(|claim| claim.kind).collect();
        let keys: Vec<&[u8]> = wanted.iter().map(|claim| claim.key.as_slice()).collect();
        let sql = "SELECT claim.kind, claim.key, owner FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (kind, key) \
                   JOIN claim ON claim.kind = asked.kind AND claim.key = asked.key";
        for row in transaction.query(sql, &[&kinds, &keys]).await? {
            let (claim, by) = read(&row)?;
            holders.insert(claim, by);
        }
    }
    if !owners.is_empty() {
        let sql = "SELECT kind, key, owner FROM claim WHERE owner = ANY($1) AND kind = ANY($2)";
        for row in transaction.query(sql, &[&owners, &[EXTERNAL, EMAIL].as_slice()]).await? {
            let (claim, by) = read(&row)?;
            holders.insert(claim.clone(), by);
            owned.entry(by).or_default().push(claim);
        }
    }
    Ok((holders, owned))
}

async fn uploads(transaction: &Transaction, files: &[Id]) -> Result<HashSet<Id>> {
    if files.is_empty() {
        return Ok(HashSet::new());
    }
    // Locked: what is published is not given up meanwhile.
    let sql = "SELECT file FROM upload WHERE file = ANY($1) ORDER BY file FOR UPDATE";
    transaction.query(sql, &[&files]).await?.iter().map(|row| row.id(0)).collect()
}

async fn unsequenced(transaction: &Transaction, since: &HashSet<(Id, Option<Id>)>) -> Result<HashSet<Id>> {
    let mut signers = HashSet::new();
    for (signer, _) in since.iter().filter(|(_, vault)| vault.is_none()) {
        let sql = "SELECT 1 FROM staged WHERE position($1 IN signers) > 0 LIMIT 1";
        if transaction.one(sql, &[signer]).await?.is_some() {
            signers.insert(*signer);
        }
    }
    Ok(signers)
}

/// The kind of a unit as its row has it.
pub(super) fn unit_columns<'u>(units: impl Iterator<Item = &'u Unit>) -> (Vec<i16>, Vec<Id>) {
    units.map(|unit| (kind_number(unit.kind), unit.id)).unzip()
}
