//! Entries of one log.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, Row};

use super::{Moment, all, one};
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::model::id::Id;
use crate::store::sqlite::convert::Signatures;
use crate::store::sqlite::group::find_actor;
use crate::store::tree_key;
use crate::store::{EntryRow, OriginRow, SessionRow};

/// An entry whose columns come first.
pub(super) fn read(log: LogId, row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    let Signatures(signatures) = row.get(3)?;
    Ok(EntryRow {
        log,
        seq: row.get(0)?,
        time: row.get(1)?,
        operation: row.get(2)?,
        signatures,
        hash: row.get(4)?,
        root: row.get(5)?,
        position: row.get(6)?,
    })
}

pub(in super::super) fn entries(moment: &Moment<'_>, log: LogId, from: u64, limit: u32) -> Result<Vec<EntryRow>> {
    let Some((key, _)) = moment.log(log)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT seq, time, operation, signatures, hash, root, position FROM entry \
         WHERE log = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
        (key, from, limit),
        |row| read(log, row),
    )
}

pub(in super::super) fn repeated(
    moment: &Moment<'_>,
    signer: Option<Id>,
    log: LogId,
    operation_id: Id,
) -> Result<Option<EntryRow>> {
    let key = moment.log(log)?.map(|(key, _)| key);
    let signer = match signer {
        None => None,
        Some(signer) => match find_actor(moment, signer)? {
            None => return Ok(None),
            known => known,
        },
    };
    // A log that has not begun: what began another is its repeat.
    one(
        moment,
        "SELECT seq, time, operation, signatures, entry.hash, entry.root, position, kind, id \
         FROM entry JOIN log ON log.key = entry.log \
         WHERE operation_id = ?1 AND signer IS ?3 AND CASE WHEN ?2 IS NULL THEN seq = 0 ELSE log = ?2 END",
        (operation_id, key, signer),
        |row| read(LogId { kind: row.get(7)?, id: row.get(8)? }, row),
    )
}

pub(in super::super) fn last_signed(moment: &Moment<'_>, vault: Id, signer: Id) -> Result<Option<u64>> {
    let (Some(leaf), Some(signer)) = (moment.vault_leaf(vault)?, find_actor(moment, signer)?) else {
        return Ok(None);
    };
    let last = |kind| {
        one(
            moment,
            "SELECT time FROM entry WHERE log = ?1 AND signer = ?2 ORDER BY position DESC LIMIT 1",
            (tree_key::of_log(kind, leaf), signer),
            |row| row.get::<_, u64>(0),
        )
    };
    Ok(last(LogKind::Vault)?.max(last(LogKind::Items)?))
}

pub(in super::super) fn origin(connection: &Connection, position: u64) -> Result<Option<OriginRow>> {
    one(
        connection,
        "SELECT time, id, app, session FROM entry LEFT JOIN session ON number = session WHERE position = ?1",
        [position],
        |row| {
            let session: Option<Id> = row.get(1)?;
            let app = row.get(2)?;
            if session.is_none() && row.get::<_, Option<i64>>(3)?.is_some() {
                return Err(Error::FromSqlConversionFailure(3, Type::Integer, "the session is missing".into()));
            }
            Ok(OriginRow { time: row.get(0)?, session: session.map(|session| SessionRow { session, app }) })
        },
    )
}

pub(in super::super) fn of_session(moment: &Moment<'_>, log: LogId, signer: Id, session: Id) -> Result<Vec<EntryRow>> {
    let (Some((key, _)), Some(signer)) = (moment.log(log)?, find_actor(moment, signer)?) else {
        return Ok(Vec::new());
    };
    all(
        moment,
        "SELECT seq, time, operation, signatures, hash, root, position FROM entry \
         WHERE log = ?1 AND signer = ?2 AND session = (SELECT number FROM session WHERE id = ?3) ORDER BY seq",
        (key, signer, session),
        |row| read(log, row),
    )
}
