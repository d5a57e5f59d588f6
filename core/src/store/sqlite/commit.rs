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
#[derive(Clone, Copy)]
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
    let sweep = now.abs_diff(memory.swept) > SWEEP;
    let mut given_up = std::mem::take(&mut memory.given_up);
    let done = within(connection, memory, now, |group| {
        carry_out(group, requests, pending, &mut given_up)?;
        if sweep {
            uploads::expire(connection, now)?;
        }
        Ok(())
    });
    memory.given_up = given_up;
    let (committed, ()) = done?;
    if sweep {
        memory.swept = now;
    }
    Ok(committed)
}

/// Does something in one transaction, and ends it with a batch if it appended anything. On an error nothing was written.
pub(super) fn within<'c, T>(
    connection: &'c Connection,
    memory: &mut Memory,
    now: u64,
    work: impl FnOnce(&mut Group<'c>) -> Result<T>,
) -> Result<(Committed, T)> {
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let edge = memory.edge.take();
    let done = transaction(connection, edge, now, work).and_then(|done| {
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(done)
    });
    match done {
        Ok((committed, edge, answer)) => {
            memory.edge = Some((committed.head, edge));
            Ok((committed, answer))
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

fn transaction<'c, T>(
    connection: &'c Connection,
    edge: Option<(Head, Frontier)>,
    now: u64,
    work: impl FnOnce(&mut Group<'c>) -> Result<T>,
) -> Result<(Committed, Frontier, T)> {
    let mut group = Group::begin(connection, now, edge)?;
    let answer = work(&mut group)?;
    let grown = group.has_grown();
    let batch: Batch = sequence::finish(&mut group)?;
    let garbage =
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM garbage)")?.query_row([], |row| row.get(0))?;
    Ok((Committed { head: batch.head, grown, garbage }, group.feed, answer))
}

fn carry_out(
    group: &mut Group<'_>,
    requests: &mut VecDeque<Request>,
    pending: &mut Vec<Pending>,
    given_up: &mut Vec<Id>,
) -> Result<()> {
    let (connection, now) = (group.connection, group.now);
    while let Some(request) = requests.pop_front() {
        match request {
            Request::Commit(change, answer) => match apply::change(group, change) {
                Ok(applied) => pending.push(Pending::Commit(applied, answer)),
                Err(error) => {
                    pending.push(Pending::Commit(Err(error), answer));
                    return Err(Error::unavailable("another change broke the transaction: call again"));
                }
            },
            Request::Hold(hold, answer) => pending.push(Pending::Hold(hold::place(group, &hold), answer)),
            Request::Upload(file, piece, answer) => {
                let registered = uploads::register(connection, file, now).and_then(|expires| {
                    if let Some((index, bytes)) = piece {
                        apply::files::put_piece(connection, file, index, &bytes)?;
                    }
                    Ok(expires)
                });
                pending.push(Pending::Upload(registered, answer));
            }
            Request::Write(work, answer) => pending.push(Pending::Write(work(connection), answer)),
            Request::GiveUp(file) => {
                given_up.push(file);
                if let Err(error) = uploads::discard(connection, file) {
                    tracing::warn!(?error, "an upload that was given up stays until it expires");
                }
            }
            Request::Fold(answer) | Request::Flush(answer) | Request::Close(answer) => {
                pending.push(Pending::Flush(answer));
            }
            // They end a group, and are in none.
            Request::Reads | Request::Rest(..) | Request::TakeIn(..) => {}
        }
        if connection.is_autocommit() {
            return Err(Error::unavailable("the disk refused a change, and its whole group with it: call again"));
        }
    }
    Ok(())
}
