//! What the engine notes of reads, refusals and sessions, before it answers.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tracing::Instrument;

use super::Engine;
use super::session::Caller;
use crate::error::{Error, Result};
use crate::log::encoding::MaybeId;
use crate::log::operation::VERSION;
use crate::log::reads::{Action, ReadEntry};
use crate::model::id::Id;
use crate::store::Snapshot;
use crate::store::random;
use crate::trace::step;

const FILES: u64 = 262_144;
/// A file whose pieces were not asked for so long is read anew.
const FILE_STAYS_OPEN: Duration = Duration::from_hours(1);

/// What notes rest on.
pub(super) struct Notes {
    /// Files that a session has opened, whose pieces are noted with it.
    opened: Cache<(Id, Id), ()>,
    /// Whether reads are audited, and the feed's size when that was looked at.
    policy: Mutex<Option<(u64, bool)>>,
}

impl Notes {
    pub(super) fn new() -> Self {
        Self {
            opened: Cache::builder()
                .max_capacity(FILES)
                .time_to_idle(FILE_STAYS_OPEN)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            policy: Mutex::default(),
        }
    }
}

/// What an entry is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    pub(super) vault: Option<Id>,
    pub(super) item: Option<Id>,
    pub(super) file: Option<Id>,
    pub(super) version: u64,
}

impl Engine {
    /// Notes something; it is in the operating system's hands when this returns.
    pub(super) async fn note(&self, caller: &Caller, action: Action, about: About, detail: String) -> Result<()> {
        let entry = ReadEntry {
            version: VERSION,
            action: action.number(),
            salt: random::make_id()?,
            // The store's clock.
            time: 0,
            actor: caller.principal,
            generation: caller.generation,
            session: caller.session,
            app: caller.app.as_deref().map(str::to_owned),
            vault: MaybeId(about.vault),
            item: MaybeId(about.item),
            file: MaybeId(about.file),
            item_version: about.version,
            detail,
        };
        self.store.note(entry).instrument(step("store.note")).await
    }

    /// Notes a refusal, and gives it back; or the error for which it could not be noted.
    pub(super) async fn denied(&self, caller: &Caller, vault: Option<Id>, detail: &str, refusal: Error) -> Error {
        let about = About { vault, ..About::default() };
        match self.note(caller, Action::AccessDenied, about, detail.to_owned()).await {
            Ok(()) => refusal,
            Err(error) => error,
        }
    }

    /// Whether the account's policy has reads audited, by what is the newest at this moment.
    pub(super) async fn audits_reads(&self, snapshot: &mut dyn Snapshot) -> Result<bool> {
        let size = snapshot.head().await?.size;
        let known = *self.notes.policy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, audits)) = known
            && at == size
        {
            return Ok(audits);
        }
        let audits = self.view(snapshot, []).await?.directory.account.policy().1.audit_reads;
        *self.notes.policy.lock().unwrap_or_else(PoisonError::into_inner) = Some((size, audits));
        Ok(audits)
    }

    /// Notes that a file is read, once for all the pieces that follow in this session; `anew`: also if it was before.
    pub(super) async fn note_file(&self, caller: &Caller, about: About, anew: bool) -> Result<()> {
        let Some(file) = about.file else { return Ok(()) };
        let key = (caller.session, file);
        // Got, and not looked for, so that it stays.
        if !anew && self.notes.opened.get(&key).is_some() {
            return Ok(());
        }
        self.note(caller, Action::FileRead, about, String::new()).await?;
        self.notes.opened.insert(key, ());
        Ok(())
    }
}
