//! The content of large files in another place than the folder beside the database: named by whoever opens it, and
//! remembered in a row.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::task::AbortHandle;

use super::Shared;
use super::request::Request;
use super::writer::now;
use crate::error::Result;
use crate::model::id::Id;
use crate::store::blobs::{Blobs, BlobsLocation, Looks, Remembered};
use crate::store::random;

/// Another program that marks the place at this moment is waited for so often, and so long each time.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Files that are gone are looked for so often.
const EVERY: Duration = Duration::from_secs(1);
/// Files of one step.
const STEP: u32 = 64;
/// No piece is on its way for longer than this, in milliseconds: an hour.
const LATE: u64 = 3_600_000;

/// The place, and the task that removes from it what is gone.
pub(super) struct Elsewhere {
    pub(super) blobs: Arc<Blobs>,
    removing: AbortHandle,
}

impl Elsewhere {
    /// Ends the task; what is left is the next opener's.
    pub(super) fn stop(&self) {
        self.removing.abort();
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Takes this place, if it is the database's; one that nothing was kept in becomes it. The task runs on the caller's runtime.
pub(super) async fn adopt(shared: &Arc<Shared>, location: &BlobsLocation) -> Result<Elsewhere> {
    let blobs = Arc::new(Blobs::at(location)?);
    for _ in 0..TRIES {
        if let Some(of) = shared.database.read(remembered)? {
            blobs.belongs(&of).await?;
            remember(shared, blobs.remembered_as(of.marker)).await?;
            let removing = tokio::spawn(remove(Arc::downgrade(shared), Arc::clone(&blobs)));
            return Ok(Elsewhere { blobs, removing: removing.abort_handle() });
        }
        let marker = random::make_id()?;
        // The mark first: a place that can't be used is not remembered.
        if blobs.mark(marker).await? {
            remember(shared, blobs.remembered_as(marker)).await?;
            if shared.database.read(remembered)?.is_none_or(|of| of.marker != marker) {
                // Another program was first, with another place.
                blobs.unmark().await?;
            }
        } else {
            tokio::time::sleep(PAUSE).await;
        }
    }
    Err(blobs.is_taken())
}

/// What the database remembers.
pub(super) fn remembered(connection: &Connection) -> Result<Option<Remembered>> {
    let mut find = connection.prepare_cached("SELECT url, marker FROM blobs")?;
    Ok(find.query_row([], |row| Ok(Remembered { url: row.get(0)?, marker: row.get(1)? })).optional()?)
}

/// The place that may have this file's pieces, if the database remembers one: the piece of a small file is a row.
pub(super) fn place_of(connection: &Connection, file: Id) -> Result<Option<Remembered>> {
    let is_small: Option<bool> = connection
        .prepare_cached("SELECT length(leaves) <= 32 FROM file WHERE id = ?1")?
        .query_row([file], |row| row.get(0))
        .optional()?;
    if is_small == Some(true) { Ok(None) } else { remembered(connection) }
}

/// Remembers a place where none is, and where the one that is has moved.
async fn remember(shared: &Shared, place: Remembered) -> Result<()> {
    if shared.database.read(remembered)?.is_some_and(|known| known == place) {
        return Ok(());
    }
    write(shared, move |connection| {
        let mut put = connection.prepare_cached(
            "INSERT INTO blobs (one, url, marker) VALUES (1, ?1, ?2) ON CONFLICT (one) DO UPDATE SET url = excluded.url \
             WHERE marker = excluded.marker",
        )?;
        put.execute((&place.url, place.marker))?;
        Ok(())
    })
    .await
}

async fn write(shared: &Shared, work: impl FnOnce(&Connection) -> Result<()> + Send + 'static) -> Result<()> {
    shared.ask(|answer| Request::Write(Box::new(work), answer)).await
}

/// Removes what is gone until the store is closed.
async fn remove(shared: Weak<Shared>, blobs: Arc<Blobs>) {
    let mut looks = Looks::new(EVERY);
    loop {
        let Some(held) = shared.upgrade() else { return };
        let pause = looks.pause_after(step(&held, &blobs).await);
        drop(held);
        if let Some(pause) = pause {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Takes one step; returns whether there may be more to do.
async fn step(shared: &Shared, blobs: &Blobs) -> Result<bool> {
    let late = now().saturating_sub(LATE);
    let files: Vec<Id> = shared.database.read(|connection| {
        let mut find = connection.prepare_cached(
            "SELECT file FROM object_garbage WHERE cleared = 0 OR since <= ?1 ORDER BY since LIMIT ?2",
        )?;
        Ok(find.query_map((late, STEP), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
    })?;
    for file in &files {
        blobs.remove(*file).await?;
    }
    let more = !files.is_empty();
    if more {
        write(shared, move |connection| {
            // A piece that was on its way may still come: all is removed once more before the row goes.
            let mut forget = connection
                .prepare_cached("DELETE FROM object_garbage WHERE file = ?1 AND cleared = 1 AND since <= ?2")?;
            let mut note = connection.prepare_cached("UPDATE object_garbage SET cleared = 1 WHERE file = ?1")?;
            for file in files {
                if forget.execute((file, late))? == 0 {
                    note.execute([file])?;
                }
            }
            Ok(())
        })
        .await?;
    }
    Ok(more)
}

/// Notes that the objects of a file go.
pub(super) fn litter(connection: &Connection, file: Id) -> Result<()> {
    let mut note = connection.prepare_cached(
        "INSERT OR IGNORE INTO object_garbage (file, since, cleared) SELECT ?1, ?2, 0 WHERE EXISTS (SELECT 1 FROM blobs)",
    )?;
    note.execute((file, now()))?;
    Ok(())
}
