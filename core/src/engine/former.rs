//! Whoever was in a vault and is no longer: what stays shown to them.

use super::look::Look;
use super::{Engine, clock, pages};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::PrincipalLog;
use crate::model::id::Id;
use crate::store::{EntryRow, FeedRow};

/// How far somebody sees the logs of a vault that they were in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// The entry that put them out, or that deleted the vault while they were in it.
    pub(super) ending: Option<FeedRow>,
    /// Entries are shown before this place in the feed.
    before: u64,
    /// And before this time, in milliseconds since 1970: when their grant expired.
    expired_at: Option<u64>,
}

impl Past {
    /// Whether an entry of the vault was there while they were in it; the one that put them out is.
    pub(super) fn shows(&self, entry: &EntryRow) -> bool {
        entry.position < self.before && self.expired_at.is_none_or(|end| entry.time < end)
    }
}

impl Engine {
    /// How far the caller sees a vault that it was in and is no longer; `None` for one that it never was in, or is in.
    ///
    /// A membership by way of a group leaves nothing behind.
    pub(super) async fn past(&self, look: &mut Look, vault: Id) -> Result<Option<Past>> {
        let who = look.caller.principal;
        if !look.snapshot.named(vault, who).await? {
            return Ok(None);
        }
        let log = LogId::new(LogKind::Vault, vault);
        let view = self.view(&mut *look.snapshot, [log, LogId::new(LogKind::Principal, who)]).await?;
        let (Some(replayed), Some(principal)) = (view.vaults.get(&vault), view.directory.principal(who)) else {
            return Ok(None);
        };
        let Some(last) = replayed.members.get(&who).and_then(|tenures| tenures.last()) else { return Ok(None) };
        let reissued_at = last.generation.and_then(|of| reissued_after(principal, of));
        let expired_at = last.expires_at.filter(|end| clock::is_over(Some(*end), clock::now()));
        let ended_by = match last.role {
            None => Some(last.seq),
            Some(_) if replayed.deleted => replayed.progress.head().size.checked_sub(1),
            Some(_) => None,
        };
        let Some(seq) = ended_by else {
            let past = Past { ending: None, before: reissued_at.unwrap_or(u64::MAX), expired_at };
            return Ok((reissued_at.is_some() || expired_at.is_some()).then_some(past));
        };
        // What was replayed may be newer than this look.
        let Some(entry) = pages::entry(&mut *look.snapshot, log, seq).await? else { return Ok(None) };
        let before = reissued_at.map_or(entry.position + 1, |reissued| reissued.min(entry.position + 1));
        let past = Past { ending: None, before, expired_at };
        let ending = past.shows(&entry).then_some(FeedRow { position: entry.position, log, seq });
        Ok(Some(Past { ending, ..past }))
    }
}

/// Where somebody got keys that do not follow these by a rotation: such have no membership of theirs.
fn reissued_after(principal: &PrincipalLog, generation: u32) -> Option<u64> {
    let old = principal.generation(generation).ok()?;
    let next = principal.generations.iter().find(|next| next.number > old.number && next.chain != old.chain)?;
    next.standing.begun()
}
