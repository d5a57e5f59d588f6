//! A server with two feeds: a database and a copy of it, each with an engine, and a client that is shown now one, now the other.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use strongroom::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::log::body::Recipient;
use strongroom::log::feed::Head;
use strongroom::log::operation::LogId;
use strongroom::log::reads::Chain;
use strongroom::model::credential::Credential;
use strongroom::model::id::Id;
use strongroom::model::role::Role;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{ReadRow, Receipt, Store};

use crate::served;
use crate::world::{Member, World, connect};

/// A world in a file of this folder.
pub(crate) async fn in_file(folder: &Path) -> World {
    World::over(SqliteStore::open(&folder.join("class.db"), true).unwrap()).await
}

/// A copy of the world as it is now, which goes on by itself.
pub(crate) async fn copy(world: &World, folder: &Path, name: &str) -> World {
    let path = folder.join(name);
    // Never closed: that would drop the locks that the store in this process has.
    let database = std::mem::ManuallyDrop::new(rusqlite::Connection::open(folder.join("class.db")).unwrap());
    database.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let store = SqliteStore::open(&path, false).unwrap();
    let engine = served::engine(Arc::clone(&store) as Arc<dyn Store>);
    let owner = Member::new(&engine, world.owner.kit.clone()).await;
    World { store, engine, owner }
}

macro_rules! methods {
    (
        challenge(principal: Id, key: Id) -> Challenge;
        sign_in(sign_in: SignIn) -> Session;
        found(submissions: Vec<Submission>) -> Vec<Receipt>;
        $($name:ident(session: Session $(, $argument:ident: $type:ty)*) -> $answer:ty;)*
    ) => {
        /// What one client asks, answered by one of two engines.
        pub(crate) struct Switch {
            engines: [Arc<dyn Authority>; 2],
            sessions: [Session; 2],
            second: AtomicBool,
        }

        #[async_trait]
        impl Authority for Switch {
            fn name(&self) -> &'static str {
                self.now().0.name()
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                self.now().0.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.now().0.wait(size)
            }

            async fn close(&self) {}

            async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
                self.now().0.challenge(principal, key).await
            }

            async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
                self.now().0.sign_in(sign_in).await
            }

            async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
                self.now().0.found(submissions).await
            }

            async fn put_piece(&self, _: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()> {
                let (engine, session) = self.now();
                engine.put_piece(session, vault, file, index, piece).await
            }

            $(async fn $name(&self, _: Session $(, $argument: $type)*) -> Result<$answer> {
                let (engine, session) = self.now();
                engine.$name(session $(, $argument)*).await
            })*
        }
    };
}

authority_methods!(methods);

impl Switch {
    /// Asks the first one, for whoever has this credential.
    pub(crate) async fn over(engines: [&World; 2], kit: &Credential) -> Arc<Self> {
        let mut sessions = Vec::new();
        for world in engines {
            sessions.push(Member::new(&world.engine, kit.clone()).await.session);
        }
        let engines = engines.map(|world| Arc::clone(&world.engine));
        Arc::new(Self { engines, sessions: sessions.try_into().unwrap(), second: AtomicBool::new(false) })
    }

    /// From now on, the second one answers, or the first one again.
    pub(crate) fn turn(&self, second: bool) {
        self.second.store(second, Ordering::Relaxed);
    }

    /// A client that asks here.
    pub(crate) async fn client(self: &Arc<Self>, kit: &Credential) -> Client {
        let authority: Arc<dyn Authority> = Arc::<Self>::clone(self);
        connect(authority, kit).await.unwrap()
    }

    fn now(&self) -> (&Arc<dyn Authority>, Session) {
        let which = usize::from(self.second.load(Ordering::Relaxed));
        (&self.engines[which], self.sessions[which])
    }
}
