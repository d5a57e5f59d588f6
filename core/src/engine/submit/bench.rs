//! Where the rows of one batch are judged: one moment of the store, one caller, and what is planned so far.

use std::collections::HashMap;

use ed25519_dalek::VerifyingKey;

use super::batch::{Batch, begins};
use super::plan::{Draft, Plan, Scope};
use super::received::Received;
use super::stop::{Ruled, Stop};
use super::{account, group, item, principal, vault};
use crate::authority::Submitted;
use crate::engine::Engine;
use crate::engine::known::View;
use crate::engine::session::Caller;
use crate::error::Error;
use crate::log::feed::Head;
use crate::log::operation::{LogId, LogKind};
use crate::log::replay::{Directory, NEXT, Placed, mentions};
use crate::model::id::Id;
use crate::model::policy::Policy;
use crate::store::{Append, Snapshot};

/// One batch being judged.
pub(in crate::engine) struct Bench<'a> {
    pub(super) engine: &'a Engine,
    pub(super) snapshot: &'a mut dyn Snapshot,
    pub(super) view: &'a View,
    pub(super) caller: &'a Caller,
    pub(super) now: u64,
    pub(super) batch: Batch,
    pub(super) heads: HashMap<u64, Option<Head>>,
    pub(super) keys: HashMap<Id, VerifyingKey>,
}

impl<'a> Bench<'a> {
    pub(super) fn new(engine: &'a Engine, snapshot: &'a mut dyn Snapshot, view: &'a View, caller: &'a Caller) -> Self {
        let (heads, keys) = (HashMap::new(), HashMap::new());
        Self { engine, snapshot, view, caller, now: super::now(), batch: Batch::default(), heads, keys }
    }

    pub(super) fn into_batch(self) -> Batch {
        self.batch
    }

    pub(super) fn directory(&self) -> &'a Directory {
        &self.view.directory
    }

    pub(super) fn policy(&self) -> &'a Policy {
        self.view.directory.account.policy().1
    }

    /// The operation as the next entry of its log. Neither its time nor its hash is known yet, and no verdict needs them.
    pub(super) fn placed<'b>(&self, received: &'b Received) -> Placed<'b> {
        Placed {
            log: received.log,
            seq: self.view.size(received.log),
            time: self.now,
            hash: received.log.id,
            position: NEXT,
            operation: &received.operation,
        }
    }

    /// Judges a row and plans what will be written of it. `verified` keeps that its signatures were checked.
    pub(super) async fn judge(&mut self, index: usize, received: &Received, verified: &mut bool) -> Ruled {
        self.check_author(received)?;
        self.check_repeats(received).await?;
        self.check_role(received)?;
        self.check_seen(received).await?;
        if !*verified {
            self.check_signatures(received)?;
            *verified = true;
        }
        let mut rows = received.rows.clone();
        let draft = match received.log.kind {
            LogKind::Account => account::judge(self, received)?,
            LogKind::Principal => principal::judge(self, received, &mut rows).await?,
            LogKind::Group => group::judge(self, received)?,
            LogKind::Vault => vault::judge(self, received, &mut rows).await?,
            LogKind::Items => item::judge(self, received, &mut rows).await?,
            LogKind::Reads => return Err(nobody_signs().into()),
        };
        super::sealed::nothing_left(received, &rows)?;
        self.batch.fits(received, &draft)?;
        self.plan(index, received, draft)
    }

    fn plan(&mut self, index: usize, received: &Received, draft: Draft) -> Ruled {
        let operation = &received.operation;
        let signer = operation.signer.ok_or_else(nobody_signs)?;
        let vault = matches!(received.log.kind, LogKind::Vault | LogKind::Items).then_some(received.log.id);
        let Draft { mut guards, mut rows, ended } = draft;
        for (ended, scope) in &ended {
            let (signer, vault, size) = (*ended, *scope, operation.seen.size);
            guards.push(crate::store::Guard::NoneSince { signer, vault, size });
            rows.push(crate::store::Row::Release { by: self.caller.principal, signer, vault });
        }
        let plan = Plan {
            index,
            append: Append {
                log: received.log,
                operation: received.bytes.clone(),
                signatures: received.signatures.clone(),
                signer: Some(signer),
                operation_id: operation.id,
            },
            rests_on: self.rests_on(received, vault),
            guards,
            rows,
            scope: (signer, vault) as Scope,
            ends_itself: ended.contains(&(signer, vault)),
        };
        self.batch.add(received, &ended, plan);
        Ok(())
    }

    /// The account's log, that of the vault, of everybody who is named, and of the groups that are in the vault.
    fn rests_on(&self, received: &Received, vault: Option<Id>) -> Vec<(LogId, u64)> {
        let mut logs = mentions(&received.operation);
        logs.push(LogId::new(LogKind::Account, self.directory().account.id));
        match vault {
            Some(vault) => logs.push(LogId::new(LogKind::Vault, vault)),
            None => logs.push(received.log),
        }
        let log = vault.and_then(|vault| self.view.vaults.get(&vault));
        let groups =
            log.into_iter().flat_map(|log| log.members.keys()).filter(|id| self.directory().group(**id).is_some());
        logs.extend(groups.map(|group| LogId::new(LogKind::Group, *group)));
        logs.into_iter().map(|log| (log, self.view.size(log))).collect()
    }

    async fn check_repeats(&mut self, received: &Received) -> Ruled {
        self.batch.is_new(received)?;
        let operation = &received.operation;
        let Some(entry) = self.snapshot.repeated(operation.signer, received.log, operation.id).await? else {
            return Ok(());
        };
        debug_assert!(begins(received) || entry.log == received.log);
        let receipt = crate::engine::receipt(&entry);
        Err(Stop::Answer(Box::new(if entry.operation == received.bytes {
            Submitted::Before(receipt)
        } else {
            Submitted::Used(receipt, entry.operation)
        })))
    }
}

fn nobody_signs() -> Error {
    Error::invalid_argument("an operation was submitted that only the engine writes: upgrade the client")
}
