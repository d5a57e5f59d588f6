//! An authority that lies: it asks an honest one, and a test may change any answer.

use std::sync::{Arc, Mutex};

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
use strongroom::store::{ReadRow, Receipt};

use crate::world::connect;

type Change<T> = Box<dyn FnMut(Result<T>) -> Result<T> + Send>;

/// What is done to one method's answers; nothing at first.
pub(crate) struct Lie<T>(Mutex<Option<Change<T>>>);

impl<T> Lie<T> {
    /// From now on, answers go through this.
    pub(crate) fn tell(&self, lie: impl FnMut(Result<T>) -> Result<T> + Send + 'static) {
        *self.0.lock().unwrap() = Some(Box::new(lie));
    }

    /// As [`Lie::tell`], for answers that are no refusals.
    pub(crate) fn change(&self, mut lie: impl FnMut(&mut T) + Send + 'static) {
        self.tell(move |answer| {
            answer.map(|mut answer| {
                lie(&mut answer);
                answer
            })
        });
    }

    /// Honest again.
    pub(crate) fn stop(&self) {
        *self.0.lock().unwrap() = None;
    }

    fn told(&self, honest: Result<T>) -> Result<T> {
        match &mut *self.0.lock().unwrap() {
            Some(lie) => lie(honest),
            None => honest,
        }
    }
}

macro_rules! methods {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// An authority whose every answer can be changed.
        pub(crate) struct Malicious {
            inner: Arc<dyn Authority>,
            /// Every piece that came, whatever was answered.
            pub(crate) sent: Mutex<Vec<(Id, u64, Bytes)>>,
            pub(crate) put_piece: Lie<()>,
            $(pub(crate) $name: Lie<$answer>,)*
        }

        impl Malicious {
            /// Honest until told otherwise.
            pub(crate) fn over(inner: Arc<dyn Authority>) -> Arc<Self> {
                Arc::new(Self { inner, sent: Mutex::default(), put_piece: Lie(Mutex::new(None)), $($name: Lie(Mutex::new(None)),)* })
            }

            /// An honest client that asks here.
            pub(crate) async fn client(self: &Arc<Self>, kit: &Credential) -> Client {
                let authority: Arc<dyn Authority> = Arc::<Self>::clone(self);
                connect(authority, kit).await.unwrap()
            }
        }

        #[async_trait]
        impl Authority for Malicious {
            fn name(&self) -> &'static str {
                self.inner.name()
            }

            fn end(&self) -> Result<Head> {
                self.inner.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.inner.wait(size)
            }

            fn give_up(&self, session: Session, file: Id) {
                self.inner.give_up(session, file);
            }

            async fn close(&self) {}

            async fn put_piece(&self, session: Session, vault: Id, file: Id, index: u64, piece: Bytes) -> Result<()> {
                self.sent.lock().unwrap().push((file, index, piece.clone()));
                let honest = self.inner.put_piece(session, vault, file, index, piece).await;
                self.put_piece.told(honest)
            }

            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer> {
                let honest = self.inner.$name($($argument),*).await;
                self.$name.told(honest)
            })*
        }
    };
}

authority_methods!(methods);
