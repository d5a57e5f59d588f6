//! What the writer is asked for, and its answers.

use bytes::Bytes;
use rusqlite::Connection;
use std::sync::mpsc::{Receiver, Sender};

use tokio::sync::oneshot;

use super::apply::Applied;
use super::hold::Hold;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::model::id::Id;
use crate::store::{ChangeSet, Copied, Outcome};

pub(super) type Answer<T> = oneshot::Sender<Result<T>>;

/// Rows that are the store's own affair.
pub(super) type Work = Box<dyn FnOnce(&Connection) -> Result<()> + Send>;

/// What the writer is asked for.
pub(super) enum Request {
    Commit(ChangeSet, Answer<Outcome>),
    Hold(Hold, Answer<Option<Head>>),
    /// An upload's row, and in memory the piece itself; answers when it expires.
    Upload(Id, Option<(u64, Bytes)>, Answer<u64>),
    /// One statement, or several that may each fail alone.
    Write(Work, Answer<()>),
    /// An upload that goes no further; nobody waits for it.
    GiveUp(Id),
    /// Reads were noted, to be folded before long.
    Reads,
    /// Parts of a copy.
    TakeIn(Vec<Copied>, Answer<()>),
    /// Answers once all reads that were noted before are folded.
    Fold(Answer<()>),
    /// Answers once all that was asked before is done.
    Flush(Answer<()>),
    /// The same, and the writer has ended.
    Close(Answer<()>),
    /// Lets go of the files, says so, and takes them again when it is woken.
    Rest(Sender<()>, Receiver<Sender<()>>),
}

/// A request that was carried out in a transaction which is not committed yet.
pub(super) enum Pending {
    Commit(Result<Applied>, Answer<Outcome>),
    Hold(Result<bool>, Answer<Option<Head>>),
    Upload(Result<u64>, Answer<u64>),
    Write(Result<()>, Answer<()>),
    Flush(Answer<()>),
}

/// Sends what a waiter may have stopped waiting for.
fn send<T>(answer: Answer<T>, result: Result<T>) {
    let _ = answer.send(result);
}

impl Request {
    /// Answers that it could not be carried out.
    pub(super) fn fail(self, error: &Error) {
        match self {
            Self::Commit(_, answer) => send(answer, Err(same(error))),
            Self::Hold(_, answer) => send(answer, Err(same(error))),
            Self::Upload(_, _, answer) => send(answer, Err(same(error))),
            Self::GiveUp(_) | Self::Reads | Self::Rest(..) => {}
            Self::Write(_, answer)
            | Self::TakeIn(_, answer)
            | Self::Fold(answer)
            | Self::Flush(answer)
            | Self::Close(answer) => send(answer, Err(same(error))),
        }
    }
}

impl Pending {
    /// Answers what became of it; its transaction is on disk, and `head` covers it.
    pub(super) fn answer(self, head: Head) {
        match self {
            Self::Commit(applied, answer) => send(
                answer,
                applied.map(|applied| match applied {
                    Applied::Done(receipts) => Outcome::Committed(receipts, head),
                    Applied::Stale(guard) => Outcome::Stale(guard),
                    Applied::Repeated(append, receipt) => Outcome::Repeated(append, receipt),
                }),
            ),
            Self::Hold(taken, answer) => send(answer, taken.map(|taken| taken.then_some(head))),
            Self::Upload(expires, answer) => send(answer, expires),
            Self::Write(done, answer) => send(answer, done),
            Self::Flush(answer) => send(answer, Ok(())),
        }
    }

    /// Answers that its transaction failed, or with its own error.
    pub(super) fn fail(self, error: &Error) {
        match self {
            Self::Commit(applied, answer) => send(answer, Err(applied.err().unwrap_or_else(|| same(error)))),
            Self::Hold(taken, answer) => send(answer, Err(taken.err().unwrap_or_else(|| same(error)))),
            Self::Upload(expires, answer) => send(answer, Err(expires.err().unwrap_or_else(|| same(error)))),
            Self::Write(done, answer) => send(answer, Err(done.err().unwrap_or_else(|| same(error)))),
            Self::Flush(answer) => send(answer, Err(same(error))),
        }
    }
}

/// An error for one more waiter; the cause stays with the first of them, in the writer's trace.
fn same(error: &Error) -> Error {
    Error::new(error.kind(), error.message())
}
