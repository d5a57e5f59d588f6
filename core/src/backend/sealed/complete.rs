//! Keys for those who wait for one: whoever holds a vault's key gives it to members that lack it.

use std::sync::PoisonError;

use super::Sealed;
use super::known::Known;
use super::sign::Base;
use crate::authority::{Rows, Submission};
use crate::error::Result;
use crate::log::body::{AccessCompleted, Recipient};
use crate::log::operation::Body;
use crate::model::id::Id;
use crate::model::time;

impl Sealed {
    /// Gives the keys of these vaults to members who wait for them, as far as that is the caller's to do. What is refused
    /// is left to others: whoever waits goes on waiting.
    pub(super) async fn complete(&self, known: &Known, vaults: &[Id]) {
        let Ok(directory) = known.directory() else { return };
        let now = time::to_millis(chrono::Utc::now());
        let (mut submissions, mut changed) = (Vec::new(), Vec::new());
        for vault in vaults {
            let Ok((view, _)) = self.member(known, *vault) else { continue };
            if !view.log.opens(directory, self.my_id()) {
                continue;
            }
            let size = view.log.progress.head().size;
            // A log takes one operation at a time; whoever else waits is next when the vault is looked at again.
            let waiting = view.log.waiting(directory, known.head.size, now);
            let next = waiting.into_iter().find(|(who, _)| self.is_untried((*vault, *who, size)));
            if let Some((recipient, grant)) = next
                && let Ok(submission) = self.completion(known, *vault, recipient, grant).await
            {
                submissions.push(submission);
                changed.push(*vault);
            }
        }
        if !submissions.is_empty() && self.submit_many(submissions).await.is_ok() {
            self.trust.expire_all(&changed).await;
        }
    }

    async fn completion(&self, known: &Known, vault: Id, recipient: Recipient, grant: u64) -> Result<Submission> {
        let view = known.vault(vault)?;
        let epoch = view.log.epoch().start.number;
        let key = self.vault_key(view, epoch).await?;
        let wraps = self.wrap_for(known, view.log.id, epoch, &key, &[recipient], None).await?;
        let body = Body::AccessCompleted(AccessCompleted { epoch, grant, recipient });
        let base = Base { log: Some(vault), at: view.log.progress.head(), seen: known.head };
        self.sign(base, None, body, Rows { wraps, ..Rows::default() })
    }

    fn is_untried(&self, attempt: (Id, Recipient, u64)) -> bool {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).insert(attempt)
    }
}
