//! The tables held against the logs: every row is what the replayed logs make it, and none is missing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Sealed;
use super::audit::Replay;
use super::verify::Pending;
use crate::authority::{FileTable, ItemTable, PartsTable, PrincipalTable, Tables, TablesRequest, VaultTable};
use crate::error::{Error, Result};
use crate::log::body::{ItemWritten, Recipient, kind_number, profile_commitment, role_number, sealed_hash};
use crate::log::feed::is_vault_log;
use crate::log::operation::{Body, LogId, LogKind};
use crate::log::replay::items::ItemState;
use crate::log::replay::{ItemsLog, PrincipalLog, VaultLog, people};
use crate::log::tree::Frontier;
use crate::model::id::Id;
use crate::model::principal::PrincipalState;
use crate::store::{LogRow, MemberRow, WrapForm, WrapRow};

/// Leaves of a heads tree whose rows are asked for at a time.
const LEAVES: u32 = 64;

/// What the rows must be, as far as the replay of rights does not know it.
#[derive(Default)]
pub(super) struct Expected {
    /// The versions of each item.
    versions: HashMap<(Id, Id), Vec<Version>>,
    /// Whom each epoch's key was sealed for, and by whom.
    wraps: HashMap<Id, BTreeMap<(u32, Recipient), Vec<Sealer>>>,
    /// Everybody named in each vault's log.
    people: HashMap<Id, BTreeSet<Id>>,
}

struct Version {
    parts: PartsTable,
    added: Vec<(Id, u64, Id)>,
    removed: Vec<Id>,
}

#[derive(PartialEq, Eq)]
struct Sealer {
    maker: Recipient,
    for_recovery: bool,
}

impl Expected {
    /// Notes what an entry of a vault's logs makes of the rows; `vault` is its log after it.
    pub(super) fn note(&mut self, entry: &Pending, vault: Option<&VaultLog>) {
        let placed = entry.placed();
        let id = placed.log.id;
        match &placed.operation.body {
            Body::ItemPut(body) | Body::FileAttached(body) | Body::FileDetached(body) => {
                self.version(id, placed.seq, body);
            }
            Body::VaultCreated(body) => self.epoch(entry, &body.epoch.recipients, body.epoch.recovery, 1),
            Body::EpochStarted(body) => {
                self.epoch(entry, &body.epoch.recipients, body.epoch.recovery, body.epoch.number);
            }
            Body::AccessGranted(body) => self.epoch(entry, &body.recipients, None, body.epoch),
            Body::AccessCompleted(body) => self.epoch(entry, &[body.recipient], None, body.epoch),
            _ => {}
        }
        if let Some(vault) = vault.filter(|vault| placed.log.kind == LogKind::Vault && !vault.deleted) {
            let recovery = vault.epoch().start.recovery.map(|recovery| recovery.principal);
            self.people.entry(id).or_default().extend(people(placed.operation, recovery));
        }
    }

    fn version(&mut self, vault: Id, seq: u64, written: &ItemWritten) {
        let ItemWritten { item, version, overview, details, added, removed, .. } = written;
        self.versions.entry((vault, *item)).or_default().push(Version {
            parts: PartsTable { version: *version, seq, overview: *overview, details: *details },
            added: added.iter().map(|file| (file.file, file.length, file.root)).collect(),
            removed: removed.clone(),
        });
    }

    fn epoch(&mut self, entry: &Pending, recipients: &[Recipient], recovery: Option<Recipient>, epoch: u32) {
        let operation = entry.placed().operation;
        let Some(signer) = operation.signer else { return };
        let maker = Recipient { principal: signer, generation: operation.generation };
        let wraps = self.wraps.entry(entry.placed().log.id).or_default();
        for to in recipients {
            wraps.entry((epoch, *to)).or_default().push(Sealer { maker, for_recovery: false });
        }
        if let Some(to) = recovery {
            wraps.entry((epoch, to)).or_default().push(Sealer { maker, for_recovery: true });
        }
    }
}

impl Sealed {
    /// Holds every row against the replayed logs, page by page, each under the head that it was read at.
    pub(super) async fn check_rows(&self, replay: &mut Replay) -> Result<()> {
        for vaults in [false, true] {
            let mut from = Some(0);
            while let Some(place) = from {
                let request = TablesRequest { vaults, from: place, limit: LEAVES };
                let tables = self.authority.tables(self.session(), request).await?;
                if tables.next.is_some_and(|next| next <= place) {
                    return Err(wrong("the store names no end of its tables"));
                }
                // Others may have written since: what they wrote is replayed too.
                self.replay_to(replay, tables.head).await?;
                from = tables.next;
                check_page(replay, request, tables)?;
            }
        }
        Ok(())
    }
}

fn check_page(replay: &Replay, request: TablesRequest, tables: Tables) -> Result<()> {
    let Tables { logs, principals, vaults, next, .. } = tables;
    let told: HashMap<LogId, &LogRow> = logs.iter().map(|row| (row.log, row)).collect();
    let until = next.unwrap_or(u64::MAX);
    let mut expected = 0;
    for (log, (state, leaf)) in replay
        .states()
        .filter(|(log, (_, leaf))| is_vault_log(log.kind) == request.vaults && (request.from..until).contains(leaf))
    {
        expected += 1;
        if told.get(&log).is_none_or(|row| (row.state, row.leaf) != (state, leaf)) {
            return Err(wrong("a log's state is not the one that its entries make"));
        }
    }
    if expected != logs.len() || told.len() != logs.len() {
        return Err(wrong("a log is named that the feed does not have"));
    }
    let of = |kind| logs.iter().filter(move |row| row.log.kind == kind);
    let mut principals = principals.into_iter();
    for row in of(LogKind::Principal) {
        let log = replay.directory.as_ref().and_then(|directory| directory.principal(row.log.id));
        match (log, principals.next()) {
            (Some(log), Some(table)) => check_principal(log, row.leaf, &table)?,
            _ => return Err(wrong("a principal's rows are missing")),
        }
    }
    let mut vaults = vaults.into_iter();
    for row in of(LogKind::Vault) {
        match (replay.vaults.get(&row.log.id), vaults.next()) {
            (Some(log), Some(table)) => check_vault(replay, log, row.leaf, &table)?,
            _ => return Err(wrong("a vault's rows are missing")),
        }
    }
    Ok(())
}

fn check_principal(log: &PrincipalLog, leaf: u64, table: &PrincipalTable) -> Result<()> {
    let Some(row) = &table.row else { return Err(wrong("a principal's profile is missing")) };
    let deleted = log.state == PrincipalState::Deleted;
    // Only who is deleted can be forgotten.
    let forgotten = deleted && row.name.is_empty() && row.email.is_none() && row.salt.is_empty();
    let profile = forgotten || profile_commitment(&row.salt, &row.name, row.email.as_deref()) == log.profile;
    let place = (row.principal, row.kind, row.leaf, row.active) == (log.id, kind_number(log.kind), leaf, !deleted);
    if !profile || !place {
        return Err(wrong("a principal's profile is not the one that its log binds"));
    }
    let keys: Vec<(u32, Id)> = log
        .generations
        .iter()
        .filter(|generation| generation.number > 0)
        .filter_map(|generation| Some((generation.number, generation.keys.kem.0?)))
        .collect();
    if table.kem == keys { Ok(()) } else { Err(wrong("a principal's keys are not the ones that its log certifies")) }
}

fn check_vault(replay: &Replay, log: &VaultLog, leaf: u64, table: &VaultTable) -> Result<()> {
    let Some(row) = &table.row else { return Err(wrong("a vault's row is missing")) };
    let (epoch, name) = if log.deleted { (0, sealed_hash(&[])) } else { (log.name.epoch, log.name.hash) };
    let same = (row.vault, row.creator, row.leaf, row.deleted) == (log.id.0, log.creator, leaf, log.deleted)
        && row.external_id == log.external_id
        && (row.name_epoch, table.name) == (epoch, name);
    if !same {
        return Err(wrong("a vault's row is not the one that its log makes"));
    }
    let none = BTreeSet::new();
    if !table.people.iter().eq(replay.expected.people.get(&log.id.0).unwrap_or(&none)) {
        return Err(wrong("a vault's log names other people than its rows"));
    }
    if table.members != members(log) {
        return Err(wrong("a vault's members are not those of its log"));
    }
    let previous: Vec<(u32, Id)> = log
        .epochs
        .iter()
        .filter(|_| !log.deleted)
        .filter_map(|epoch| Some((epoch.start.number, epoch.start.previous.0?)))
        .collect();
    if table.previous != previous {
        return Err(wrong("the sealed keys of a vault's earlier epochs are not those of its log"));
    }
    check_wraps(replay, log, &table.wraps)?;
    check_items(replay, log, &table.items)
}

fn members(log: &VaultLog) -> Vec<MemberRow> {
    let member = |grantee: &Id| {
        let (role, tenure) = log.tenure(*grantee).filter(|_| !log.deleted)?;
        let expires_at = tenure.expires_at;
        Some(MemberRow { vault: log.id.0, grantee: *grantee, role: role_number(role), expires_at })
    };
    log.members.keys().filter_map(member).collect()
}

/// A wrap for everybody whom an epoch's key was sealed for, by who sealed it, and none for anybody else.
fn check_wraps(replay: &Replay, log: &VaultLog, rows: &[WrapRow]) -> Result<()> {
    let none = BTreeMap::new();
    let expected = if log.deleted { &none } else { replay.expected.wraps.get(&log.id.0).unwrap_or(&none) };
    let mut found = BTreeSet::new();
    for row in rows {
        let to = Recipient { principal: row.principal, generation: row.generation };
        let maker = Recipient { principal: row.maker, generation: row.maker_generation };
        let sealers = expected
            .get(&(row.epoch, to))
            .ok_or_else(|| wrong("a vault key was sealed for somebody whom its log does not name"))?;
        let fits = match row.form {
            WrapForm::Hpke => sealers.contains(&Sealer { maker, for_recovery: false }),
            WrapForm::Recovery => sealers.contains(&Sealer { maker, for_recovery: true }),
            // Once it has opened the key, a member may seal it for itself.
            WrapForm::Own => maker == to,
        };
        if !fits {
            return Err(wrong("a sealed vault key names another maker than its log"));
        }
        found.insert((row.epoch, to));
    }
    if expected.keys().all(|named| found.contains(named)) {
        Ok(())
    } else {
        Err(wrong("a sealed vault key is missing for somebody whom the vault's log names"))
    }
}

fn check_items(replay: &Replay, log: &VaultLog, tables: &[ItemTable]) -> Result<()> {
    let none = ItemsLog::default();
    let items = &replay.items.get(&log.id.0).filter(|_| !log.deleted).unwrap_or(&none).items;
    if items.size() != tables.len() {
        return Err(wrong("a vault's items are not those of its log"));
    }
    for table in tables {
        let state = items.get(&table.row.item).ok_or_else(|| wrong("there is an item that no log names"))?;
        check_item(replay, log.id.0, state, table)?;
    }
    Ok(())
}

fn check_item(replay: &Replay, vault: Id, state: &ItemState, table: &ItemTable) -> Result<()> {
    let row = table.row;
    let same = (row.version, row.archived, row.deleted) == (state.version, state.archived, state.deleted)
        && (row.created, row.seq) == (state.created, state.seq);
    if !same {
        return Err(wrong("an item's row is not the one that its log makes"));
    }
    let versions = replay.expected.versions.get(&(vault, row.item)).filter(|_| !state.deleted);
    let versions = versions.map(Vec::as_slice).unwrap_or_default();
    if !table.parts.iter().eq(versions.iter().map(|version| &version.parts)) {
        return Err(wrong("an item's sealed parts are not the ones that its log names"));
    }
    let gone: BTreeSet<Id> = versions.iter().flat_map(|version| version.removed.iter().copied()).collect();
    let mut files: BTreeMap<Id, &FileTable> = table.files.iter().map(|file| (file.row.file, file)).collect();
    for version in versions {
        for (file, length, root) in &version.added {
            let fits = files.remove(file).is_some_and(|FileTable { row, leaves }| {
                (row.seq, row.length, row.detached) == (version.parts.seq, *length, gone.contains(file))
                    && root_of(leaves) == Some(*root)
            });
            if !fits {
                return Err(wrong("a file's row is not the one that its log makes"));
            }
        }
    }
    if files.is_empty() { Ok(()) } else { Err(wrong("there is a file that no log names")) }
}

/// The root over the hashes of a file's pieces.
fn root_of(leaves: &[u8]) -> Option<Id> {
    let mut tree = Frontier::new();
    for leaf in leaves.chunks(32) {
        tree.append(Id::try_from(leaf).ok()?);
    }
    Some(tree.root())
}

fn wrong(what: &str) -> Error {
    Error::tampered(format!("the tables do not hold against the logs: {what}; restore the store"))
}
