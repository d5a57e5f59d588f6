//! Principals, their keys, and who knows whom.

use rusqlite::{Connection, Row};

use super::{all, one};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::PrincipalRow;
use crate::store::sqlite::convert::Flag;
use crate::store::sqlite::group::find_actor;

fn read(row: &Row<'_>) -> rusqlite::Result<PrincipalRow> {
    Ok(PrincipalRow {
        leaf: row.get(0)?,
        principal: row.get(1)?,
        kind: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        salt: row.get(5)?,
        active: row.get::<_, Flag>(6)?.0,
    })
}

pub(in super::super) fn principal(connection: &Connection, principal: Id) -> Result<Option<PrincipalRow>> {
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE id = ?1";
    one(connection, sql, [principal], read)
}

pub(in super::super) fn by_email(connection: &Connection, email: &str) -> Result<Option<PrincipalRow>> {
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE email = ?1 AND active = 1";
    one(connection, sql, [email], read)
}

pub(in super::super) fn principals(connection: &Connection, from: u64, limit: u32) -> Result<Vec<PrincipalRow>> {
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE leaf >= ?1 ORDER BY leaf LIMIT ?2";
    all(connection, sql, (from, limit), read)
}

pub(in super::super) fn kem_keys(connection: &Connection, principal: Id) -> Result<Vec<(u32, Vec<u8>)>> {
    let sql = "SELECT generation, key FROM kem_key \
               WHERE principal = (SELECT number FROM actor WHERE id = ?1) ORDER BY generation";
    all(connection, sql, [principal], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(in super::super) fn kem_key(connection: &Connection, principal: Id, generation: u32) -> Result<Option<Vec<u8>>> {
    one(
        connection,
        "SELECT key FROM kem_key WHERE principal = (SELECT number FROM actor WHERE id = ?1) AND generation = ?2",
        (principal, generation),
        |row| row.get(0),
    )
}

/// A member was named, so this looks for the first vault that is in both lists: each jumps to where the other is, which
/// takes no longer than the shorter list, be it the manager's 10,000 vaults or the student's one.
pub(in super::super) fn share_a_vault(connection: &Connection, caller: Id, other: Id) -> Result<bool> {
    let member = "SELECT min(vault) FROM member WHERE grantee = ?1 AND vault >= ?2";
    have_one_vault(connection, (member, caller), (NAMED, other))
}

pub(in super::super) fn met(connection: &Connection, one: Id, other: Id) -> Result<bool> {
    have_one_vault(connection, (NAMED, one), (NAMED, other))
}

const NAMED: &str = "SELECT min(vault) FROM person WHERE principal = ?1 AND vault >= ?2";

/// Whether a vault is in both lists, each read from a place on.
fn have_one_vault(connection: &Connection, one: (&str, Id), other: (&str, Id)) -> Result<bool> {
    let (Some(caller), Some(named_one)) = (find_actor(connection, one.1)?, find_actor(connection, other.1)?) else {
        return Ok(false);
    };
    let mut member = connection.prepare_cached(one.0)?;
    let mut named = connection.prepare_cached(other.0)?;
    let mut from = 0_u64;
    loop {
        let Some(of_caller) = member.query_row((caller, from), |row| row.get::<_, Option<u64>>(0))? else {
            return Ok(false);
        };
        match named.query_row((named_one, of_caller), |row| row.get::<_, Option<u64>>(0))? {
            None => return Ok(false),
            Some(of_other) if of_other == of_caller => return Ok(true),
            Some(of_other) => from = of_other,
        }
    }
}

pub(in super::super) fn acquaintances(connection: &Connection, caller: Id) -> Result<Vec<Id>> {
    all(
        connection,
        "SELECT id FROM actor WHERE number IN (SELECT person.principal FROM member JOIN person \
         ON person.vault = member.vault WHERE member.grantee = (SELECT number FROM actor WHERE id = ?1)) ORDER BY id",
        [caller],
        |row| row.get(0),
    )
}
