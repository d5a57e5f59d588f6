//! What the account's policy says of grants and of new keys.

use super::bench::Bench;
use super::stop::{Ruled, Stop};
use crate::engine::clock::{self, DAY};
use crate::error::{Error, ErrorKind};
use crate::log::body::{EpochStart, MemberGrant, role_of};
use crate::model::id::PrincipalKind;
use crate::model::role::Role;

/// How far ahead of the engine's a grantor's clock may be.
const SLACK: u64 = 5 * 60 * 1000;

/// Refuses grants to others that policy forbids. The members are not the caller.
pub(super) fn allows_grants<'a>(
    bench: &Bench<'_>,
    name: &'static str,
    members: impl Iterator<Item = &'a MemberGrant>,
) -> Ruled {
    for member in members {
        is_current(bench, member)?;
        may_share(bench, name)?;
        allows_grant(bench, name, role_of(member.role)?, member.expires_at)?;
    }
    Ok(())
}

/// Refuses one grant that is larger or longer than policy has it.
pub(super) fn allows_grant(bench: &Bench<'_>, name: &'static str, role: Role, expires_at: Option<u64>) -> Ruled {
    let policy = bench.policy();
    if clock::is_over(expires_at, bench.now) {
        return Err(Error::argument("expires_at", "it lies in the past: use a later time").into());
    }
    if role > policy.max_grant {
        return Err(violation(name, &format!("policy grants at most {}: grant that", policy.max_grant)));
    }
    if let Some(days) = policy.require_expiry_days {
        let latest = bench.now.saturating_add(u64::from(days).saturating_mul(DAY)).saturating_add(SLACK);
        if expires_at.is_none_or(|end| end > latest) {
            return Err(violation(name, &format!("policy wants grants to end within {days} days: set expires_at")));
        }
    }
    Ok(())
}

/// Refuses a membership for keys that no longer are the grantee's: it would give nothing.
pub(super) fn is_current(bench: &Bench<'_>, member: &MemberGrant) -> Ruled {
    let Some(generation) = member.generation else {
        return match bench.directory().group(member.grantee) {
            Some(group) if group.deleted => Err(Stop::stale()),
            _ => Ok(()),
        };
    };
    match bench.directory().principal(member.grantee).and_then(|log| Some((log, log.newest()?))) {
        Some((log, newest)) if !log.same_chain(generation, newest.number) => Err(Stop::stale()),
        // Who is not known at all, the replay refuses.
        _ => Ok(()),
    }
}

/// Refuses an epoch for a recovery key that is no longer the account's, and a new vault without one where policy wants
/// it. A later epoch is for its administrators to start without.
pub(super) fn allows_epoch(bench: &Bench<'_>, name: &'static str, start: &EpochStart) -> Ruled {
    let current = bench.directory().account.recovery();
    match start.recovery {
        Some(named) if Some(named.principal) != current => Err(Stop::stale()),
        None if bench.policy().recovery && start.number == 1 => {
            Err(violation(name, "policy wants new vaults to name the recovery key: name it"))
        }
        _ => Ok(()),
    }
}

fn may_share(bench: &Bench<'_>, name: &'static str) -> Ruled {
    let owner = bench.directory().account.owner() == Some(bench.caller.principal);
    if bench.caller.kind == PrincipalKind::User && !owner && !bench.policy().users_may_share {
        return Err(violation(name, "policy lets no user share: ask the owner or a service account"));
    }
    Ok(())
}

fn violation(name: &str, why: &str) -> Stop {
    Stop::Refused(Error::new(ErrorKind::PolicyViolation, format!("{name} was asked: {why}")))
}
