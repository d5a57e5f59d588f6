//! Brings groups of all chains into the tables, in order of time.

use std::collections::{BTreeMap, HashSet};

use super::super::Core;
use super::super::connect::Transaction;
use super::super::convert::{Columns, damaged, int};
use super::super::fault;
use super::super::writes::{Writes, params};
use crate::error::Result;
use crate::log::reads::{Chain, Group};
use crate::model::id::Id;
use crate::store::packed::{self, Packed};

/// The most groups of one transaction.
const GROUPS: i64 = 2048;

/// A chain's row.
struct Stored {
    number: u64,
    chain: Chain,
    new: bool,
}

impl Core {
    /// Folds what all stores noted until now.
    pub(in super::super) async fn fold(&self) -> Result<()> {
        let mut tries = 0;
        loop {
            match self.fold_some().await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) if fault::is_crowded(&error) && tries < 5 => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Folds what fits in one transaction; says whether there may be more.
    async fn fold_some(&self) -> Result<bool> {
        let client = self.connections.work.get().await?;
        let sql = "SELECT place, chains FROM reads_head WHERE one = 1 FOR UPDATE";
        let (transaction, heads) = Transaction::begin(client, "BEGIN", sql, &[]).await?;
        let head = heads.first().ok_or_else(damaged)?;
        let (mut place, mut chains) = (head.number(0)?, head.number(1)?);
        let sql = "SELECT chain, first, entries FROM noted ORDER BY chain, first LIMIT $1";
        let rows = transaction.query(sql, &[&GROUPS]).await?;
        if rows.is_empty() {
            return Ok(false);
        }
        let ids: HashSet<Id> = rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        let mut stored: BTreeMap<Id, Stored> = BTreeMap::new();
        let sql = "SELECT number, id, count, last FROM reads_chain WHERE id = ANY($1)";
        for row in transaction.query(sql, &[&ids.into_iter().collect::<Vec<Id>>()]).await? {
            let chain = Chain { id: row.id(1)?, count: row.number(2)?, last: row.id(3)? };
            stored.insert(chain.id, Stored { number: row.number(0)?, chain, new: false });
        }
        let (mut moved, mut done_chains, mut done_firsts) = (Vec::new(), Vec::new(), Vec::new());
        let mut broken = HashSet::new();
        for row in &rows {
            let (id, group) = (row.id(0)?, Group::from_bytes(row.get_as(2)?)?);
            let known = stored.entry(id).or_insert_with(|| {
                chains += 1;
                Stored { number: chains, chain: Chain::new(id), new: true }
            });
            if !broken.contains(&id) && group.end() > known.chain.count {
                match group.continues(known.chain) {
                    Ok(chain) => {
                        moved.extend(packed::of_group(&group, known.number)?);
                        known.chain = chain;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the rest of a chain of reads does not continue it");
                        broken.insert(id);
                    }
                }
            }
            if !broken.contains(&id) {
                done_chains.push(id);
                done_firsts.push(int(group.first)?);
            }
        }
        let more = rows.len() as u64 == GROUPS.unsigned_abs() && !done_chains.is_empty();
        let mut writes = Writes::default();
        for row in packed::in_order(place, moved) {
            place += row.count;
            put(&mut writes, row)?;
        }
        write_chains(&mut writes, stored)?;
        writes.push(
            "DELETE FROM noted USING unnest($1::BYTEA[], $2::BIGINT[]) AS done (chain, first) \
             WHERE noted.chain = done.chain AND noted.first = done.first",
            params![done_chains, done_firsts],
        );
        let sql = "UPDATE reads_head SET place = $1, chains = $2 WHERE one = 1";
        writes.push(sql, params![int(place)?, int(chains)?]);
        writes.run(&transaction).await?;
        transaction.commit().await?;
        Ok(more)
    }
}

/// Writes a row of reads.
pub(in super::super) fn put(writes: &mut Writes, row: Packed) -> Result<()> {
    let Packed { place, count, time, entries } = row;
    let sql = "INSERT INTO reads (place, count, time, entries) VALUES ($1, $2, $3, $4)";
    writes.push(sql, params![int(place)?, int(count)?, int(time)?, entries]);
    Ok(())
}

fn write_chains(writes: &mut Writes, stored: BTreeMap<Id, Stored>) -> Result<()> {
    for Stored { number, chain, new } in stored.into_values() {
        let sql = if new {
            "INSERT INTO reads_chain (number, id, count, last, anchored) VALUES ($1, $2, $3, $4, 0)"
        } else {
            "UPDATE reads_chain SET count = $3, last = $4 WHERE number = $1 AND id = $2"
        };
        writes.push(sql, params![int(number)?, chain.id, int(chain.count)?, chain.last]);
    }
    Ok(())
}
