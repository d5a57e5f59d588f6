//! What another store held: entries with their places and times, and rows as they were.

use std::collections::HashMap;

use super::Core;
use super::claim::Claim;
use super::connect::Transaction;
use super::convert::{Columns, int};
use super::journal;
use super::places::Places;
use super::sequence::{self, HEAD};
use super::staged::StagedEntry;
use super::tables::{Leaves, Tables};
use super::writes::{Writes, params};
use crate::error::Result;
use crate::log::operation::LogKind;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::store::copied::{contradicted, not_empty};
use crate::store::{
    BatchRow, Copied, FileRow, ItemRow, PrincipalRow, ReadRow, Receipt, Row, SessionRow, VaultRow, packed,
};

/// What commits meet in, as the logs are.
const INTAKE: &str = "INSERT INTO intake (kind, id, size, items) \
                      SELECT own.kind, own.id, own.size, coalesce(items.size, 0) FROM log AS own \
                      LEFT JOIN log AS items ON items.id = own.id AND own.kind = 4 AND items.kind = 5 WHERE own.kind <> 5";
const READS_HEAD: &str = "UPDATE reads_head SET place = (SELECT coalesce(max(place + count), 0) FROM reads), \
                          chains = (SELECT coalesce(max(number), 0) FROM reads_chain) WHERE one = 1";

/// An entry, and where it must stand.
type Entry = (StagedEntry, Option<SessionRow>, Receipt);

/// The rows of some parts, on their way.
#[derive(Default)]
struct Rows {
    writes: Writes,
    claims: Vec<(Claim, Id)>,
    reads: Vec<ReadRow>,
}

impl Core {
    /// Takes the next parts of a copy, in one transaction. The entries of a batch that has not ended wait for its end.
    pub(super) async fn take_in(&self, parts: Vec<Copied>) -> Result<()> {
        let mut waiting = self.copied.lock().await;
        let mut all = std::mem::take(&mut *waiting);
        all.extend(parts);
        let ended = all.iter().rposition(|part| !matches!(part, Copied::Entry { .. })).map_or(0, |last| last + 1);
        let rest = all.split_off(ended);
        let client = self.connections.work.get().await?;
        let sql = "SELECT size, copying FROM feed_head WHERE one = 1 FOR UPDATE";
        let (transaction, heads) = Transaction::begin(client, "BEGIN", sql, &[]).await?;
        let head = heads.first().ok_or_else(super::convert::damaged)?;
        let begins = matches!(all.first(), Some(Copied::Begin));
        if begins && (head.number(0)? > 0 || head.flag(1)?) || !begins && !head.flag(1)? {
            return Err(not_empty());
        }
        take(&transaction, all).await?;
        transaction.commit().await?;
        *waiting = rest;
        drop(waiting);
        self.head().await.map(drop)
    }
}

/// Takes parts in their order.
async fn take(transaction: &Transaction, parts: Vec<Copied>) -> Result<()> {
    let (mut entries, mut rows, mut rest) = (Vec::new(), Rows::default(), Vec::new());
    for part in parts {
        match part {
            Copied::Begin => {
                transaction.execute("UPDATE feed_head SET copying = TRUE WHERE one = 1", &[]).await?;
            }
            Copied::Entry { append, session, receipt } => {
                if receipt.seq == 0 && receipt.log.kind != LogKind::Items {
                    rows.claims.push((Claim::begun(append.signer, append.operation_id), receipt.log.id));
                }
                entries.push((StagedEntry::of(append, receipt.seq), session, receipt));
            }
            Copied::Batch(end) => batch(transaction, std::mem::take(&mut entries), end).await?,
            part => rest.push(part),
        }
    }
    // The leaves of all logs are known now.
    let mut tables = Tables::new(leaves(transaction, &rest).await?);
    for part in rest {
        put(&mut rows, &mut tables, part)?;
    }
    rows.finish(transaction, tables).await
}

/// The leaves of the vaults and principals that these parts name. All entries came before the rows.
async fn leaves(transaction: &Transaction, parts: &[Copied]) -> Result<Leaves> {
    let mut ids: Vec<Id> = parts.iter().filter_map(owner).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Leaves::default());
    }
    let rows = transaction.query("SELECT kind, id, key >> 2 FROM log WHERE id = ANY($1)", &[&ids]).await?;
    let leaves = rows.iter().map(|row| Ok(((row.kind(0)?, row.id(1)?), row.number(2)?)));
    Ok(Leaves(leaves.collect::<Result<_>>()?))
}

/// Whose row it is.
fn owner(part: &Copied) -> Option<Id> {
    match part {
        Copied::Principal(row) => Some(row.principal),
        Copied::Vault(row) => Some(row.vault),
        Copied::Member(row) => Some(row.vault),
        Copied::Wrap(row) => Some(row.vault),
        Copied::Item(row) => Some(row.vault),
        Copied::Person { vault, .. }
        | Copied::PreviousKey { vault, .. }
        | Copied::Parts { vault, .. }
        | Copied::File { vault, .. } => Some(*vault),
        Copied::Begin
        | Copied::Entry { .. }
        | Copied::Batch(_)
        | Copied::KemKey { .. }
        | Copied::Piece { .. }
        | Copied::Chain(..)
        | Copied::Read(_)
        | Copied::End => None,
    }
}

/// One batch, which must be what it was.
async fn batch(transaction: &Transaction, entries: Vec<Entry>, end: BatchRow) -> Result<()> {
    let head = transaction.one(HEAD, &[]).await?.ok_or_else(super::convert::damaged)?;
    let mut places = Places::at(&head)?;
    let mut ids: Vec<Id> = entries.iter().map(|(.., receipt)| receipt.log.id).collect();
    ids.dedup();
    sequence::know(transaction, &mut places, &ids).await?;
    for (entry, session, receipt) in entries {
        places.set_time(receipt.time);
        if places.append(entry, session.as_ref())? != receipt {
            return Err(contradicted());
        }
    }
    places.set_time(end.time);
    let (head, roots, writes) = sequence::finish(transaction, places).await?;
    writes.run(transaction).await?;
    if (head, roots) == (end.head, end.roots) { Ok(()) } else { Err(contradicted()) }
}

fn put(rows: &mut Rows, tables: &mut Tables, part: Copied) -> Result<()> {
    let no_entry = |_| Err(super::convert::damaged());
    match part {
        Copied::Principal(row) => {
            let PrincipalRow { principal, kind, name, email, salt, active, leaf: _ } = row;
            if let Some(email) = email.as_ref().filter(|_| active) {
                rows.claims.push((Claim::email(email), principal));
            }
            tables.put(Row::Principal { principal, kind, name, email, salt, active }, no_entry)
        }
        Copied::KemKey { principal, generation, key } => {
            tables.put(Row::KemKey { principal, generation, key }, no_entry)
        }
        Copied::Vault(row) => rows.vault(row, tables.leaves()),
        Copied::Member(row) => tables.put(Row::Member(row), no_entry),
        Copied::Person { vault, principal } => tables.put(Row::Person { vault, principal }, no_entry),
        Copied::Wrap(row) => tables.put(Row::Wrap(row), no_entry),
        Copied::PreviousKey { vault, epoch, sealed } => tables.put(Row::PreviousKey { vault, epoch, sealed }, no_entry),
        Copied::Item(row) => {
            let ItemRow { vault, item, version, archived, deleted, created, seq } = row;
            rows.writes.push(
                "INSERT INTO item (vault, id, version, archived, deleted, created, seq) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                params![
                    int(tables.leaves().vault(vault)?)?,
                    item,
                    int(version)?,
                    archived,
                    deleted,
                    int(created)?,
                    int(seq)?
                ],
            );
            Ok(())
        }
        Copied::Parts { vault, item, row } => {
            rows.writes.push(
                "INSERT INTO part (vault, item, version, seq, overview, details) VALUES ($1, $2, $3, $4, $5, $6)",
                params![
                    int(tables.leaves().vault(vault)?)?,
                    item,
                    int(row.version)?,
                    int(row.seq)?,
                    row.overview,
                    row.details
                ],
            );
            Ok(())
        }
        Copied::File { vault, row, leaves } => rows.file(vault, tables.leaves().vault(vault)?, &row, leaves),
        Copied::Piece { file, piece } => {
            rows.writes.push("INSERT INTO piece (file, idx, bytes) VALUES ($1, 0, $2)", params![file, piece]);
            Ok(())
        }
        Copied::Chain(chain, anchored) => {
            let Chain { id, count, last } = chain;
            rows.writes.push(
                "INSERT INTO reads_chain (number, id, count, last, anchored) \
                 SELECT coalesce(max(number), 0) + 1, $1, $2, $3, $4 FROM reads_chain",
                params![id, int(count)?, last, int(anchored)?],
            );
            Ok(())
        }
        Copied::Read(row) => {
            rows.reads.push(row);
            Ok(())
        }
        Copied::End => {
            rows.claims.push((Claim::account(), Id([0; 32])));
            rows.writes.push(INTAKE, Vec::new());
            rows.writes.push("UPDATE feed_head SET copying = FALSE WHERE one = 1", Vec::new());
            Ok(())
        }
        // They are taken in their order, before.
        Copied::Begin | Copied::Entry { .. } | Copied::Batch(_) => Ok(()),
    }
}

impl Rows {
    fn vault(&mut self, row: VaultRow, leaves: &Leaves) -> Result<()> {
        let VaultRow { vault, creator, external_id, leaf: _, name_epoch, name, deleted } = row;
        if let Some(external_id) = external_id.as_ref().filter(|_| !deleted) {
            self.claims.push((Claim::external(creator, external_id), vault));
        }
        self.writes.push(
            "INSERT INTO vault (leaf, id, creator, external_id, name_epoch, name, deleted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            params![int(leaves.vault(vault)?)?, vault, creator, external_id, i64::from(name_epoch), name, deleted],
        );
        Ok(())
    }

    fn file(&mut self, vault: Id, leaf: u64, row: &FileRow, leaves: Vec<u8>) -> Result<()> {
        let FileRow { item, file, seq, length, detached } = *row;
        self.claims.push((Claim::file(file), vault));
        // They come in their order: so many as are there are before it.
        self.writes.push(
            "INSERT INTO file (id, vault, item, seq, number, length, leaves, detached) \
             SELECT $1, $2, $3, $4, count(*), $5, $6, $7 FROM file WHERE vault = $2 AND item = $3",
            params![file, int(leaf)?, item, int(seq)?, int(length)?, leaves, detached],
        );
        self.writes.push("DELETE FROM upload WHERE file = $1", params![file]);
        Ok(())
    }

    async fn finish(mut self, transaction: &Transaction, tables: Tables) -> Result<()> {
        let reads = std::mem::take(&mut self.reads);
        self.writes.append(tables.into_writes()?);
        let (mut kinds, mut keys, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for (claim, owner) in self.claims {
            kinds.push(claim.kind);
            keys.push(claim.key);
            owners.push(owner);
        }
        if !kinds.is_empty() {
            self.writes.push(
                "INSERT INTO claim (kind, key, owner) SELECT * FROM unnest($1::SMALLINT[], $2::BYTEA[], $3::BYTEA[])",
                params![kinds, keys, owners],
            );
        }
        self.writes.run(transaction).await?;
        put_reads(transaction, reads).await
    }
}

async fn put_reads(transaction: &Transaction, reads: Vec<ReadRow>) -> Result<()> {
    if reads.is_empty() {
        return Ok(());
    }
    let mut numbers = HashMap::new();
    for row in transaction.query("SELECT id, number FROM reads_chain", &[]).await? {
        numbers.insert(row.id(0)?, row.number(1)?);
    }
    let mut writes = Writes::default();
    for row in packed::as_they_were(reads, &numbers)? {
        journal::put(&mut writes, row)?;
    }
    writes.push(READS_HEAD, Vec::new());
    writes.run(transaction).await?;
    Ok(())
}
