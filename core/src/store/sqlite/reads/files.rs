//! Files.

use super::{Moment, all, one};
use crate::error::Result;
use crate::model::id::Id;
use crate::store::FileRow;
use crate::store::sqlite::convert::Flag;

pub(in super::super) fn file(moment: &Moment<'_>, vault: Id, file: Id) -> Result<Option<FileRow>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    one(moment, "SELECT item, seq, length, detached FROM file WHERE id = ?1 AND vault = ?2", (file, leaf), |row| {
        Ok(FileRow {
            item: row.get(0)?,
            file,
            seq: row.get(1)?,
            length: row.get(2)?,
            detached: row.get::<_, Flag>(3)?.0,
        })
    })
}

pub(in super::super) fn pieces_of(moment: &Moment<'_>, vault: Id, file: Id) -> Result<Option<Vec<u8>>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(None) };
    one(moment, "SELECT leaves FROM file WHERE id = ?1 AND vault = ?2", (file, leaf), |row| row.get(0))
}

pub(in super::super) fn files_of(moment: &Moment<'_>, vault: Id, item: Id) -> Result<Vec<(FileRow, Vec<u8>)>> {
    let Some(leaf) = moment.vault_leaf(vault)? else { return Ok(Vec::new()) };
    all(
        moment,
        "SELECT id, seq, length, leaves, detached FROM file WHERE vault = ?1 AND item = ?2 ORDER BY seq, rowid",
        (leaf, item),
        |row| {
            let (file, detached) = (row.get(0)?, row.get::<_, Flag>(4)?.0);
            Ok((FileRow { item, file, seq: row.get(1)?, length: row.get(2)?, detached }, row.get(3)?))
        },
    )
}
