//! Whom callers name, by id or by address.

use super::Sealed;
use super::principals::nobody;
use super::trust::Need;
use crate::backend::not_yet;
use crate::error::{Error, Result};
use crate::model::id::Id;
use crate::model::principal::PrincipalRef;

impl Sealed {
    /// The principal that a caller named. Whom an address belongs to is checked, not believed.
    pub(super) async fn principal_id(&self, who: &PrincipalRef) -> Result<Id> {
        self.principal_ids(&[who]).await?.pop().unwrap_or_else(|| Err(nobody()))
    }

    /// As [`Self::principal_id`], for many in one answer; in order, an error for each who is not there.
    pub(super) async fn principal_ids(&self, named: &[&PrincipalRef]) -> Result<Vec<Result<Id>>> {
        let ids = self.answered_ids(named).await?;
        let addressed: Vec<(Id, &str)> = named
            .iter()
            .zip(&ids)
            .filter_map(|(who, id)| match (who, id) {
                (PrincipalRef::Email(email), Ok(id)) => Some((*id, email.as_str())),
                _ => None,
            })
            .collect();
        if !addressed.is_empty() {
            let known = self.refresh(Need::principals(addressed.iter().map(|(id, _)| *id))).await?;
            self.check_addresses(&known, &addressed).await?;
        }
        Ok(ids)
    }

    /// As [`Self::principal_ids`], with addresses still to be checked.
    pub(super) async fn answered_ids(&self, named: &[&PrincipalRef]) -> Result<Vec<Result<Id>>> {
        let emails: Vec<String> = named
            .iter()
            .filter_map(|who| match who {
                PrincipalRef::Email(email) => Some(email.clone()),
                _ => None,
            })
            .collect();
        let mut found = self.find_addresses(emails).await?.into_iter();
        Ok(named
            .iter()
            .map(|who| match who {
                PrincipalRef::Id(id) => Ok(id.id),
                PrincipalRef::Email(_) => found.next().flatten().ok_or_else(nobody),
                PrincipalRef::Group(_) => Err(not_yet("a group", "name the users one by one")),
            })
            .collect())
    }

    /// The principals of addresses, as the authority answers them; in order.
    pub(super) async fn find_addresses(&self, emails: Vec<String>) -> Result<Vec<Option<Id>>> {
        if emails.is_empty() {
            return Ok(Vec::new());
        }
        let asked = emails.len();
        let found = self.authority.find_principals(self.session(), emails).await?;
        if found.len() == asked {
            return Ok(found);
        }
        Err(Error::tampered("the store answered another number of addresses than it was asked for: restore the store"))
    }
}
