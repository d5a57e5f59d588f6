//! One transaction of a lane: the changes that waited together, locked, judged, and written as staged.

use std::collections::{BTreeMap, HashMap, HashSet};

use tokio_postgres::types::ToSql;

use super::Core;
use super::claim::Claim;
use super::connect::Transaction;
use super::convert::{Columns, int, kind_number};
use super::fault;
use super::found::{Found, unit_columns};
use super::judge::{Judge, Taken, Verdict};
use super::request::{Needs, Request, Unit, Waiting, slot};
use super::sequence::GroupId;
use super::staged::VERSION;
use super::tables::{Leaves, Tables};
use super::writes::{Writes, params};
use crate::error::{Error, Result};
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::Receipt;

/// Begins a transaction whose commit nobody waits for: what it stages is on disk with the batch that sequences it.
const BEGIN: &str = "BEGIN; SET LOCAL synchronous_commit TO off";
/// The same where there are no advisory locks.
const SERIALIZABLE: &str = "BEGIN ISOLATION LEVEL SERIALIZABLE; SET LOCAL synchronous_commit TO off";

/// What became of a request.
pub(super) enum Fate {
    /// It could not be judged now; `false`: for what it rests on waits for its place in the feed.
    Later(bool),
    Stale(usize),
    Repeated(usize, Receipt),
    Refused(Error),
    /// Staged under this number, with these entries.
    Taken(i32, Vec<(LogId, u64, Id)>),
    Held(bool),
}

/// What a transaction did.
pub(super) struct Committed {
    pub(super) group: GroupId,
    /// In the order of the requests.
    pub(super) fates: Vec<Fate>,
}

/// Judges and stages all requests in one transaction. On an error nothing was written, or (`true`) nobody can say.
pub(super) async fn attempt(core: &Core, waiting: &[Waiting], apart: bool) -> Result<Committed, (Error, bool)> {
    let group = prepare(core, waiting, apart).await.map_err(|error| (error, false))?;
    let Some((transaction, committed)) = group else {
        let fates = waiting.iter().map(|_| Fate::Later(true)).collect();
        return Ok(Committed { group: [0; 16], fates });
    };
    transaction.commit().await.map_err(|error| {
        let unknown = fault::is_lost(&error);
        (error, unknown)
    })?;
    Ok(committed)
}

/// Everything before the commit; none if nothing can be locked.
async fn prepare(core: &Core, waiting: &[Waiting], apart: bool) -> Result<Option<(Transaction, Committed)>> {
    let needs: Vec<Needs> = waiting.iter().map(|waiting| waiting.request.needs()).collect();
    let mut all = Needs::default();
    for one in &needs {
        all.merge(one);
    }
    let (transaction, denied) = lock(core, &mut all, apart).await?;
    let locked = lock_units(&transaction, &all, apart).await?;
    let found = Found::of(&transaction, waiting.iter().map(|waiting| &waiting.request)).await?;
    // What is there and was not locked is locked by somebody else.
    let taken: HashSet<Unit> = found.units.keys().filter(|unit| !locked.contains(unit)).copied().collect();

    let mut judge = Judge::new(found);
    let mut fates = Vec::with_capacity(waiting.len());
    let (mut staged, mut number) = (Vec::new(), 0);
    for (waiting, needs) in waiting.iter().zip(&needs) {
        let is_free = needs.slots.keys().all(|slot| !denied.contains(slot))
            && needs.units.iter().all(|unit| !taken.contains(unit));
        let fate = match &waiting.request {
            _ if !is_free => Fate::Later(true),
            Request::Close(_) => Fate::Held(false),
            Request::Hold(..) if needs.units.iter().any(|unit| judge.is_behind(*unit)) => Fate::Later(false),
            Request::Hold(hold, _) => Fate::Held(judge.hold(*hold)),
            Request::Commit(change, _) => match judge.change(change, needs.units.iter().copied()) {
                Verdict::Later => Fate::Later(false),
                Verdict::Stale(guard) => Fate::Stale(guard),
                Verdict::Repeated(append, receipt) => Fate::Repeated(append, receipt),
                Verdict::Refused(error) => Fate::Refused(error),
                Verdict::Taken(taken) => {
                    let entries = taken.entries.clone();
                    if !entries.is_empty() {
                        staged.push((number, taken));
                    }
                    number += 1;
                    Fate::Taken(number - 1, entries)
                }
            },
        };
        fates.push(fate);
    }
    if fates.iter().all(|fate| matches!(fate, Fate::Later(_) | Fate::Stale(_) | Fate::Repeated(..) | Fate::Refused(_)))
    {
        // Nothing to write: the locks go with the transaction.
        return Ok(Some((transaction, Committed { group: [0; 16], fates })));
    }
    let group = Core::name()?;
    write(&transaction, judge, staged, group).await?;
    Ok(Some((transaction, Committed { group, fates })))
}

/// Begins, and takes the advisory locks; answers those that others have.
async fn lock(core: &Core, all: &mut Needs, apart: bool) -> Result<(Transaction, HashSet<i32>)> {
    let client = core.connections.work.get().await?;
    if !core.advisory {
        let (transaction, _) = Transaction::begin(client, SERIALIZABLE, "SELECT 1", &[]).await?;
        return Ok((transaction, HashSet::new()));
    }
    if apart && !all.appended.is_empty() {
        // Whoever rests on a log that goes on is not beside who appends to it. On one that begins, nobody rests.
        let (kinds, ids) = unit_columns(all.appended.iter());
        let begun = client.prepare_cached(
            "SELECT intake.id FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (kind, id) \
             JOIN intake ON intake.kind = asked.kind AND intake.id = asked.id",
        );
        for row in client.query(&begun.await?, &[&kinds, &ids]).await? {
            all.slots.insert(slot(row.id(0)?), true);
        }
    }
    let slots: Vec<i32> = all.slots.keys().copied().collect();
    let alone: Vec<bool> = all.slots.values().copied().collect();
    if apart {
        // Waited for, in order. Whoever tries for a lock that somebody waits for does not get it, so this is not for long.
        let sql = "SELECT CASE WHEN alone THEN pg_advisory_xact_lock($1, slot) \
                   ELSE pg_advisory_xact_lock_shared($1, slot) END \
                   FROM unnest($2::INT[], $3::BOOLEAN[]) AS asked (slot, alone)";
        let (transaction, _) = Transaction::begin(client, BEGIN, sql, &[&core.class, &slots, &alone]).await?;
        return Ok((transaction, HashSet::new()));
    }
    let sql = "SELECT slot, pg_try_advisory_xact_lock_shared($1, slot) FROM unnest($2::INT[]) AS asked (slot)";
    let (transaction, rows) = Transaction::begin(client, BEGIN, sql, &[&core.class, &slots]).await?;
    let mut denied = HashSet::new();
    for row in rows {
        if !row.flag(1)? {
            denied.insert(row.get_as(0)?);
        }
    }
    Ok((transaction, denied))
}

/// Locks the rows of units that are there, in order; but for holds and the like, only those that nobody else has.
async fn lock_units(transaction: &Transaction, all: &Needs, apart: bool) -> Result<HashSet<Unit>> {
    if all.units.is_empty() {
        return Ok(HashSet::new());
    }
    let (kinds, ids) = unit_columns(all.units.iter());
    let params: [&(dyn ToSql + Sync); 2] = [&kinds, &ids];
    let sql = if apart {
        "SELECT intake.kind, intake.id FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (kind, id) \
         JOIN intake ON intake.kind = asked.kind AND intake.id = asked.id \
         ORDER BY intake.kind, intake.id FOR UPDATE OF intake"
    } else {
        "SELECT intake.kind, intake.id FROM unnest($1::SMALLINT[], $2::BYTEA[]) AS asked (kind, id) \
         JOIN intake ON intake.kind = asked.kind AND intake.id = asked.id \
         ORDER BY intake.kind, intake.id FOR UPDATE OF intake SKIP LOCKED"
    };
    let rows = transaction.query(sql, &params).await?;
    rows.iter().map(|row| Ok(LogId { kind: row.kind(0)?, id: row.id(1)? })).collect()
}

/// Writes what a group leaves.
async fn write(transaction: &Transaction, judge: Judge, staged: Vec<(i32, Taken)>, group: GroupId) -> Result<()> {
    let mut writes = Writes::default();
    // Each statement that must change so many rows, or somebody else was faster.
    let mut expected = Vec::new();
    write_units(&judge, &mut writes, &mut expected)?;
    write_claims(&judge, &mut writes, &mut expected);
    write_rest(&judge, &mut writes)?;
    let leaves = judge.found().units.iter().filter_map(|(unit, state)| Some(((unit.kind, unit.id), state.leaf?)));
    let mut tables = Tables::new(Leaves(leaves.collect()));
    for row in judge.group.rows {
        tables.put(row, |_| Err(super::convert::damaged()))?;
    }
    writes.append(tables.into_writes()?);
    if !staged.is_empty() {
        let (mut numbers, mut signers, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for (number, Taken { staged, signers: by, .. }) in staged {
            numbers.push(number);
            // An array of arrays would have to be of one width.
            signers.push(super::convert::join(&by));
            changes.push(staged.to_bytes());
        }
        writes.push(
            "INSERT INTO staged (grp, number, version, signers, change) SELECT $1, number, $2, signers, change \
             FROM unnest($3::INT[], $4::BYTEA[], $5::BYTEA[]) AS new (number, signers, change)",
            params![group.to_vec(), VERSION, numbers, signers, changes],
        );
    }
    let counts = writes.run(transaction).await?;
    if expected.iter().all(|(index, count)| counts.get(*index) == Some(count)) { Ok(()) } else { Err(fault::beaten()) }
}

fn write_units(judge: &Judge, writes: &mut Writes, expected: &mut Vec<(usize, u64)>) -> Result<()> {
    type Sizes = (Vec<i16>, Vec<Id>, Vec<i64>, Vec<i64>);
    let (mut new, mut old): (Sizes, Sizes) = Default::default();
    // In order, so that two groups never wait for each other both ways.
    let sizes: BTreeMap<&Unit, &(u64, u64)> = judge.group.sizes.iter().collect();
    for (unit, (size, items)) in sizes {
        let target = if judge.found().units.contains_key(unit) { &mut old } else { &mut new };
        target.0.push(kind_number(unit.kind));
        target.1.push(unit.id);
        target.2.push(int(*size)?);
        target.3.push(int(*items)?);
    }
    if !new.0.is_empty() {
        expected.push((writes.len(), new.0.len() as u64));
        writes.push(
            "INSERT INTO intake (kind, id, size, items) SELECT * FROM unnest($1::SMALLINT[], $2::BYTEA[], $3::BIGINT[], \
             $4::BIGINT[]) ON CONFLICT DO NOTHING",
            params![new.0, new.1, new.2, new.3],
        );
    }
    if !old.0.is_empty() {
        writes.push(
            "UPDATE intake SET size = new.size, items = new.items FROM unnest($1::SMALLINT[], $2::BYTEA[], \
             $3::BIGINT[], $4::BIGINT[]) AS new (kind, id, size, items) \
             WHERE intake.kind = new.kind AND intake.id = new.id",
            params![old.0, old.1, old.2, old.3],
        );
    }
    Ok(())
}

/// Kinds, keys and owners of claims.
type Claims = (Vec<i16>, Vec<Vec<u8>>, Vec<Id>);

fn write_claims(judge: &Judge, writes: &mut Writes, expected: &mut Vec<(usize, u64)>) {
    let found = judge.found();
    let mut stored: HashMap<&Claim, Id> = found.claims.iter().map(|(claim, owner)| (claim, *owner)).collect();
    for (owner, claims) in &found.owned {
        stored.extend(claims.iter().map(|claim| (claim, *owner)));
    }
    let (mut gone, mut new): (Claims, Claims) = Default::default();
    let claims: BTreeMap<&Claim, &Option<Id>> = judge.group.claims.iter().collect();
    for (claim, owner) in claims {
        let before = stored.get(claim).copied();
        if before == *owner {
            continue;
        }
        for (columns, owner) in [(&mut gone, before), (&mut new, *owner)] {
            if let Some(owner) = owner {
                columns.0.push(claim.kind);
                columns.1.push(claim.key.clone());
                columns.2.push(owner);
            }
        }
    }
    if !gone.0.is_empty() {
        writes.push(
            "DELETE FROM claim USING unnest($1::SMALLINT[], $2::BYTEA[], $3::BYTEA[]) AS gone (kind, key, owner) \
             WHERE claim.kind = gone.kind AND claim.key = gone.key AND claim.owner = gone.owner",
            params![gone.0, gone.1, gone.2],
        );
    }
    if !new.0.is_empty() {
        expected.push((writes.len(), new.0.len() as u64));
        writes.push(
            "INSERT INTO claim (kind, key, owner) SELECT * FROM unnest($1::SMALLINT[], $2::BYTEA[], $3::BYTEA[]) \
             ON CONFLICT DO NOTHING",
            params![new.0, new.1, new.2],
        );
    }
}

/// Uploads that are published, pieces of small files, and holds.
fn write_rest(judge: &Judge, writes: &mut Writes) -> Result<()> {
    let group = &judge.group;
    if !group.published.is_empty() {
        let files: Vec<Id> = group.published.iter().copied().collect();
        writes.push("DELETE FROM upload WHERE file = ANY($1)", params![files]);
    }
    for (file, piece) in &group.pieces {
        writes.push(
            "INSERT INTO piece (file, idx, bytes) VALUES ($1, 0, $2) ON CONFLICT (file, idx) DO UPDATE \
             SET bytes = excluded.bytes",
            params![*file, piece.clone()],
        );
    }
    for (by, signer, vault) in &group.released {
        writes.push(
            "DELETE FROM hold WHERE holder = $1 AND signer = $2 AND vault IS NOT DISTINCT FROM $3",
            params![*by, *signer, *vault],
        );
    }
    for held in &group.held {
        let hold = held.hold;
        writes.push("DELETE FROM hold WHERE until <= $1", params![int(judge.found().now)?]);
        writes.push(
            "INSERT INTO hold (signer, vault, log_kind, log_id, holder, until) VALUES ($1, $2, $3, $4, $5, $6)",
            params![hold.signer, hold.vault, kind_number(hold.log.kind), hold.log.id, hold.by, int(held.until)?],
        );
    }
    Ok(())
}
