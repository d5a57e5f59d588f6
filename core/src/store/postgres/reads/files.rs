//! Files.

use super::super::connect::Transaction;
use super::super::convert::Columns;
use super::of_vault;
use crate::error::Result;
use crate::model::id::Id;
use crate::store::FileRow;

pub(in super::super) async fn file(moment: &Transaction, vault: Id, file: Id) -> Result<Option<FileRow>> {
    let sql = concat!("SELECT item, seq, length, detached FROM file WHERE id = $2 AND vault = ", of_vault!());
    let row = moment.one(sql, &[&vault, &file]).await?;
    row.map(|row| {
        Ok(FileRow { item: row.id(0)?, file, seq: row.number(1)?, length: row.number(2)?, detached: row.flag(3)? })
    })
    .transpose()
}

pub(in super::super) async fn pieces_of(moment: &Transaction, vault: Id, file: Id) -> Result<Option<Vec<u8>>> {
    let sql = concat!("SELECT leaves FROM file WHERE id = $2 AND vault = ", of_vault!());
    moment.one(sql, &[&vault, &file]).await?.map(|row| row.bytes(0)).transpose()
}

pub(in super::super) async fn files_of(moment: &Transaction, vault: Id, item: Id) -> Result<Vec<(FileRow, Vec<u8>)>> {
    let sql = concat!(
        "SELECT id, seq, length, leaves, detached FROM file WHERE item = $2 AND vault = ",
        of_vault!(),
        " ORDER BY seq, number"
    );
    let rows = moment.query(sql, &[&vault, &item]).await?;
    rows.iter()
        .map(|row| {
            let (file, detached) = (row.id(0)?, row.flag(4)?);
            Ok((FileRow { item, file, seq: row.number(1)?, length: row.number(2)?, detached }, row.bytes(3)?))
        })
        .collect()
}
