//! Operations on the account: policy, owner, recovery key.

use super::bench::Bench;
use super::plan::Draft;
use super::received::Received;
use super::stop::{Ruled, refused};
use crate::engine::clock;
use crate::error::Error;
use crate::log::operation::Body;
use crate::model::id::PrincipalKind;

/// Judges an operation on the account's log.
pub(super) fn judge(bench: &Bench<'_>, received: &Received) -> Ruled<Draft> {
    let name = received.name();
    if matches!(received.operation.body, Body::AccountCreated(_)) {
        return Err(Error::already_exists("there is an account here already: connect to it").into());
    }
    let directory = bench.directory();
    directory.judge(bench.placed(received)).map_err(refused(name))?;
    let mut draft = Draft::default();
    match &received.operation.body {
        Body::PolicyChanged(body) if body.max_file_bytes == 0 => {
            return Err(Error::argument("max_file_bytes", "no file would fit: use at least 1").into());
        }
        Body::AccountTransferred(body) => {
            let fits = directory.principal(body.to).is_some_and(|to| {
                to.kind != PrincipalKind::Recovery && to.stands() && !clock::is_over(to.expires_at, bench.now)
            });
            if !fits {
                return Err(Error::conflict(format!(
                    "{name} was asked: the new owner must be an active user or service account: choose another"
                ))
                .into());
            }
            draft.ended.extend(directory.account.owner().filter(|owner| *owner != body.to).map(|owner| (owner, None)));
        }
        Body::RecoveryReplaced(body) => {
            let fits =
                directory.principal(body.recovery).is_some_and(|to| to.kind == PrincipalKind::Recovery && to.stands());
            if !fits {
                return Err(Error::conflict(format!(
                    "{name} was asked: it does not name an active recovery key: add one first"
                ))
                .into());
            }
            let former = directory.account.recovery().filter(|former| *former != body.recovery);
            draft.ended.extend(former.map(|former| (former, None)));
        }
        _ => {}
    }
    Ok(draft)
}
