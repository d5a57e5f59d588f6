//! Pieces of files, and uploads that go on. An upload is a row with an end; any engine may put its pieces.

use bytes::Bytes;

use super::Core;
use super::blobs::remembered;
use super::claim::Claim;
use super::connect::Transaction;
use super::convert::Columns;
use crate::error::{Error, Result};
use crate::model::id::Id;
use crate::store::blobs::{Blobs, elsewhere};

/// Whether an upload goes on. A day is a long time: it is begun anew in its second half.
macro_rules! live {
    () => {
        "SELECT 1 FROM upload WHERE file = $1 AND \
         expires > (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT + 43200000"
    };
}

impl Core {
    /// Keeps a piece; on disk when this returns.
    pub(super) async fn put_piece(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        match &self.blobs {
            Some(blobs) => self.put_object(blobs, file, index, piece).await,
            None => self.put_row(file, index, piece).await,
        }
    }

    async fn put_row(&self, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let index = super::convert::int(index)?;
        let client = self.connections.work.get().await?;
        // Locked with others that put pieces, against whoever publishes or gives it up.
        let (transaction, live) = Transaction::begin(client, "BEGIN", concat!(live!(), " FOR SHARE"), &[&file]).await?;
        if live.is_empty() {
            begin(&transaction, file).await?;
        }
        transaction
            .execute(
                "INSERT INTO piece (file, idx, bytes) VALUES ($1, $2, $3) ON CONFLICT (file, idx) DO UPDATE \
                 SET bytes = excluded.bytes",
                &[&file, &index, &piece.as_ref()],
            )
            .await?;
        transaction.commit().await
    }

    /// Nothing is locked while the object is on its way: it is looked at afterwards whether the upload still goes on.
    async fn put_object(&self, blobs: &Blobs, file: Id, index: u64, piece: Bytes) -> Result<()> {
        let client = self.connections.work.get().await?;
        let live = client.prepare_cached(live!()).await?;
        if client.query_opt(&live, &[&file]).await?.is_some() {
            drop(client);
        } else {
            let (transaction, _) = Transaction::begin(client, "BEGIN", live!(), &[&file]).await?;
            begin(&transaction, file).await?;
            transaction.commit().await?;
        }
        blobs.put(file, index, piece).await?;
        let client = self.connections.work.get().await?;
        let sql = client.prepare_cached("SELECT 1 FROM upload WHERE file = $1").await?;
        if client.query_opt(&sql, &[&file]).await?.is_some() {
            return Ok(());
        }
        // It has ended meanwhile. If it was attached, it goes with the file; else nobody has seen to this object.
        let Claim { kind, key } = Claim::file(file);
        let sql = "INSERT INTO garbage (file, since, cleared) \
                   SELECT $1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT, FALSE \
                   WHERE NOT EXISTS (SELECT 1 FROM claim WHERE kind = $2 AND key = $3) \
                   ON CONFLICT (file) DO UPDATE SET cleared = FALSE";
        client.execute(sql, &[&file, &kind, &key]).await?;
        self.littered.notify_one();
        Err(Error::conflict("the upload ended while a piece of it was on its way: send the file again, under a new id"))
    }

    /// Ends an upload, unless it was published.
    pub(super) async fn end_upload(&self, file: Id) -> Result<()> {
        let client = self.connections.work.get().await?;
        let sql = "DELETE FROM upload WHERE file = $1 RETURNING file";
        let (transaction, ended) = Transaction::begin(client, "BEGIN", sql, &[&file]).await?;
        if !ended.is_empty() {
            transaction.execute("DELETE FROM piece WHERE file = $1", &[&file]).await?;
            transaction
                .execute(
                    "INSERT INTO garbage (file, since, cleared) \
                     SELECT $1, (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT, FALSE \
                     WHERE EXISTS (SELECT 1 FROM blobs) ON CONFLICT DO NOTHING",
                    &[&file],
                )
                .await?;
        }
        transaction.commit().await?;
        self.littered.notify_one();
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

    /// A piece, if it is there. Files from before the database had a place for them are in it.
    pub(super) async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        let client = self.connections.views.get().await?;
        let sql = "SELECT (SELECT bytes FROM piece WHERE file = $1 AND idx = $2), \
                   (SELECT substring(leaves FROM (least($2, 60000000) * 32 + 1)::INT FOR 32) FROM file WHERE id = $1), \
                   (SELECT octet_length(leaves) <= 32 FROM file WHERE id = $1)";
        let sql = client.prepare_cached(sql).await?;
        let row = client.query_one(&sql, &[&file, &super::convert::bound(index)]).await?;
        if let Some(bytes) = row.get_as(0)? {
            return Ok(Some(bytes));
        }
        if let Some(blobs) = &self.blobs {
            let hash: Option<&[u8]> = row.get_as(1)?;
            let hash = hash.and_then(|hash| hash.try_into().ok()).map(Id);
            drop(client);
            return blobs.get(file, index, hash).await;
        }
        let is_small = row.get_as::<Option<bool>>(2)? == Some(true);
        match remembered(&client).await? {
            // The piece of a small file is a row.
            Some(place) if !is_small => Err(elsewhere(&place)),
            _ => Ok(None),
        }
    }
}

/// Begins an upload, for a day. Never of a file that is attached, or of one that has ended: objects of it may be about to go.
async fn begin(transaction: &Transaction, file: Id) -> Result<()> {
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
    if transaction.one("SELECT 1 FROM garbage WHERE file = $1", &[&file]).await?.is_some() {
        return Err(Error::conflict("the upload has ended: send the file again, under a new id"));
    }
    Ok(())
}
