//! What an answer tells: where its entries are, and what their authors had seen.

use std::collections::{BTreeMap, HashMap};

use crate::authority::EntryAnswer;
use crate::error::Result;
use crate::log::feed::Head;
use crate::log::operation::Operation;
use crate::model::id::Id;
use crate::store::EntryRow;

/// What must be proven of the entries of an answer.
#[derive(Default)]
pub(super) struct Told {
    /// Their places in the feed.
    pub(super) positions: Vec<u64>,
    seen: HashMap<Id, Head>,
}

impl Told {
    /// An entry for the answer, noted.
    pub(super) fn entry(&mut self, entry: EntryRow) -> Result<EntryAnswer> {
        let EntryRow { time, operation, signatures, position, .. } = entry;
        let Operation { signer, seen, .. } = Operation::from_bytes(&operation)?;
        if let Some(signer) = signer {
            let newest = self.seen.entry(signer).or_insert(seen);
            if newest.size < seen.size {
                *newest = seen;
            }
        }
        self.positions.push(position);
        Ok(EntryAnswer { time, operation, signatures, position })
    }

    /// The newest that each author had seen, once each; without the empty feed and the head itself.
    pub(super) fn newest_seen(&self, head: Head) -> Vec<Head> {
        let distinct: BTreeMap<u64, Head> = self.seen.values().map(|seen| (seen.size, *seen)).collect();
        distinct.into_values().filter(|seen| seen.size > 0 && *seen != head).collect()
    }
}
