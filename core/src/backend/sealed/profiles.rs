//! Names and addresses, checked against the commitments in the logs, and principals as users see them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::known::Known;
use crate::authority::{Authority, Profile, Session};
use crate::error::{Error, Result};
use crate::log::body::profile_commitment;
use crate::log::replay::PrincipalLog;
use crate::model::change::Actor;
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{Principal, Rights};
use crate::model::time;

/// Checked profiles, by commitment.
#[derive(Default)]
pub(super) struct Profiles(Mutex<HashMap<Id, (String, Option<String>)>>);

impl Profiles {
    /// A principal as users see it; a person who was forgotten, or whom the caller may not know, has no name.
    pub(super) async fn view(
        &self,
        authority: &dyn Authority,
        session: Session,
        known: &Known,
        log: &PrincipalLog,
    ) -> Result<Principal> {
        self.load(authority, session, known, &[log.id]).await?;
        Ok(self.principal(known, log))
    }

    /// Fetches and checks the profiles of these principals, as far as they are known and not here yet.
    pub(super) async fn load(
        &self,
        authority: &dyn Authority,
        session: Session,
        known: &Known,
        ids: &[Id],
    ) -> Result<()> {
        let directory = known.directory()?;
        let mut missing: Vec<(Id, Id)> = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            ids.iter()
                .filter_map(|id| directory.principal(*id))
                .filter(|log| !kept.contains_key(&log.profile))
                .map(|log| (log.id, log.profile))
                .collect()
        };
        missing.sort_unstable();
        missing.dedup();
        if missing.is_empty() {
            return Ok(());
        }
        let rows = authority.profiles(session, missing.iter().map(|(id, _)| *id).collect()).await?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((_, commitment), row) in missing.into_iter().zip(rows) {
            let Some(Profile { name, email, salt }) = row else { continue };
            let forgotten = name.is_empty() && email.is_none() && salt.is_empty();
            if !forgotten && profile_commitment(&salt, &name, email.as_deref()) != commitment {
                return Err(Error::tampered(
                    "a profile does not fit the log: its name or address was changed; restore the store",
                ));
            }
            kept.insert(commitment, (name, email));
        }
        Ok(())
    }

    /// Keeps what the caller has committed to itself.
    pub(super) fn keep(&self, commitment: Id, name: String, email: Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(commitment, (name, email));
    }

    /// Forgets a profile that its principal has no more.
    pub(super) fn forget(&self, commitment: Id) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&commitment);
    }

    /// A principal as users see it, with the profile that was loaded.
    pub(super) fn principal(&self, known: &Known, log: &PrincipalLog) -> Principal {
        let (name, email) = self.named(log.profile);
        let is_owner = known.directory.as_ref().is_some_and(|directory| directory.account.owner() == Some(log.id));
        let Rights { can_create_vaults, can_manage_users, can_manage_policy, can_read_audit } =
            if is_owner { Rights::ALL } else { log.rights_now() };
        Principal {
            id: PrincipalId { kind: log.kind, id: log.id },
            kind: log.kind,
            name,
            email,
            state: log.state,
            issued: log.issued,
            expires_at: log.expires_at.map(time::from_millis),
            can_create_vaults,
            can_manage_users,
            can_manage_policy,
            can_read_audit,
            created_at: time::from_millis(log.created_at),
        }
    }

    /// Somebody as the actor of a change.
    pub(super) fn actor(&self, known: &Known, id: Id) -> Actor {
        let log = known.directory.as_ref().and_then(|directory| directory.principal(id));
        let kind = log.map_or(PrincipalKind::User, |log| log.kind);
        let name = log.map(|log| self.named(log.profile).0).unwrap_or_default();
        Actor { id: PrincipalId { kind, id }, kind, name }
    }

    fn named(&self, commitment: Id) -> (String, Option<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&commitment).cloned().unwrap_or_default()
    }
}
