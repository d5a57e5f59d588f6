//! The tables that a database must have.

use std::time::Duration;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::blobs;
use super::connect::setup;
use super::convert::Columns;
use super::fault;
use super::location::PostgresLocation;
use super::tls;
use crate::error::{Error, ErrorKind, Result};
use crate::store::blobs::Blobs;

mod migrations {
    refinery::embed_migrations!("src/store/postgres/migrations");
}

/// All tables of the newest version.
const TABLES: [&str; 31] = [
    "intake",
    "staged",
    "claim",
    "hold",
    "feed_head",
    "log",
    "feed",
    "batch",
    "entry",
    "session",
    "node",
    "principal",
    "kem_key",
    "vault",
    "member",
    "person",
    "wrap",
    "previous_key",
    "item",
    "part",
    "file",
    "piece",
    "upload",
    "noted",
    "reads_head",
    "reads_chain",
    "reads",
    "kept",
    "blobs",
    "garbage",
    "refinery_schema_history",
];

/// Tables that others have locked are tried again so often, and so much later.
const REMOVING: usize = 10;
const PAUSE: Duration = Duration::from_millis(200);

/// Any number that no other program is likely to use.
const MIGRATING: i64 = 0x5374_726d_6d69;

/// Whether the database has advisory locks that hold.
///
/// `CockroachDB` answers as if it had taken one.
async fn has_advisory_locks(client: &Client) -> Result<bool> {
    let version: String = client.query_one("SELECT version()", &[]).await?.try_get(0)?;
    Ok(!["CockroachDB", "-YB-", "Yugabyte"].iter().any(|other| version.contains(other)))
}

/// A database that can be used.
pub(super) struct Prepared {
    /// Whether commits may use advisory locks.
    pub(super) advisory: bool,
    /// The place of the content of large files, if the location names one.
    pub(super) blobs: Option<Blobs>,
}

/// Checks that the database is of a version that we know, and brings its tables to this version; where there are none it
/// makes them, if `create` is given.
pub(super) async fn prepare(location: &PostgresLocation, create: bool) -> Result<Prepared> {
    within(location, async |client| {
        let has_locks = has_advisory_locks(client).await?;
        tables(client, location, create, has_locks).await?;
        let blobs = blobs::prepare(client, location).await?;
        Ok(Prepared { advisory: location.advisory.unwrap_or(has_locks), blobs })
    })
    .await
}

async fn tables(client: &mut Client, location: &PostgresLocation, create: bool, has_locks: bool) -> Result<()> {
    match version(client, location).await? {
        None if !create => {
            return Err(Error::not_found(format!(
                "the database has no account in its schema `{}`: make it with `init`, or correct the location",
                location.schema
            )));
        }
        Some(version) if version > newest() => {
            return Err(Error::unsupported(format!(
                "the database has version {version} and this program knows {} at most: upgrade strongroom",
                newest()
            )));
        }
        Some(version) if version == newest() => {}
        None | Some(_) => {
            if has_locks {
                // The others that would migrate wait here, and find it done.
                client.execute("SELECT pg_advisory_lock($1)", &[&MIGRATING]).await?;
            }
            let migrated = migrate(client, location).await;
            if has_locks {
                client.execute("SELECT pg_advisory_unlock($1)", &[&MIGRATING]).await?;
            }
            if migrated.is_err() && version(client, location).await? != Some(newest()) {
                return migrated;
            }
        }
    }
    let head = client.query_one("SELECT size, copying FROM feed_head", &[]).await?;
    if head.flag(1)? {
        return Err(Error::argument(
            "location",
            format!(
                "its schema `{}` holds a copy that is still made, or that was broken off: wait for its end, or drop the \
                 schema, and copy again",
                location.schema
            ),
        ));
    }
    if create && head.number(0)? > 0 { Err(taken(location)) } else { Ok(()) }
}

fn taken(location: &PostgresLocation) -> Error {
    Error::new(
        ErrorKind::AlreadyExists,
        format!(
            "the database holds an account already in its schema `{}`: connect to it, or name another `schema`",
            location.schema
        ),
    )
}

/// Refuses a location where something was taken already.
pub(super) async fn is_free(location: &PostgresLocation) -> Result<()> {
    blobs::is_free(location).await?;
    within(location, async |client| {
        if version(client, location).await?.is_none() {
            return Ok(());
        }
        let head = client.query_one("SELECT size, copying FROM feed_head", &[]).await?;
        if head.number(0)? > 0 || head.flag(1)? { Err(taken(location)) } else { Ok(()) }
    })
    .await
}

/// Removes our tables, the schema if nothing else is in it, and the objects that belong to them.
pub(super) async fn remove(location: &PostgresLocation) -> Result<()> {
    within(location, async |client| {
        if version(client, location).await? == Some(newest()) {
            blobs::remove(client, location).await?;
        }
        drop_all(client, location).await
    })
    .await
}

/// Statements of a store that was just closed may still run on the tables: they are waited for.
async fn drop_all(client: &Client, location: &PostgresLocation) -> Result<()> {
    let statements =
        [format!("DROP TABLE IF EXISTS {}", TABLES.join(", ")), format!("DROP SCHEMA IF EXISTS {}", location.schema)];
    for statement in &statements {
        let mut tries = 0;
        while let Err(error) = client.batch_execute(statement).await {
            // What others keep in it stays, and so does the schema.
            if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) {
                break;
            }
            let error = Error::from(error);
            tries += 1;
            if tries == REMOVING || !fault::is_crowded(&error) {
                return Err(error);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Does something on a connection of its own.
async fn within<T>(location: &PostgresLocation, work: impl AsyncFnOnce(&mut Client) -> Result<T>) -> Result<T> {
    let (mut client, connection) = location.config.connect(tls::connector(location)?).await?;
    let driving = tokio::spawn(async move {
        // Whoever uses the connection has the error too.
        let _ = connection.await;
    });
    client.batch_execute(&setup(location, "60s")).await?;
    let done = work(&mut client).await;
    drop(client);
    let _ = driving.await;
    done
}

/// The version of the tables, if there are any.
async fn version(client: &Client, location: &PostgresLocation) -> Result<Option<i64>> {
    let found = client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM information_schema.tables \
             WHERE table_schema = $1 AND table_name = 'refinery_schema_history')",
            &[&location.schema],
        )
        .await?;
    if !found.flag(0)? {
        return Ok(None);
    }
    // An empty one is what is left where the making of the tables was broken off.
    client.query_one("SELECT max(version)::BIGINT FROM refinery_schema_history", &[]).await?.get_as(0)
}

async fn migrate(client: &mut Client, location: &PostgresLocation) -> Result<()> {
    let there = client
        .query_one(
            "SELECT EXISTS (SELECT 1 FROM information_schema.schemata WHERE schema_name = $1)",
            &[&location.schema],
        )
        .await?;
    if !there.flag(0)? {
        client.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS {}", location.schema)).await?;
    }
    let migrated = migrations::migrations::runner().run_async(client).await;
    migrated.map_err(|error| Error::unavailable("the tables could not be made: call again").caused_by(error))?;
    Ok(())
}

fn newest() -> i64 {
    let versions = migrations::migrations::runner();
    versions.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0)
}
