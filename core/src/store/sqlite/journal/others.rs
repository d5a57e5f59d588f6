//! Segments of other engines on the same database: of those that run, and of the dead.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::super::{fault, place};
use super::segment::Paths;
use crate::error::Result;
use crate::log::reads::{Group, Rest, groups_of};
use crate::model::id::Id;

const WHAT: &str = "the reads that other programs noted could not be read";

/// What another engine has written and perhaps not folded.
pub(in super::super) struct Other {
    pub(in super::super) chain: Id,
    /// In order.
    pub(in super::super) groups: Vec<Group>,
    paths: Paths,
    /// Held if it is dead, so that nobody else takes it for one that runs.
    dead: Option<File>,
}

impl Other {
    /// Whether its engine has ended.
    pub(in super::super) fn is_dead(&self) -> bool {
        self.dead.is_some()
    }

    /// Removes the files of a dead engine, all of which is folded.
    pub(in super::super) fn remove(self) {
        if self.dead.is_some()
            && let Err(error) = self.paths.remove()
        {
            tracing::warn!(%error, "segments of an engine that has ended could not be removed");
        }
    }
}

/// Whether there are segments of others than `own`.
pub(in super::super) fn any(folder: &Path, own: Id) -> Result<bool> {
    Ok(!chains(folder, own)?.is_empty())
}

/// All segments of others than `own`.
pub(in super::super) fn others(folder: &Path, own: Id) -> Result<Vec<Other>> {
    chains(folder, own)?.into_iter().filter_map(|chain| read(folder, chain).transpose()).collect()
}

fn chains(folder: &Path, own: Id) -> Result<Vec<Id>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| fault::file(WHAT, error))?,
    };
    let mut chains = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| fault::file(WHAT, error))?.file_name();
        let chain = name.to_str().and_then(|name| Id::parse(name.strip_suffix(".lock")?));
        chains.extend(chain.filter(|chain| *chain != own));
    }
    Ok(chains)
}

fn read(folder: &Path, chain: Id) -> Result<Option<Other>> {
    let paths = Paths::of(folder, chain);
    let failed = |error| fault::file(WHAT, error);
    let lock = match place::private().open(&paths.lock) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        lock => lock.map_err(failed)?,
    };
    let dead = match lock.try_lock() {
        Ok(()) => Some(lock),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    };
    let mut groups = Vec::new();
    for path in &paths.segments {
        match fs::read(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            segment => take(&segment.map_err(failed)?, dead.is_some(), &mut groups),
        }
    }
    groups.sort_by_key(|group| group.first);
    Ok(Some(Other { chain, groups, paths, dead }))
}

/// The whole frames of a segment.
fn take(segment: &[u8], dead: bool, groups: &mut Vec<Group>) {
    let (whole, rest) = groups_of(segment);
    groups.extend(whole);
    match rest {
        // Nobody was answered on a frame that is not whole: its writer was ended in the middle, or is in it now.
        Rest::Torn if dead => {
            tracing::info!("the last entries of an engine that was killed are not whole, and were not answered");
        }
        Rest::End | Rest::Torn => {}
        Rest::Damaged(at, error) => tracing::warn!(%error, at, "the rest of a segment of reads is damaged"),
    }
}
