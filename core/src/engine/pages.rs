//! Reading long lists from the store a page at a time.

use crate::error::Result;
use crate::log::operation::LogId;
use crate::store::{EntryRow, Snapshot};

/// How many rows are read at once.
pub(super) const LIMIT: u32 = 1_000;

/// The entries of a log from `from` to before `to`.
pub(super) async fn entries(snapshot: &mut dyn Snapshot, log: LogId, mut from: u64, to: u64) -> Result<Vec<EntryRow>> {
    let mut entries = Vec::new();
    while from < to {
        let page = snapshot.entries(log, from, at_most(to - from)).await?;
        let Some(last) = page.last() else { break };
        from = last.seq + 1;
        entries.extend(page);
    }
    Ok(entries)
}

/// The entry at a place of a log.
pub(super) async fn entry(snapshot: &mut dyn Snapshot, log: LogId, seq: u64) -> Result<Option<EntryRow>> {
    Ok(snapshot.entries(log, seq, 1).await?.into_iter().next().filter(|entry| entry.seq == seq))
}

fn at_most(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(LIMIT).min(LIMIT)
}
