//! Where reads and refusals are noted before they are answered: what waits goes as one group into one row, whose commit
//! is not waited for on the disk. Every second they are folded into the tables (`fold`), by any store on the database.

mod anchor;
mod fold;

pub(super) use self::fold::put;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::{Core, fault, now};
use crate::error::Result;
use crate::log::reads::{Chain, Group, MAX_ENTRIES, ReadEntry};
use crate::model::id::Id;
use crate::store::random;

/// What the journal is asked for.
pub(super) enum Note {
    Entry(Box<ReadEntry>, oneshot::Sender<Result<()>>),
    /// Answers once all before is written, and no more is taken.
    Close(oneshot::Sender<()>),
}

/// The chain of this store.
struct Journal {
    core: Arc<Core>,
    chain: Chain,
    /// The time of the last entry.
    time: u64,
}

/// Writes what is noted, until it is closed.
pub(super) async fn run(core: Arc<Core>, mut notes: mpsc::UnboundedReceiver<Note>, chain: Id) {
    let mut journal = Journal { core, chain: Chain::new(chain), time: 0 };
    while let Some(first) = notes.recv().await {
        let (mut entries, mut closing) = (Vec::new(), None);
        let mut next = Some(first);
        while let Some(note) = next {
            match note {
                Note::Entry(entry, answer) => entries.push((*entry, answer)),
                Note::Close(answer) => closing = Some(answer),
            }
            next = if entries.len() < MAX_ENTRIES { notes.try_recv().ok() } else { None };
        }
        journal.write(entries).await;
        if let Some(answer) = closing {
            notes.close();
            let _ = answer.send(());
        }
    }
}

impl Journal {
    async fn write(&mut self, entries: Vec<(ReadEntry, oneshot::Sender<Result<()>>)>) {
        if entries.is_empty() {
            return;
        }
        let (entries, answers): (Vec<ReadEntry>, Vec<_>) = entries.into_iter().unzip();
        let written = self.append(entries).await;
        if let Err(error) = &written {
            tracing::warn!(?error, "reads could not be noted");
            // Whether the row is there nobody can say, and after a crash of PostgreSQL those before it may not be: what
            // comes goes to another chain.
            if let Ok(id) = random::make_id() {
                self.chain = Chain::new(id);
            }
        }
        for answer in answers {
            // Whoever asked may have stopped waiting.
            let _ = answer.send(written.as_ref().copied().map_err(fault::same));
        }
    }

    async fn append(&mut self, mut entries: Vec<ReadEntry>) -> Result<()> {
        self.time = now().max(self.time);
        for entry in &mut entries {
            entry.time = self.time;
        }
        let mut chain = self.chain;
        let group = Group::of(&mut chain, entries.iter().map(ReadEntry::to_bytes).collect());
        let sql = "INSERT INTO noted (chain, first, entries) VALUES ($1, $2, $3)";
        let first = super::convert::int(group.first)?;
        self.core.connections.relaxed(sql, &[&group.chain, &first, &group.to_bytes()]).await?;
        self.chain = chain;
        self.core.noted.notify_one();
        Ok(())
    }
}
