//! Vaults, their members and keys.

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, Row};

use super::{Moment, all, one};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::sqlite::convert::Flag;
use crate::store::{MemberRow, VaultRow, WrapForm, WrapRow};

fn read(row: &Row<'_>) -> rusqlite::Result<VaultRow> {
    Ok(VaultRow {
        leaf: row.get(0)?,
        vault: row.get(1)?,
        creator: row.get(2)?,
        external_id: row.get(3)?,
        name_epoch: row.get(4)?,
        name: row.get(5)?,
        deleted: row.get::<_, Flag>(6)?.0,
    })
}

pub(in super::super) fn vault(moment: &Moment<'_>, vault: Id) -> Result<Option<VaultRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    one(
        moment,
        "SELECT vault.leaf, vault.id, actor.id, external_id, name_epoch, name, deleted \
         FROM vault JOIN actor ON actor.number = vault.creator WHERE vault.leaf = ?1",
        [leaf],
        read,
    )
}

pub(in super::super) fn by_external_id(connection: &Connection, creator: Id, external_id: &str) -> Result<Option<Id>> {
    one(
        connection,
        "SELECT id FROM vault WHERE creator = (SELECT number FROM actor WHERE id = ?1) AND external_id = ?2 AND deleted = 0",
        (creator, external_id),
        |row| row.get(0),
    )
}

/// The vaults that a list has for somebody, in order of creation.
macro_rules! listed {
    ($list:literal) => {
        concat!(
            "SELECT leaf, vault.id, actor.id, external_id, name_epoch, name, deleted FROM (",
            $list,
            " = (SELECT number FROM actor WHERE id = ?1) AND vault >= ?2 ORDER BY vault LIMIT ?3) AS listed ",
            "JOIN vault ON leaf = listed.vault JOIN actor ON number = creator ORDER BY leaf"
        )
    };
}

pub(in super::super) fn vaults_of(
    connection: &Connection,
    grantee: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<VaultRow>> {
    all(connection, listed!("SELECT vault FROM member WHERE grantee"), (grantee, from, limit), read)
}

pub(in super::super) fn vaults_naming(
    connection: &Connection,
    principal: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<VaultRow>> {
    all(connection, listed!("SELECT vault FROM person WHERE principal"), (principal, from, limit), read)
}

pub(in super::super) fn members(moment: &Moment<'_>, vault: Id) -> Result<Vec<MemberRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT actor.id, role, expires_at FROM member JOIN actor ON actor.number = member.grantee \
         WHERE member.vault = ?1 ORDER BY actor.id",
        [leaf],
        |row| Ok(MemberRow { vault, grantee: row.get(0)?, role: row.get(1)?, expires_at: row.get(2)? }),
    )
}

pub(in super::super) fn people(moment: &Moment<'_>, vault: Id) -> Result<Vec<Id>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    let sql = "SELECT id FROM person JOIN actor ON actor.number = person.principal WHERE person.vault = ?1 ORDER BY id";
    all(moment, sql, [leaf], |row| row.get(0))
}

pub(in super::super) fn named(moment: &Moment<'_>, vault: Id, principal: Id) -> Result<bool> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(false) };
    let sql = "SELECT 1 FROM person WHERE vault = ?1 AND principal = (SELECT number FROM actor WHERE id = ?2)";
    Ok(one(moment, sql, (leaf, principal), |_| Ok(()))?.is_some())
}

pub(in super::super) fn member(moment: &Moment<'_>, vault: Id, grantee: Id) -> Result<Option<MemberRow>> {
    moment.member(vault, grantee, || {
        let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
        one(
            moment,
            "SELECT role, expires_at FROM member WHERE vault = ?1 AND grantee = (SELECT number FROM actor WHERE id = ?2)",
            (leaf, grantee),
            |row| Ok(MemberRow { vault, grantee, role: row.get(0)?, expires_at: row.get(1)? }),
        )
    })
}

fn read_wrap(vault: Id, row: &Row<'_>) -> rusqlite::Result<WrapRow> {
    let form: u8 = row.get(3)?;
    let unknown = || rusqlite::Error::FromSqlConversionFailure(3, Type::Integer, Box::new(FromSqlError::InvalidType));
    Ok(WrapRow {
        vault,
        epoch: row.get(0)?,
        principal: row.get(1)?,
        generation: row.get(2)?,
        form: WrapForm::from_number(form).ok_or_else(unknown)?,
        maker: row.get(4)?,
        maker_generation: row.get(5)?,
        sealed: row.get(6)?,
    })
}

pub(in super::super) fn wraps(moment: &Moment<'_>, vault: Id, principal: Id) -> Result<Vec<WrapRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT epoch, ?2, generation, form, maker.id, maker_generation, sealed \
         FROM wrap JOIN actor AS maker ON maker.number = wrap.maker \
         WHERE vault = ?1 AND principal = (SELECT number FROM actor WHERE id = ?2) ORDER BY epoch, generation, form",
        (leaf, principal),
        |row| read_wrap(vault, row),
    )
}

pub(in super::super) fn all_wraps(moment: &Moment<'_>, vault: Id) -> Result<Vec<WrapRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT epoch, holder.id, generation, form, maker.id, maker_generation, sealed \
         FROM wrap JOIN actor AS maker ON maker.number = wrap.maker JOIN actor AS holder ON holder.number = wrap.principal \
         WHERE vault = ?1 ORDER BY epoch, holder.id, generation, form",
        [leaf],
        |row| read_wrap(vault, row),
    )
}

pub(in super::super) fn wraps_of_epoch(moment: &Moment<'_>, vault: Id, epoch: u32) -> Result<Vec<WrapRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT epoch, holder.id, generation, form, maker.id, maker_generation, sealed \
         FROM wrap JOIN actor AS maker ON maker.number = wrap.maker JOIN actor AS holder ON holder.number = wrap.principal \
         WHERE vault = ?1 AND epoch = ?2 ORDER BY holder.id, generation, form",
        (leaf, epoch),
        |row| read_wrap(vault, row),
    )
}

pub(in super::super) fn previous_key(moment: &Moment<'_>, vault: Id, epoch: u32) -> Result<Option<Vec<u8>>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    let sql = "SELECT sealed FROM previous_key WHERE vault = ?1 AND epoch = ?2";
    one(moment, sql, (leaf, epoch), |row| row.get(0))
}

pub(in super::super) fn previous_keys(moment: &Moment<'_>, vault: Id) -> Result<Vec<(u32, Vec<u8>)>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    let sql = "SELECT epoch, sealed FROM previous_key WHERE vault = ?1 ORDER BY epoch";
    all(moment, sql, [leaf], |row| Ok((row.get(0)?, row.get(1)?)))
}
