//! The audit: events of verified logs, and the replay of everything.

use std::collections::{BTreeSet, HashMap};

use super::Sealed;
use super::changes::logs_of;
use super::checked::Checked;
use super::events::{Event, What};
use super::known::Known;
use super::reads::{Merged, Place, Read, merge};
use super::tables::Expected;
use super::trust::Need;
use super::verify::{Pending, apply_access, apply_directory, apply_item};
use crate::authority::{AuditRow, EntryAnswer, ReadsFilter};
use crate::backend::{PageRequest, Rows};
use crate::error::{Error, Result};
use crate::log::feed::{self, Head, HeadsRoots, is_vault_log};
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::reads::Anchors;
use crate::log::replay::{Directory, ItemsLog, VaultLog};
use crate::log::tree::{self, Frontier, MemoryNodes};
use crate::model::audit::{AuditEvent, AuditFilter, AuditProof, Evidence};
use crate::model::id::{AccountId, FileId, Id, ItemId, PrincipalId, PrincipalKind, SessionId, VaultId};
use crate::model::principal::PrincipalRef;
use crate::model::time;
use crate::store::{FeedRow, SessionRow};

/// Leaves of the feed that are replayed at a time.
const LEAVES: u32 = 2_000;
/// Versions of items that are verified at a time.
const VERSIONS: usize = 256;

impl Sealed {
    pub(super) async fn page_of_audit(&self, filter: AuditFilter, page: PageRequest) -> Result<Rows<AuditEvent>> {
        let AuditFilter { actor, generation, vault, action, since, until, after: _ } = filter;
        let actor = match actor {
            None => None,
            Some(actor) => Some(self.principal_id(&actor.parse::<PrincipalRef>()?).await?),
        };
        let vault = vault.map(|vault| vault.parse::<VaultId>()).transpose()?;
        let from = Place::parse(page.after.as_deref())?;
        let filter = ReadsFilter { actor, vault: vault.map(|vault| vault.0), since: since.map(time::to_millis) };
        let signed = self.authority.audit(self.session(), from.feed, page.limit).await?;
        // After the feed, so that what was read before an entry of the feed is here with it.
        let observed = self.authority.reads(self.session(), filter, from.reads, page.limit).await?;
        let places: Vec<FeedRow> = signed.places.iter().map(|(place, _)| *place).collect();
        let mut logs = logs_of(&places);
        let mut vaults = logs.remove(&LogKind::Vault).unwrap_or_default();
        vaults.append(&mut logs.remove(&LogKind::Items).unwrap_or_default());
        let mut directory: BTreeSet<LogId> = logs
            .into_iter()
            .filter(|(kind, _)| *kind != LogKind::Reads)
            .flat_map(|(kind, ids)| ids.into_iter().map(move |id| LogId::new(kind, id)))
            .collect();
        let reads = observed.rows.iter().map(Read::of).collect::<Result<Vec<_>>>()?;
        directory.extend(reads.iter().map(|read| LogId::new(LogKind::Principal, read.entry.actor)));
        let former: BTreeSet<Id> = signed.former.iter().copied().collect();
        vaults.retain(|vault| !former.contains(vault));
        let need = Need { logs: directory, vaults, former, items: true, ..Need::default().asked_now() };
        let nothing = places.is_empty() && reads.is_empty();
        let known = if nothing { self.trust.known().await } else { self.refresh(need).await? };
        let events: Vec<Option<&Event>> = places
            .iter()
            .map(|place| match known.former.get(&place.log.id).filter(|_| signed.former.contains(&place.log.id)) {
                Some(view) => view.events.get(&place.position).filter(|event| event.log == place.log),
                None => found(&known, place.log, place.position),
            })
            .collect();
        let signers = events.iter().flatten().filter_map(|event| event.signer);
        let people: BTreeSet<Id> = signers.chain(reads.iter().map(|read| read.entry.actor)).collect();
        self.profiles.load(self.authority(), self.session(), &known, &people.into_iter().collect::<Vec<_>>()).await?;
        let (merged, next) = merge(&signed, &observed, &reads, page.limit as usize);
        let data = merged
            .into_iter()
            .filter_map(|place| match place {
                Merged::Signed(number) => {
                    let session = signed.places.get(number).and_then(|(_, origin)| origin.session.as_ref());
                    events.get(number).copied().flatten().map(|event| Ok(self.audited(&known, event, session)))
                }
                Merged::Observed(number) => reads.get(number).map(|read| self.observed(&known, read)),
            })
            .collect::<Result<Vec<_>>>()?
            .into_iter()
            .filter(|event| actor.is_none_or(|actor| event.actor.id.id == actor))
            .filter(|event| generation.is_none_or(|generation| event.generation == generation))
            .filter(|event| vault.is_none_or(|vault| event.vault_id == Some(vault)))
            .filter(|event| action.is_empty() || action.iter().any(|pattern| fits(pattern, &event.action)))
            .filter(|event| since.is_none_or(|since| event.at >= since) && until.is_none_or(|until| event.at < until))
            .collect();
        // A page may end early, with few events or none, before there are no more.
        Ok(Rows { data, next: next.map(|next| next.to_string()) })
    }

    fn audited(&self, known: &Known, event: &Event, session: Option<&SessionRow>) -> AuditEvent {
        let (action, detail) = event.action();
        let principal = |id: Id| {
            let kind = known
                .directory
                .as_ref()
                .and_then(|directory| directory.principal(id))
                .map_or(PrincipalKind::User, |log| log.kind);
            PrincipalId { kind, id }.to_string()
        };
        let target_id = match &event.what {
            What::Item(item) => Some(match item.files.first() {
                Some(file) if item.kind.as_str().starts_with("file.") => FileId(*file).to_string(),
                _ => ItemId(item.item).to_string(),
            }),
            What::Vault(_) => Some(VaultId(event.log.id).to_string()),
            What::Access(changes) => changes.first().map(|change| principal(change.grantee)),
            What::Other(_, target) => target.map(principal),
        };
        AuditEvent {
            seq: event.position,
            at: time::from_millis(event.time),
            actor: self.profiles.actor(known, event.signer.unwrap_or(self.owner.id)),
            generation: event.generation,
            app: session.and_then(|row| row.app.clone()),
            session: session.map(|row| SessionId(row.session).to_string()),
            action: action.to_owned(),
            vault_id: is_vault_log(event.log.kind).then_some(VaultId(event.log.id)),
            target_id,
            detail,
            hash: event.hash,
            evidence: Evidence::Signed,
        }
    }

    /// Replays the whole feed: every tree, every batch's heads, every signature, every right at its time, every `seen`.
    pub(super) async fn replay_everything(&self) -> Result<AuditProof> {
        let known = self.refresh(Need::default().asked_now()).await?;
        let mut replay = Replay::new(self.account_id());
        self.replay_to(&mut replay, known.head).await?;
        self.check_rows(&mut replay).await?;
        self.check_tables(&replay).await?;
        let (size, root, signed) = (replay.feed.size(), replay.feed.root(), replay.events);
        let observed = self.replay_reads(replay.anchors, &replay.origins).await?;
        Ok(AuditProof { events: signed + observed, tree_size: size, root })
    }

    /// Replays on until the feed is as it was under this head.
    pub(super) async fn replay_to(&self, replay: &mut Replay, head: Head) -> Result<()> {
        while replay.feed.size() < head.size {
            let rows = self.authority.export(self.session(), replay.feed.size(), LEAVES).await?;
            if rows.is_empty() {
                return Err(Error::tampered("the feed ends before its head: entries are missing; restore the store"));
            }
            for row in rows {
                if replay.feed.size() < head.size {
                    replay.take(row)?;
                }
            }
        }
        if (Head { size: replay.feed.size(), root: replay.feed.root() }) == head {
            Ok(())
        } else {
            Err(Error::tampered("the feed is not the one that was seen before: restore the store"))
        }
    }

    /// Checks the sealed rows that the caller may see against what the replayed logs name.
    async fn check_tables(&self, replay: &Replay) -> Result<()> {
        let people: Vec<Id> =
            replay.directory.as_ref().map(|all| all.principals().map(|log| log.id).collect()).unwrap_or_default();
        let known = if people.is_empty() {
            self.trust.known().await
        } else {
            self.refresh(Need::principals(people.clone())).await?
        };
        self.profiles.load(self.authority(), self.session(), &known, &people).await?;
        let now = time::to_millis(chrono::Utc::now());
        for vault in replay.vaults.values() {
            // By the logs as they are now: what is known of this vault may be as old as a second. Whoever waits for a key reads nothing yet.
            let mine = replay.directory.as_ref().is_some_and(|all| {
                let waits = || vault.waiting(all, replay.feed.size(), now);
                vault.role_now(all, self.my_id(), now).is_some()
                    && !waits().iter().any(|(recipient, _)| recipient.principal == self.my_id())
            });
            if vault.deleted || !mine {
                continue;
            }
            self.read_vault(vault.id.0).await?;
            let items = replay.items.get(&vault.id.0);
            let mut versions = Vec::new();
            for (item, state) in items.iter().flat_map(|items| &items.items).filter(|(_, state)| !state.deleted) {
                versions.extend((1..=state.version).map(|version| (*item, version)));
            }
            for versions in versions.chunks(VERSIONS) {
                self.prove_items(vault.id.0, versions).await?;
            }
        }
        Ok(())
    }
}

fn found(known: &Known, log: LogId, position: u64) -> Option<&Event> {
    let events = if is_vault_log(log.kind) { &known.vaults.get(&log.id)?.events } else { known.events.get(&log)? };
    events.get(&position).filter(|event| event.log == log)
}

/// Whether an action is the one named, or begins as the pattern `item.*` does.
fn fits(pattern: &str, action: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == action, |start| action.starts_with(start))
}

/// The feed, replayed from its first leaf.
pub(super) struct Replay {
    account: AccountId,
    checked: Checked,
    feed: Frontier,
    events: u64,
    /// The time of the newest entry.
    time: u64,
    pub(super) directory: Option<Directory>,
    pub(super) vaults: HashMap<Id, VaultLog>,
    pub(super) items: HashMap<Id, ItemsLog>,
    pub(super) expected: Expected,
    logs: HashMap<LogId, (Frontier, u64)>,
    account_heads: Heads,
    vault_heads: Heads,
    batches: HashMap<u64, Id>,
    anchors: Anchors,
    /// Who signed an entry, and in which session.
    origins: Vec<(Id, SessionRow)>,
}

#[derive(Default)]
struct Heads {
    nodes: MemoryNodes,
    /// How many logs there are; the nodes have those of the batches before.
    size: u64,
    complete: u64,
    changed: BTreeSet<LogId>,
}

impl Replay {
    fn new(account: AccountId) -> Self {
        Self {
            account,
            checked: Checked::new(),
            feed: Frontier::new(),
            events: 0,
            time: 0,
            directory: None,
            vaults: HashMap::new(),
            items: HashMap::new(),
            expected: Expected::default(),
            logs: HashMap::new(),
            account_heads: Heads::default(),
            vault_heads: Heads::default(),
            batches: HashMap::from([(0, tree::empty_root())]),
            anchors: Anchors::default(),
            origins: Vec::new(),
        }
    }

    fn take(&mut self, row: AuditRow) -> Result<()> {
        match row {
            AuditRow::Entry(row, session) => {
                let (log, position) = (row.log, row.position);
                if position != self.feed.size() {
                    return Err(self.broken("the feed's places are not contiguous"));
                }
                let seq = self.logs.get(&log).map_or(0, |(frontier, _)| frontier.size());
                let answer =
                    EntryAnswer { time: row.time, operation: row.operation, signatures: row.signatures, position };
                let entry = Pending::read(self.account, log, seq, answer)?;
                let seen = entry.operation.seen;
                if self.batches.get(&seen.size) != Some(&seen.root) {
                    return Err(self.broken("an author had seen a head that this feed never had"));
                }
                // Both keys of an acceptance sign it, so whose session brought it says nothing.
                if !matches!(entry.operation.body, Body::PrincipalAccepted(_)) {
                    self.origins.extend(entry.operation.signer.zip(session));
                }
                let state = self.grow(log, entry.placed().hash);
                if (row.seq, row.hash, row.root) != (seq, entry.placed().hash, state.root) {
                    return Err(self.broken("an entry is kept with another place or hash than its own"));
                }
                self.apply(&entry)?;
                self.time = self.time.max(entry.placed().time);
                self.feed.append(feed::entry_leaf(log, state));
                self.events += 1;
            }
            AuditRow::Heads(batch) => {
                let roots = HeadsRoots { account: self.roots(false)?, vaults: self.roots(true)? };
                if roots != batch.roots {
                    return Err(self.broken("a batch names other newest states than its entries make"));
                }
                self.feed.append(roots.leaf());
                if (batch.head, batch.time) != (head(&self.feed), self.time) {
                    return Err(self.broken("a batch is kept with another head or time than its own"));
                }
                self.batches.insert(self.feed.size(), self.feed.root());
            }
        }
        Ok(())
    }

    fn grow(&mut self, log: LogId, hash: Id) -> Head {
        let heads = if is_vault_log(log.kind) { &mut self.vault_heads } else { &mut self.account_heads };
        let owner = if log.kind == LogKind::Items { LogId::new(LogKind::Vault, log.id) } else { log };
        if log.kind != LogKind::Items && !self.logs.contains_key(&log) {
            self.logs.insert(log, (Frontier::new(), heads.size));
            heads.size += 1;
        }
        heads.changed.insert(owner);
        let (frontier, _) = self.logs.entry(log).or_insert_with(|| (Frontier::new(), 0));
        frontier.append(hash);
        Head { size: frontier.size(), root: frontier.root() }
    }

    /// Every log, as it stands now, and its leaf in its heads tree; a vault's item log is there from its start on.
    pub(super) fn states(&self) -> impl Iterator<Item = (LogId, (Head, u64))> {
        let of = |log: LogId| {
            let leaf_of = if log.kind == LogKind::Items { LogId::new(LogKind::Vault, log.id) } else { log };
            let leaf = self.logs.get(&leaf_of).map_or(0, |(_, leaf)| *leaf);
            (log, (self.logs.get(&log).map_or_else(Head::empty, |(frontier, _)| head(frontier)), leaf))
        };
        let items = self.vaults.keys().map(|vault| LogId::new(LogKind::Items, *vault));
        self.logs.keys().copied().filter(|log| log.kind != LogKind::Items).chain(items).map(of)
    }

    fn apply(&mut self, entry: &Pending) -> Result<()> {
        let id = entry.log.id;
        match entry.log.kind {
            LogKind::Reads => Ok(self.anchors.apply(&entry.operation, entry.signature_count())?),
            LogKind::Account | LogKind::Principal | LogKind::Group => {
                apply_directory(&self.checked, &mut self.directory, self.account, entry)
            }
            LogKind::Vault => {
                let directory =
                    self.directory.as_ref().ok_or_else(|| self.broken("a vault comes before its account"))?;
                let next = apply_access(&self.checked, self.vaults.get(&id).cloned(), entry, directory)?;
                self.expected.note(entry, Some(&next));
                self.vaults.insert(id, next);
                Ok(())
            }
            LogKind::Items => {
                let (Some(directory), Some(vault)) = (&self.directory, self.vaults.get(&id)) else {
                    return Err(self.broken("an item comes before its vault"));
                };
                apply_item(&self.checked, self.items.entry(id).or_default(), entry, vault, directory)?;
                self.expected.note(entry, None);
                Ok(())
            }
        }
    }

    /// The heads tree's root, its changed leaves brought up to date.
    fn roots(&mut self, vaults: bool) -> Result<Head> {
        let changed =
            std::mem::take(if vaults { &mut self.vault_heads.changed } else { &mut self.account_heads.changed });
        let mut leaves: Vec<(u64, Id)> = changed
            .into_iter()
            .map(|log| {
                let state = |log| self.logs.get(&log).map_or_else(Head::empty, |(frontier, _)| head(frontier));
                let place = self.logs.get(&log).map_or(0, |(_, place)| *place);
                let leaf = if vaults {
                    feed::vault_leaf(log.id, state(log), state(LogId::new(LogKind::Items, log.id)))
                } else {
                    feed::log_leaf(log, state(log))
                };
                (place, leaf)
            })
            .collect();
        leaves.sort_unstable();
        let heads = if vaults { &mut self.vault_heads } else { &mut self.account_heads };
        // Logs that are new come after those that were there, in order.
        let mut frontier = None;
        for (place, leaf) in leaves {
            if place < heads.complete {
                for (level, index, hash) in tree::nodes_after_update(&heads.nodes, heads.complete, place, leaf)? {
                    heads.nodes.set(level, index, hash);
                }
            } else {
                let end = match frontier.take() {
                    Some(end) => end,
                    None => tree::frontier(&heads.nodes, heads.complete)?,
                };
                frontier.insert(end).append_with(leaf, |level, index, hash| heads.nodes.set(level, index, hash));
            }
        }
        heads.complete = heads.size;
        Ok(Head { size: heads.size, root: tree::root(&heads.nodes, heads.size)? })
    }

    fn broken(&self, why: &str) -> Error {
        Error::tampered(format!("the feed does not hold at place {}: {why}; restore the store", self.feed.size()))
    }
}

fn head(frontier: &Frontier) -> Head {
    Head { size: frontier.size(), root: frontier.root() }
}
