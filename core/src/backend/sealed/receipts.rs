//! Acknowledgments that no verified head covers yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::log::operation::LogId;
use crate::model::id::Id;
use crate::store::Receipt;

/// After this, what was acknowledged and is in no verified log is missing.
const PATIENCE: Duration = Duration::from_mins(1);

/// After every so many logs, those are forgotten that nobody has asked for since they were written.
const MANY: usize = 65_536;

/// What an authority has promised: which entry stands where. Kept until a verified log covers the place.
#[derive(Default)]
pub(super) struct Receipts(Mutex<HashMap<LogId, BTreeMap<u64, Promise>>>);

#[derive(Clone, Copy)]
struct Promise {
    entry: Id,
    since: Instant,
}

impl Receipts {
    /// Keeps a promise.
    pub(super) fn keep(&self, receipt: &Receipt, since: Instant) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len().is_multiple_of(MANY) && !all.contains_key(&receipt.log) {
            all.retain(|_, promises| promises.values().any(|promise| since.duration_since(promise.since) <= PATIENCE));
        }
        let promise = Promise { entry: receipt.hash, since };
        all.entry(receipt.log).or_default().insert(receipt.seq, promise);
    }

    /// Compares the promises about a log with its verified entries, and with its size when it was asked for.
    ///
    /// # Errors
    /// `Tampered` if another entry stands at a promised place; `Unavailable` if the log does not reach it after a minute.
    pub(super) fn check(
        &self,
        log: LogId,
        entries: impl IntoIterator<Item = (u64, Id)>,
        size: u64,
        asked: Instant,
    ) -> Result<()> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(promises) = all.get(&log) else { return Ok(()) };
        for (seq, entry) in entries {
            if promises.get(&seq).is_some_and(|promise| promise.entry != entry) {
                return Err(Error::tampered(
                    "an operation was acknowledged, and another one stands in its place: restore the store",
                ));
            }
        }
        let missing = |promise: &Promise| asked.saturating_duration_since(promise.since) > PATIENCE;
        if promises.range(size..).any(|(_, promise)| missing(promise)) {
            return Err(Error::unavailable(
                "an operation was acknowledged more than a minute ago and is in no log: ask whoever runs the store",
            ));
        }
        Ok(())
    }

    /// Forgets the promises that these logs keep; of a log that was shown without its entries, those that are old, from the
    /// first on: there may be as many as were made in a minute.
    pub(super) fn forget(&self, shown: impl IntoIterator<Item = Shown>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for Shown { log, size, entries, asked } in shown {
            if let Some(promises) = all.get_mut(&log) {
                let young = |promise: &Promise| asked.saturating_duration_since(promise.since) <= PATIENCE;
                while let Some(first) = promises.first_entry()
                    && *first.key() < size
                    && (entries || !young(first.get()))
                {
                    first.remove();
                }
                if promises.is_empty() {
                    all.remove(&log);
                }
            }
        }
    }
}

/// A log as an answer has shown it.
pub(super) struct Shown {
    pub(super) log: LogId,
    pub(super) size: u64,
    /// Whether its new entries came with it.
    pub(super) entries: bool,
    pub(super) asked: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::feed::Head;
    use crate::log::operation::LogKind;

    const LOG: LogId = LogId { kind: LogKind::Vault, id: Id([1; 32]) };
    const ENTRY: Id = Id([2; 32]);

    fn code(result: Result<()>) -> Option<&'static str> {
        result.err().map(|error| error.code())
    }

    #[test]
    fn a_promise_is_kept_contradicted_or_missing() {
        let (receipts, since) = (Receipts::default(), Instant::now());
        let receipt = Receipt { log: LOG, seq: 3, time: 0, hash: ENTRY, state: Head::empty(), position: 9 };
        receipts.keep(&receipt, since);
        let check = |entries: &[(u64, Id)], size, after| {
            code(receipts.check(LOG, entries.iter().copied(), size, since + Duration::from_secs(after)))
        };
        assert_eq!(check(&[], 3, 60), None);
        assert_eq!(check(&[], 3, 61), Some("unavailable"));
        assert_eq!(check(&[(2, ENTRY)], 3, 61), Some("unavailable"));
        assert_eq!(check(&[(3, ENTRY)], 4, 61), None);
        assert_eq!(check(&[(3, Id([3; 32]))], 4, 0), Some("tampered"));
        let forget = |size, entries, after| {
            receipts.forget([Shown { log: LOG, size, entries, asked: since + Duration::from_secs(after) }]);
        };
        forget(3, true, 61);
        forget(4, false, 60);
        assert_eq!(check(&[], 3, 61), Some("unavailable"));
        forget(4, true, 0);
        assert_eq!(check(&[(3, Id([3; 32]))], 4, 100), None);
    }
}
