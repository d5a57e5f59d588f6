//! The beginning of an account.

use super::submit::profile::{key_row, profile_row};
use super::submit::received::Received;
use super::{Engine, clock};
use crate::authority::Submission;
use crate::error::{Error, Result};
use crate::log::label;
use crate::log::operation::{self, Body};
use crate::log::replay::{AccountLog, Directory, Placed, Refusal};
use crate::log::signature;
use crate::model::id::{AccountId, PrincipalKind};
use crate::store::{Append, ChangeSet, Guard, Outcome, Receipt, TreeId};

impl Engine {
    pub(super) async fn begin_account(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
        if !self.snapshot().await?.logs(TreeId::AccountHeads, 0, 1).await?.is_empty() {
            return Err(exists());
        }
        let received = submissions.into_iter().map(Received::of).collect::<Result<Vec<_>>>()?;
        let change = judge(received)?;
        // Held so that of two callers in this process one is refused before anything is written.
        let _known = self.known.lock().await;
        if !self.snapshot().await?.logs(TreeId::AccountHeads, 0, 1).await?.is_empty() {
            return Err(exists());
        }
        match self.store.commit(change).await? {
            Outcome::Committed(receipts, _) if receipts.first().is_some_and(|first| first.position == 0) => {
                Ok(receipts)
            }
            Outcome::Committed(..) | Outcome::Stale(_) | Outcome::Repeated(..) => Err(exists()),
        }
    }
}

/// The three operations in their order, each signed by the key that it brings.
fn judge(received: Vec<Received>) -> Result<ChangeSet> {
    let Ok([mut account, mut owner, mut recovery]) = <[Received; 3]>::try_from(received) else {
        return Err(Error::invalid_argument(
            "an account was to be founded: it begins with itself, its owner and its recovery key: send these three",
        ));
    };
    let id = AccountId(account.log.id);
    let now = clock::now();
    let log = AccountLog::begin(placed(&account, 0, now), id).map_err(|refusal| refused(&refusal))?;
    let mut directory = Directory::new(log);
    verify(&directory, &account)?;
    let mut change = ChangeSet { guards: vec![Guard::Empty], ..ChangeSet::default() };
    for (position, (row, kind)) in
        (1..).zip([(&mut owner, PrincipalKind::User), (&mut recovery, PrincipalKind::Recovery)])
    {
        let Body::PrincipalAdded(body) = row.operation.body.clone() else { return Err(order()) };
        if row.operation.signer.is_some() {
            return Err(order());
        }
        directory.apply(placed(row, position, now)).map_err(|refusal| refused(&refusal))?;
        verify(&directory, row)?;
        if directory.principal(row.log.id).is_none_or(|log| log.kind != kind) {
            return Err(order());
        }
        let principal = row.log.id;
        change.rows.push(profile_row(row.name(), principal, kind, body.profile, row.rows.profile.take())?);
        change.rows.extend(key_row(row.name(), principal, body.generation, &body.keys, row.rows.kem_key.take())?);
    }
    for row in [&mut account, &mut owner, &mut recovery] {
        super::submit::nothing_left(row)?;
        change.appends.push(Append {
            log: row.log,
            operation: std::mem::take(&mut row.bytes),
            signatures: std::mem::take(&mut row.signatures),
            signer: row.operation.signer,
            operation_id: row.operation.id,
        });
    }
    Ok(change)
}

fn placed(row: &Received, position: u64, time: u64) -> Placed<'_> {
    // An entry's own hash decides nothing about it.
    let hash = label::sha256(&row.bytes);
    Placed { log: row.log, seq: 0, time, hash, position, operation: &row.operation }
}

fn verify(directory: &Directory, row: &Received) -> Result<()> {
    let keys = directory.signing_keys(&row.operation).map_err(|refusal| refused(&refusal))?;
    let ([key], [made]) = (keys.as_slice(), row.signatures.as_slice()) else { return Err(order()) };
    signature::verify(&signature::accept_key(&key.0)?, &operation::message(&row.bytes), made)
}

fn refused(refusal: &Refusal) -> Error {
    Error::invalid_argument(format!("an account was to be founded: {}: upgrade the client", refusal.why()))
}

fn order() -> Error {
    Error::invalid_argument(
        "an account was to be founded: it begins with account.created, then principal.added of its owner and of its \
         recovery key, each signed by the key it brings: upgrade the client",
    )
}

fn exists() -> Error {
    Error::already_exists("there is an account here already: connect to it")
}
