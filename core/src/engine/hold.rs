//! Holding a signer, so that what ends it can cover all that was taken from it.

use std::time::Duration;

use super::Engine;
use super::look::{Look, lacking, no_vault, too_low};
use crate::authority::Session;
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::model::role::Role;

impl Engine {
    pub(super) async fn hold_signer(&self, session: Session, signer: Id, vault: Option<Id>) -> Result<Head> {
        let mut look = self.look(session).await?;
        let log = if let Some(vault) = vault {
            self.may_end_in(&mut look, vault).await?;
            LogId::new(LogKind::Vault, vault)
        } else {
            self.may_end(&mut look, signer).await?;
            LogId::new(LogKind::Principal, signer)
        };
        let by = look.caller.principal;
        drop(look);
        self.store.hold(signer, vault, log, by).await?.ok_or_else(|| {
            Error::unavailable("a hold was asked while somebody else's stands: try again in a minute")
                .with_retry_after(Duration::from_secs(5))
        })
    }

    async fn may_end_in(&self, look: &mut Look, vault: Id) -> Result<()> {
        let (had, refusal) = match self.role(look, vault, Role::Admin).await? {
            Some(Role::Admin) => return Ok(()),
            Some(role) => (Some(role), too_low(Role::Admin)),
            None if self.rescues(look, vault).await? => return Ok(()),
            None => (None, no_vault()),
        };
        Err(self.denied(&look.caller, Some(vault), &lacking(Role::Admin, had), refusal).await)
    }

    /// Everybody may end their own keys, the owner everybody, a manager those who have no right that it lacks.
    async fn may_end(&self, look: &mut Look, signer: Id) -> Result<()> {
        let who = look.caller.principal;
        if signer == who {
            return Ok(());
        }
        let standing = self.standing(look).await?;
        let logs = [signer, who].map(|id| LogId::new(LogKind::Principal, id));
        let view = self.view(&mut *look.snapshot, logs).await?;
        let account = &view.directory.account;
        // The recovery key hands the account over, which ends its owner.
        let rescues = standing.recovery == Some(who) && account.owner() == Some(signer);
        let protected = account.owner() == Some(signer) || account.recovery() == Some(signer);
        let above = (0..4).any(|right| {
            let has = view.directory.principal(signer).is_some_and(|log| log.rights[right].holds());
            has && !view.directory.may(who, right)
        });
        if standing.owner || rescues || (standing.manager && !protected && !above) {
            return Ok(());
        }
        let refusal =
            Error::permission_denied("a hold was asked on somebody whom the caller may not end: ask the owner");
        Err(self.denied(&look.caller, None, "needed the right to end somebody", refusal).await)
    }
}
