//! A store to look into, such as a copy that is verified: nothing is added to it, reads are not noted.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::{ChangeSet, Copied, Kept, Outcome, Snapshot, Store};
use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::log::operation::LogId;
use crate::log::reads::ReadEntry;
use crate::model::id::Id;

/// Another store, of which nothing changes.
pub struct Frozen(pub Arc<dyn Store>);

#[async_trait]
impl Store for Frozen {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn commit(&self, _change: ChangeSet) -> Result<Outcome> {
        Err(refused())
    }

    async fn snapshot(&self) -> Result<Box<dyn Snapshot>> {
        self.0.snapshot().await
    }

    fn end(&self) -> BoxFuture<'static, Result<Head>> {
        self.0.end()
    }

    fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
        self.0.wait(size)
    }

    async fn hold(&self, _signer: Id, _vault: Option<Id>, _log: LogId, _by: Id) -> Result<Option<Head>> {
        Err(refused())
    }

    async fn put_piece(&self, _file: Id, _index: u64, _piece: Bytes) -> Result<()> {
        Err(refused())
    }

    fn give_up(&self, _file: Id) {}

    async fn piece(&self, file: Id, index: u64) -> Result<Option<Vec<u8>>> {
        self.0.piece(file, index).await
    }

    async fn note(&self, _entry: ReadEntry) -> Result<()> {
        Ok(())
    }

    async fn fold(&self) -> Result<()> {
        Ok(())
    }

    async fn keep(&self, _kind: Kept, _key: Id, _value: Vec<u8>, _until: u64) -> Result<()> {
        Err(refused())
    }

    async fn kept(&self, kind: Kept, key: Id) -> Result<Option<Vec<u8>>> {
        self.0.kept(kind, key).await
    }

    async fn take_kept(&self, _kind: Kept, _key: Id) -> Result<Option<Vec<u8>>> {
        Err(refused())
    }

    async fn take_in(&self, _parts: Vec<Copied>) -> Result<()> {
        Err(refused())
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

fn refused() -> Error {
    Error::unsupported("a change was asked of a store that is only looked into: open it where it is used")
}
