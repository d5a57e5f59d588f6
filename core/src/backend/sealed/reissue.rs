//! Next keys from a manager, after a loss; and grants that must not follow them by themselves.

use super::Sealed;
use super::found::key_set;
use super::known::Known;
use super::principals::nobody;
use super::rotate::token_kind;
use super::trust::Need;
use crate::authority::Rows;
use crate::crypto::identity::{Identity, Seed};
use crate::crypto::token::Token;
use crate::error::{Error, Result};
use crate::log::body::PrincipalReissued;
use crate::log::operation::Body;
use crate::log::replay::{PrincipalLog, VaultLog};
use crate::model::credential::{Credential, Save};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{PrincipalRef, PrincipalState, Rights};
use crate::model::secret::Secret;

/// How many vaults are looked through at a time.
const PAGE: u32 = 500;

impl Sealed {
    /// The same principal with the next keys; the old token is dead once this is taken.
    pub(super) async fn reissue(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        save: Option<Save>,
    ) -> Result<Credential> {
        let id = self.principal_id(who).await?;
        if id == self.my_id() {
            return Err(Error::argument("who", "this is the caller, who has its keys: use rotate_token"));
        }
        let known = self.managing(&[id]).await?;
        let log = known.directory()?.principal(id).filter(|log| log.kind == kind).ok_or_else(nobody)?;
        if log.state == PrincipalState::Deleted {
            return Err(nobody());
        }
        let seed = Seed::make()?;
        let identity = Identity::derive(&seed)?;
        let mut principal = self.profiles.view(self.authority(), self.session(), &known, log).await?;
        let token = Token {
            kind: token_kind(log.kind),
            account: self.account_id(),
            principal: id,
            seed,
            head_size: known.head.size,
            head_root: known.head.root,
        };
        (principal.state, principal.issued) = (PrincipalState::Active, true);
        let Rights { can_create_vaults, can_manage_users, can_manage_policy, can_read_audit } = Rights::default();
        (principal.can_create_vaults, principal.can_manage_users) = (can_create_vaults, can_manage_users);
        (principal.can_manage_policy, principal.can_read_audit) = (can_manage_policy, can_read_audit);
        let credential = Credential {
            token: Secret::from(token.encode()),
            recovery: None,
            principal,
            location: self.location.clone(),
        };
        if let Some(save) = save {
            save(credential.clone()).await?;
        }
        let keys = key_set(&identity);
        self.change_principal(id, Some(kind), |log| {
            if log.state == PrincipalState::Deleted {
                return Err(nobody());
            }
            let rows = Rows { kem_key: Some(identity.public().kem), ..Rows::default() };
            Ok(Some((Body::PrincipalReissued(PrincipalReissued { keys: keys.clone() }), rows)))
        })
        .await?;
        Ok(credential)
    }

    /// Refuses a grant by e-mail to somebody whose keys were reissued, unless this vault, or the caller in another, has
    /// named the new keys before.
    pub(super) async fn check_reissued(
        &self,
        known: &Known,
        to: &PrincipalRef,
        log: &PrincipalLog,
        vault: Option<&VaultLog>,
    ) -> Result<()> {
        let PrincipalRef::Email(email) = to else { return Ok(()) };
        if log.newest().is_none_or(|newest| newest.chain == 0) || vault.is_some_and(|vault| names(vault, log, None)) {
            return Ok(());
        }
        let mut from = Some(0);
        while let Some(place) = from {
            let page = self.authority.vaults_of(self.session(), log.id, place, PAGE).await?;
            let known = if page.ids.iter().all(|id| known.vaults.contains_key(id)) {
                self.trust.known().await
            } else {
                self.refresh(Need { vaults: page.ids.iter().copied().collect(), ..Need::default() }).await?
            };
            let mine = |id: &Id| known.vaults.get(id).is_some_and(|view| names(&view.log, log, Some(self.my_id())));
            if page.ids.iter().any(mine) {
                return Ok(());
            }
            from = page.next;
        }
        Err(Error::conflict(format!(
            "a grant to {email} was asked, whose keys a manager has reissued: make sure that they are theirs, then use \
             access.approve for the grants from before, or name them by id ({})",
            PrincipalId { kind: log.kind, id: log.id }
        )))
    }
}

/// Whether a vault's log names somebody's newest keys, or keys that these follow by rotations; by whom, if that is asked.
fn names(vault: &VaultLog, log: &PrincipalLog, by: Option<Id>) -> bool {
    let newest = log.newest().map_or(0, |newest| newest.number);
    vault.members.get(&log.id).is_some_and(|tenures| {
        tenures.iter().any(|tenure| {
            let same = tenure.generation.is_some_and(|of| log.same_chain(of, newest));
            same && by.is_none_or(|by| tenure.by == by)
        })
    })
}
