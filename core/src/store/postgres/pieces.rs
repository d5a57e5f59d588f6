//! Pieces of files, and uploads that go on. An upload is a row with an end; any engine may put its pieces.

use bytes::Bytes;

use super::Core;
use super::claim::Claim;
use super::connect::Transaction;
use super::convert::Columns;
use crate::error::{Error, Result};
use crate::model::id::Id;

impl Core {
    /// Keeps a piece; on disk when this returns.
    pub(super) async fn put_piece(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let index = super::convert::int(index)?;
        let client = self.connections.work.get().await?;
        // Locked with others that put pieces, against whoever publishes or gives it up. A day is a long time: it is
        // begun anew in its second half.
        let sql = "SELECT 1 FROM upload WHERE file = $1 AND \
                   expires > (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT + 43200000 FOR SHARE";
        let (transaction, live) = Transaction::begin(client, "BEGIN", sql, &[&file]).await?;
        if live.is_empty() {
            transaction
                .execute(
                    "INSERT INTO upload (file, expires) \
                     VALUES ($1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT + 86400000) \
                     ON CONFLICT (file) DO UPDATE SET expires = excluded.expires",
                    &[&file],
                )
                .await?;
            let Claim { kind, key } = Claim::file(file);
            if transaction.one("SELECT 1 FROM claim WHERE kind = $1 AND key = $2", &[&kind, &key]).await?.is_some() {
                return Err(Error::conflict("the file is attached already: send another under a new id"));
            }
        }
        transaction
            .execute(
                "INSERT INTO piece (file, idx, bytes) VALUES ($1, $2, $3) ON CONFLICT (file, idx) DO UPDATE \
                 SET bytes = excluded.bytes",
                &[&file, &index, &piece.as_ref()],
            )
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Ends an upload, unless it was published.
    pub(super) async fn end_upload(&self, file: Id) -> Result<()> {
        let client = self.connections.work.get().await?;
        let sql = "DELETE FROM upload WHERE file = $1 RETURNING file";
        let (transaction, ended) = Transaction::begin(client, "BEGIN", sql, &[&file]).await?;
        if !ended.is_empty() {
            transaction.execute("DELETE FROM piece WHERE file = $1", &[&file]).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Ends the uploads whose day is over.
    pub(super) async fn expire_uploads(&self) -> Result<()> {
        let client = self.connections.work.get().await?;
        let sql = "SELECT file FROM upload WHERE expires <= (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT \
                   LIMIT 256";
        let sql = client.prepare_cached(sql).await?;
        let expired = client.query(&sql, &[]).await?;
        drop(client);
        for row in expired {
            self.end_upload(row.id(0)?).await?;
        }
        Ok(())
    }

    /// A piece, if it is there.
    pub(super) async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        let client = self.connections.views.get().await?;
        let sql = client.prepare_cached("SELECT bytes FROM piece WHERE file = $1 AND idx = $2").await?;
        let row = client.query_opt(&sql, &[&file, &super::convert::bound(index)]).await?;
        row.map(|row| row.bytes(0)).transpose()
    }
}
