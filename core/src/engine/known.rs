//! What the engine has replayed: everybody's logs as far as they were needed, and the vaults' that were used last.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::pages;
use crate::error::{Error, Result};
use crate::log::operation::{LogId, LogKind, Operation};
use crate::log::replay::vault::Tenure;
use crate::log::replay::{AccountLog, Directory, GroupLog, Placed, VaultLog, mentions};
use crate::model::id::{AccountId, Id};
use crate::store::{EntryRow, Snapshot, TreeId};

const VAULTS: u64 = 4_096;

/// Replayed logs, brought up to date when they are asked for.
pub(super) struct Known {
    directory: Option<Directory>,
    vaults: Cache<Id, Arc<VaultLog>>,
    groups: Vec<Id>,
    /// How many leaves of the account's heads tree were looked through for groups.
    leaves: u64,
}

/// The logs that were asked for, as they stood at one moment or later.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// The account, and the principals and groups among them.
    pub(super) directory: Directory,
    /// The vaults among them.
    pub(super) vaults: HashMap<Id, Arc<VaultLog>>,
}

/// One bringing up to date: what was looked at already, and the vaults.
#[derive(Default)]
pub(super) struct Loading {
    visited: HashSet<LogId>,
    vaults: HashMap<Id, Arc<VaultLog>>,
}

impl Known {
    pub(super) fn new() -> Self {
        let vaults = Cache::builder().max_capacity(VAULTS).eviction_policy(EvictionPolicy::lru()).build();
        Self { directory: None, vaults, groups: Vec::new(), leaves: 0 }
    }

    /// Brings these logs up to date, and those that their entries name.
    pub(super) async fn load(
        &mut self,
        snapshot: &mut dyn Snapshot,
        loading: &mut Loading,
        logs: impl IntoIterator<Item = LogId>,
    ) -> Result<()> {
        let mut wanted: Vec<LogId> = logs.into_iter().collect();
        let account = self.root(snapshot, &mut wanted).await?;
        wanted.push(LogId::new(LogKind::Account, account));
        let mut entries = Vec::new();
        while !wanted.is_empty() {
            let new: Vec<LogId> = wanted.drain(..).filter(|log| loading.visited.insert(*log)).collect();
            for row in snapshot.states(&new).await?.into_iter().flatten() {
                let known = self.size(row.log, loading);
                if row.state.size <= known {
                    continue;
                }
                for entry in pages::entries(snapshot, row.log, known, row.state.size).await? {
                    let operation = Operation::from_bytes(&entry.operation)?;
                    wanted.extend(mentions(&operation));
                    entries.push((entry, operation));
                }
            }
        }
        entries.sort_by_key(|(entry, _)| (is_vault(entry.log), entry.position));
        for (entry, operation) in &entries {
            self.apply(entry, operation, loading)?;
        }
        Ok(())
    }

    /// The logs that were brought up to date.
    pub(super) fn view(&self, loading: Loading) -> Result<View> {
        let directory = self.directory.as_ref().ok_or_else(no_account)?.part(&loading.visited);
        Ok(View { directory, vaults: loading.vaults })
    }

    /// The logs of everybody in the groups that were brought up to date.
    pub(super) fn people(&self, loading: &Loading) -> Vec<LogId> {
        let groups = loading.visited.iter().filter(|log| log.kind == LogKind::Group);
        groups
            .filter_map(|log| self.directory.as_ref()?.group(log.id))
            .flat_map(GroupLog::members_ever)
            .map(|id| LogId::new(LogKind::Principal, id))
            .collect()
    }

    /// The groups of the account, up to date.
    pub(super) async fn groups(&mut self, snapshot: &mut dyn Snapshot) -> Result<View> {
        loop {
            let page = snapshot.logs(TreeId::AccountHeads, self.leaves, pages::LIMIT).await?;
            let Some(last) = page.last() else { break };
            self.leaves = last.leaf + 1;
            self.groups.extend(page.iter().filter(|row| row.log.kind == LogKind::Group).map(|row| row.log.id));
        }
        let mut loading = Loading::default();
        let groups: Vec<LogId> = self.groups.iter().map(|id| LogId::new(LogKind::Group, *id)).collect();
        self.load(snapshot, &mut loading, groups).await?;
        self.view(loading)
    }

    /// The groups that were found.
    pub(super) fn group_ids(&self) -> &[Id] {
        &self.groups
    }

    /// The account, whose root is read where nothing is known yet; then `wanted` grows by the principals it began with.
    async fn root(&mut self, snapshot: &mut dyn Snapshot, wanted: &mut Vec<LogId>) -> Result<Id> {
        if let Some(directory) = &self.directory
            && directory.account.owner().is_some()
            && directory.account.recovery().is_some()
        {
            return Ok(directory.account.id.0);
        }
        let roots = snapshot.logs(TreeId::AccountHeads, 0, 3).await?;
        let account = match roots.first() {
            Some(row) => row.log,
            None if snapshot.head().await?.size == 0 => return Err(no_account()),
            None => return Err(no_root()),
        };
        let first = snapshot.entries(account, 0, 1).await?;
        let first = first.first().ok_or_else(no_root)?;
        let operation = Operation::from_bytes(&first.operation)?;
        let log = AccountLog::begin(placed(first, &operation), AccountId(account.id))?;
        // Who the first owner was can be told only while nobody is: before any later entry of the account's log.
        wanted.extend(roots.iter().skip(1).map(|row| row.log));
        self.directory = Some(Directory::new(log));
        Ok(account.id)
    }

    fn size(&self, log: LogId, loading: &mut Loading) -> u64 {
        if log.kind != LogKind::Vault {
            return self.directory.as_ref().map_or(0, |directory| directory.size(log));
        }
        let vault = self.vaults.get(&log.id);
        let size = vault.as_ref().map_or(0, |vault| vault.progress.head().size);
        loading.vaults.extend(vault.map(|vault| (log.id, vault)));
        size
    }

    fn apply(&mut self, entry: &EntryRow, operation: &Operation, loading: &mut Loading) -> Result<()> {
        let directory = self.directory.as_mut().ok_or_else(no_account)?;
        let placed = placed(entry, operation);
        if !is_vault(entry.log) {
            return Ok(directory.apply(placed)?);
        }
        let next = match loading.vaults.get(&entry.log.id) {
            None => VaultLog::begin(placed, directory)?,
            Some(vault) => vault.apply(placed, directory)?,
        };
        let next = Arc::new(next);
        self.vaults.insert(entry.log.id, Arc::clone(&next));
        loading.vaults.insert(entry.log.id, next);
        Ok(())
    }
}

impl Loading {
    /// The logs of the groups that are, or were, in the vaults, and of the other members where `whole` says so.
    pub(super) fn members(&self, whole: impl Fn(Id) -> bool) -> Vec<LogId> {
        let of = |(id, vault): (&Id, &Arc<VaultLog>)| {
            let whole = whole(*id);
            let log = |(grantee, tenures): (&Id, &Vec<Tenure>)| {
                let is_group = tenures.iter().any(|tenure| tenure.generation.is_none());
                let kind = if is_group { LogKind::Group } else { LogKind::Principal };
                (is_group || whole).then(|| LogId::new(kind, *grantee))
            };
            vault.members.iter().filter_map(log).collect::<Vec<_>>()
        };
        self.vaults.iter().flat_map(of).collect()
    }
}

impl View {
    /// How many entries of a log it rests on.
    pub(super) fn size(&self, log: LogId) -> u64 {
        match self.vaults.get(&log.id).filter(|_| log.kind == LogKind::Vault) {
            Some(vault) => vault.progress.head().size,
            None => self.directory.size(log),
        }
    }
}

/// An entry where the store has put it.
pub(super) fn placed<'a>(entry: &EntryRow, operation: &'a Operation) -> Placed<'a> {
    let EntryRow { log, seq, time, hash, position, .. } = *entry;
    Placed { log, seq, time, hash, position, operation }
}

fn is_vault(log: LogId) -> bool {
    log.kind == LogKind::Vault
}

fn no_root() -> Error {
    Error::tampered("the account's first entry is missing: restore the store")
}

pub(super) fn no_account() -> Error {
    Error::not_found("there is no account here: run init")
}
