//! Operations on items and their files.

use super::bench::Bench;
use super::content::{check_leaves, is_piece, piece_length};
use super::plan::Draft;
use super::received::Received;
use super::sealed::{DETAILS, OVERVIEW, fits};
use super::stop::{Ruled, Stop, refused, wrong_rows};
use crate::authority::{FilePart, Rows};
use crate::engine::Engine;
use crate::engine::look::{no_vault, too_low};
use crate::engine::pages;
use crate::error::Error;
use crate::log::body::{FileReference, ItemWritten};
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::replay::items::{ItemState, address, next_state};
use crate::log::replay::{NEXT, VaultLog, items};
use crate::model::id::Id;
use crate::model::role::Role;
use crate::store::{Guard, Row};

/// Judges an operation on a vault's items.
pub(super) async fn judge(bench: &mut Bench<'_>, received: &Received, rows: &mut Rows) -> Ruled<Draft> {
    let (name, vault, operation) = (received.name(), received.log.id, &received.operation);
    let log = bench.view.vaults.get(&vault).ok_or_else(no_vault)?;
    may_now(bench, log, received)?;
    items::check_item(operation, NEXT, log, bench.directory()).map_err(refused(name))?;
    let (item, version, _) = address(operation).map_err(refused(name))?;
    let before = state(bench, vault, item, version, received).await?;
    next_state(before.as_ref(), bench.placed(received)).map_err(refused(name))?;
    let guard = Guard::ItemAt { vault, item, version: before.map_or(0, |before| before.version) };
    let mut draft = Draft { guards: vec![guard], ..Draft::default() };
    match &operation.body {
        Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => {
            draft.rows.push(Row::Item {
                vault,
                item,
                version,
                archived: body.archived,
                entry: 0,
                overview: fits(name, "the overview", std::mem::take(&mut rows.overview), body.overview, OVERVIEW)?,
                details: fits(name, "the details", std::mem::take(&mut rows.details), body.details, DETAILS)?,
            });
            attach(bench, received, body, std::mem::take(&mut rows.files), &mut draft).await?;
            draft.rows.extend(body.removed.iter().map(|file| Row::FileGone { vault, file: *file }));
        }
        _ => draft.rows.push(Row::ItemGone { vault, item, version, entry: 0 }),
    }
    Ok(draft)
}

/// The role and the epoch hold now as well as at the operation's `at`.
fn may_now(bench: &Bench<'_>, log: &VaultLog, received: &Received) -> Ruled {
    let (need, epoch) = match &received.operation.body {
        Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => (Role::Write, Some(body.epoch)),
        _ => (Role::Admin, None),
    };
    if log.role_now(bench.directory(), bench.caller.principal, bench.now) < Some(need) {
        return Err(Stop::Denied(too_low(need)));
    }
    let moved = epoch.is_some_and(|epoch| epoch != log.epoch().start.number);
    if moved || bench.batch.touches(LogId { kind: LogKind::Vault, id: received.log.id }) {
        return Err(Stop::stale());
    }
    Ok(())
}

/// The item as its newest entry left it, if that is what the operation builds on; of its files those it names.
async fn state(
    bench: &mut Bench<'_>,
    vault: Id,
    item: Id,
    version: u64,
    received: &Received,
) -> Ruled<Option<ItemState>> {
    let Some(row) = bench.snapshot.item(vault, item).await? else {
        if version == 1 {
            return Ok(None);
        }
        return Err(no_item().into());
    };
    if row.deleted {
        return Err(no_item().into());
    }
    if version != row.version + 1 {
        let newest = row.version;
        return Err(Error::conflict(format!("the item is at version {newest}: read it and try again")).into());
    }
    let entry = pages::entry(bench.snapshot, received.log, row.seq)
        .await?
        .ok_or_else(|| Error::tampered("an item's newest entry is missing from its log: restore the store"))?;
    let mut files = Vec::new();
    for file in named_files(received) {
        let known = bench.snapshot.file(vault, file).await?;
        if let Some(known) = known.filter(|known| known.item == item && !known.detached) {
            files.push(FileReference { file, length: known.length, root: entry.root });
        }
    }
    Ok(Some(ItemState {
        version: row.version,
        entry: entry.hash,
        seq: row.seq,
        created: row.created,
        created_at: entry.time,
        archived: row.archived,
        deleted: false,
        files,
    }))
}

fn named_files(received: &Received) -> Vec<Id> {
    match &received.operation.body {
        Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => {
            body.added.iter().map(|file| file.file).chain(body.removed.iter().copied()).collect()
        }
        _ => Vec::new(),
    }
}

/// The rows of the files that are added, whose pieces are there and add up.
async fn attach(
    bench: &mut Bench<'_>,
    received: &Received,
    body: &ItemWritten,
    parts: Vec<FilePart>,
    draft: &mut Draft,
) -> Ruled {
    let (name, vault) = (received.name(), received.log.id);
    if parts.len() != body.added.len() {
        return Err(wrong_rows(name, "the files are not those that it names").into());
    }
    for (reference, part) in body.added.iter().zip(parts) {
        if part.file != reference.file {
            return Err(wrong_rows(name, "the files are not in the order that it names them").into());
        }
        check_leaves(reference, &part.leaves, bench.policy().max_file_bytes)?;
        if bench.snapshot.file(vault, part.file).await?.is_some() {
            return Err(Error::conflict(format!("{name} was asked: the file is attached already: use a new id")).into());
        }
        let leaves = part.leaves.iter().flat_map(|leaf| leaf.0).collect();
        let (file, length) = (part.file, reference.length);
        draft.rows.push(Row::File { vault, item: body.item, file, entry: 0, length, leaves });
        match part.piece {
            Some(piece) => {
                if part.leaves.len() != 1 || !is_piece(reference, 0, part.leaves[0], &piece) {
                    return Err(wrong_rows(name, "the piece is not the one that its hash names").into());
                }
                draft.rows.push(Row::Piece { file, piece });
            }
            None => check_upload(bench.engine, name, reference, &part.leaves).await?,
        }
    }
    Ok(())
}

/// Refuses a file whose pieces were not all put before.
async fn check_upload(engine: &Engine, name: &'static str, reference: &FileReference, leaves: &[Id]) -> Ruled {
    for (index, leaf) in (0..).zip(leaves) {
        if engine.uploads.has(reference.file, index, *leaf, piece_length(reference.length, index)) {
            continue;
        }
        let piece = engine.store.piece(reference.file, index).await?;
        if !piece.is_some_and(|piece| is_piece(reference, index, *leaf, &piece)) {
            return Err(wrong_rows(name, "a piece of the file is not there, or is another: put it again").into());
        }
    }
    Ok(())
}

fn no_item() -> Error {
    Error::not_found("there is no such item in the vault: check the id")
}
