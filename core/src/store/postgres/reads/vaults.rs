//! Vaults, their members and keys.

use tokio_postgres::Row;

use super::super::connect::Transaction;
use super::super::convert::{Columns, bound, damaged};
use super::of_vault;
use crate::error::Result;
use crate::model::id::Id;
use crate::store::{MemberRow, VaultRow, WrapForm, WrapRow};

fn read(row: &Row) -> Result<VaultRow> {
    Ok(VaultRow {
        leaf: row.number(0)?,
        vault: row.id(1)?,
        creator: row.id(2)?,
        external_id: row.get_as(3)?,
        name_epoch: row.small(4)?,
        name: row.bytes(5)?,
        deleted: row.flag(6)?,
    })
}

pub(in super::super) async fn vault(moment: &Transaction, vault: Id) -> Result<Option<VaultRow>> {
    let sql = concat!(
        "SELECT leaf, id, creator, external_id, name_epoch, name, deleted FROM vault WHERE leaf = ",
        of_vault!()
    );
    moment.one(sql, &[&vault]).await?.map(|row| read(&row)).transpose()
}

pub(in super::super) async fn by_external_id(
    moment: &Transaction,
    creator: Id,
    external_id: &str,
) -> Result<Option<Id>> {
    if external_id.contains('\0') {
        return Ok(None);
    }
    let sql = "SELECT id FROM vault WHERE creator = $1 AND external_id = $2 AND NOT deleted";
    moment.one(sql, &[&creator, &external_id]).await?.map(|row| row.id(0)).transpose()
}

/// The vaults that a list has for somebody, in order of creation.
macro_rules! listed {
    ($list:literal) => {
        concat!(
            "SELECT leaf, vault.id, creator, external_id, name_epoch, name, deleted FROM (",
            $list,
            " = $1 AND vault >= $2 ORDER BY vault LIMIT $3) AS listed JOIN vault ON leaf = listed.vault ORDER BY leaf"
        )
    };
}

pub(in super::super) async fn vaults_of(
    moment: &Transaction,
    grantee: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<VaultRow>> {
    let sql = listed!("SELECT vault FROM member WHERE grantee");
    moment.query(sql, &[&grantee, &bound(from), &i64::from(limit)]).await?.iter().map(read).collect()
}

pub(in super::super) async fn vaults_naming(
    moment: &Transaction,
    principal: Id,
    from: u64,
    limit: u32,
) -> Result<Vec<VaultRow>> {
    let sql = listed!("SELECT vault FROM person WHERE principal");
    moment.query(sql, &[&principal, &bound(from), &i64::from(limit)]).await?.iter().map(read).collect()
}

pub(in super::super) async fn members(moment: &Transaction, vault: Id) -> Result<Vec<MemberRow>> {
    let sql = concat!("SELECT grantee, role, expires_at FROM member WHERE vault = ", of_vault!(), " ORDER BY grantee");
    let rows = moment.query(sql, &[&vault]).await?;
    rows.iter()
        .map(|row| Ok(MemberRow { vault, grantee: row.id(0)?, role: row.byte(1)?, expires_at: row.maybe_number(2)? }))
        .collect()
}

pub(in super::super) async fn people(moment: &Transaction, vault: Id) -> Result<Vec<Id>> {
    let sql = concat!("SELECT principal FROM person WHERE vault = ", of_vault!(), " ORDER BY principal");
    moment.query(sql, &[&vault]).await?.iter().map(|row| row.id(0)).collect()
}

pub(in super::super) async fn named(moment: &Transaction, vault: Id, principal: Id) -> Result<bool> {
    let sql = concat!("SELECT 1 FROM person WHERE principal = $2 AND vault = ", of_vault!());
    Ok(moment.one(sql, &[&vault, &principal]).await?.is_some())
}

pub(in super::super) async fn member(moment: &Transaction, vault: Id, grantee: Id) -> Result<Option<MemberRow>> {
    let sql = concat!("SELECT role, expires_at FROM member WHERE grantee = $2 AND vault = ", of_vault!());
    let row = moment.one(sql, &[&vault, &grantee]).await?;
    row.map(|row| Ok(MemberRow { vault, grantee, role: row.byte(0)?, expires_at: row.maybe_number(1)? })).transpose()
}

fn read_wrap(vault: Id, row: &Row) -> Result<WrapRow> {
    Ok(WrapRow {
        vault,
        epoch: row.small(0)?,
        principal: row.id(1)?,
        generation: row.small(2)?,
        form: WrapForm::from_number(row.byte(3)?).ok_or_else(damaged)?,
        maker: row.id(4)?,
        maker_generation: row.small(5)?,
        sealed: row.bytes(6)?,
    })
}

pub(in super::super) async fn wraps(moment: &Transaction, vault: Id, principal: Id) -> Result<Vec<WrapRow>> {
    let sql = concat!(
        "SELECT epoch, principal, generation, form, maker, maker_generation, sealed FROM wrap WHERE principal = $2 \
         AND vault = ",
        of_vault!(),
        " ORDER BY epoch, generation, form"
    );
    moment.query(sql, &[&vault, &principal]).await?.iter().map(|row| read_wrap(vault, row)).collect()
}

pub(in super::super) async fn all_wraps(moment: &Transaction, vault: Id) -> Result<Vec<WrapRow>> {
    let sql = concat!(
        "SELECT epoch, principal, generation, form, maker, maker_generation, sealed FROM wrap WHERE vault = ",
        of_vault!(),
        " ORDER BY epoch, principal, generation, form"
    );
    moment.query(sql, &[&vault]).await?.iter().map(|row| read_wrap(vault, row)).collect()
}

pub(in super::super) async fn wraps_of_epoch(moment: &Transaction, vault: Id, epoch: u32) -> Result<Vec<WrapRow>> {
    let sql = concat!(
        "SELECT epoch, principal, generation, form, maker, maker_generation, sealed FROM wrap WHERE epoch = $2 \
         AND vault = ",
        of_vault!(),
        " ORDER BY principal, generation, form"
    );
    moment.query(sql, &[&vault, &i64::from(epoch)]).await?.iter().map(|row| read_wrap(vault, row)).collect()
}

pub(in super::super) async fn previous_key(moment: &Transaction, vault: Id, epoch: u32) -> Result<Option<Vec<u8>>> {
    let sql = concat!("SELECT sealed FROM previous_key WHERE epoch = $2 AND vault = ", of_vault!());
    moment.one(sql, &[&vault, &i64::from(epoch)]).await?.map(|row| row.bytes(0)).transpose()
}

pub(in super::super) async fn previous_keys(moment: &Transaction, vault: Id) -> Result<Vec<(u32, Vec<u8>)>> {
    let sql = concat!("SELECT epoch, sealed FROM previous_key WHERE vault = ", of_vault!(), " ORDER BY epoch");
    moment.query(sql, &[&vault]).await?.iter().map(|row| Ok((row.small(0)?, row.bytes(1)?))).collect()
}
