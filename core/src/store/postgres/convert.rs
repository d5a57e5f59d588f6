//! Ids, logs and numbers as columns.

use std::error::Error as StdError;

use bytes::BytesMut;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

use crate::error::{Error, Result};
use crate::log::encoding::{self, Bytes};
use crate::log::operation::LogKind;
use crate::model::id::Id;

type Failure = Box<dyn StdError + Sync + Send>;

impl ToSql for Id {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        out.extend_from_slice(self.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(BYTEA);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Id {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Failure> {
        Ok(Self(<[u8; 32]>::try_from(raw)?))
    }

    accepts!(BYTEA);
}

/// A number as a column, which has 63 bits.
pub(super) fn int(number: u64) -> Result<i64> {
    i64::try_from(number)
        .map_err(|_| Error::invalid_argument("the store was to keep a number that is larger than 63 bits"))
}

/// A bound or a limit: what is larger than any number in the store is as good as the largest.
pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number of a kind of log.
pub(super) const fn kind_number(kind: LogKind) -> i16 {
    match kind {
        LogKind::Account => 0,
        LogKind::Reads => 1,
        LogKind::Principal => 2,
        LogKind::Group => 3,
        LogKind::Vault => 4,
        LogKind::Items => 5,
    }
}

/// The kind of log of a number.
pub(super) fn kind_of(number: i16) -> Result<LogKind> {
    match number {
        0 => Ok(LogKind::Account),
        1 => Ok(LogKind::Reads),
        2 => Ok(LogKind::Principal),
        3 => Ok(LogKind::Group),
        4 => Ok(LogKind::Vault),
        5 => Ok(LogKind::Items),
        _ => Err(damaged()),
    }
}

/// The signatures of an entry as one column.
pub(super) fn encode_signatures(signatures: &[Vec<u8>]) -> Vec<u8> {
    let signatures: Vec<Bytes> = signatures.iter().cloned().map(Bytes::from).collect();
    encoding::encode(&signatures)
}

/// Hashes one after the other, 32 bytes each.
pub(super) fn join(hashes: &[Id]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of [`join`].
pub(super) fn split(bytes: &[u8]) -> Result<Vec<Id>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if rest.is_empty() { Ok(hashes.iter().copied().map(Id).collect()) } else { Err(damaged()) }
}

/// The columns of a row, by number.
pub(super) trait Columns {
    fn get_as<'a, T: FromSql<'a>>(&'a self, column: usize) -> Result<T>;

    /// A number that is not below 0.
    fn number(&self, column: usize) -> Result<u64> {
        u64::try_from(self.get_as::<i64>(column)?).map_err(|_| damaged())
    }

    fn maybe_number(&self, column: usize) -> Result<Option<u64>> {
        self.get_as::<Option<i64>>(column)?.map(|number| u64::try_from(number).map_err(|_| damaged())).transpose()
    }

    /// A generation or an epoch.
    fn small(&self, column: usize) -> Result<u32> {
        u32::try_from(self.get_as::<i64>(column)?).map_err(|_| damaged())
    }

    /// A role or a form.
    fn byte(&self, column: usize) -> Result<u8> {
        u8::try_from(self.get_as::<i16>(column)?).map_err(|_| damaged())
    }

    fn id(&self, column: usize) -> Result<Id> {
        self.get_as(column)
    }

    fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        self.get_as(column)
    }

    fn flag(&self, column: usize) -> Result<bool> {
        self.get_as(column)
    }

    fn kind(&self, column: usize) -> Result<LogKind> {
        kind_of(self.get_as(column)?)
    }

    fn signatures(&self, column: usize) -> Result<Vec<Vec<u8>>> {
        let signatures: Vec<Bytes> = encoding::decode("the signatures of an entry", self.get_as::<&[u8]>(column)?)?;
        Ok(signatures.into_iter().map(Vec::from).collect())
    }
}

impl Columns for Row {
    fn get_as<'a, T: FromSql<'a>>(&'a self, column: usize) -> Result<T> {
        self.try_get(column).map_err(|_| damaged())
    }
}

/// For a row that does not hold what it must.
pub(super) fn damaged() -> Error {
    Error::tampered("the store was read, and a row does not hold what it must: restore the database from a backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_log_comes_back() {
        let kinds =
            [LogKind::Account, LogKind::Reads, LogKind::Principal, LogKind::Group, LogKind::Vault, LogKind::Items];
        for kind in kinds {
            assert_eq!(kind_of(kind_number(kind)).unwrap(), kind);
        }
        assert_eq!(kind_of(6).unwrap_err().code(), "tampered");
    }

    #[test]
    fn hashes_come_back() {
        let hashes = vec![Id([1; 32]), Id([2; 32])];
        assert_eq!(split(&join(&hashes)).unwrap(), hashes);
        assert_eq!(split(&[0; 33]).unwrap_err().code(), "tampered");
        assert_eq!(int(u64::MAX).unwrap_err().code(), "invalid_argument");
        assert_eq!(bound(u64::MAX), i64::MAX);
    }
}
