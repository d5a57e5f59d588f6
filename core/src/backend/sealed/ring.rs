//! The key ring: the one place where secrets live. Callers hold ids; closing wipes it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use super::sign::Signer;
use crate::authority::Session;
use crate::crypto::identity::{Identity, RetiredIdentity};
use crate::crypto::key::SealKey;
use crate::error::{Error, Result};
use crate::model::id::Id;

/// The refusal of every call once the keys are wiped.
pub(super) fn closed() -> Error {
    Error::unauthenticated("this client is closed, and its keys are wiped: connect again")
}

/// As whom a client acts, the keys it has rotated away, and the vault keys it has opened.
pub(super) struct Ring {
    acting: RwLock<Acting>,
    retired: RwLock<HashMap<u32, Arc<RetiredIdentity>>>,
    vaults: RwLock<HashMap<(Id, u32), Arc<SealKey>>>,
}

/// One generation of the caller, and its session: a rotation exchanges all of it at once.
struct Acting {
    identity: Option<Arc<Identity>>,
    signer: Signer,
    session: Session,
}

impl Ring {
    pub(super) fn new(identity: Identity, signer: Signer, session: Session) -> Self {
        let acting = RwLock::new(Acting { identity: Some(Arc::new(identity)), signer, session });
        Self { acting, retired: RwLock::default(), vaults: RwLock::default() }
    }

    fn acting(&self) -> RwLockReadGuard<'_, Acting> {
        self.acting.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The identity, until the client is closed.
    pub(super) fn identity(&self) -> Result<Arc<Identity>> {
        self.acting().identity.clone().ok_or_else(closed)
    }

    /// Who signs, with which generation.
    pub(super) fn signer(&self) -> Signer {
        self.acting().signer
    }

    /// The identity, and who signs with it.
    pub(super) fn signing(&self) -> Result<(Arc<Identity>, Signer)> {
        let acting = self.acting();
        Ok((acting.identity.clone().ok_or_else(closed)?, acting.signer))
    }

    /// The session.
    pub(super) fn session(&self) -> Session {
        self.acting().session
    }

    /// Acts with the next keys from now on; what was opened stays open. A ring that is wiped stays so.
    pub(super) fn exchange(&self, identity: Identity, signer: Signer, session: Session) {
        let mut acting = self.acting.write().unwrap_or_else(PoisonError::into_inner);
        if acting.identity.is_some() {
            *acting = Acting { identity: Some(Arc::new(identity)), signer, session };
        }
    }

    /// Goes on in another session of the same keys.
    pub(super) fn renew(&self, ended: Session, session: Session) {
        let mut acting = self.acting.write().unwrap_or_else(PoisonError::into_inner);
        if acting.session == ended {
            acting.session = session;
        }
    }

    /// The keys of a generation that was rotated away, if they were opened.
    pub(super) fn retired(&self, generation: u32) -> Option<Arc<RetiredIdentity>> {
        self.retired.read().unwrap_or_else(PoisonError::into_inner).get(&generation).cloned()
    }

    pub(super) fn keep_retired(&self, generation: u32, identity: RetiredIdentity) -> Arc<RetiredIdentity> {
        let identity = Arc::new(identity);
        self.retired.write().unwrap_or_else(PoisonError::into_inner).insert(generation, Arc::clone(&identity));
        identity
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
        self.acting.write().unwrap_or_else(PoisonError::into_inner).identity = None;
        self.retired.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.vaults.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
