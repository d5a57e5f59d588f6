//! Where challenges and sessions are: in this engine, and for engines that serve together in their store, so that each
//! knows what another has opened.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use minicbor::{Decode, Encode};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::clock;
use super::session::Caller;
use crate::authority::Session;
use crate::error::Result;
use crate::log::encoding::{decode, encode};
use crate::log::reads::ReadEntry;
use crate::model::id::Id;
use crate::store::{Kept, Store};

const CHALLENGES: u64 = 16_384;
const CHALLENGE_LIVES: Duration = Duration::from_mins(1);
const SESSIONS: u64 = 262_144;
/// How long a session lives that is not used: PROTOCOL's 15 minutes.
const SESSION_LIVES: u64 = 15 * 60 * 1000;
/// A session is renewed in the store once so much of its time is over.
const RENEWED_AFTER: u64 = 60 * 1000;

/// Who is to answer a challenge, and with what.
#[derive(Clone, Copy, Debug, Encode, Decode)]
pub(super) struct Asked {
    #[n(0)]
    pub(super) principal: Id,
    #[n(1)]
    pub(super) key: Id,
    #[n(2)]
    pub(super) generation: u32,
}

/// Who opened a session.
#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct Opened {
    #[n(0)]
    pub(super) principal: Id,
    #[n(1)]
    pub(super) generation: u32,
    #[n(2)]
    pub(super) app: Option<String>,
    /// Where; at another origin it is none.
    #[n(3)]
    pub(super) origin: String,
}

/// A session as this engine knows it.
pub(super) struct Open {
    pub(super) caller: Caller,
    /// The size of the principal's log when it was looked at last.
    pub(super) size: u64,
    /// When it ends unless it is used, in milliseconds since 1970; never, where the engine has its caller's process to itself.
    until: AtomicU64,
}

/// The challenges and sessions that are open.
pub(super) struct Sessions {
    challenges: Cache<Id, Asked>,
    open: Cache<Id, Arc<Open>>,
    /// Where they are too, if others serve the same callers.
    store: Option<Arc<dyn Store>>,
    /// What they are bound to.
    origin: String,
}

impl Sessions {
    pub(super) fn new(store: Option<Arc<dyn Store>>, origin: String) -> Self {
        Self {
            challenges: Cache::builder()
                .max_capacity(CHALLENGES)
                .time_to_live(CHALLENGE_LIVES)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            open: Cache::builder().max_capacity(SESSIONS).eviction_policy(EvictionPolicy::lru()).build(),
            store,
            origin,
        }
    }

    pub(super) fn clear(&self) {
        self.challenges.invalidate_all();
        self.open.invalidate_all();
    }

    pub(super) async fn ask(&self, nonce: Id, asked: Asked) -> Result<()> {
        let Some(store) = &self.store else {
            self.challenges.insert(nonce, asked);
            return Ok(());
        };
        let lives = u64::try_from(CHALLENGE_LIVES.as_millis()).unwrap_or(u64::MAX);
        store.keep(Kept::Challenge, nonce, encode(&asked), clock::now() + lives).await
    }

    /// A challenge that was not answered yet; it is answered now.
    pub(super) async fn answered(&self, nonce: Id) -> Result<Option<Asked>> {
        let Some(store) = &self.store else { return Ok(self.challenges.remove(&nonce)) };
        let kept = store.take_kept(Kept::Challenge, nonce).await?;
        kept.map(|bytes| decode("a challenge", &bytes)).transpose()
    }

    pub(super) async fn open(&self, session: Session, caller: Caller, size: u64) -> Result<()> {
        let until = self.renew(session, &caller).await?;
        self.know(session, caller, size, until);
        Ok(())
    }

    /// A session as this engine knows it, if it was used lately.
    pub(super) async fn known(&self, session: Session) -> Result<Option<Arc<Open>>> {
        let Some(open) = self.open.get(&session.0) else { return Ok(None) };
        let Some(left) = open.until.load(Ordering::Relaxed).checked_sub(clock::now()) else {
            // Another engine may have renewed it.
            self.open.invalidate(&session.0);
            return Ok(None);
        };
        if self.store.is_some() && left < SESSION_LIVES - RENEWED_AFTER {
            let until = self.renew(session, &open.caller).await?;
            open.until.store(until, Ordering::Relaxed);
        }
        Ok(Some(open))
    }

    /// A session as the store has it, which another engine opened.
    pub(super) async fn opened(&self, session: Session) -> Result<Option<Opened>> {
        let Some(store) = &self.store else { return Ok(None) };
        let kept = store.kept(Kept::Session, ReadEntry::session_id(session.0)).await?;
        let opened: Option<Opened> = kept.map(|bytes| decode("a session", &bytes)).transpose()?;
        Ok(opened.filter(|opened| opened.origin == self.origin))
    }

    /// The session's caller, looked at anew.
    pub(super) fn know(&self, session: Session, caller: Caller, size: u64, until: u64) {
        self.open.insert(session.0, Arc::new(Open { caller, size, until: AtomicU64::new(until) }));
    }

    /// Who opened a session that this engine knows.
    pub(super) fn principal(&self, session: Session) -> Option<Id> {
        self.open.get(&session.0).map(|open| open.caller.principal)
    }

    /// Ends a session at all engines; each of them would find out by itself, but not if its principal is reactivated before.
    pub(super) async fn end(&self, session: Session) {
        self.open.invalidate(&session.0);
        let Some(store) = &self.store else { return };
        if let Err(error) = store.take_kept(Kept::Session, ReadEntry::session_id(session.0)).await {
            tracing::warn!(?error, "a session that ended could not be taken away: it ends with its time");
        }
    }

    /// Keeps the session from now on; says until when.
    pub(super) async fn renew(&self, session: Session, caller: &Caller) -> Result<u64> {
        let Some(store) = &self.store else { return Ok(u64::MAX) };
        let until = clock::now() + SESSION_LIVES;
        let Caller { principal, generation, app, .. } = caller;
        let opened = Opened {
            principal: *principal,
            generation: *generation,
            app: app.as_deref().map(str::to_owned),
            origin: self.origin.clone(),
        };
        store.keep(Kept::Session, ReadEntry::session_id(session.0), encode(&opened), until).await?;
        Ok(until)
    }
}

impl Open {
    pub(super) fn until(&self) -> u64 {
        self.until.load(Ordering::Relaxed)
    }
}
