//! That the stored trees are the trees of what is stored.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use strongroom::log::entry::Entry;
use strongroom::log::feed::{Head, entry_leaf, is_vault_log, log_leaf, vault_leaf};
use strongroom::log::operation::{LogId, LogKind};
use strongroom::log::tree::{
    Frontier, MemoryNodes, prove_consistency, prove_inclusion, verify_consistency, verify_inclusion,
};
use strongroom::model::id::Id;
use strongroom::store::{Snapshot, TreeId};

use crate::Place;
use crate::world::{change, commit, entry, log, view};

/// A tree of these leaves; every complete node of it must be the stored one.
async fn tree(view: &mut dyn Snapshot, id: TreeId, leaves: &[Id]) -> (Head, MemoryNodes) {
    let (mut edge, mut expected) = (Frontier::new(), Vec::new());
    for leaf in leaves {
        edge.append_with(*leaf, |level, index, hash| expected.push((level, index, hash)));
    }
    let wanted: Vec<_> = expected.iter().map(|(level, index, _)| (*level, *index)).collect();
    let stored = view.nodes(id, &wanted).await.unwrap();
    let mut nodes = MemoryNodes::new();
    for ((level, index, hash), stored) in expected.into_iter().zip(stored) {
        assert_eq!(stored, hash, "{id:?} node {index} of level {level}");
        nodes.set(level, index, stored);
    }
    let beyond = [(0, leaves.len() as u64)];
    assert_eq!(view.nodes(id, &beyond).await.unwrap_err().code(), "tampered");
    (Head { size: edge.size(), root: edge.root() }, nodes)
}

/// Computes every tree from what it binds, and compares.
pub(crate) async fn verify(view: &mut dyn Snapshot) {
    let (head, heads) = (view.head().await.unwrap(), view.heads().await.unwrap());
    let leaves = view.leaves(0, u32::MAX).await.unwrap();
    let (feed, nodes) = tree(view, TreeId::Feed, &leaves).await;
    assert_eq!(feed, head);

    // Logs, from their entries; the feed's leaves, from the logs.
    let mut logs: BTreeMap<LogId, Vec<(u64, Id, Head)>> = BTreeMap::new();
    let mut time = 0;
    for row in view.feed(0, None, u32::MAX).await.unwrap() {
        let entry = view.entries(row.log, row.seq, 1).await.unwrap().remove(0);
        let hash = Entry {
            seq: entry.seq,
            time: entry.time,
            operation: entry.operation.into(),
            signatures: entry.signatures.into_iter().map(Into::into).collect(),
        }
        .hash();
        assert_eq!((entry.hash, entry.position, entry.seq), (hash, row.position, row.seq));
        assert!(entry.time >= time);
        time = entry.time;
        let state = Head { size: row.seq + 1, root: entry.root };
        assert_eq!(leaves[usize::try_from(row.position).unwrap()], entry_leaf(row.log, state));
        logs.entry(row.log).or_default().push((row.seq, hash, state));
    }
    for (log, entries) in &logs {
        let mut edge = Frontier::new();
        for (seq, hash, state) in entries {
            assert_eq!(edge.size(), *seq);
            edge.append(*hash);
            assert_eq!(edge.root(), state.root);
        }
        let hashes: Vec<_> = entries.iter().map(|(_, hash, _)| *hash).collect();
        let (state, _) = tree(view, TreeId::Log(*log), &hashes).await;
        assert_eq!(view.log(*log).await.unwrap().unwrap().state, state);
    }

    // Heads trees, from the logs.
    for (id, expected) in [(TreeId::AccountHeads, heads.account), (TreeId::VaultHeads, heads.vaults)] {
        let rows = view.logs(id, 0, u32::MAX).await.unwrap();
        let mut hashes = BTreeMap::new();
        for row in &rows {
            assert_eq!(view.log(row.log).await.unwrap().unwrap(), *row);
            assert_eq!(is_vault_log(row.log.kind), id == TreeId::VaultHeads);
            let items = LogId { kind: LogKind::Items, id: row.log.id };
            match row.log.kind {
                LogKind::Items => {}
                LogKind::Vault => {
                    let items = rows.iter().find(|other| other.log == items).expect("both logs of a vault");
                    hashes.insert(row.leaf, vault_leaf(row.log.id, row.state, items.state));
                }
                _ => _ = hashes.insert(row.leaf, log_leaf(row.log, row.state)),
            }
        }
        assert!(hashes.keys().copied().eq(0..hashes.len() as u64));
        let (state, _) = tree(view, id, &hashes.into_values().collect::<Vec<_>>()).await;
        assert_eq!(state, expected);
    }
    assert_eq!(leaves.last().copied(), (head.size > 0).then(|| heads.leaf()));

    // Proofs from what is stored.
    for size in 1..=head.size {
        let Some(old) = view.head_at(size).await.unwrap() else { continue };
        let proof = prove_consistency(&nodes, old.size, head.size).unwrap();
        verify_consistency(old.size, &old.root, head.size, &head.root, &proof).unwrap();
    }
    let some: Vec<u64> = (0..head.size).step_by(3).collect();
    let proof = prove_inclusion(&nodes, head.size, &some).unwrap();
    let named: Vec<_> = some.iter().map(|index| (*index, leaves[usize::try_from(*index).unwrap()])).collect();
    verify_inclusion(head.size, &head.root, &named, &proof).unwrap();
}

pub(crate) async fn an_empty_store_has_empty_trees(place: Place) {
    let mut view = view(place.store.as_ref()).await;
    assert_eq!(view.head().await.unwrap(), Head::empty());
    assert_eq!(view.logs(TreeId::VaultHeads, 0, 9).await.unwrap(), []);
    verify(view.as_mut()).await;
}

/// Changes of one to five entries to twelve logs.
fn history() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(any::<u8>(), 1..6), 1..24)
}

fn target(number: u8) -> LogId {
    let kind =
        [LogKind::Account, LogKind::Principal, LogKind::Group, LogKind::Vault, LogKind::Items][usize::from(number % 5)];
    log(kind, &(number % 3).to_string())
}

/// One store through all cases: each goes on where the last one stopped, so the trees take many shapes.
pub(crate) async fn random_histories_are_bound_by_their_trees(place: Place) {
    let store = place.store.as_ref();
    for vault in 0..3 {
        let begin = entry(log(LogKind::Vault, &vault.to_string()), "ada", &format!("make {vault}"));
        commit(store, change(vec![begin], vec![])).await;
    }
    let runtime = tokio::runtime::Handle::current();
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
    let mut count = 0_u32;
    tokio::task::block_in_place(|| {
        let mut case = |changes: Vec<Vec<u8>>| {
            runtime.block_on(async {
                for targets in changes {
                    let appends = targets.into_iter().map(|number| {
                        count += 1;
                        entry(target(number), "ada", &count.to_string())
                    });
                    commit(store, change(appends.collect(), vec![])).await;
                }
                verify(view(store).await.as_mut()).await;
            });
        };
        let tree = history();
        for _ in 0..12 {
            let value = tree.new_tree(&mut runner).unwrap();
            case(proptest::strategy::ValueTree::current(&value));
        }
    });
}
