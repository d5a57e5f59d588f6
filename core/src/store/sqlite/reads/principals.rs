//! Principals, their keys, and who knows whom.

use rusqlite::{Connection, Row};

use super::{all, one};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::PrincipalRow;

fn read(row: &Row<'_>) -> rusqlite::Result<PrincipalRow> {
    Ok(PrincipalRow {
        leaf: row.get(0)?,
        principal: row.get(1)?,
        kind: row.get(2)?,
        name: row.get(3)?,
        email: row.get(4)?,
        salt: row.get(5)?,
        active: row.get(6)?,
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

pub(in super::super) fn kem_key(connection: &Connection, principal: Id, generation: u32) -> Result<Option<Vec<u8>>> {
    one(
        connection,
        "SELECT key FROM kem_key WHERE principal = (SELECT number FROM actor WHERE id = ?1) AND generation = ?2",
        (principal, generation),
        |row| row.get(0),
    )
}

pub(in super::super) fn share_a_vault(connection: &Connection, caller: Id, other: Id) -> Result<bool> {
    // A member was named. CROSS JOIN fixes the order: by the other's vaults, mostly fewer than a manager's.
    let found = one(
        connection,
        "SELECT 1 FROM person CROSS JOIN member ON member.vault = person.vault \
         AND member.grantee = (SELECT number FROM actor WHERE id = ?1) \
         WHERE person.principal = (SELECT number FROM actor WHERE id = ?2) LIMIT 1",
        (caller, other),
        |_| Ok(()),
    )?;
    Ok(found.is_some())
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
