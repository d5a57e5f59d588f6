//! Going on after a backup was restored (PROTOCOL, rule 4): the owner says from where, and clients that are told to take it.

use std::sync::Arc;

use super::known::Known;
use super::sign::Base;
use super::trust::{Need, Trust};
use super::{MAX_TRIES, Sealed};
use crate::authority::{Authority, Rows, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::AccountRestored;
use crate::log::cursor::Cursor;
use crate::log::feed::Head;
use crate::log::operation::Body;

/// Verifies the account without what was remembered of it. What was remembered must still join, unless the owner has
/// signed that a backup was restored.
pub(super) async fn accept(
    trust: &Trust,
    authority: &dyn Authority,
    session: Session,
    need: Need,
    remembered: &[Head],
) -> Result<(Arc<Known>, Option<Head>)> {
    let known = trust.refresh(authority, session, need).await?;
    let last = known.directory()?.account.restored();
    let join = |head| trust.refresh(authority, session, Need { joins: vec![head], ..Need::default() }.asked_now());
    if let Some(last) = last {
        join(last).await?;
    }
    for head in remembered {
        match join(*head).await {
            Err(error) if last.is_some() && error.kind() == ErrorKind::Tampered => {}
            joined => drop(joined?),
        }
    }
    Ok((trust.known().await, last))
}

impl Sealed {
    /// Signs that a backup was restored, of which this is the last head.
    pub(super) async fn sign_restored(&self, last: Head) -> Result<()> {
        for _ in 0..MAX_TRIES {
            let known = self.refresh(Need::default().asked_now()).await?;
            let account = &known.directory()?.account;
            if account.owner() != Some(self.my_id()) {
                return Err(Error::permission_denied(
                    "restoring was asked: the owner signs it, so that clients can tell it from a rollback: use the owner's token",
                ));
            }
            let base = Base { log: Some(self.account_id().0), at: account.progress.head(), seen: known.head };
            let body = Body::AccountRestored(AccountRestored { last });
            let submitted = self.submit(self.sign(base, None, body, Rows::default())?).await?;
            if self.settle(submitted, None).await?.is_some() {
                self.refresh(Need::default().asked_now()).await?;
                return Ok(());
            }
        }
        Err(Self::contended("the account"))
    }

    /// A cursor whose head was joined to the client's own; one that a restored backup has left behind begins where that ended.
    pub(super) async fn adopted(&self, cursor: Cursor) -> Result<Cursor> {
        match (self.adopt(cursor.head).await, self.restored) {
            (Err(error), Some(last)) if error.kind() == ErrorKind::Tampered => {
                Ok(if cursor.position < last.size { cursor } else { Cursor::new(last.size, last) })
            }
            (adopted, _) => adopted.map(|()| cursor),
        }
    }
}
