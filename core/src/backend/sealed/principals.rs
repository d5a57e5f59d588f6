//! Users and service accounts: read, ended.

use super::known::Known;
use super::{Sealed, trust::Need};
use crate::authority::Profile;
use crate::backend::{PageRequest, Rows};
use crate::error::{Error, Result};
use crate::log::body::kind_number;
use crate::model::id::{Id, PrincipalKind};
use crate::model::principal::{Principal, PrincipalRef, PrincipalState};

/// A profile and what the log says of it.
pub(super) struct NewProfile {
    pub(super) commitment: Id,
    pub(super) row: Profile,
}

pub(super) fn may_not() -> Error {
    Error::permission_denied("this needs can_manage_users, which you do not have: ask the owner")
}

/// The one refusal for somebody who is not there, and for one whom the caller may not know.
pub(super) fn nobody() -> Error {
    Error::not_found("there is no such principal, or you may not know of it: check the id or the e-mail address")
}

impl Sealed {
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
