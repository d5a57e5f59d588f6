//! Opening a connection, and the tables it must find.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::queue::Queue;
use crate::error::{Error, ErrorKind, Result};

/// `Strm`, in every file of ours.
const APPLICATION_ID: i64 = 0x5374_726d;

/// The user version of a file that a copy goes to, until it is whole.
const COPYING: i64 = 1;

/// A last resort: writers of this library queue before the transaction, so only other programs are waited for.
const BUSY: Duration = Duration::from_secs(5);

/// More than there are statements.
const STATEMENTS: usize = 160;

mod migrations {
    refinery::embed_migrations!("src/store/sqlite/migrations");
}

/// A connection to a file whose tables were checked by [`prepare`].
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let connection = open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Does something on macOS alone, where fsync leaves the bytes in the disk's own cache.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    Ok(connection)
}

/// Opens the file without changing anything in it.
fn open(path: &Path) -> Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    compile_once(&connection)?;
    Ok(connection)
}

/// Sees to it that no statement is ever compiled twice on this connection.
pub(super) fn compile_once(connection: &Connection) -> Result<()> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite compiles a statement anew whenever a bound value might have asked for another plan: four fifths of the
    // time of reading an entry.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection to a new database in memory, with its tables.
pub(super) fn memory() -> Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    compile_once(&connection)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Checks that the file is ours and of a version that we know, and brings its tables to this version; in an empty file
/// it makes them, if `create` is given.
pub(super) fn prepare(path: &Path, create: bool) -> Result<Queue> {
    let mut connection = open(path)?;
    let found = look(&connection)?;
    let queue = match found {
        Found::Empty if !create => return Err(foreign(path)),
        Found::Foreign => return Err(foreign(path)),
        Found::Version(version) if version > newest() => return Err(newer(version)),
        Found::Version(version) if version == newest() => Queue::open(path)?,
        Found::Empty | Found::Version(_) => {
            let mut queue = Queue::open(path)?;
            // The other processes that would migrate wait here, and find it done.
            let turn = queue.turn()?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            migrate(&mut connection)?;
            drop(turn);
            queue
        }
    };
    if is_copying(&connection)? {
        return Err(broken_off(path));
    }
    if create {
        let used: bool = connection.query_row("SELECT EXISTS (SELECT 1 FROM feed)", [], |row| row.get(0))?;
        if used {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("{} holds an account already: open it, or choose another path", path.display()),
            ));
        }
    }
    Ok(queue)
}

/// Whether what is here is part of a copy.
pub(super) fn is_copying(connection: &Connection) -> Result<bool> {
    let mark: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(mark == COPYING)
}

/// Says whether what is here is part of a copy.
pub(super) fn mark_copying(connection: &Connection, copying: bool) -> Result<()> {
    connection.pragma_update(None, "user_version", if copying { COPYING } else { 0 })?;
    Ok(())
}

enum Found {
    Empty,
    Version(i64),
    Foreign,
}

fn look(connection: &Connection) -> Result<Found> {
    let read = || -> rusqlite::Result<Found> {
        let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let mut count = connection.prepare("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1")?;
        let history: i64 = count.query_row(["refinery_schema_history"], |row| row.get(0))?;
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| row.get(0))?;
        match application {
            // The history table alone is what is left where the making of a new file was broken off.
            0 if tables == history => Ok(Found::Empty),
            APPLICATION_ID if history == 1 => connection
                .query_row("SELECT max(version) FROM refinery_schema_history", [], |row| row.get(0))
                .map(Found::Version),
            _ => Ok(Found::Foreign),
        }
    };
    match read() {
        Err(rusqlite::Error::SqliteFailure(failure, _)) if failure.code == ErrorCode::NotADatabase => {
            Ok(Found::Foreign)
        }
        found => Ok(found?),
    }
}

fn newest() -> i64 {
    migrations::migrations::runner().get_migrations().iter().map(|one| i64::from(one.version())).max().unwrap_or(0)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    // Grouped: else a crash could come between the tables and the note that they are there.
    let runner = migrations::migrations::runner().set_grouped(true);
    runner.run(connection).map(|_| ()).map_err(|error| {
        match look(connection) {
            Ok(Found::Version(version)) if version > newest() => newer(version),
            _ => Error::unavailable("the database's tables could not be brought to this version: see the cause"),
        }
        .caused_by(error)
    })
}

fn broken_off(path: &Path) -> Error {
    Error::argument(
        "path",
        format!(
            "{} is a copy that is still made, or that was broken off: wait for its end, or remove it and what is beside \
             it, and copy again",
            path.display()
        ),
    )
}

fn newer(version: i64) -> Error {
    Error::unsupported(format!(
        "the database has tables of version {version}, and this strongroom knows them up to {}: upgrade it",
        newest()
    ))
}

fn foreign(path: &Path) -> Error {
    Error::argument("path", format!("{} is no strongroom database: give the path of one", path.display()))
}
