//! The feed: one leaf for every entry of every log, and one at the end of each batch that holds the heads trees.

use minicbor::{Decode, Encode};

use super::label;
use super::operation::{LogId, LogKind};
use super::tree;
use crate::model::id::Id;

/// The size and the root of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Head {
    /// How many leaves.
    #[n(0)]
    pub size: u64,
    /// Their RFC 6962 root.
    #[n(1)]
    pub root: Id,
}

impl Head {
    /// The head of a tree without leaves.
    pub fn empty() -> Self {
        Self { size: 0, root: tree::empty_root() }
    }
}

/// The roots of both heads trees, as the last leaf of a batch holds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HeadsRoots {
    /// Of account, reads, principals and groups.
    #[n(0)]
    pub account: Head,
    /// Of vaults.
    #[n(1)]
    pub vaults: Head,
}

impl HeadsRoots {
    /// Both without leaves.
    pub fn empty() -> Self {
        Self { account: Head::empty(), vaults: Head::empty() }
    }

    /// The feed leaf that holds them.
    pub fn leaf(&self) -> Id {
        let Self { account, vaults } = self;
        tree::hash_leaf(&label::join(
            "heads",
            &[&account.size.to_be_bytes(), account.root.as_bytes(), &vaults.size.to_be_bytes(), vaults.root.as_bytes()],
        ))
    }
}

/// The feed leaf of an entry: the state of its log after it.
pub fn entry_leaf(log: LogId, state: Head) -> Id {
    tree::hash_leaf(&state_bytes("feed", log, state))
}

/// The leaf of an account, reads, principal or group log in the heads tree.
pub fn log_leaf(log: LogId, state: Head) -> Id {
    tree::hash_leaf(&state_bytes("log-state", log, state))
}

/// The leaf of a vault in the heads tree: both its logs.
pub fn vault_leaf(vault: Id, access: Head, items: Head) -> Id {
    tree::hash_leaf(&label::join(
        "vault-state",
        &[
            vault.as_bytes(),
            &access.size.to_be_bytes(),
            access.root.as_bytes(),
            &items.size.to_be_bytes(),
            items.root.as_bytes(),
        ],
    ))
}

fn state_bytes(purpose: &str, log: LogId, state: Head) -> Vec<u8> {
    label::join(
        purpose,
        &[log.kind.as_str().as_bytes(), log.id.as_bytes(), &state.size.to_be_bytes(), state.root.as_bytes()],
    )
}

/// Which heads tree a log stands in.
pub const fn is_vault_log(kind: LogKind) -> bool {
    matches!(kind, LogKind::Vault | LogKind::Items)
}
