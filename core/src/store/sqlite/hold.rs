//! Holds: for a minute nothing more is taken from somebody, so that what ends them covers all that was.

use super::group::Group;
use crate::error::Result;
use crate::log::operation::LogId;
use crate::model::id::Id;

/// How long a hold stands unless it is released, in milliseconds: PROTOCOL's minute.
const HOLD: u64 = 60_000;

/// A hold that is asked for.
pub(super) struct Hold {
    pub(super) signer: Id,
    pub(super) vault: Option<Id>,
    pub(super) log: LogId,
    pub(super) by: Id,
}

/// Takes the hold, unless one of somebody else stands against the signer, the asker, or the log.
pub(super) fn place(group: &mut Group<'_>, hold: &Hold) -> Result<bool> {
    let Hold { signer, vault, log, by } = hold;
    let connection = group.connection;
    connection.prepare_cached("DELETE FROM hold WHERE until <= ?1")?.execute([group.now])?;
    let taken: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM hold WHERE holder <> ?1 AND (\
             signer IN (?1, ?2) AND (vault IS NULL OR ?3 IS NULL OR vault = ?3) OR log_kind = ?4 AND log_id = ?5))",
        )?
        .query_row((*by, *signer, *vault, log.kind, log.id), |row| row.get(0))?;
    if taken {
        return Ok(false);
    }
    release(group, *by, *signer, *vault)?;
    connection
        .prepare_cached(
            "INSERT INTO hold (signer, vault, log_kind, log_id, holder, until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((*signer, *vault, log.kind, log.id, *by, group.now + HOLD))?;
    group.held = true;
    Ok(true)
}

/// Ends a hold.
pub(super) fn release(group: &mut Group<'_>, by: Id, signer: Id, vault: Option<Id>) -> Result<()> {
    group
        .connection
        .prepare_cached("DELETE FROM hold WHERE holder = ?1 AND signer = ?2 AND vault IS ?3")?
        .execute((by, signer, vault))?;
    Ok(())
}
