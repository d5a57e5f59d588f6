//! Users and service accounts: made, read, ended.

use super::found::key_set;
use super::known::Known;
use super::sign::Base;
use super::{Sealed, trust::Need};
use crate::authority::{Profile, Rows as SealedRows, Submitted};
use crate::backend::{GrantRequest, PageRequest, PrincipalRequest, Rows};
use crate::crypto::identity::{Identity, Seed};
use crate::crypto::token::{Token, TokenKind};
use crate::error::{Error, Result};
use crate::log::body::{PrincipalAdded, kind_number, rights_bits};
use crate::log::operation::{self, At, Body};
use crate::model::credential::{Credential, Save};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::model::principal::{Principal, PrincipalRef, PrincipalState};
use crate::model::role::Role;
use crate::model::secret::Secret;
use crate::model::time;

/// A profile and what the log says of it.
pub(super) struct NewProfile {
    pub(super) commitment: Id,
    pub(super) row: Profile,
}

/// The one refusal for somebody who is not there, and for one whom the caller may not know.
pub(super) fn nobody() -> Error {
    Error::not_found("there is no such principal, or you may not know of it: check the id or the e-mail address")
}

impl Sealed {
    pub(super) async fn add_principal(&self, request: PrincipalRequest, save: Option<Save>) -> Result<Credential> {
        let PrincipalRequest { kind, name, email, rights, expires_at, vaults } = request;
        let known =
            self.refresh(Need { vaults: vaults.iter().map(|(vault, _)| vault.0).collect(), ..Need::default() }).await?;
        for (vault, _) in &vaults {
            self.look(vault.0, Role::Admin).await?;
        }
        if let Some(email) = &email
            && let Some(there) = self.authority.find_principal(self.session(), email.clone()).await?
        {
            let existing = PrincipalId { kind: PrincipalKind::User, id: there };
            return Err(Error::already_exists("there is a user of this e-mail address already: use users.get")
                .with_existing(existing.to_string()));
        }
        let seed = Seed::make()?;
        let identity = Identity::derive(&seed)?;
        let profile = NewProfile::make(name.clone(), email.clone())?;
        let body = PrincipalAdded {
            kind: kind_number(kind),
            generation: 1,
            keys: key_set(&identity),
            rights: rights_bits(rights),
            profile: profile.commitment,
            expires_at: expires_at.map(time::to_millis),
        };
        let rows =
            SealedRows { profile: Some(profile.row), kem_key: Some(identity.public().kem), ..SealedRows::default() };
        let base = Base { log: None, at: At::empty(), seen: known.head };
        let submission = self.sign(base, None, Body::PrincipalAdded(body), rows)?;
        let id = operation::hash(&submission.operation);
        let token_kind = if kind == PrincipalKind::User { TokenKind::User } else { TokenKind::Service };
        let token = Token {
            kind: token_kind,
            account: self.account_id(),
            principal: id,
            seed,
            head_size: known.head.size,
            head_root: known.head.root,
        };
        let credential = Credential {
            token: Secret::from(token.encode()),
            recovery: None,
            principal: Principal {
                id: PrincipalId { kind, id },
                kind,
                name,
                email,
                state: PrincipalState::Active,
                issued: true,
                expires_at,
                can_create_vaults: rights.can_create_vaults,
                can_manage_users: rights.can_manage_users,
                can_manage_policy: rights.can_manage_policy,
                can_read_audit: rights.can_read_audit,
                created_at: chrono::Utc::now(),
            },
            location: self.location.clone(),
        };
        if let Some(save) = save {
            save(credential.clone()).await?;
        }
        match self.submit(submission).await? {
            Submitted::Taken(receipt) | Submitted::Before(receipt) => {
                let mut credential = credential;
                credential.principal.created_at = time::from_millis(receipt.time);
                for (vault, role) in vaults {
                    let to = PrincipalRef::Id(credential.principal.id);
                    self.let_in(vault.0, GrantRequest { to, role, expires_at: None }).await?;
                }
                Ok(credential)
            }
            Submitted::Used(..) | Submitted::Stale | Submitted::Uncovered => Err(Self::contended("the account")),
        }
    }

    pub(super) async fn read_principal(&self, who: &PrincipalRef) -> Result<Principal> {
        let id = self.principal_id(who).await?;
        let known = self.refresh(Need::principals([id])).await?;
        let log = known.directory()?.principal(id).ok_or_else(nobody)?;
        if let PrincipalRef::Id(asked) = who
            && asked.kind != log.kind
        {
            return Err(nobody());
        }
        self.profiles.view(self.authority(), self.session(), &known, log).await
    }

    /// Refuses an address that is not the one which the principal's log binds.
    pub(super) async fn check_addresses(&self, known: &Known, named: &[(Id, &str)]) -> Result<()> {
        let ids: Vec<Id> = named.iter().map(|(id, _)| *id).collect();
        self.profiles.load(self.authority(), self.session(), known, &ids).await?;
        for (id, email) in named {
            let log = known.directory()?.principal(*id).ok_or_else(nobody)?;
            if self.profiles.principal(known, log).email.as_deref() != Some(*email) {
                return Err(Error::tampered("the store answered somebody else for an address: restore the store"));
            }
        }
        Ok(())
    }

    pub(super) async fn page_of_principals(&self, kind: PrincipalKind, page: PageRequest) -> Result<Rows<Principal>> {
        let from = super::keys::parse_place(page.after.as_deref())?;
        let ids = self.authority.principals(self.session(), kind_number(kind), from, page.limit).await?;
        let known = self.refresh(Need::principals(ids.ids.iter().copied())).await?;
        self.profiles.load(self.authority(), self.session(), &known, &ids.ids).await?;
        let directory = known.directory()?;
        let data = ids
            .ids
            .iter()
            .filter_map(|id| directory.principal(*id))
            .filter(|log| log.kind == kind && log.state != PrincipalState::Deleted)
            .map(|log| self.profiles.principal(&known, log))
            .collect();
        Ok(Rows { data, next: ids.next.map(|next| next.to_string()) })
    }
}
