//! What another store held: entries with their places and times, and rows as they were.

use std::collections::HashMap;

use super::{Group, files, items, principals, vault_leaf, vaults};
use crate::error::Result;
use crate::log::reads::Chain;
use crate::model::id::Id;
use crate::store::copied::{contradicted, not_empty};
use crate::store::packed;
use crate::store::sqlite::{journal, schema, sequence};
use crate::store::{BatchRow, Copied, FileRow, ItemRow, PrincipalRow, ReadRow, Row, VaultRow};

/// Takes parts of a copy, in their order.
pub(in super::super) fn take(group: &mut Group<'_>, parts: Vec<Copied>) -> Result<()> {
    let mut reads = Vec::new();
    for copied in parts {
        if let Copied::Read(row) = copied {
            reads.push(row);
            continue;
        }
        put_reads(group, std::mem::take(&mut reads))?;
        put(group, copied)?;
    }
    put_reads(group, reads)
}

fn put(group: &mut Group<'_>, copied: Copied) -> Result<()> {
    match copied {
        Copied::Begin => {
            if group.feed.size() > 0 || schema::is_copying(group.connection)? {
                return Err(not_empty());
            }
            schema::mark_copying(group.connection, true)
        }
        Copied::End => schema::mark_copying(group.connection, false),
        Copied::Entry { append, session, receipt } => {
            if receipt.position != group.feed.size() {
                return Err(not_empty());
            }
            group.time = receipt.time;
            let session = session.map(|row| group.session(&row)).transpose()?;
            if sequence::append(group, append, session)? == receipt { Ok(()) } else { Err(contradicted()) }
        }
        Copied::Batch(BatchRow { head, roots, time }) => {
            group.time = time;
            let batch = sequence::finish(group)?;
            group.go_on_after(batch);
            let is_same = (batch.head, batch.roots, batch.time) == (head, roots, time);
            if is_same { Ok(()) } else { Err(contradicted()) }
        }
        Copied::Principal(row) => {
            let PrincipalRow { principal, kind, name, email, salt, active, leaf: _ } = row;
            principals::put(group, Row::Principal { principal, kind, name, email, salt, active })
        }
        Copied::KemKey { principal, generation, key } => {
            principals::put(group, Row::KemKey { principal, generation, key })
        }
        Copied::Vault(row) => put_vault(group, &row),
        Copied::Member(row) => vaults::put(group, Row::Member(row)),
        Copied::Person { vault, principal } => vaults::put(group, Row::Person { vault, principal }),
        Copied::Wrap(row) => vaults::put(group, Row::Wrap(row)),
        Copied::PreviousKey { vault, epoch, sealed } => vaults::put(group, Row::PreviousKey { vault, epoch, sealed }),
        Copied::Item(row) => put_item(group, row),
        Copied::Parts { vault, item, row } => {
            let leaf = vault_leaf(group, vault)?;
            let created = items::number(group, leaf, item)?;
            group
                .connection
                .prepare_cached(
                    "INSERT INTO part (vault, item, version, seq, overview, details) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute((leaf, created, row.version, row.seq, row.overview, row.details))?;
            Ok(())
        }
        Copied::File { vault, row, leaves } => put_file(group, vault, &row, &leaves),
        Copied::Piece { file, piece } => files::put_piece(group.connection, file, 0, &piece),
        Copied::Chain(chain, anchored) => put_chain(group, chain, anchored),
        // They are gathered.
        Copied::Read(_) => Ok(()),
    }
}

fn put_vault(group: &mut Group<'_>, row: &VaultRow) -> Result<()> {
    let VaultRow { vault, creator, external_id, leaf: _, name_epoch, name, deleted } = row;
    let (leaf, creator) = (vault_leaf(group, *vault)?, group.actor(*creator)?);
    group
        .connection
        .prepare_cached(
            "INSERT INTO vault (leaf, id, creator, external_id, name_epoch, name, deleted) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((leaf, vault, creator, external_id, name_epoch, name, deleted))?;
    Ok(())
}

fn put_item(group: &mut Group<'_>, row: ItemRow) -> Result<()> {
    let ItemRow { vault, item, version, archived, deleted, created, seq } = row;
    let leaf = vault_leaf(group, vault)?;
    group
        .connection
        .prepare_cached(
            "INSERT INTO item (vault, id, version, archived, deleted, created, seq) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((leaf, item, version, archived, deleted, created, seq))?;
    Ok(())
}

fn put_file(group: &mut Group<'_>, vault: Id, row: &FileRow, leaves: &[u8]) -> Result<()> {
    let FileRow { item, file, seq, length, detached } = *row;
    if !detached {
        return files::attach(group, (vault, item, file), seq, length, leaves);
    }
    let leaf = vault_leaf(group, vault)?;
    group
        .connection
        .prepare_cached(
            "INSERT INTO file (vault, item, id, seq, length, leaves, detached) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)",
        )?
        .execute((leaf, item, file, seq, length, leaves))?;
    Ok(())
}

fn put_chain(group: &mut Group<'_>, chain: Chain, anchored: u64) -> Result<()> {
    let Chain { id, count, last } = chain;
    group
        .connection
        .prepare_cached("INSERT INTO reads_chain (id, count, last, anchored) VALUES (?1, ?2, ?3, ?4)")?
        .execute((id, count, last, anchored))?;
    Ok(())
}

fn put_reads(group: &Group<'_>, reads: Vec<ReadRow>) -> Result<()> {
    if reads.is_empty() {
        return Ok(());
    }
    let mut find = group.connection.prepare_cached("SELECT id, number FROM reads_chain")?;
    let numbers = find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let numbers: HashMap<Id, u64> = numbers.collect::<rusqlite::Result<_>>()?;
    journal::put(group, packed::as_they_were(reads, &numbers)?)
}
