//! Principals, their keys, and who knows whom.

use tokio_postgres::Row;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::PrincipalRow;

fn read(row: &Row) -> Result<PrincipalRow> {
    Ok(PrincipalRow {
        leaf: row.number(0)?,
        principal: row.id(1)?,
        kind: row.byte(2)?,
        name: row.get_as(3)?,
        email: row.get_as(4)?,
        salt: row.bytes(5)?,
        active: row.flag(6)?,
    })
}

pub(in super::super) async fn principal(moment: &Transaction, principal: Id) -> Result<Option<PrincipalRow>> {
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE id = $1";
    moment.one(sql, &[&principal]).await?.map(|row| read(&row)).transpose()
}

pub(in super::super) async fn by_email(moment: &Transaction, email: &str) -> Result<Option<PrincipalRow>> {
    if email.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE email = $1 AND active";
    moment.one(sql, &[&email]).await?.map(|row| read(&row)).transpose()
}

pub(in super::super) async fn principals(moment: &Transaction, from: u64, limit: u32) -> Result<Vec<PrincipalRow>> {
    let sql = "SELECT leaf, id, kind, name, email, salt, active FROM principal WHERE leaf >= $1 ORDER BY leaf LIMIT $2";
    moment.query(sql, &[&bound(from), &i64::from(limit)]).await?.iter().map(read).collect()
}

pub(in super::super) async fn kem_keys(moment: &Transaction, principal: Id) -> Result<Vec<(u32, Vec<u8>)>> {
    let sql = "SELECT generation, key FROM kem_key WHERE principal = $1 ORDER BY generation";
    let rows = moment.query(sql, &[&principal]).await?;
    rows.iter().map(|row| Ok((row.small(0)?, row.bytes(1)?))).collect()
}

pub(in super::super) async fn kem_key(moment: &Transaction, principal: Id, generation: u32) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT key FROM kem_key WHERE principal = $1 AND generation = $2";
    moment.one(sql, &[&principal, &i64::from(generation)]).await?.map(|row| row.bytes(0)).transpose()
}

pub(in super::super) async fn share_a_vault(moment: &Transaction, caller: Id, other: Id) -> Result<bool> {
    let sql = "SELECT 1 FROM member JOIN person ON person.vault = member.vault \
               WHERE member.grantee = $1 AND person.principal = $2 LIMIT 1";
    Ok(moment.one(sql, &[&caller, &other]).await?.is_some())
}

pub(in super::super) async fn met(moment: &Transaction, one: Id, other: Id) -> Result<bool> {
    let sql = "SELECT 1 FROM person AS one JOIN person AS other ON other.vault = one.vault \
               WHERE one.principal = $1 AND other.principal = $2 LIMIT 1";
    Ok(moment.one(sql, &[&one, &other]).await?.is_some())
}

pub(in super::super) async fn acquaintances(moment: &Transaction, caller: Id) -> Result<Vec<Id>> {
    let sql = "SELECT DISTINCT person.principal FROM member JOIN person ON person.vault = member.vault \
               WHERE member.grantee = $1 ORDER BY person.principal";
    moment.query(sql, &[&caller]).await?.iter().map(|row| row.id(0)).collect()
}
