//! Who is who, as far as the caller may know.

use super::look::Look;
use super::{Engine, pages};
use crate::authority::{Ids, Profile, Session};
use crate::error::{Error, Result};
use crate::log::body::Recipient;
use crate::model::id::Id;
use crate::store::PrincipalRow;

impl Engine {
    pub(super) async fn read_profiles(&self, session: Session, principals: Vec<Id>) -> Result<Vec<Option<Profile>>> {
        let mut look = self.look(session).await?;
        let mut profiles = Vec::with_capacity(principals.len());
        for id in principals {
            let row = if self.knows(&mut look, id).await? { look.snapshot.principal(id).await? } else { None };
            profiles.push(row.map(|PrincipalRow { name, email, salt, .. }| Profile { name, email, salt }));
        }
        Ok(profiles)
    }

    pub(super) async fn principals_of(&self, session: Session, emails: Vec<String>) -> Result<Vec<Option<Id>>> {
        let mut look = self.look(session).await?;
        let mut found = Vec::with_capacity(emails.len());
        for email in emails {
            let row = look.snapshot.principal_by_email(&email.to_lowercase()).await?;
            let known = match row {
                Some(row) if self.knows(&mut look, row.principal).await? => Some(row.principal),
                _ => None,
            };
            found.push(known);
        }
        Ok(found)
    }

    pub(super) async fn list_principals(&self, session: Session, kind: u8, from: u64, limit: u32) -> Result<Ids> {
        let mut look = self.look(session).await?;
        let limit = limit.clamp(1, pages::LIMIT);
        if self.standing(&mut look).await?.knows_all() {
            let rows = look.snapshot.principals(from, limit).await?;
            let next = (rows.len() >= limit as usize).then(|| rows.last().map(|last| last.leaf + 1)).flatten();
            return Ok(Ids { ids: ids(&rows, kind), next });
        }
        let mut known = look.snapshot.acquaintances(look.caller.principal).await?;
        for group in self.groups_of(&mut look).await? {
            known.extend(look.snapshot.acquaintances(group).await?);
        }
        known.push(look.caller.principal);
        // Everybody seals to the recovery key, so nobody is kept from finding it.
        known.extend(self.standing(&mut look).await?.recovery);
        known.sort_unstable();
        known.dedup();
        let mut rows = Vec::new();
        for id in known {
            // Groups are named in vaults too, and have no row here.
            rows.extend(look.snapshot.principal(id).await?.filter(|row| row.leaf >= from && row.kind == kind));
        }
        rows.sort_by_key(|row| row.leaf);
        let next = rows.get(limit as usize).map(|row| row.leaf);
        rows.truncate(limit as usize);
        Ok(Ids { ids: ids(&rows, kind), next })
    }

    pub(super) async fn read_kem_keys(&self, session: Session, of: Vec<Recipient>) -> Result<Vec<Vec<u8>>> {
        let mut look = self.look(session).await?;
        let mut keys = Vec::with_capacity(of.len());
        for Recipient { principal, generation } in of {
            // Everybody seals to the recovery key.
            let known =
                self.standing(&mut look).await?.recovery == Some(principal) || self.knows(&mut look, principal).await?;
            let key = if known { look.snapshot.kem_key(principal, generation).await? } else { None };
            keys.push(key.ok_or_else(|| {
                Error::not_found("there is no such key of a principal, or you may not know of it: check the id")
            })?);
        }
        Ok(keys)
    }

    /// Whether the caller may know somebody's name.
    async fn knows(&self, look: &mut Look, who: Id) -> Result<bool> {
        Ok(who == look.caller.principal
            || self.standing(look).await?.knows_all()
            || self.shares_a_vault(look, who).await?)
    }
}

/// Those of this kind who are not deleted.
fn ids(rows: &[PrincipalRow], kind: u8) -> Vec<Id> {
    rows.iter().filter(|row| row.kind == kind && row.active).map(|row| row.principal).collect()
}
