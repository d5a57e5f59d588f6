//! What SQLite and the file system say, as the library's error. Never the contents of a row.

use std::io;

use rusqlite::{Error as SqlError, ErrorCode, ffi};

use crate::error::Error;

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        match &error {
            SqlError::SqliteFailure(failure, _) => failed(failure.code, failure.extended_code),
            SqlError::FromSqlConversionFailure(..)
            | SqlError::IntegralValueOutOfRange(..)
            | SqlError::InvalidColumnType(..)
            | SqlError::Utf8Error(..)
            | SqlError::QueryReturnedNoRows => Self::tampered(
                "the store was read, and a row does not hold what it must: restore the database from a backup",
            ),
            SqlError::ToSqlConversionFailure(..) => {
                Self::invalid_argument("the store was to keep a number that is larger than 63 bits")
            }
            _ => Self::unavailable("the store could not carry out a statement: see the cause"),
        }
        .caused_by(error)
    }
}

fn failed(code: ErrorCode, extended: i32) -> Error {
    match code {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            Error::tampered("the database file is damaged: restore it from a backup")
        }
        ErrorCode::DiskFull => full(),
        // The shared memory beside the database could not grow.
        ErrorCode::SystemIoFailure if extended == ffi::SQLITE_IOERR_SHMSIZE => full(),
        ErrorCode::SystemIoFailure => Error::unavailable(format!(
            "the disk refused to read or write the database (SQLite code {extended}): check the disk and call again"
        )),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            Error::unavailable("another program holds the database: end it or call again")
        }
        ErrorCode::CannotOpen => Error::unavailable(
            "the database file could not be opened: check its path and that its folder can be written",
        ),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied => {
            Error::unavailable("the database file may not be written: check its permissions and its folder's")
        }
        ErrorCode::OutOfMemory => Error::unavailable("the store ran out of memory: make room and call again"),
        ErrorCode::TooBig => Error::invalid_argument("a value is larger than a row can hold, which is 1 GB"),
        ErrorCode::ConstraintViolation => {
            Error::conflict("the change would give two things one name: read what is there and try again")
        }
        _ => Error::unavailable(format!("the store failed (SQLite code {extended}): call again")),
    }
}

fn full() -> Error {
    Error::unavailable("the disk is full: make room and call again")
}

/// Of something done to a file beside the database.
pub(super) fn file(what: &str, error: io::Error) -> Error {
    let advice = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => return full().caused_by(error),
        io::ErrorKind::FileTooLarge => "make room and call again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "check its permissions and its folder's",
        io::ErrorKind::NotFound => "check the path",
        _ => "check the disk and call again",
    };
    Error::unavailable(format!("{what}: {}: {advice}", error.kind())).caused_by(error)
}

/// For whatever is asked once the store was closed.
pub(super) fn closed() -> Error {
    Error::unavailable("the store was closed: connect again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_tampered_and_the_rest_says_what_to_do() {
        let of = |code| Error::from(SqlError::SqliteFailure(ffi::Error::new(code), None));
        assert_eq!(of(ffi::SQLITE_CORRUPT).code(), "tampered");
        assert_eq!(of(ffi::SQLITE_NOTADB).code(), "tampered");
        assert_eq!(of(ffi::SQLITE_IOERR_FSYNC).code(), "unavailable");
        assert_eq!(of(ffi::SQLITE_CONSTRAINT_UNIQUE).code(), "conflict");
        let full = of(ffi::SQLITE_FULL);
        assert_eq!((full.code(), full.message()), ("unavailable", "the disk is full: make room and call again"));
        let shared = of(ffi::SQLITE_IOERR_SHMSIZE);
        assert_eq!(shared.message(), full.message());
    }
}
