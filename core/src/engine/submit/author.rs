//! Who submits: the author is the caller, had seen what there was, and has signed.

use super::bench::Bench;
use super::received::Received;
use super::stop::{Ruled, Stop, refused};
use crate::engine::look::no_vault;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::{self, Body, LogKind};
use crate::log::signature;

impl Bench<'_> {
    /// Refuses what names another account, or another signer or generation than the session's.
    pub(super) fn check_author(&self, received: &Received) -> Result<()> {
        let (operation, name) = (&received.operation, received.name());
        if operation.account != Some(self.directory().account.id) {
            return Err(Error::invalid_argument(format!(
                "{name} was asked: it is of another account than the one kept here: check the token"
            )));
        }
        // Both keys of an acceptance sign it, so whose session brings it decides nothing.
        let accepts = matches!(operation.body, Body::PrincipalAccepted(_));
        let own = (operation.signer, operation.generation) == (Some(self.caller.principal), self.caller.generation);
        if own || (accepts && operation.signer.is_some()) {
            Ok(())
        } else {
            Err(Error::permission_denied(format!(
                "{name} was asked: it names another signer than the session's: sign in as its signer"
            )))
        }
    }

    /// Refuses everything in a vault in which the caller has nothing, in the same words.
    pub(super) fn check_role(&self, received: &Received) -> Ruled {
        let kind = received.log.kind;
        let creates = matches!(received.operation.body, Body::VaultCreated(_));
        if !matches!(kind, LogKind::Vault | LogKind::Items) || creates {
            return Ok(());
        }
        let vault = self.view.vaults.get(&received.log.id).filter(|vault| !vault.deleted);
        let vault = vault.ok_or_else(|| Stop::Denied(no_vault()))?;
        let (directory, who) = (self.directory(), self.caller);
        let seen = received.operation.seen.size;
        let position = crate::log::replay::NEXT;
        if vault.role_now(directory, who.principal, self.now).is_some()
            || vault.recovery_may(directory, who.principal, who.generation, position, seen)
        {
            Ok(())
        } else {
            Err(Stop::Denied(no_vault()))
        }
    }

    /// Refuses an author who had seen a head that this feed never had, or names one as the last that was kept.
    pub(super) async fn check_seen(&mut self, received: &Received) -> Ruled {
        if let Body::AccountRestored(body) = &received.operation.body {
            self.check_head(received, body.last).await?;
        }
        self.check_head(received, received.operation.seen).await
    }

    async fn check_head(&mut self, received: &Received, seen: Head) -> Ruled {
        let real = match self.heads.get(&seen.size) {
            Some(head) => *head,
            None if seen.size == 0 => Some(Head::empty()),
            None => {
                let head = self.snapshot.head_at(seen.size).await?;
                self.heads.insert(seen.size, head);
                head
            }
        };
        if real == Some(seen) {
            return Ok(());
        }
        Err(Stop::Refused(Error::tampered(format!(
            "{} was asked: its author had seen a state that was never here: if a backup was restored, connect again and \
             accept it",
            received.name()
        ))))
    }

    /// Refuses unless exactly the keys that the kind asks for have signed these bytes.
    pub(super) fn check_signatures(&mut self, received: &Received) -> Ruled {
        let keys = self.directory().signing_keys(&received.operation).map_err(refused(received.name()))?;
        if keys.len() != received.signatures.len() {
            return Err(Stop::Refused(Error::invalid_argument(format!(
                "{} was asked: it has {} signatures where {} belong: upgrade the client",
                received.name(),
                received.signatures.len(),
                keys.len()
            ))));
        }
        let message = operation::message(&received.bytes);
        for (id, made) in keys.iter().zip(&received.signatures) {
            let key = match self.keys.get(id) {
                Some(key) => *key,
                None => *self.keys.entry(*id).or_insert(signature::accept_key(&id.0)?),
            };
            signature::verify(&key, &message, made)?;
        }
        Ok(())
    }
}
