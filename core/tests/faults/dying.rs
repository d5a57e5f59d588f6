//! A process that dies at a chosen step of what it does: before or after a call of the authority, or of a hook of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use strongroom::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::client::Client;
use strongroom::engine::Engine;
use strongroom::error::Result;
use strongroom::log::body::Recipient;
use strongroom::log::feed::Head;
use strongroom::log::operation::LogId;
use strongroom::log::reads::Chain;
use strongroom::model::id::Id;
use strongroom::model::role::Role;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{ReadRow, Receipt, Store};

/// How many steps this process may still do.
static LEFT: AtomicI64 = AtomicI64::new(i64::MAX);

/// One step; the last one that is allowed is not survived.
pub(crate) fn step() {
    if LEFT.fetch_sub(1, Ordering::SeqCst) == 1 {
        std::process::abort();
    }
}

/// An authority before and after each call of which the process may die.
struct Dying(Arc<dyn Authority>);

macro_rules! dying {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Authority for Dying {
            fn name(&self) -> &'static str {
                self.0.name()
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                self.0.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.0.wait(size)
            }

            async fn close(&self) {
                self.0.close().await;
            }

            async fn put_piece(&self, session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()> {
                step();
                let answer = self.0.put_piece(session, vault, file, index, piece).await;
                step();
                answer
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                step();
                let answer = self.0.$name($($argument),*).await;
                step();
                answer
            })*
        }
    };
}

authority_methods!(dying);

/// A client whose process may die.
pub(crate) async fn client(path: &Path, token: &str) -> Client {
    let store = SqliteStore::open(path, false).unwrap();
    let engine: Arc<dyn Authority> = Engine::new(store as Arc<dyn Store>);
    let sealed = Sealed::connect(Arc::new(Dying(engine)), token, SealedOptions::default()).await.unwrap();
    Client::new(Arc::new(sealed), Duration::from_secs(30), 2)
}

/// Dies after so many steps from here on; zero: no more.
pub(crate) fn die_after(steps: i64) {
    LEFT.store(if steps == 0 { i64::MAX } else { steps }, Ordering::SeqCst);
}
