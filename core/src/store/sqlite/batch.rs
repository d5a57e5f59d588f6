//! The newest batch: what a head is read from.

use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::Result;
use crate::log::feed::{Head, HeadsRoots};
use crate::store::BatchRow;

/// A head, the roots that its last leaf holds, and the time of its newest entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) head: Head,
    pub(super) roots: HeadsRoots,
    pub(super) time: u64,
}

impl Batch {
    /// Before the first entry.
    pub(super) fn none() -> Self {
        Self { head: Head::empty(), roots: HeadsRoots::empty(), time: 0 }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            head: Head { size: row.get(0)?, root: row.get(1)? },
            time: row.get(2)?,
            roots: HeadsRoots {
                account: Head { size: row.get(3)?, root: row.get(4)? },
                vaults: Head { size: row.get(5)?, root: row.get(6)? },
            },
        })
    }

    /// The newest.
    pub(super) fn newest(connection: &Connection) -> Result<Self> {
        let newest = connection
            .prepare_cached(
                "SELECT size, root, time, account_size, account_root, vaults_size, vaults_root FROM batch \
                 ORDER BY size DESC LIMIT 1",
            )?
            .query_row([], Self::from_row)
            .optional()?;
        Ok(newest.unwrap_or_else(Self::none))
    }

    /// The head of this size, if a batch ended there.
    pub(super) fn head_at(connection: &Connection, size: u64) -> Result<Option<Head>> {
        if size == 0 {
            return Ok(Some(Head::empty()));
        }
        Ok(connection
            .prepare_cached("SELECT size, root FROM batch WHERE size = ?1")?
            .query_row([size], |row| Ok(Head { size: row.get(0)?, root: row.get(1)? }))
            .optional()?)
    }

    /// The batches whose last leaf is at this position or after it.
    pub(super) fn ends(connection: &Connection, from: u64, limit: u32) -> Result<Vec<BatchRow>> {
        let mut find = connection.prepare_cached(
            "SELECT size, root, time, account_size, account_root, vaults_size, vaults_root FROM batch \
             WHERE size > ?1 ORDER BY size LIMIT ?2",
        )?;
        let read = |row: &Row<'_>| {
            let Self { head, roots, time } = Self::from_row(row)?;
            Ok(BatchRow { head, roots, time })
        };
        let batches = find.query_map((from, limit), read)?;
        Ok(batches.collect::<rusqlite::Result<_>>()?)
    }

    pub(super) fn insert(&self, connection: &Connection) -> Result<()> {
        let Self { head, roots, time } = self;
        connection
            .prepare_cached(
                "INSERT INTO batch (size, root, time, account_size, account_root, vaults_size, vaults_root) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                head.size,
                head.root,
                time,
                roots.account.size,
                roots.account.root,
                roots.vaults.size,
                roots.vaults.root,
            ))?;
        Ok(())
    }
}
