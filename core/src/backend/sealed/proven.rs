//! What an entry that was read alone still lacks: a proof of its place in the feed, and of what its author had seen.

use std::sync::{Arc, PoisonError};

use super::Sealed;
use super::known::Known;
use super::opened::another;
use super::trust::Need;
use super::verify::Pending;
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::Operation;
use crate::model::id::Id;

impl Sealed {
    /// Rule 1: the newest that the author of an entry had seen is a head of this feed. And it is the entry that was
    /// acknowledged, where one was.
    pub(super) async fn join_author(&self, known: Arc<Known>, entry: &Pending) -> Result<Arc<Known>> {
        let placed = entry.placed();
        self.trust.check_promise(placed.log, placed.seq, placed.hash)?;
        let (author, seen) = (entry.operation.signer.unwrap_or(self.my_id()), entry.operation.seen);
        let newest = self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(&author).copied();
        if newest.is_some_and(|newest| newest == seen || seen.size < newest.size) {
            return Ok(known);
        }
        let known = if seen == known.head || seen == Head::empty() {
            known
        } else {
            self.refresh(Need { joins: vec![seen], ..Need::default() }.asked_now()).await?
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(author, seen);
        Ok(known)
    }

    /// An operation of the caller's was taken. What it names as seen was verified before it was signed, and every head since
    /// extends it: nothing is left to join.
    pub(super) fn taken(&self, operation: &[u8]) -> Result<()> {
        let seen = Operation::from_bytes(operation)?.seen;
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = all.entry(self.my_id()).or_insert(seen);
        if newest.size < seen.size {
            *newest = seen;
        }
        Ok(())
    }

    /// An entry whose author has lost a right since: the replayed item log proves its place, and judges it there.
    pub(super) async fn replayed_entry(&self, vault: Id, entry: &Pending) -> Result<Arc<Known>> {
        let known = self.refresh(Need::items(vault)).await?;
        let placed = entry.placed();
        let stands =
            known.vault(vault)?.events.values().any(|event| (event.log, event.hash) == (placed.log, placed.hash));
        if stands { Ok(known) } else { Err(another()) }
    }
}
