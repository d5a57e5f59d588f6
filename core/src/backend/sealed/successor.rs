//! Who takes somebody's place as administrator before they are deleted.

use super::Sealed;
use super::principals::nobody;
use super::trust::Need;
use crate::backend::GrantRequest;
use crate::error::{Error, Result};
use crate::log::replay::{Directory, VaultLog};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::time;

/// How many vaults are looked through at a time.
const PAGE: u32 = 500;

impl Sealed {
    /// Makes the successor an administrator where nobody but the caller would be one without `who`.
    pub(super) async fn hand_on(&self, who: Id, successor: &PrincipalRef) -> Result<()> {
        let heir = self.principal_id(successor).await?;
        let known = self.refresh(Need::principals([heir])).await?;
        let log = known.directory()?.principal(heir).ok_or_else(nobody)?;
        if log.state != PrincipalState::Active || log.kind == PrincipalKind::Recovery || heir == who {
            return Err(Error::argument("successor", "it must be another active user or service account"));
        }
        self.check_reissued(&known, successor, log, None).await?;
        let to = PrincipalRef::Id(PrincipalId { kind: log.kind, id: heir });
        let mut from = Some(0);
        while let Some(place) = from {
            let page = self.authority.vaults_of(self.session(), who, place, PAGE).await?;
            let need = Need { vaults: page.ids.iter().copied().collect(), ..Need::default() };
            let known = self.refresh(need.asked_now()).await?;
            for vault in &page.ids {
                let Some(view) = self.governs(&known, *vault) else { continue };
                if is_alone(&view.log, known.directory()?, who, self.my_id()) {
                    let request = GrantRequest { to: to.clone(), role: Role::Admin, expires_at: None };
                    self.let_in(*vault, request).await?;
                }
            }
            from = page.next;
        }
        match self.authority.last_in(self.session(), who).await? {
            0 => Ok(()),
            left => Err(Error::conflict(format!(
                "a successor was named, and you are no administrator of {left} vaults where nobody else is one: connect \
                 with the recovery code, grant the successor `admin` there, and delete again"
            ))),
        }
    }
}

/// Whether somebody is an administrator, and nobody else is but, perhaps, the caller.
fn is_alone(vault: &VaultLog, directory: &Directory, who: Id, caller: Id) -> bool {
    let now = time::to_millis(chrono::Utc::now());
    let administers = |id: Id| {
        let stands = directory.group(id).is_some()
            || directory.principal(id).is_some_and(|log| log.state == PrincipalState::Active)
                && vault.role_now(directory, id, now) == Some(Role::Admin);
        stands && vault.tenure(id).is_some_and(|(role, _)| role == Role::Admin)
    };
    let others = vault.members.keys().filter(|id| **id != who && **id != caller);
    vault.role_now(directory, who, now) == Some(Role::Admin) && !others.copied().any(administers)
}
