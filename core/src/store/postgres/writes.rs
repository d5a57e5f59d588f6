//! Statements that are sent together: one round trip for all.

use futures_util::future::join_all;
use tokio_postgres::types::ToSql;

use super::connect::Transaction;
use crate::error::Result;

/// Sent at a time; `join_all` polls so many in their order.
const TOGETHER: usize = 24;

type Param = Box<dyn ToSql + Send + Sync>;

/// Statements in the order in which they are carried out.
#[derive(Default)]
pub(super) struct Writes(Vec<(&'static str, Vec<Param>)>);

/// The parameters of one statement.
macro_rules! params {
    ($($param:expr),* $(,)?) => { vec![$(Box::new($param) as Box<dyn tokio_postgres::types::ToSql + Send + Sync>),*] };
}
pub(super) use params;

impl Writes {
    pub(super) fn push(&mut self, sql: &'static str, params: Vec<Param>) {
        self.0.push((sql, params));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// How many rows each of them changed.
    pub(super) async fn run(self, transaction: &Transaction) -> Result<Vec<u64>> {
        let mut counts = Vec::with_capacity(self.0.len());
        for together in self.0.chunks(TOGETHER) {
            // Compiled before any of them is sent, or they would not go in their order.
            let mut statements = Vec::with_capacity(together.len());
            for (sql, params) in together {
                statements.push((transaction.prepare(sql).await?, params));
            }
            let sent = statements.iter().map(|(statement, params)| transaction.run(statement, params));
            for count in join_all(sent).await {
                counts.push(count?);
            }
        }
        Ok(counts)
    }
}
