//! What engines keep for each other, for a short time.

use super::Core;
use super::convert::{Columns, bound};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::Kept;

impl Core {
    pub(super) async fn put_kept(&self, kind: Kept, key: Id, value: Vec<u8>, until: u64) -> Result<()> {
        let sql = "INSERT INTO kept (kind, key, value, until) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, key) \
                   DO UPDATE SET value = excluded.value, until = excluded.until";
        self.connections.relaxed(sql, &[&i16::from(kind.number()), &key, &value, &bound(until)]).await?;
        Ok(())
    }

    pub(super) async fn get_kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        let client = self.connections.views.get().await?;
        let sql = "SELECT value FROM kept WHERE kind = $1 AND key = $2 \
                   AND until > (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT";
        let sql = client.prepare_cached(sql).await?;
        let row = client.query_opt(&sql, &[&i16::from(kind.number()), &key]).await?;
        row.map(|row| row.bytes(0)).transpose()
    }

    pub(super) async fn take_kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        let sql = "DELETE FROM kept WHERE kind = $1 AND key = $2 RETURNING value, \
                   until > (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT";
        let rows = self.connections.relaxed(sql, &[&i16::from(kind.number()), &key]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        if row.flag(1)? { row.bytes(0).map(Some) } else { Ok(None) }
    }

    /// Forgets what is over.
    pub(super) async fn clear_kept(&self) -> Result<()> {
        let sql = "DELETE FROM kept WHERE until <= (extract(epoch FROM clock_timestamp()) * 1000)::BIGINT";
        self.connections.relaxed(sql, &[]).await?;
        Ok(())
    }
}
