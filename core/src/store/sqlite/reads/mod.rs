//! What a snapshot reads, by noun.

pub(super) mod chains;
pub(super) mod entries;
pub(super) mod feed;
pub(super) mod files;
pub(super) mod items;
pub(super) mod logs;
pub(super) mod principals;
pub(super) mod vaults;

mod moment;

use rusqlite::{Connection, Params, Row};

pub(super) use self::moment::{AtHead, Moment, Recent};
use crate::error::Result;

/// All rows of a statement.
fn all<T>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The first row of a statement, if it has one.
fn one<T>(
    connection: &Connection,
    sql: &'static str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    Ok(rows.next()?.map(read).transpose()?)
}
