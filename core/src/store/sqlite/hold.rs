//! Holds: for a minute nothing more is taken from somebody, so that what ends them covers all that was.

use super::group::Group;
use crate::error::Result;
use crate::log::operation::LogId;
use crate::model::id::Id;

/// How long a hold stands unless it is released, in milliseconds: PROTOCOL's minute.
const HOLD: u64 = 60_000;
/// A hold that ends later than this from now was taken under a clock that has been set back since: it stands no more.
pub(super) const LONGEST: u64 = 2 * HOLD;

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
    connection
        .prepare_cached("DELETE FROM hold WHERE until <= ?1 OR until > ?2")?
        .execute((group.now, group.now + LONGEST))?;
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

#[cfg(test)]
mod tests {
    use super::super::{guard, schema};
    use super::*;
    use crate::log::operation::LogKind;
    use crate::store::{Append, Guard};

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_clock_that_is_set_back_makes_no_hold_longer() {
        let connection = schema::memory().unwrap();
        let [ada, ben, eve] = [1, 2, 3].map(|byte| Id([byte; 32]));
        let log = LogId { kind: LogKind::Vault, id: Id([9; 32]) };
        let hold = |by| Hold { signer: eve, vault: None, log, by };
        let append =
            Append { log, operation: vec![], signatures: vec![], signer: Some(eve), operation_id: Id([7; 32]) };
        let stands = |now| {
            let mut group = Group::begin(&connection, now, None).unwrap();
            let free = guard::holds(&mut group, &Guard::NotHeld { signer: eve, vault: None }).unwrap();
            assert_eq!(guard::is_held(&group, &append).unwrap(), !free);
            !free
        };
        let take = |now, by| place(&mut Group::begin(&connection, now, None).unwrap(), &hold(by)).unwrap();

        assert!(take(2 * HOUR, ada));
        assert!(stands(2 * HOUR) && stands(2 * HOUR + HOLD - 1) && !stands(2 * HOUR + HOLD));
        // A moment, as when the machine's time is corrected.
        assert!(stands(2 * HOUR - 5) && !take(2 * HOUR - 5, ben));
        assert!(!stands(HOUR), "an hour back, it would stand for an hour");
        assert!(take(HOUR, ben) && stands(HOUR));
    }
}
