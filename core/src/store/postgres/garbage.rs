//! Removes the objects of files that are gone. Their rows say so until it is done, so a crash leaks nothing.

use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::convert::Columns;
use crate::error::Result;
use crate::model::id::Id;
use crate::store::blobs::{Blobs, Looks};

/// Looked for so often where nobody tells.
const EVERY: Duration = Duration::from_mins(1);
/// Files of one step.
const STEP: i64 = 64;
/// No piece is on its way for longer than this, in milliseconds: an hour.
const LATE: i64 = 3_600_000;

/// Works until the store is closed, if it knows the place.
pub(super) async fn run(core: Arc<Core>) {
    let Some(blobs) = &core.blobs else { return };
    let mut looks = Looks::new(EVERY);
    loop {
        if let Some(pause) = looks.pause_after(core.collect(blobs).await) {
            let _ = tokio::time::timeout(pause, core.littered.notified()).await;
        }
    }
}

impl Core {
    /// Takes one step; returns whether there may be more to do.
    async fn collect(&self, blobs: &Blobs) -> Result<bool> {
        let client = self.connections.work.get().await?;
        let sql = "SELECT file FROM garbage WHERE NOT cleared OR \
                   since <= (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT - $1 ORDER BY since LIMIT $2";
        let sql = client.prepare_cached(sql).await?;
        let files = client.query(&sql, &[&LATE, &STEP]).await?;
        drop(client);
        let files = files.iter().map(|row| row.id(0)).collect::<Result<Vec<Id>>>()?;
        for file in &files {
            // Noted first: whoever puts a piece that comes late notes it again.
            let noted = self.note_cleared(*file).await?;
            if let Err(error) = blobs.remove(*file).await {
                self.litter(*file).await?;
                return Err(error);
            }
            if noted {
                self.forget_garbage(*file).await?;
            }
        }
        Ok(!files.is_empty())
    }

    /// Notes that the objects of a file are removed; says whether that was so before, and for the last time.
    async fn note_cleared(&self, file: Id) -> Result<bool> {
        let client = self.connections.work.get().await?;
        let sql = "UPDATE garbage SET cleared = TRUE WHERE file = $1 AND NOT cleared";
        Ok(client.execute(sql, &[&file]).await? == 0)
    }

    /// Notes that objects of a file may be there.
    async fn litter(&self, file: Id) -> Result<()> {
        let client = self.connections.work.get().await?;
        client.execute("UPDATE garbage SET cleared = FALSE WHERE file = $1", &[&file]).await?;
        Ok(())
    }

    /// Forgets a file of which nothing can come any longer.
    async fn forget_garbage(&self, file: Id) -> Result<()> {
        let client = self.connections.work.get().await?;
        let sql = "DELETE FROM garbage WHERE file = $1 AND cleared AND \
                   since <= (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT - $2";
        client.execute(sql, &[&file, &LATE]).await?;
        Ok(())
    }
}
