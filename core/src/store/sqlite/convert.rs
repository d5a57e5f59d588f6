//! Ids and logs as columns.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::log::encoding::{self, Bytes};
use crate::log::operation::LogKind;
use crate::model::id::Id;

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.0)))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let wrong = FromSqlError::InvalidBlobSize { expected_size: 32, blob_size: bytes.len() };
        <[u8; 32]>::try_from(bytes).map(Self).map_err(|_| wrong)
    }
}

const KINDS: [LogKind; 6] =
    [LogKind::Account, LogKind::Reads, LogKind::Principal, LogKind::Group, LogKind::Vault, LogKind::Items];

impl ToSql for LogKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // As `KINDS` counts them; written out, so that the declaration may move.
        let number: i64 = match self {
            Self::Account => 0,
            Self::Reads => 1,
            Self::Principal => 2,
            Self::Group => 3,
            Self::Vault => 4,
            Self::Items => 5,
        };
        Ok(number.into())
    }
}

impl FromSql for LogKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        let index = usize::try_from(number).map_err(|_| FromSqlError::OutOfRange(number))?;
        KINDS.get(index).copied().ok_or(FromSqlError::OutOfRange(number))
    }
}

/// A truth value as a column: 0 or 1, and no other number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl FromSql for Flag {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_i64()? {
            0 => Ok(Self(false)),
            1 => Ok(Self(true)),
            other => Err(FromSqlError::OutOfRange(other)),
        }
    }
}

/// The signatures of an entry as one column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signatures(pub(super) Vec<Vec<u8>>);

impl ToSql for Signatures {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let signatures: Vec<Bytes> = self.0.iter().cloned().map(Bytes::from).collect();
        Ok(encoding::encode(&signatures).into())
    }
}

impl FromSql for Signatures {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let signatures: Vec<Bytes> = encoding::decode("the signatures of an entry", value.as_blob()?)
            .map_err(|error| FromSqlError::Other(Box::new(error)))?;
        Ok(Self(signatures.into_iter().map(Vec::from).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_log_comes_back() {
        for kind in KINDS {
            let ToSqlOutput::Owned(value) = kind.to_sql().unwrap() else { panic!("a number") };
            assert_eq!(LogKind::column_result((&value).into()).unwrap(), kind);
        }
        assert!(LogKind::column_result(ValueRef::Integer(6)).is_err());
        assert!(LogKind::column_result(ValueRef::Integer(-1)).is_err());
    }

    #[test]
    fn a_truth_value_has_two_forms() {
        assert_eq!(Flag::column_result(ValueRef::Integer(0)).unwrap(), Flag(false));
        assert_eq!(Flag::column_result(ValueRef::Integer(1)).unwrap(), Flag(true));
        for other in [-1, 2, 1 << 32, (1 << 32) + 1] {
            assert!(Flag::column_result(ValueRef::Integer(other)).is_err());
        }
    }

    #[test]
    fn signatures_come_back() {
        let signatures = Signatures(vec![vec![1; 64], vec![], vec![2; 64]]);
        let ToSqlOutput::Owned(value) = signatures.to_sql().unwrap() else { panic!("bytes") };
        assert_eq!(Signatures::column_result((&value).into()).unwrap(), signatures);
        assert!(Signatures::column_result(ValueRef::Blob(&[0x81])).is_err());
    }
}
