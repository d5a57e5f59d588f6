//! What a reader checks of an answer.

use std::collections::BTreeMap;

use strongroom::authority::{EntryAnswer, States};
use strongroom::log::entry::Entry;
use strongroom::log::feed::{Head, entry_leaf, log_leaf, vault_leaf};
use strongroom::log::operation::{LogId, LogKind, Operation, message};
use strongroom::log::replay::{AccountLog, Directory, ItemsLog, Placed, VaultLog};
use strongroom::log::signature;
use strongroom::log::tree::{Frontier, verify_consistency, verify_inclusion};
use strongroom::model::id::{AccountId, Id};

/// Checks every proof of an answer to a request for whole logs.
pub(crate) fn verify(states: &States, known: Head) {
    let head = states.head;
    verify_consistency(known.size, &known.root, head.size, &head.root, &states.joined).unwrap();
    let mut feed = BTreeMap::from([(head.size - 1, states.roots.leaf())]);
    let mut leaves: Vec<(u64, Id)> = Vec::new();
    for log in &states.logs {
        assert_eq!(rebuild(log.log, &log.entries, &mut feed), log.state);
        leaves.push((log.leaf, log_leaf(log.log, log.state)));
    }
    leaves.sort_unstable();
    let Head { size, root } = states.roots.account;
    verify_inclusion(size, &root, &leaves, &states.logs_proof).unwrap();
    let mut leaves: Vec<(u64, Id)> = Vec::new();
    for vault in &states.vaults {
        let log = |kind| LogId { kind, id: vault.vault };
        assert_eq!(rebuild(log(LogKind::Vault), &vault.access_entries, &mut feed), vault.access);
        if !vault.items_entries.is_empty() {
            assert_eq!(rebuild(log(LogKind::Items), &vault.items_entries, &mut feed), vault.items);
        }
        leaves.push((vault.leaf, vault_leaf(vault.vault, vault.access, vault.items)));
    }
    for vault in &states.former {
        rebuild(LogId::new(LogKind::Vault, vault.vault), &vault.access_entries, &mut feed);
        rebuild(LogId::new(LogKind::Items, vault.vault), &vault.items_entries, &mut feed);
    }
    leaves.sort_unstable();
    let Head { size, root } = states.roots.vaults;
    verify_inclusion(size, &root, &leaves, &states.vaults_proof).unwrap();
    let leaves: Vec<(u64, Id)> = feed.into_iter().collect();
    verify_inclusion(head.size, &head.root, &leaves, &states.feed_proof).unwrap();
    for proof in &states.seen {
        assert!(proof.seen.size > 0 && proof.seen != head);
        verify_consistency(proof.seen.size, &proof.seen.root, head.size, &head.root, &proof.joined).unwrap();
    }
}

fn rebuild(log: LogId, entries: &[EntryAnswer], feed: &mut BTreeMap<u64, Id>) -> Head {
    let mut tree = Frontier::new();
    for (seq, entry) in (0..).zip(entries) {
        tree.append(entry_of(seq, entry).hash());
        let state = Head { size: tree.size(), root: tree.root() };
        feed.insert(entry.position, entry_leaf(log, state));
    }
    Head { size: tree.size(), root: tree.root() }
}

fn entry_of(seq: u64, entry: &EntryAnswer) -> Entry {
    Entry {
        seq,
        time: entry.time,
        operation: entry.operation.clone().into(),
        signatures: entry.signatures.iter().map(|signature| signature.clone().into()).collect(),
    }
}

/// Replays everything in an answer as a reader does, signatures included.
pub(crate) fn replay(states: &States, account: AccountId) -> (Directory, BTreeMap<Id, VaultLog>) {
    let mut all: Vec<(LogId, u64, &EntryAnswer)> = Vec::new();
    for log in &states.logs {
        all.extend((0..).zip(&log.entries).map(|(seq, entry)| (log.log, seq, entry)));
    }
    for vault in &states.vaults {
        let log = |kind| LogId { kind, id: vault.vault };
        all.extend((0..).zip(&vault.access_entries).map(|(seq, entry)| (log(LogKind::Vault), seq, entry)));
        all.extend((0..).zip(&vault.items_entries).map(|(seq, entry)| (log(LogKind::Items), seq, entry)));
    }
    all.sort_by_key(|(_, _, entry)| entry.position);
    let mut directory: Option<Directory> = None;
    let mut vaults: BTreeMap<Id, VaultLog> = BTreeMap::new();
    let mut items: BTreeMap<Id, ItemsLog> = BTreeMap::new();
    for (log, seq, entry) in all {
        let operation = Operation::from_bytes(&entry.operation).unwrap();
        let hash = entry_of(seq, entry).hash();
        let placed = Placed { log, seq, time: entry.time, hash, position: entry.position, operation: &operation };
        let Some(directory) = &mut directory else {
            directory = Some(Directory::new(AccountLog::begin(placed, account).unwrap()));
            continue;
        };
        if operation.signer.is_some() {
            for (key, made) in directory.signing_keys(&operation).unwrap().iter().zip(&entry.signatures) {
                let key = signature::accept_key(&key.0).unwrap();
                signature::verify(&key, &message(&entry.operation), made).unwrap();
            }
        }
        match log.kind {
            LogKind::Vault => {
                let next = match vaults.get(&log.id) {
                    None => VaultLog::begin(placed, directory),
                    Some(vault) => vault.apply(placed, directory),
                };
                vaults.insert(log.id, next.unwrap());
            }
            LogKind::Items => {
                items.entry(log.id).or_default().apply(placed, &vaults[&log.id], directory).unwrap();
            }
            _ => directory.apply(placed).unwrap(),
        }
    }
    (directory.unwrap(), vaults)
}
