//! The leaves of the feed and of the heads trees.

use serde_json::{Value, json};
use strongroom::log::feed::{Head, HeadsRoots, entry_leaf, log_leaf, vault_leaf};
use strongroom::log::operation::{LogId, LogKind};
use strongroom::model::id::Id;

use crate::frozen::{id_hex, read};

const ABOUT: &str = "Leaf hashes. Heads are [size, root].";

pub(crate) fn made() -> Value {
    let state = Head { size: 258, root: Id([2; 32]) };
    let head = |head: Head| json!([head.size, id_hex(head.root)]);
    let kinds = [LogKind::Account, LogKind::Reads, LogKind::Principal, LogKind::Group, LogKind::Vault, LogKind::Items];
    let log = |kind: LogKind, leaf: Id| json!({ "kind": kind.as_str(), "id": id_hex(Id([1; 32])), "state": head(state), "leaf": id_hex(leaf) });
    let entries: Vec<Value> =
        kinds.iter().map(|kind| log(*kind, entry_leaf(LogId::new(*kind, Id([1; 32])), state))).collect();
    let logs: Vec<Value> =
        kinds[..4].iter().map(|kind| log(*kind, log_leaf(LogId::new(*kind, Id([1; 32])), state))).collect();
    let vaults: Vec<Value> = [Head::empty(), Head { size: 1, root: Id([3; 32]) }]
        .into_iter()
        .map(|items| {
            let leaf = vault_leaf(Id([1; 32]), state, items);
            json!({ "vault": id_hex(Id([1; 32])), "access": head(state), "items": head(items), "leaf": id_hex(leaf) })
        })
        .collect();
    let heads: Vec<Value> = [HeadsRoots::empty(), HeadsRoots { account: state, vaults: Head::empty() }]
        .into_iter()
        .map(|roots| json!({ "account": head(roots.account), "vaults": head(roots.vaults), "leaf": id_hex(roots.leaf()) }))
        .collect();
    json!({ "about": ABOUT, "entries": entries, "logs": logs, "vaults": vaults, "heads": heads })
}

#[test]
fn leaves_are_what_they_were() {
    assert_eq!(read("feed"), made());
}
