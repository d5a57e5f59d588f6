//! Operations on principals: who is added, changed, ended, and with which keys.

use super::batch::email_taken;
use super::bench::Bench;
use super::ends;
use super::plan::Draft;
use super::profile::{key_row, profile_row};
use super::received::Received;
use super::stop::{Ruled, Stop, refused};
use crate::authority::Rows;
use crate::engine::clock;
use crate::error::{Error, ErrorKind};
use crate::log::body::{KeySet, kind_of};
use crate::log::operation::Body;
use crate::log::replay::principal::MANAGE_USERS;
use crate::log::replay::{Judged, PrincipalLog};
use crate::model::id::{Id, PrincipalId, PrincipalKind};
use crate::store::{Guard, Row};

/// Judges an operation on a principal's log.
pub(super) async fn judge(bench: &mut Bench<'_>, received: &Received, rows: &mut Rows) -> Ruled<Draft> {
    let (name, id) = (received.name(), received.log.id);
    let directory = bench.directory();
    let Judged::Principal(next) = directory.judge(bench.placed(received)).map_err(refused(name))? else {
        return Err(Error::invalid_argument("a principal's log was asked for another operation").into());
    };
    let before = directory.principal(id);
    let mut draft = Draft { ended: ends::of_principal(before, received), ..Draft::default() };
    match &received.operation.body {
        Body::PrincipalAdded(body) => {
            not_over(bench, body.expires_at)?;
            let row = profile_row(name, id, next.kind, body.profile, rows.profile.take())?;
            check_email(bench, id, &row, &mut draft).await?;
            draft.rows.push(row);
            draft.rows.extend(key_row(name, id, body.generation, &body.keys, rows.kem_key.take())?);
        }
        Body::PrincipalUpdated(body) => {
            not_over(bench, body.expires_at.filter(|_| before.map(|log| log.expires_at) != Some(body.expires_at)))?;
            let row = profile_row(name, id, next.kind, body.profile, rows.profile.take())?;
            check_email(bench, id, &row, &mut draft).await?;
            draft.rows.push(row);
        }
        Body::PrincipalSuspended(_) => is_no_root(bench, name, id)?,
        Body::PrincipalDeleted(_) => {
            is_no_root(bench, name, id)?;
            let last = bench.engine.last_in(&mut *bench.snapshot, id).await?;
            if last.without_recovery > 0 {
                return Err(Error::conflict(format!(
                    "{name} was asked: {} vaults would have no administrator, and do not name the recovery key: make another administrator in each first",
                    last.without_recovery
                ))
                .into());
            }
            draft.rows.push(gone(bench, id, rows).await?);
        }
        Body::PrincipalRotated(body) => draft.rows.extend(keys(name, &next, &body.keys, rows)?),
        Body::PrincipalReissued(body) => draft.rows.extend(keys(name, &next, &body.keys, rows)?),
        Body::PrincipalAccepted(body) => {
            if before.is_some_and(|log| clock::is_over(log.expires_at, bench.now)) {
                return Err(
                    Error::conflict(format!("{name} was asked: the invitation is over: ask for a new one")).into()
                );
            }
            draft.rows.extend(keys(name, &next, &body.keys, rows)?);
        }
        Body::PrincipalRecoverable(body) if directory.account.recovery() != Some(body.recovery.principal) => {
            return Err(Stop::stale());
        }
        _ => {}
    }
    Ok(draft)
}

/// The owner and the recovery key are replaced before they end.
fn is_no_root(bench: &Bench<'_>, name: &'static str, id: Id) -> Ruled {
    let account = &bench.directory().account;
    if account.owner() == Some(id) || account.recovery() == Some(id) {
        return Err(Error::conflict(format!(
            "{name} was asked: it is the account's owner or its recovery key: hand the account over first"
        ))
        .into());
    }
    Ok(())
}

fn keys(name: &'static str, next: &PrincipalLog, keys: &KeySet, rows: &mut Rows) -> Ruled<Option<Row>> {
    let generation = next.newest().map_or(0, |newest| newest.number);
    Ok(key_row(name, next.id, generation, keys, rows.kem_key.take())?)
}

/// The row of somebody who is deleted; with an empty profile at hand, of somebody who is forgotten too.
async fn gone(bench: &mut Bench<'_>, id: Id, rows: &mut Rows) -> Ruled<Row> {
    let kept = bench.snapshot.principal(id).await?.ok_or_else(|| {
        Error::tampered("principal.deleted was asked: the profile is missing from the store: restore the store")
    })?;
    let forgotten = match rows.profile.take() {
        None => false,
        Some(profile) if profile.name.is_empty() && profile.email.is_none() && profile.salt.is_empty() => true,
        Some(_) => return Err(super::stop::wrong_rows("principal.deleted", "its profile is not an empty one").into()),
    };
    let (name, email, salt) =
        if forgotten { (String::new(), None, Vec::new()) } else { (kept.name, kept.email, kept.salt) };
    Ok(Row::Principal { principal: id, kind: kept.kind, name, email, salt, active: false })
}

/// One principal has an address, of a domain that policy allows.
async fn check_email(bench: &mut Bench<'_>, id: Id, row: &Row, draft: &mut Draft) -> Ruled {
    let Row::Principal { kind, email, .. } = row else { return Ok(()) };
    if kind_of(*kind)? == PrincipalKind::User
        && let Some(domains) = &bench.policy().email_domains
    {
        let domain = email.as_deref().and_then(|email| email.split_once('@')).map(|(_, domain)| domain);
        if !domain.is_some_and(|domain| domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain))) {
            return Err(Error::new(
                ErrorKind::PolicyViolation,
                "a user was to be added or changed: policy does not allow this mail domain: use an allowed address",
            )
            .into());
        }
    }
    let Some(email) = email else { return Ok(()) };
    match bench.snapshot.principal_by_email(email).await? {
        Some(other) if other.principal == id => Ok(()),
        Some(other) => {
            let mut error = email_taken();
            if bench.directory().may(bench.caller.principal, MANAGE_USERS) {
                let existing = PrincipalId { kind: kind_of(other.kind)?, id: other.principal };
                error = error.with_existing(existing.to_string());
            }
            Err(error.into())
        }
        None => {
            draft.guards.push(Guard::NoEmail { email: email.clone() });
            Ok(())
        }
    }
}

fn not_over(bench: &Bench<'_>, expires_at: Option<u64>) -> Ruled {
    if clock::is_over(expires_at, bench.now) {
        return Err(Error::argument("expires_at", "it lies in the past: use a later time").into());
    }
    Ok(())
}
