//! Operations on vaults: who may, the name, the keys.

use super::batch::external_id_taken;
use super::bench::Bench;
use super::plan::Draft;
use super::received::Received;
use super::sealed::{Sealing, name_row, previous_row, wrap_rows};
use super::stop::{Ruled, Stop, refused};
use super::{ends, policy};
use crate::authority::Rows;
use crate::engine::clock;
use crate::error::Error;
use crate::log::body::{EpochStart, Recipient, role_number};
use crate::log::operation::Body;
use crate::log::replay::{self, VaultLog};
use crate::model::id::{Id, VaultId};
use crate::model::principal::PrincipalState;
use crate::model::role::Role;
use crate::store::{Guard, MemberRow, Row};

const EXTERNAL_ID: usize = 256;

/// Judges an operation on a vault's log.
pub(super) async fn judge(bench: &mut Bench<'_>, received: &Received, rows: &mut Rows) -> Ruled<Draft> {
    let (name, vault, operation) = (received.name(), received.log.id, &received.operation);
    let directory = bench.directory();
    let before = bench.view.vaults.get(&vault);
    may_still(bench, before.map(AsRef::as_ref), received)?;
    rules(bench, before.map(AsRef::as_ref), received)?;
    let placed = bench.placed(received);
    let next = match before {
        None => VaultLog::begin(placed, directory),
        Some(before) => before.apply(placed, directory),
    }
    .map_err(refused(name))?;
    let mut draft = Draft::default();
    let maker = Recipient { principal: bench.caller.principal, generation: bench.caller.generation };
    let sealing = |epoch, recipients, recovery| Sealing { vault, epoch, maker, recipients, recovery };
    let wraps = std::mem::take(&mut rows.wraps);
    match &operation.body {
        Body::VaultCreated(body) => {
            keeps_an_administrator(bench, &next)?;
            check_external_id(bench, body.external_id.as_deref(), &mut draft).await?;
            let (creator, external_id) = (maker.principal, body.external_id.clone());
            draft.rows.push(Row::Vault { vault, creator, external_id });
            draft.rows.push(name_row(name, vault, 1, body.name, rows)?);
            draft.rows.extend(wrap_rows(name, &sealing(1, &body.epoch.recipients, body.epoch.recovery), wraps)?);
            draft.rows.extend(members(&next, body.members.iter().map(|member| member.grantee)));
        }
        Body::VaultUpdated(body) => {
            draft.rows.push(name_row(name, vault, body.epoch, body.name, rows)?);
            draft.rows.extend(wrap_rows(name, &sealing(body.epoch, &[], None), wraps)?);
        }
        Body::VaultDeleted(_) => {
            draft.rows.extend(wrap_rows(name, &sealing(0, &[], None), wraps)?);
            draft.rows.push(Row::VaultGone { vault });
            return Ok(draft);
        }
        Body::AccessGranted(body) => {
            draft.rows.extend(wrap_rows(name, &sealing(body.epoch, &body.recipients, None), wraps)?);
            draft.rows.extend(members(&next, body.members.iter().map(|member| member.grantee)));
        }
        Body::AccessCompleted(body) => {
            draft.rows.extend(wrap_rows(name, &sealing(body.epoch, &[body.recipient], None), wraps)?);
        }
        Body::EpochStarted(body) => {
            keeps_an_administrator(bench, &next)?;
            let EpochStart { number, recipients, previous, recovery, .. } = &body.epoch;
            draft.rows.push(name_row(name, vault, *number, body.name, rows)?);
            draft.rows.push(previous_row(name, vault, *number, previous.0, rows)?);
            draft.rows.extend(wrap_rows(name, &sealing(*number, recipients, *recovery), wraps)?);
            draft.rows.extend(members(&next, body.removes.iter().map(|removal| removal.grantee)));
            draft.ended = ends::by_epoch(directory, vault, &body.removes);
        }
        _ => {}
    }
    draft.rows.extend(people(received, &next));
    Ok(draft)
}

/// Refuses an administrator whose role has expired: by the logs it still stands.
fn may_still(bench: &Bench<'_>, before: Option<&VaultLog>, received: &Received) -> Ruled {
    let Some(before) = before else { return Ok(()) };
    let Recipient { principal, generation } =
        Recipient { principal: bench.caller.principal, generation: bench.caller.generation };
    let seen = received.operation.seen.size;
    let position = replay::NEXT;
    let need = if matches!(received.operation.body, Body::AccessCompleted(_)) { Role::Read } else { Role::Admin };
    let rescue = before.recovery_may(bench.directory(), principal, generation, position, seen);
    if rescue || before.role_now(bench.directory(), principal, bench.now) >= Some(need) {
        Ok(())
    } else {
        Err(Stop::Denied(crate::engine::look::too_low(need)))
    }
}

/// What policy says, and what the replay leaves to the engine.
fn rules(bench: &Bench<'_>, before: Option<&VaultLog>, received: &Received) -> Ruled {
    let name = received.name();
    match &received.operation.body {
        Body::VaultCreated(body) => {
            let others = body.members.iter().filter(|member| member.grantee != bench.caller.principal);
            policy::allows_grants(bench, name, others)?;
            policy::allows_epoch(bench, name, &body.epoch)
        }
        Body::AccessGranted(body) => {
            if body.members.is_empty() {
                return Err(Error::invalid_argument("access.granted was asked: it names nobody: name somebody").into());
            }
            policy::allows_grants(bench, name, body.members.iter())
        }
        Body::AccessCompleted(body) => {
            let completed = before.into_iter().flat_map(|vault| vault.members.iter()).find_map(|(grantee, tenures)| {
                let tenure = tenures.last().filter(|tenure| tenure.seq == body.grant)?;
                Some((*grantee, tenure.role?, tenure.expires_at))
            });
            match completed {
                // Whether there is such a grant, the replay judges.
                Some((grantee, role, end)) if before.is_some_and(|vault| vault.creator != grantee) => {
                    policy::allows_grant(bench, name, role, end)
                }
                _ => Ok(()),
            }
        }
        Body::EpochStarted(body) => policy::allows_epoch(bench, name, &body.epoch),
        _ => Ok(()),
    }
}

/// A vault has an administrator, or the recovery key can make one.
fn keeps_an_administrator(bench: &Bench<'_>, next: &VaultLog) -> Ruled {
    let directory = bench.directory();
    let administers = next.members.keys().any(|grantee| {
        next.tenure(*grantee).is_some_and(|(role, tenure)| {
            let stands = match (tenure.generation, directory.principal(*grantee)) {
                (Some(of), Some(log)) => {
                    log.state != PrincipalState::Deleted
                        && log.newest().is_some_and(|newest| log.same_chain(of, newest.number))
                }
                _ => directory.group(*grantee).is_some_and(|group| group.members_at(u64::MAX).next().is_some()),
            };
            role == Role::Admin && stands && !clock::is_over(tenure.expires_at, bench.now)
        })
    });
    if administers || next.epoch().start.recovery.is_some() {
        return Ok(());
    }
    Err(Stop::Refused(Error::conflict(
        "the vault's last administrator was to be put out: nobody could let anybody in again: make another \
         administrator first, or name the recovery key",
    )))
}

async fn check_external_id(bench: &mut Bench<'_>, external_id: Option<&str>, draft: &mut Draft) -> Ruled {
    let Some(external_id) = external_id else { return Ok(()) };
    if external_id.is_empty() || external_id.len() > EXTERNAL_ID {
        return Err(Error::argument("external_id", format!("it has 1 to {EXTERNAL_ID} bytes")).into());
    }
    let creator = bench.caller.principal;
    if let Some(taken) = bench.snapshot.vault_by_external_id(creator, external_id).await? {
        return Err(external_id_taken(VaultId(taken)).into());
    }
    draft.guards.push(Guard::NoExternal { creator, external_id: external_id.to_owned() });
    Ok(())
}

/// What became of these memberships.
fn members<'a>(next: &'a VaultLog, touched: impl Iterator<Item = Id> + 'a) -> impl Iterator<Item = Row> + 'a {
    let vault = next.id.0;
    touched.map(move |grantee| match next.tenure(grantee) {
        None => Row::MemberGone { vault, grantee },
        Some((role, tenure)) => {
            Row::Member(MemberRow { vault, grantee, role: role_number(role), expires_at: tenure.expires_at })
        }
    })
}

/// Everybody the operation names, but the recovery key.
fn people(received: &Received, next: &VaultLog) -> impl Iterator<Item = Row> {
    let (vault, recovery) = (next.id.0, next.epoch().start.recovery.map(|recovery| recovery.principal));
    replay::people(&received.operation, recovery).into_iter().map(move |principal| Row::Person { vault, principal })
}
