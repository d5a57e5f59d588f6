//! Where reads and refusals are noted before they are answered: never through the writer, beside which a commit costs a
//! hundred times the read.
//!
//! Whoever notes one puts it into the queue and lets the tasks that are ready do the same; the first to come back writes
//! all that waits as one group, and the others find it done. There is no thread to hop to and nobody to wake. A group goes
//! to a segment (`segment`) beside the database, in the operating system's hands, and is folded into the tables (`fold`)
//! by the writer, every second, on close and before the audit is read; segments of other engines (`others`) along with it.

mod fold;
mod others;
mod segment;

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use self::segment::Segment;
use super::database::lock;
use super::{fault, place};
use crate::error::{Error, Result};
use crate::log::reads::{Chain, Group, MAX_ENTRIES, MAX_ENTRY, ReadEntry, frame};
use crate::model::id::Id;
use crate::store::random;

pub(super) use self::fold::{Gathered, fold, put};
pub(super) use self::others::{Other, any, others};

/// How much may wait to be folded, in bytes, before reads are refused: the writer has failed for long.
const MOST: usize = 256 << 20;

/// The chain of this store, and what of it is not folded yet.
pub(super) struct Journal {
    waiting: Mutex<Waiting>,
    written: Mutex<Written>,
}

#[derive(Default)]
struct Waiting {
    ticket: u64,
    /// In order of ticket.
    entries: Vec<(u64, ReadEntry)>,
}

struct Written {
    /// All entries up to this ticket are written, or were given up by who waited for them.
    done: u64,
    chain: Chain,
    /// The time of the last entry.
    time: u64,
    /// None: in memory.
    folder: Option<PathBuf>,
    /// None in memory, and before the first entry.
    segment: Option<Segment>,
    /// Written and not folded, and how many bytes that is.
    pending: Vec<Group>,
    bytes: usize,
    /// Whether the writer knows that something is pending.
    told: bool,
    closed: bool,
}

/// The folder of segments of this database.
pub(super) fn folder(database: &Path) -> PathBuf {
    place::beside(database, "-reads")
}

impl Journal {
    /// A new chain, in segments beside this database or in memory. Nothing is written before the first entry.
    pub(super) fn new(database: Option<&Path>) -> Result<Self> {
        let written = Written {
            done: 0,
            chain: Chain::new(random::make_id()?),
            time: 0,
            folder: database.map(folder),
            segment: None,
            pending: Vec::new(),
            bytes: 0,
            told: false,
            closed: false,
        };
        Ok(Self { waiting: Mutex::default(), written: Mutex::new(written) })
    }

    /// Which chain it is.
    pub(super) fn chain(&self) -> Id {
        lock(&self.written).chain.id
    }

    /// Whether it has an entry.
    pub(super) fn is_begun(&self) -> bool {
        lock(&self.written).chain.count > 0
    }

    /// Notes an entry: when this returns, the operating system has it. The answer is whether the writer is to be told.
    ///
    /// Cancel safe: an entry whose waiter is gone is written with the next.
    pub(super) async fn note(&self, entry: ReadEntry) -> Result<bool> {
        let ticket = {
            let mut waiting = lock(&self.waiting);
            waiting.ticket += 1;
            let ticket = waiting.ticket;
            waiting.entries.push((ticket, entry));
            ticket
        };
        tokio::task::yield_now().await;
        self.write(ticket)
    }

    fn write(&self, ticket: u64) -> Result<bool> {
        let mut written = lock(&self.written);
        if written.done < ticket {
            let mut waiting = mem::take(&mut lock(&self.waiting).entries);
            while !waiting.is_empty() {
                let count = waiting.len().min(MAX_ENTRIES);
                if let Err(error) = written.append(&mut waiting[..count]) {
                    // Each of the others tries for itself, and gives up its own entry like this.
                    waiting.retain(|(other, _)| *other != ticket);
                    let queue = &mut lock(&self.waiting).entries;
                    waiting.append(queue);
                    *queue = waiting;
                    return Err(error);
                }
                waiting.drain(..count);
            }
        }
        Ok(!mem::replace(&mut written.told, true))
    }

    /// Takes what is written and not folded yet. What comes from now on goes to the other segment, if that is empty.
    pub(super) fn take(&self) -> Vec<Group> {
        let mut written = lock(&self.written);
        written.told = false;
        written.bytes = 0;
        if let Some(segment) = &mut written.segment {
            segment.turn();
        }
        mem::take(&mut written.pending)
    }

    /// What was taken is folded, on disk: the segment that holds it is emptied.
    pub(super) fn folded(&self) {
        if let Some(segment) = &mut lock(&self.written).segment {
            segment.empty();
        }
    }

    /// What was taken could not be folded.
    pub(super) fn put_back(&self, mut groups: Vec<Group>) {
        let mut written = lock(&self.written);
        groups.append(&mut written.pending);
        written.bytes = groups.iter().map(|group| group.entries.len() * MAX_ENTRY / 8).sum();
        written.pending = groups;
    }

    /// Refuses all further entries.
    pub(super) fn close(&self) {
        lock(&self.written).closed = true;
    }

    /// Closes and removes the segments if all of them is folded, and keeps others from noting until what is answered is
    /// dropped; the next entry begins a new chain. None if there is more to fold first.
    pub(super) fn rest(&self) -> Result<Option<impl Sized>> {
        let next = Chain::new(random::make_id()?);
        let mut written = lock(&self.written);
        if !written.pending.is_empty() {
            return Ok(None);
        }
        if let Some(segment) = written.segment.take() {
            segment.remove();
            written.chain = next;
        }
        Ok(Some(written))
    }

    /// Removes the segments, all of which is folded.
    pub(super) fn remove(&self) {
        let mut written = lock(&self.written);
        if written.pending.is_empty()
            && let Some(segment) = written.segment.take()
        {
            segment.remove();
        }
    }
}

impl Written {
    /// Writes entries as one group.
    fn append(&mut self, entries: &mut [(u64, ReadEntry)]) -> Result<()> {
        let Some(last) = entries.last().map(|(ticket, _)| *ticket) else { return Ok(()) };
        if self.closed {
            return Err(fault::closed());
        }
        if self.bytes > MOST {
            return Err(Error::unavailable(
                "a read was to be noted for the audit, and those before it could not be brought into the database: \
                 check the disk and call again",
            ));
        }
        if self.segment.is_none()
            && let Some(folder) = &self.folder
        {
            self.segment = Some(Segment::make(folder, self.chain.id)?);
        }
        let time = super::writer::now().max(self.time);
        let bytes: Vec<Vec<u8>> = entries
            .iter_mut()
            .map(|(_, entry)| {
                entry.time = time;
                entry.to_bytes()
            })
            .collect();
        let mut chain = self.chain;
        let group = Group::of(&mut chain, bytes);
        let frame = frame(&group);
        if let Some(segment) = &mut self.segment {
            segment.append(&frame)?;
        }
        self.bytes += frame.len();
        self.pending.push(group);
        (self.done, self.chain, self.time) = (last, chain, time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::encoding::MaybeId;
    use crate::log::reads::Action;

    fn entry(number: u64) -> ReadEntry {
        ReadEntry {
            version: 1,
            action: Action::ItemRead.number(),
            salt: Id([7; 32]),
            time: 0,
            actor: Id([1; 32]),
            generation: 1,
            session: Id([2; 32]),
            app: None,
            vault: MaybeId(None),
            item: MaybeId(None),
            file: MaybeId(None),
            item_version: number,
            detail: String::new(),
        }
    }

    #[tokio::test]
    async fn what_waits_together_is_one_group() {
        let journal = Journal::new(None).unwrap();
        let notes = futures_util::future::join_all((0..1_000).map(|number| journal.note(entry(number)))).await;
        assert!(notes.iter().all(Result::is_ok));
        assert_eq!(notes.iter().filter(|told| matches!(told, Ok(true))).count(), 1);
        let groups = journal.take();
        assert_eq!(groups.iter().map(|group| group.entries.len()).collect::<Vec<_>>(), [512, 488]);
        let mut chain = Chain::new(journal.chain());
        for group in &groups {
            chain = group.continues(chain).unwrap();
        }
        assert!(journal.note(entry(0)).await.unwrap());
        assert_eq!(journal.take()[0].first, 1_000);
    }

    #[tokio::test]
    async fn an_entry_whose_waiter_is_gone_goes_with_the_next() {
        let journal = Journal::new(None).unwrap();
        let mut gone = Box::pin(journal.note(entry(1)));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop(gone);
        journal.note(entry(2)).await.unwrap();
        assert_eq!(journal.take()[0].entries.len(), 2);
    }

    #[tokio::test]
    async fn where_nothing_can_be_written_nothing_is_noted() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(Some(&folder.path().join("none/vaults.db"))).unwrap();
        let notes = futures_util::future::join_all((0..3).map(|number| journal.note(entry(number)))).await;
        assert!(notes.iter().all(|note| note.as_ref().is_err_and(|error| error.code() == "unavailable")), "{notes:?}");
        assert!(lock(&journal.waiting).entries.is_empty());
        std::fs::create_dir(folder.path().join("none")).unwrap();
        journal.note(entry(4)).await.unwrap();
        let [group] = &journal.take()[..] else { panic!("one group") };
        assert_eq!((group.first, group.entries.len()), (0, 1));
        journal.close();
        assert!(journal.note(entry(5)).await.is_err());
    }
}
