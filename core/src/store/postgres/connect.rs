//! Connections: two bounded pools, one for reads and one for what the store does itself, and transactions on them.

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use futures_util::FutureExt;
use futures_util::future::join;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use super::location::PostgresLocation;
use super::tls;
use crate::error::Result;

/// The writer's two lanes, the journal, its folding, what is kept, and uploads.
const WORK: usize = 6;
/// How long a call waits for a connection.
const WAIT: Duration = Duration::from_secs(20);
/// Whoever stops in the middle of a transaction that writes is ended after so long, for others wait.
const IDLE_WRITER: &str = "1s";
/// The same for one that only reads.
const IDLE_READER: &str = "60s";

/// Begins a transaction that nobody waits for to be on disk.
pub(super) const RELAXED: &str = "BEGIN; SET LOCAL synchronous_commit TO off";

/// The parameters of a statement.
pub(super) type Params<'p> = &'p [&'p (dyn ToSql + Sync)];

/// The pools.
pub(super) struct Connections {
    pub(super) views: Pool,
    pub(super) work: Pool,
}

impl Connections {
    /// Nothing is connected yet.
    pub(super) fn new(location: &PostgresLocation) -> Result<Self> {
        Ok(Self { views: pool(location, location.pool, IDLE_READER)?, work: pool(location, WORK, IDLE_WRITER)? })
    }

    pub(super) fn close(&self) {
        self.views.close();
        self.work.close();
    }

    /// One statement that writes, and that nobody waits to be on disk: a crash of the server may lose its last moments.
    pub(super) async fn relaxed(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let (transaction, rows) = Transaction::begin(self.work.get().await?, RELAXED, sql, params).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

fn pool(location: &PostgresLocation, most: usize, idle: &'static str) -> Result<Pool> {
    let method = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(location.config.clone(), tls::connector(location)?, method);
    let setup = setup(location, idle);
    let hook = Hook::async_fn(move |client, _| {
        let setup = setup.clone();
        Box::pin(async move { client.batch_execute(&setup).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(most)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait: Some(WAIT), create: Some(WAIT), recycle: Some(WAIT) })
        .post_create(hook)
        .build()
        .map_err(|error| crate::error::Error::unavailable("the pool of connections could not be made").caused_by(error))
}

/// What every connection is told once.
pub(super) fn setup(location: &PostgresLocation, idle: &str) -> String {
    format!(
        "SET search_path TO {}; SET idle_in_transaction_session_timeout TO '{idle}'; SET lock_timeout TO '2s'; \
         SET client_min_messages TO warning",
        location.schema
    )
}

/// A transaction that is rolled back unless it is committed.
pub(super) struct Transaction(Option<Object>);

impl Transaction {
    /// Begins one with its first statement, in the same round trip.
    pub(super) async fn begin(client: Object, how: &str, sql: &str, params: Params<'_>) -> Result<(Self, Vec<Row>)> {
        let this = Self(Some(client));
        let start = this.client()?.batch_execute(how);
        // Sent in this order, and so carried out.
        let (started, rows) = join(start, this.query(sql, params)).await;
        started?;
        let rows = rows?;
        Ok((this, rows))
    }

    fn client(&self) -> Result<&Object> {
        self.0.as_ref().ok_or_else(super::fault::closed)
    }

    /// A statement, compiled once for each connection.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement> {
        Ok(self.client()?.prepare_cached(sql).await?)
    }

    /// How many rows a compiled statement changes.
    pub(super) async fn run(&self, statement: &Statement, params: &[Box<dyn ToSql + Send + Sync>]) -> Result<u64> {
        let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|param| param.as_ref() as _).collect();
        Ok(self.client()?.execute(statement, &params).await?)
    }

    /// The rows of a statement. Several may be under way; they are carried out in the order in which they were first polled.
    pub(super) async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query(&statement, params).await?)
    }

    /// The first row, if there is one.
    pub(super) async fn one(&self, sql: &str, params: Params<'_>) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await?;
        Ok(client.execute(&statement, params).await?)
    }

    /// Commits, and gives the connection back.
    pub(super) async fn commit(mut self) -> Result<()> {
        self.client()?.batch_execute("COMMIT").await?;
        drop(self.0.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // Sent before whatever the connection is used for next; nobody waits for the answer.
        if let Some(client) = self.0.take() {
            let _ = client.batch_execute("ROLLBACK").now_or_never();
        }
    }
}
