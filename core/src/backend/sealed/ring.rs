//! The key ring: the one place where secrets live. Callers hold ids; closing wipes it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::identity::{Identity, PublicKeys};
use crate::crypto::key::SealKey;
use crate::error::{Error, Result};
use crate::model::id::Id;

/// The refusal of every call once the keys are wiped.
pub(super) fn closed() -> Error {
    Error::unauthenticated("this client is closed, and its keys are wiped: connect again")
}

/// A principal's identity and the vault keys it has opened.
pub(super) struct Ring {
    identity: RwLock<Option<Arc<Identity>>>,
    public: PublicKeys,
    vaults: RwLock<HashMap<(Id, u32), Arc<SealKey>>>,
}

impl Ring {
    pub(super) fn new(identity: Identity) -> Self {
        let public = identity.public();
        Self { identity: RwLock::new(Some(Arc::new(identity))), public, vaults: RwLock::default() }
    }

    /// The identity, until the client is closed.
    pub(super) fn identity(&self) -> Result<Arc<Identity>> {
        let identity = self.identity.read().unwrap_or_else(PoisonError::into_inner);
        identity.clone().ok_or_else(closed)
    }

    /// The public keys.
    pub(super) fn public(&self) -> &PublicKeys {
        &self.public
    }

    pub(super) fn vault_key(&self, vault: Id, epoch: u32) -> Option<Arc<SealKey>> {
        self.vaults.read().unwrap_or_else(PoisonError::into_inner).get(&(vault, epoch)).cloned()
    }

    pub(super) fn keep(&self, vault: Id, epoch: u32, key: SealKey) -> Arc<SealKey> {
        let key = Arc::new(key);
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).insert((vault, epoch), Arc::clone(&key));
        key
    }

    /// Forgets a vault's keys.
    pub(super) fn forget(&self, vault: Id) {
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| *of != vault);
    }

    /// Wipes everything.
    pub(super) fn wipe(&self) {
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
