//! What PostgreSQL and the way to it say, as the library's error. Never the contents of a row, never a password.

use std::error::Error as StdError;
use std::fmt;

use deadpool_postgres::PoolError;
use tokio_postgres::Error as SqlError;
use tokio_postgres::error::SqlState;

use crate::error::Error;

/// What is kept of PostgreSQL's own error: its words may hold values, so they are not.
#[derive(Debug)]
struct Cause {
    state: Option<SqlState>,
    what: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Cause {}

impl From<SqlError> for Error {
    fn from(error: SqlError) -> Self {
        let state = error.code().cloned();
        let (named, what) = if let Some(state) = &state {
            (of_state(state), format!("PostgreSQL error {}", state.code()))
        } else {
            // Of the connection: a closed socket, a name that nobody has, a certificate that is not trusted.
            let what = error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"));
            (unreachable(&what), what)
        };
        named.caused_by(Cause { state, what })
    }
}

impl From<PoolError> for Error {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(_) => Self::unavailable(
                "all connections to PostgreSQL are in use: call again, or allow more with `pool=` in the location",
            ),
            PoolError::Closed => closed(),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => lost(),
        }
    }
}

fn of_state(state: &SqlState) -> Error {
    match state.code() {
        "23505" => Error::conflict("the change would give two things one name: read what is there and try again"),
        "28P01" | "28000" => Error::argument("location", "PostgreSQL refused its user or password"),
        "3D000" => Error::not_found("PostgreSQL has no database of the location's name: make it, or correct the name"),
        "42501" => Error::unavailable("PostgreSQL refused a statement to the location's user: grant it what it needs"),
        "53100" => Error::unavailable("PostgreSQL's disk is full: make room and call again"),
        "53300" => Error::unavailable("PostgreSQL takes no more connections: call again, or allow it more"),
        "25006" => Error::unavailable("PostgreSQL takes no writes here: this is a standby; use the primary"),
        "54000" | "54001" => Error::invalid_argument("a value is larger than PostgreSQL can hold, which is 1 GB"),
        "XX001" | "XX002" => {
            Error::tampered("PostgreSQL found its own data damaged: restore the database from a backup")
        }
        code if code.starts_with("08") || code.starts_with("57") => lost(),
        "40001" | "40P01" | "55P03" => Error::unavailable("others were writing the same: call again"),
        code => Error::unavailable(format!("PostgreSQL could not carry out a statement (error {code}): call again")),
    }
}

fn lost() -> Error {
    Error::unavailable("PostgreSQL could not be reached, or the connection to it was lost: call again")
}

fn unreachable(what: &str) -> Error {
    Error::unavailable(format!(
        "PostgreSQL could not be reached, or the connection to it was lost ({what}): call again"
    ))
}

/// For whatever is asked once the store was closed.
pub(super) fn closed() -> Error {
    Error::unavailable("the store was closed: connect again")
}

/// For a transaction in which a name was taken meanwhile: it is judged again.
pub(super) fn beaten() -> Error {
    let what = "somebody else was faster".to_owned();
    crowded().caused_by(Cause { state: Some(SqlState::T_R_SERIALIZATION_FAILURE), what })
}

/// For whoever waited longest for rows that others have locked.
pub(super) fn crowded() -> Error {
    Error::unavailable("others were writing the same for long: call again")
}

/// Whether a transaction stands in the way of others and may simply be tried again.
pub(super) fn is_crowded(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Cause>());
    let state = cause.and_then(|cause| cause.state.as_ref());
    state.is_some_and(|state| {
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE]
            .contains(state)
    })
}

/// Whether nobody can say what became of it: the connection was lost, or the server stopped.
pub(super) fn is_lost(error: &Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Cause>());
    cause.is_some_and(|cause| {
        cause.state.as_ref().is_none_or(|state| {
            let code = state.code();
            code.starts_with("08") || code.starts_with("57") || code == "53300" || code == "25P03"
        })
    })
}

/// An error for one more waiter; the cause stays with the trace.
pub(super) fn same(error: &Error) -> Error {
    Error::new(error.kind(), error.message())
}
