//! Operations on groups.

use super::bench::Bench;
use super::ends;
use super::plan::Draft;
use super::received::Received;
use super::stop::{Ruled, refused};
use crate::error::Error;
use crate::log::operation::Body;
use crate::model::id::PrincipalKind;

const NAME: usize = 256;

/// Judges an operation on a group's log.
pub(super) fn judge(bench: &Bench<'_>, received: &Received) -> Ruled<Draft> {
    let directory = bench.directory();
    directory.judge(bench.placed(received)).map_err(refused(received.name()))?;
    match &received.operation.body {
        Body::GroupCreated(body) if body.name.is_empty() || body.name.len() > NAME => {
            return Err(Error::argument("name", format!("a group's name has 1 to {NAME} bytes")).into());
        }
        Body::GroupAdded(body)
            if directory.principal(body.member).is_none_or(|member| member.kind == PrincipalKind::Recovery) =>
        {
            return Err(Error::invalid_argument("group.added was asked: a recovery key can be no member").into());
        }
        _ => {}
    }
    Ok(Draft { ended: ends::in_group(directory, received), ..Draft::default() })
}
