//! Anchors chains in the account's reads log: any store does it for all chains, also for those of engines that have ended.

use super::super::Core;
use super::super::connect::Transaction;
use super::super::convert::{Columns, int};
use super::super::request::Request;
use crate::error::Result;
use crate::log::operation::{LogId, LogKind};
use crate::log::reads::{Chain, anchor};
use crate::model::id::AccountId;
use crate::store::{Append, ChangeSet, Guard, Outcome};

/// How often others may be faster.
const TRIES: usize = 4;
/// The most chains of one change.
const CHAINS: i64 = 256;

impl Core {
    /// Anchors every chain that has grown since it was anchored.
    pub(in super::super) async fn anchor(&self) -> Result<()> {
        for _ in 0..TRIES {
            let Some((log, size, chains)) = self.unanchored().await? else { return Ok(()) };
            let account = AccountId(log.id);
            let appends = chains.iter().map(|chain| {
                let operation = anchor(account, *chain);
                let (bytes, operation_id) = (operation.to_bytes(), operation.id);
                Append { log, operation: bytes, signatures: Vec::new(), signer: None, operation_id }
            });
            // Two stores could else anchor a chain at two counts, the smaller one last.
            let guards = vec![Guard::LogAt { log, size }];
            let change = ChangeSet { guards, appends: appends.collect(), ..ChangeSet::default() };
            match self.ask(|answer| Request::Commit(change, answer)).await? {
                Outcome::Committed(..) => return self.anchored(&chains).await,
                // Another store did, and could not say so any more.
                Outcome::Repeated(number, _) => {
                    self.anchored(chains.get(number..=number).unwrap_or_default()).await?;
                }
                Outcome::Stale(_) => {}
            }
        }
        Ok(())
    }

    /// The reads log, its size, and the chains that are further than they are anchored; of one moment.
    async fn unanchored(&self) -> Result<Option<(LogId, u64, Vec<Chain>)>> {
        let client = self.connections.work.get().await?;
        let how = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let sql = "SELECT id, count, last FROM reads_chain WHERE count > anchored ORDER BY number LIMIT $1";
        let (moment, rows) = Transaction::begin(client, how, sql, &[&CHAINS]).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let sql = "SELECT account.id, reads.size FROM log AS account LEFT JOIN log AS reads \
                   ON reads.id = account.id AND reads.kind = 1 WHERE account.key = 0 AND account.kind = 0";
        // Without an account there is nothing to anchor it in.
        let Some(account) = moment.one(sql, &[]).await? else { return Ok(None) };
        let log = LogId { kind: LogKind::Reads, id: account.id(0)? };
        let chains = rows
            .iter()
            .map(|row| Ok(Chain { id: row.id(0)?, count: row.number(1)?, last: row.id(2)? }))
            .collect::<Result<Vec<Chain>>>()?;
        Ok(Some((log, account.maybe_number(1)?.unwrap_or(0), chains)))
    }

    async fn anchored(&self, chains: &[Chain]) -> Result<()> {
        let ids: Vec<_> = chains.iter().map(|chain| chain.id).collect();
        let counts = chains.iter().map(|chain| int(chain.count)).collect::<Result<Vec<i64>>>()?;
        let sql = "UPDATE reads_chain SET anchored = new.count FROM unnest($1::BYTEA[], $2::BIGINT[]) AS new (id, count) \
                   WHERE reads_chain.id = new.id AND reads_chain.anchored < new.count";
        self.connections.relaxed(sql, &[&ids, &counts]).await?;
        Ok(())
    }
}
