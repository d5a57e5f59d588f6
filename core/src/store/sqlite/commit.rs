//! The transaction of a group.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::batch::Batch;
use super::group::Group;
use super::request::{Pending, Request};
use super::{apply, hold, sequence, uploads};
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::tree::Frontier;
use crate::model::id::Id;

/// How often expired uploads are looked for, in milliseconds.
const SWEEP: u64 = 60_000;

/// What the writer remembers between groups.
#[derive(Default)]
pub(super) struct Memory {
    /// The feed's edge after the newest group of this process.
    edge: Option<(Head, Frontier)>,
    /// When expired uploads were last looked for.
    swept: u64,
    /// Uploads that were given up in the newest group.
    pub(super) given_up: Vec<Id>,
}

/// A group that is on disk.
pub(super) struct Committed {
    /// Covers all of it.
    pub(super) head: Head,
    /// Whether an entry was appended.
    pub(super) grown: bool,
    /// Whether objects are to be removed.
    pub(super) garbage: bool,
}

/// Carries out all `requests` in one transaction; each then is in `pending`, with its own answer. On an error nothing was
/// written, and those not come to are still in `requests`.
pub(super) fn group(
    connection: &Connection,
    memory: &mut Memory,
    now: u64,
    requests: &mut VecDeque<Request>,
    pending: &mut Vec<Pending>,
) -> Result<Committed> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let done = transaction(connection, memory, now, requests, pending).and_then(|done| {
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    });
    match done {
        Ok((committed, edge)) => {
            memory.edge = Some((committed.head, edge));
            Ok(committed)
        }
        Err(error) => {
            // SQLite may have rolled back already, as on a full disk.
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            Err(error)
        }
    }
}

fn transaction(
    connection: &Connection,
    memory: &mut Memory,
    now: u64,
    requests: &mut VecDeque<Request>,
    pending: &mut Vec<Pending>,
) -> Result<(Committed, Frontier)> {
    let mut group = Group::begin(connection, now, memory.edge.take())?;
    while let Some(request) = requests.pop_front() {
        match request {
            Request::Commit(change, answer) => match apply::change(&mut group, change) {
                Ok(applied) => pending.push(Pending::Commit(applied, answer)),
                Err(error) => {
                    pending.push(Pending::Commit(Err(error), answer));
                    return Err(Error::unavailable("another change broke the transaction: call again"));
                }
            },
            Request::Hold(hold, answer) => pending.push(Pending::Hold(hold::place(&mut group, &hold), answer)),
            Request::Upload(file, piece, answer) => {
                let registered = uploads::register(connection, file, now).and_then(|expires| {
                    if let Some((index, bytes)) = piece {
                        apply::files::put_piece(connection, file, index, &bytes)?;
                    }
                    Ok(expires)
                });
                pending.push(Pending::Upload(registered, answer));
            }
            Request::GiveUp(file) => {
                memory.given_up.push(file);
                if let Err(error) = uploads::discard(connection, file) {
                    tracing::warn!(?error, "an upload that was given up stays until it expires");
                }
            }
            Request::Flush(answer) | Request::Close(answer) => pending.push(Pending::Flush(answer)),
            // It ends a group, and is in none.
            Request::Rest(..) => {}
        }
        if connection.is_autocommit() {
            return Err(Error::unavailable("the disk refused a change, and its whole group with it: call again"));
        }
    }
    if now.abs_diff(memory.swept) > SWEEP {
        uploads::expire(connection, now)?;
        memory.swept = now;
    }
    let grown = group.has_grown();
    let batch: Batch = sequence::finish(&mut group)?;
    let garbage =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM garbage)")?.query_row([], |row| row.get(0))?;
    Ok((Committed { head: batch.head, grown, garbage }, group.feed))
}
