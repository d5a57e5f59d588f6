//! Copying one store into another, as it is at one moment.

use std::collections::HashMap;

use super::{Append, Copied, Snapshot, Store, TreeId};
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::{Body, LogId, LogKind, Operation};
use crate::model::id::Id;
use crate::store::{EntryRow, FileRow, ItemRow, Receipt};

/// Rows that are asked for at a time.
const PAGE: u32 = 1_000;
/// Bytes that go to the copy in one transaction.
const LOAD: usize = 4 << 20;
/// The bytes of a hash.
const HASH: usize = 32;

/// Copies all that `from` holds at this moment into `to`, in which nothing was ever taken; answers with the head.
///
/// `from` goes on meanwhile. The copy builds its trees anew from the entries, and refuses any that do not give the
/// hashes and heads of the source. Entries keep their places and times, so whoever remembers a head of one finds it in
/// the other. Of what is sealed, nothing is opened.
///
/// # Errors
/// `Tampered` where the source contradicts itself. `Conflict` if the content of a file went away while it was copied,
/// or if `to` is not empty. The copy is then of no use, and no other opens it.
pub async fn copy(from: &dyn Store, to: &dyn Store) -> Result<Head> {
    from.fold().await?;
    let mut load = Load { to, waiting: vec![Copied::Begin], weight: 0, anchored: HashMap::new() };
    let mut snapshot = from.snapshot().await?;
    let snapshot = &mut *snapshot;
    let head = snapshot.head().await?;
    load.feed(snapshot, head).await?;
    load.principals(snapshot).await?;
    load.vaults(from, snapshot).await?;
    load.reads(snapshot).await?;
    load.put(Copied::End).await?;
    load.send().await?;
    Ok(head)
}

/// What is on its way.
struct Load<'s> {
    to: &'s dyn Store,
    waiting: Vec<Copied>,
    weight: usize,
    /// How far each chain of reads is anchored.
    anchored: HashMap<Id, u64>,
}

impl Load<'_> {
    async fn put(&mut self, copied: Copied) -> Result<()> {
        self.weight += copied.weight();
        self.waiting.push(copied);
        if self.weight >= LOAD { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<()> {
        self.weight = 0;
        self.to.take_in(std::mem::take(&mut self.waiting)).await
    }

    async fn feed(&mut self, snapshot: &mut dyn Snapshot, head: Head) -> Result<()> {
        let mut next = 0;
        while next < head.size {
            let ends = snapshot.batches(next, PAGE).await?;
            if ends.is_empty() {
                return Err(damaged());
            }
            for end in ends {
                // The last leaf of a batch is no entry.
                while next + 1 < end.head.size {
                    next = self.entries(snapshot, next, end.head.size - 1).await?;
                }
                self.put(Copied::Batch(end)).await?;
                next = end.head.size;
            }
        }
        Ok(())
    }

    /// The entries of one batch from a position on; answers where to go on.
    async fn entries(&mut self, snapshot: &mut dyn Snapshot, from: u64, until: u64) -> Result<u64> {
        let limit = u32::try_from(until - from).unwrap_or(PAGE).min(PAGE);
        let mut next = from;
        for row in snapshot.feed(from, None, limit).await? {
            if row.position != next || row.position >= until {
                return Err(damaged());
            }
            let entry = snapshot.entries(row.log, row.seq, 1).await?.pop().filter(|entry| entry.seq == row.seq);
            let entry = entry.filter(|entry| entry.position == row.position).ok_or_else(damaged)?;
            let origin = snapshot.origin(row.position).await?.ok_or_else(damaged)?;
            let copied = self.entry(entry, origin.session)?;
            self.put(copied).await?;
            next += 1;
        }
        if next == from { Err(damaged()) } else { Ok(next) }
    }

    fn entry(&mut self, entry: EntryRow, session: Option<super::SessionRow>) -> Result<Copied> {
        let EntryRow { log, seq, time, operation, signatures, hash, root, position } = entry;
        let Operation { signer, id: operation_id, body, .. } = Operation::from_bytes(&operation)?;
        if let Body::ReadsAnchored(anchor) = body {
            self.anchored.insert(anchor.chain, anchor.count);
        }
        let append = Append { log, operation, signatures, signer, operation_id };
        let receipt = Receipt { log, seq, time, hash, state: Head { size: seq + 1, root }, position };
        Ok(Copied::Entry { append, session, receipt })
    }

    async fn principals(&mut self, snapshot: &mut dyn Snapshot) -> Result<()> {
        let mut from = 0;
        loop {
            let page = snapshot.principals(from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.leaf + 1;
            for row in page {
                let principal = row.principal;
                self.put(Copied::Principal(row)).await?;
                for (generation, key) in snapshot.kem_keys(principal).await? {
                    self.put(Copied::KemKey { principal, generation, key }).await?;
                }
            }
        }
    }

    async fn vaults(&mut self, store: &dyn Store, snapshot: &mut dyn Snapshot) -> Result<()> {
        let mut from = 0;
        loop {
            let logs = snapshot.logs(TreeId::VaultHeads, from, PAGE).await?;
            let Some(last) = logs.last() else { return Ok(()) };
            from = last.leaf + 1;
            for log in logs.into_iter().filter(|row| row.log.kind == LogKind::Vault) {
                self.vault(store, snapshot, log.log).await?;
            }
        }
    }

    async fn vault(&mut self, store: &dyn Store, snapshot: &mut dyn Snapshot, log: LogId) -> Result<()> {
        let vault = log.id;
        let row = snapshot.vault(vault).await?.ok_or_else(damaged)?;
        self.put(Copied::Vault(row)).await?;
        for row in snapshot.members(vault).await? {
            self.put(Copied::Member(row)).await?;
        }
        for principal in snapshot.people(vault).await? {
            self.put(Copied::Person { vault, principal }).await?;
        }
        for row in snapshot.all_wraps(vault).await? {
            self.put(Copied::Wrap(row)).await?;
        }
        for (epoch, sealed) in snapshot.previous_keys(vault).await? {
            self.put(Copied::PreviousKey { vault, epoch, sealed }).await?;
        }
        let mut from = 0;
        loop {
            let page = snapshot.all_items(vault, from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.created + 1;
            for row in page {
                self.item(store, snapshot, row).await?;
            }
        }
    }

    async fn item(&mut self, store: &dyn Store, snapshot: &mut dyn Snapshot, row: ItemRow) -> Result<()> {
        let ItemRow { vault, item, .. } = row;
        self.put(Copied::Item(row)).await?;
        let mut from = 0;
        loop {
            let page = snapshot.parts(vault, item, from, PAGE).await?;
            let Some(last) = page.last() else { break };
            from = last.version + 1;
            for row in page {
                self.put(Copied::Parts { vault, item, row }).await?;
            }
        }
        for (row, leaves) in snapshot.files_of(vault, item).await? {
            self.file(store, vault, row, leaves).await?;
        }
        Ok(())
    }

    async fn file(&mut self, store: &dyn Store, vault: Id, row: FileRow, leaves: Vec<u8>) -> Result<()> {
        let file = row.file;
        if !row.detached {
            let count = (leaves.len() / HASH) as u64;
            for index in 0..count {
                let piece = store.piece(file, index).await?.ok_or_else(went_away)?;
                if count == 1 {
                    self.put(Copied::Piece { file, piece }).await?;
                } else {
                    self.to.put_piece(file, index, piece.into()).await?;
                }
            }
        }
        self.put(Copied::File { vault, row, leaves }).await
    }

    async fn reads(&mut self, snapshot: &mut dyn Snapshot) -> Result<()> {
        for chain in snapshot.chains().await? {
            let anchored = self.anchored.get(&chain.id).copied().unwrap_or_default();
            self.put(Copied::Chain(chain, anchored)).await?;
        }
        let mut from = 0;
        loop {
            let page = snapshot.reads(from, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.place + 1;
            for row in page {
                self.put(Copied::Read(row)).await?;
            }
        }
    }
}

fn damaged() -> Error {
    Error::tampered("the rows of the feed are not whole: the store can't be copied as it is; restore it from a backup")
}

fn went_away() -> Error {
    Error::conflict("the content of a file went away while it was copied: remove the copy and copy again")
}
