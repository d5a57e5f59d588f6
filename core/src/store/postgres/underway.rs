//! Pieces on their way into this store: whoever ends their upload comes after them, for one that arrived later would begin
//! it anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use crate::model::id::Id;

/// The files that have some.
#[derive(Default)]
pub(super) struct Underway(Mutex<HashMap<Id, Weak<RwLock<()>>>>);

/// A piece that has set out.
pub(super) struct SetOut {
    file: Arc<RwLock<()>>,
    at_once: Option<OwnedRwLockReadGuard<()>>,
}

impl Underway {
    /// Notes that a piece sets out: an end that is asked for after this call comes after it.
    pub(super) fn set_out(&self, file: Id) -> SetOut {
        let file = self.of(file);
        let at_once = Arc::clone(&file).try_read_owned().ok();
        SetOut { file, at_once }
    }

    /// Waits until all that have set out have arrived; others wait for the end of the guard.
    pub(super) async fn end(&self, file: Id) -> OwnedRwLockWriteGuard<()> {
        self.of(file).write_owned().await
    }

    fn of(&self, file: Id) -> Arc<RwLock<()>> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = files.get(&file).and_then(Weak::upgrade) {
            return known;
        }
        files.retain(|_, held| held.strong_count() > 0);
        let new = Arc::new(RwLock::new(()));
        files.insert(file, Arc::downgrade(&new));
        new
    }
}

impl SetOut {
    /// Waits for an end that was before it. It has arrived when the guard is dropped.
    pub(super) async fn go(self) -> OwnedRwLockReadGuard<()> {
        match self.at_once {
            Some(guard) => guard,
            None => self.file.read_owned().await,
        }
    }
}
