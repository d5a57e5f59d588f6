//! From an answer to verified logs: PROTOCOL's rules 1 to 4, for every byte that a client believes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use rpds::HashTrieSetSync;

use super::checked::Checked;
use super::events::{Event, What};
use super::former::FormerNews;
use super::known::{Events, Freshness, Known, VaultView};
use super::receipts::{Receipts, Shown};
use crate::authority::{EntryAnswer, FormerAnswer, LogAnswer, States, StatesRequest, VaultAnswer};
use crate::error::{Error, Result};
use crate::log::encoding::Bytes;
use crate::log::entry::Entry;
use crate::log::feed::{self, Head};
use crate::log::operation::{self, LogId, LogKind, Operation};
use crate::log::replay::{AccountLog, Directory, ItemsLog, Placed, VaultLog};
use crate::log::signature::{self, VerifyingKey};
use crate::log::tree::{self, Frontier};
use crate::model::id::{AccountId, Id};

/// An entry whose places are proven and whose author is not yet judged.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) log: LogId,
    pub(super) seq: u64,
    time: u64,
    pub(super) hash: Id,
    pub(super) position: u64,
    pub(super) operation: Operation,
    bytes: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

impl Pending {
    /// The entry, checked against itself: its form, its log, its account.
    pub(super) fn read(account: AccountId, log: LogId, seq: u64, answer: EntryAnswer) -> Result<Self> {
        let EntryAnswer { time, operation: bytes, signatures, position } = answer;
        let operation = Operation::from_bytes(&bytes)?;
        let entry = Entry {
            seq,
            time,
            operation: Bytes::from(bytes),
            signatures: signatures.into_iter().map(Bytes::from).collect(),
        };
        let hash = entry.hash();
        let Entry { operation: bytes, signatures, .. } = entry;
        let bytes: Vec<u8> = bytes.into();
        let named = operation.account.unwrap_or(AccountId(operation::hash(&bytes)));
        if named != account || operation.log_id(&bytes) != log {
            return Err(Error::tampered("a log holds an operation of another log or account: restore the store"));
        }
        Ok(Self {
            log,
            seq,
            time,
            hash,
            position,
            operation,
            bytes,
            signatures: signatures.into_iter().map(Into::into).collect(),
        })
    }

    pub(super) fn placed(&self) -> Placed<'_> {
        let Self { log, seq, time, hash, position, operation, .. } = self;
        Placed { log: *log, seq: *seq, time: *time, hash: *hash, position: *position, operation }
    }

    /// How many signatures it has.
    pub(super) fn signature_count(&self) -> usize {
        self.signatures.len()
    }

    /// Whether every key that must have signed has, strictly.
    pub(super) fn check_signatures(&self, keys: &[VerifyingKey]) -> Result<()> {
        if keys.len() != self.signatures.len() {
            return Err(Error::tampered("a log entry has not the signatures of its kind: restore the store"));
        }
        let message = operation::message(&self.bytes);
        for (key, bytes) in keys.iter().zip(&self.signatures) {
            signature::verify(key, &message, bytes)?;
        }
        Ok(())
    }
}

/// Answers that are proven to be under heads of one feed, until their entries are applied.
pub(super) struct Absorbed {
    pub(super) account: AccountId,
    pub(super) known: Known,
    directory: Vec<Pending>,
    vaults: BTreeMap<Id, VaultNews>,
    former: BTreeMap<Id, FormerNews>,
    ends: HashMap<LogId, Frontier>,
    receipts: Arc<Receipts>,
    /// Logs as the answers have shown them.
    shown: Vec<Shown>,
}

/// The newest `seen` of each author in an answer.
#[derive(Default)]
struct NewestSeen(BTreeMap<Option<Id>, Head>);

impl NewestSeen {
    /// # Errors
    /// `Tampered` if one author has seen two feeds of one size: only one of them could be joined to the head.
    fn note(&mut self, entries: &[Pending]) -> Result<()> {
        for Pending { operation, .. } in entries {
            let newest = self.0.entry(operation.signer).or_insert(operation.seen);
            if operation.seen.size == newest.size && operation.seen != *newest {
                return Err(forked());
            }
            if operation.seen.size > newest.size {
                *newest = operation.seen;
            }
        }
        Ok(())
    }
}

struct VaultNews {
    access: Vec<Pending>,
    items: Vec<Pending>,
    with_items: bool,
    items_head: Head,
    leaf: u64,
    asked: Instant,
}

impl Absorbed {
    pub(super) fn new(account: AccountId, known: Known, receipts: Arc<Receipts>) -> Self {
        let (directory, vaults, former) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        let (ends, shown) = (HashMap::new(), Vec::new());
        Self { account, known, directory, vaults, former, ends, receipts, shown }
    }

    /// The logs as they were answered, for what was promised of them.
    pub(super) fn take_shown(&mut self) -> Vec<Shown> {
        std::mem::take(&mut self.shown)
    }

    /// Holds what was promised against the entries of an answer; `None`: the log was shown without them.
    fn note(&mut self, log: LogId, entries: Option<&[Pending]>, size: u64, asked: Instant) -> Result<()> {
        let promised = entries.unwrap_or_default().iter().map(|entry| (entry.seq, entry.hash));
        self.receipts.check(log, promised, size, asked)?;
        self.shown.push(Shown { log, size, entries: entries.is_some(), asked });
        Ok(())
    }

    /// How many entries of a directory log are there, applied or waiting.
    pub(super) fn size(&self, log: LogId) -> u64 {
        if let Some(end) = self.ends.get(&log) {
            return end.size();
        }
        self.frontier(log).size()
    }

    fn frontier(&self, log: LogId) -> Frontier {
        let known = &self.known;
        let directory = known.directory.as_ref();
        let progress = match log.kind {
            LogKind::Account => directory.map(|directory| &directory.account.progress),
            LogKind::Principal => directory.and_then(|directory| directory.principal(log.id)).map(|log| &log.progress),
            LogKind::Group => directory.and_then(|directory| directory.group(log.id)).map(|log| &log.progress),
            LogKind::Vault => known.vaults.get(&log.id).map(|view| &view.log.progress),
            LogKind::Items => {
                known.vaults.get(&log.id).and_then(|view| view.items.as_ref()).map(|items| &items.progress)
            }
            LogKind::Reads => None,
        };
        progress.map_or_else(Frontier::new, |progress| progress.frontier().clone())
    }

    /// Checks every proof of an answer, and keeps its entries.
    pub(super) fn absorb(&mut self, request: &StatesRequest, answer: States, asked: Instant) -> Result<()> {
        let States {
            head,
            joined,
            others_joined,
            roots,
            logs,
            vaults,
            former,
            logs_proof,
            vaults_proof,
            feed_proof,
            seen,
        } = answer;
        let known = self.known.head;
        if head.size < known.size {
            return Err(Error::tampered(
                "the store shows an older state than one that was seen before: it was rolled back; if it was restored from a backup, connect with accept_restored",
            ));
        }
        tree::verify_consistency(known.size, &known.root, head.size, &head.root, &joined)?;
        if others_joined.len() != request.others.len() {
            return Err(unasked());
        }
        for (other, proof) in request.others.iter().zip(&others_joined) {
            if other.size > head.size {
                return Err(Error::tampered(
                    "a cursor, a token or an author had a newer state than the store shows: it was rolled back; if it was restored from a backup, connect with accept_restored",
                ));
            }
            tree::verify_consistency(other.size, &other.root, head.size, &head.root, proof)?;
        }
        let last =
            head.size.checked_sub(1).ok_or_else(|| Error::tampered("the store shows an empty feed: restore it"))?;
        let mut leaves = vec![(last, roots.leaf())];
        let mut log_leaves = Vec::new();
        let mut authors = NewestSeen::default();
        for answer in logs {
            let LogAnswer { log, leaf, state, entries } = answer;
            if !request.logs.iter().any(|asked| asked.log == log) {
                return Err(unasked());
            }
            let pending = self.grow(log, state, entries, &mut leaves)?;
            authors.note(&pending)?;
            self.note(log, Some(&pending), state.size, asked)?;
            self.directory.extend(pending);
            log_leaves.push((leaf, feed::log_leaf(log, state)));
            self.remember_leaf(log, leaf, asked, roots.account.root)?;
        }
        let mut vault_leaves = Vec::new();
        for answer in vaults {
            let VaultAnswer { vault, leaf, access, items, access_entries, items_entries } = answer;
            let asked_for = request.vaults.iter().find(|asked| asked.vault == vault).ok_or_else(unasked)?;
            let with_items = asked_for.items_from.is_some();
            let access_pending = self.grow(LogId::new(LogKind::Vault, vault), access, access_entries, &mut leaves)?;
            let items_pending = if with_items {
                self.grow(LogId::new(LogKind::Items, vault), items, items_entries, &mut leaves)?
            } else {
                Vec::new()
            };
            authors.note(&access_pending)?;
            authors.note(&items_pending)?;
            self.note(LogId::new(LogKind::Vault, vault), Some(&access_pending), access.size, asked)?;
            let entries = with_items.then_some(items_pending.as_slice());
            self.note(LogId::new(LogKind::Items, vault), entries, items.size, asked)?;
            if self.known.vaults.get(&vault).is_some_and(|view| view.leaf != leaf || view.items_head.size > items.size)
            {
                return Err(moved());
            }
            vault_leaves.push((leaf, feed::vault_leaf(vault, access, items)));
            let news = self.vaults.entry(vault).or_insert(VaultNews {
                access: Vec::new(),
                items: Vec::new(),
                with_items,
                items_head: items,
                leaf,
                asked,
            });
            news.access.extend(access_pending);
            news.items.extend(items_pending);
            (news.items_head, news.asked) = (items, asked);
            news.with_items |= with_items;
        }
        self.absorb_former(request, former, asked, &mut authors, &mut leaves)?;
        check_leaves(roots.account, log_leaves, &logs_proof)?;
        check_leaves(roots.vaults, vault_leaves, &vaults_proof)?;
        leaves.sort_unstable();
        tree::verify_inclusion(head.size, &head.root, &leaves, &feed_proof)?;
        for proof in &seen {
            tree::verify_consistency(proof.seen.size, &proof.seen.root, head.size, &head.root, &proof.joined)?;
        }
        for newest in authors.0.into_values() {
            let joined = newest == Head::empty() || newest == head;
            if !joined && !seen.iter().any(|proof| proof.seen == newest) {
                return Err(forked());
            }
        }
        self.known.head = head;
        self.known.asked = Some(asked);
        self.known.account_root = Some(roots.account.root);
        Ok(())
    }

    /// Logs of vaults that the caller was in: each entry has its place in the feed, and nothing says that they are the newest.
    fn absorb_former(
        &mut self,
        request: &StatesRequest,
        former: Vec<FormerAnswer>,
        asked: Instant,
        authors: &mut NewestSeen,
        leaves: &mut Vec<(u64, Id)>,
    ) -> Result<()> {
        for answer in former {
            let asked_for = request.former.iter().any(|asked| asked.vault == answer.vault);
            let before = self.known.former.get(&answer.vault);
            let news = FormerNews::read(self.account, answer, before, leaves)?;
            if !asked_for || self.former.contains_key(&news.vault) {
                return Err(unasked());
            }
            for entries in [&news.access, &news.items] {
                authors.note(entries)?;
                for entry in entries {
                    self.receipts.check(entry.log, [(entry.seq, entry.hash)], u64::MAX, asked)?;
                }
            }
            self.former.insert(news.vault, news);
        }
        Ok(())
    }

    /// The entries at their places, if they lead from what is known to the state that is answered.
    fn grow(
        &mut self,
        log: LogId,
        state: Head,
        entries: Vec<EntryAnswer>,
        leaves: &mut Vec<(u64, Id)>,
    ) -> Result<Vec<Pending>> {
        let mut frontier = self.ends.get(&log).cloned().unwrap_or_else(|| self.frontier(log));
        let mut pending = Vec::with_capacity(entries.len());
        for answer in entries {
            let entry = Pending::read(self.account, log, frontier.size(), answer)?;
            frontier.append(entry.hash);
            let after = Head { size: frontier.size(), root: frontier.root() };
            leaves.push((entry.position, feed::entry_leaf(log, after)));
            pending.push(entry);
        }
        if (Head { size: frontier.size(), root: frontier.root() }) != state {
            return Err(Error::tampered(
                "a log does not continue as it was seen before: it was changed or rolled back; restore the store",
            ));
        }
        self.ends.insert(log, frontier);
        Ok(pending)
    }

    fn remember_leaf(&mut self, log: LogId, leaf: u64, asked: Instant, root: Id) -> Result<()> {
        if self.known.freshness.get(&log).is_some_and(|before| before.leaf != leaf) {
            return Err(moved());
        }
        self.known.freshness.insert_mut(log, Freshness { leaf, asked, root });
        Ok(())
    }

    /// Entries whose authors and whose subjects must be known before they are applied.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Pending> {
        let vaults = self.vaults.values().flat_map(|news| news.access.iter().chain(&news.items));
        self.directory.iter().chain(vaults).chain(self.former.values().flat_map(FormerNews::entries))
    }

    /// Whether something was answered that was not known: an entry, or another state of an item log.
    pub(super) fn moved(&self) -> bool {
        let items_moved = |(vault, news): (&Id, &VaultNews)| {
            self.known.vaults.get(vault).is_none_or(|view| view.items_head != news.items_head)
        };
        self.waiting().next().is_some() || self.vaults.iter().any(items_moved)
    }

    /// Applies all entries, in the order of the feed, and gives what is known then.
    pub(super) fn apply(self, checked: &Checked) -> Result<Known> {
        let Self { account, mut known, mut directory, vaults, former, .. } = self;
        directory.sort_unstable_by_key(|entry| entry.position);
        for entry in &directory {
            apply_directory(checked, &mut known.directory, account, entry)?;
            let event = Event::of_directory(entry.placed());
            let events = known.events.get(&entry.log).cloned().unwrap_or_default();
            known.events.insert_mut(entry.log, events.insert(event.position, event));
        }
        for (vault, news) in vaults {
            let before = known.vaults.get(&vault).cloned();
            let view = apply_vault(checked, before, vault, news, known.directory()?)?;
            known.vaults.insert_mut(vault, Arc::new(view));
        }
        for (vault, news) in former {
            let before = known.former.get(&vault).cloned();
            if let Some(view) = news.apply(checked, before, known.directory()?)? {
                known.former.insert_mut(vault, view);
            }
        }
        Ok(known)
    }
}

/// Applies one entry of the account's, a principal's or a group's log, its signatures checked first.
pub(super) fn apply_directory(
    checked: &Checked,
    directory: &mut Option<Directory>,
    account: AccountId,
    entry: &Pending,
) -> Result<()> {
    if let Some(directory) = directory {
        checked.signatures(entry, &directory.signing_keys(&entry.operation)?)?;
        return Ok(directory.apply(entry.placed())?);
    }
    let log = AccountLog::begin(entry.placed(), account)?;
    checked.signatures(entry, &[log.root.owner.sign])?;
    *directory = Some(Directory::new(log));
    Ok(())
}

/// Applies one entry of a vault log, its signatures checked first.
pub(super) fn apply_access(
    checked: &Checked,
    before: Option<VaultLog>,
    entry: &Pending,
    directory: &Directory,
) -> Result<VaultLog> {
    checked.signatures(entry, &directory.signing_keys(&entry.operation)?)?;
    Ok(match before {
        None => VaultLog::begin(entry.placed(), directory)?,
        Some(log) => log.apply(entry.placed(), directory)?,
    })
}

/// Applies one entry of an item log, its signatures checked first.
pub(super) fn apply_item(
    checked: &Checked,
    items: &mut ItemsLog,
    entry: &Pending,
    vault: &VaultLog,
    directory: &Directory,
) -> Result<Event> {
    checked.signatures(entry, &directory.signing_keys(&entry.operation)?)?;
    let event = items.apply(entry.placed(), vault, directory)?;
    Ok(Event::new(entry.placed(), entry.operation.signer, What::Item(event)))
}

fn apply_vault(
    checked: &Checked,
    before: Option<Arc<VaultView>>,
    vault: Id,
    news: VaultNews,
    directory: &Directory,
) -> Result<VaultView> {
    let VaultNews { access, items, with_items, items_head, leaf, asked } = news;
    let (mut log, mut replayed, mut events, mut signers) = match before {
        Some(view) => {
            let view = Arc::unwrap_or_clone(view);
            (Some(view.log), view.items, view.events, view.signers)
        }
        None => (None, None, Events::default(), HashTrieSetSync::default()),
    };
    let mut note = |event: Event| {
        if let Some(signer) = event.signer.filter(|signer| !signers.contains(signer)) {
            signers.insert_mut(signer);
        }
        events.insert_mut(event.position, event);
    };
    for entry in &access {
        let next = apply_access(checked, log, entry, directory)?;
        note(Event::of_vault(entry.placed(), &next));
        log = Some(next);
    }
    let log = log.ok_or_else(|| Error::tampered("the store shows a vault without a log: restore the store"))?;
    if log.id.0 != vault {
        return Err(Error::tampered("the store shows a vault under another's id: restore the store"));
    }
    if with_items {
        let items_log = replayed.get_or_insert_default();
        for entry in &items {
            note(apply_item(checked, items_log, entry, &log, directory)?);
        }
    }
    Ok(VaultView { log, items_head, items: replayed, events, signers, leaf, asked })
}

fn check_leaves(tree_head: Head, mut leaves: Vec<(u64, Id)>, proof: &[Id]) -> Result<()> {
    if leaves.is_empty() {
        return Ok(());
    }
    leaves.sort_unstable();
    tree::verify_inclusion(tree_head.size, &tree_head.root, &leaves, proof)
}

fn forked() -> Error {
    Error::tampered("an author had seen a head that is not joined to this feed: the feed was forked; restore the store")
}

fn unasked() -> Error {
    Error::tampered("the store answered what was not asked: nothing of it was believed; restore the store")
}

fn moved() -> Error {
    Error::tampered(
        "the store shows a log at another place than before: it was changed or rolled back; restore the store",
    )
}
