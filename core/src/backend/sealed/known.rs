//! What this client has verified: a head, and the logs under it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync};

use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::{Directory, ItemsLog, PrincipalLog, VaultLog};
use crate::model::id::Id;
use crate::model::principal::PrincipalState;

use super::events::Event;
use super::former::FormerView;

/// A state requested less than this before a call is fresh (PROTOCOL, rule 1).
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Events by their place in the feed.
pub(super) type Events = RedBlackTreeMapSync<u64, Event>;

/// A vault's logs, verified.
#[derive(Clone, Debug)]
pub(super) struct VaultView {
    pub(super) log: VaultLog,
    /// The state of the item log under the same head.
    pub(super) items_head: Head,
    /// The item log, if it was asked for once.
    pub(super) items: Option<ItemsLog>,
    /// What the entries of both logs did, by position; those of items from when they were replayed.
    pub(super) events: Events,
    /// Whoever signed one of them.
    pub(super) signers: HashTrieSetSync<Id>,
    /// Its leaf in the heads tree.
    pub(super) leaf: u64,
    /// When the state was asked for.
    pub(super) asked: Instant,
}

/// When a log of the directory was last shown to be the newest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Freshness {
    pub(super) leaf: u64,
    pub(super) asked: Instant,
    /// The heads tree of the account under which it was.
    pub(super) root: Id,
}

/// All that was verified. A clone shares everything, so that a call which adds to it copies only what it changes.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) head: Head,
    /// When `head` was asked for.
    pub(super) asked: Option<Instant>,
    /// The root of the account's heads tree under `head`.
    pub(super) account_root: Option<Id>,
    pub(super) directory: Option<Directory>,
    pub(super) freshness: HashTrieMapSync<LogId, Freshness>,
    pub(super) vaults: HashTrieMapSync<Id, Arc<VaultView>>,
    /// Vaults that the caller was in and is no longer.
    pub(super) former: HashTrieMapSync<Id, FormerView>,
    /// What the entries of the directory's logs did.
    pub(super) events: HashTrieMapSync<LogId, Events>,
}

impl Known {
    /// Nothing but the head that a token or a state file carries.
    pub(super) fn new(head: Head) -> Self {
        Self {
            head,
            asked: None,
            account_root: None,
            directory: None,
            freshness: HashTrieMapSync::default(),
            vaults: HashTrieMapSync::default(),
            former: HashTrieMapSync::default(),
            events: HashTrieMapSync::default(),
        }
    }

    /// The directory; there is one once the first answer was verified.
    pub(super) fn directory(&self) -> Result<&Directory> {
        self.directory.as_ref().ok_or_else(|| Error::tampered("the store shows no account log: restore the store"))
    }

    /// Whether somebody was deleted by then.
    pub(super) fn is_deleted(&self, log: &PrincipalLog, until: u64) -> bool {
        let events = self.events.get(&LogId::new(LogKind::Principal, log.id));
        log.state == PrincipalState::Deleted
            && events.and_then(|events| events.last()).is_none_or(|(_, last)| last.time <= until)
    }

    /// The vault, if its log was verified.
    pub(super) fn vault(&self, vault: Id) -> Result<&Arc<VaultView>> {
        self.vaults.get(&vault).ok_or_else(no_vault)
    }

    /// Whether a directory log needs no asking: it was asked for less than a second ago, or nothing in the account moved.
    pub(super) fn is_fresh(&self, log: LogId, now: Instant) -> bool {
        self.freshness.get(&log).is_some_and(|freshness| is_recent(freshness.asked, now)) || self.is_newest(log, now)
    }

    /// Whether a directory log is the newest under a head asked for less than a second ago.
    pub(super) fn is_newest(&self, log: LogId, now: Instant) -> bool {
        self.freshness.get(&log).is_some_and(|freshness| self.account_root == Some(freshness.root))
            && self.asked.is_some_and(|asked| is_recent(asked, now))
    }
}

/// Whether a state asked for then is fresh at a call that begins now.
pub(super) fn is_recent(asked: Instant, now: Instant) -> bool {
    now.saturating_duration_since(asked) < FRESH
}

/// The one refusal for a vault that is not there, and for one that the caller may not know of.
pub(super) fn no_vault() -> Error {
    Error::not_found("there is no such vault, or you may not know of it: check the id")
}

/// The same for an item.
pub(super) fn no_item() -> Error {
    Error::not_found("there is no such item in this vault: check the id")
}
