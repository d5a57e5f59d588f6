//! An authority that lies: it asks an honest one, and a test may change any question and any answer.

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
type Asked<A> = Box<dyn FnMut(&mut A) + Send>;

/// What is done to one method's questions and answers; nothing at first.
pub(crate) struct Lie<A, T> {
    asked: Mutex<Option<Asked<A>>>,
    told: Mutex<Option<Change<T>>>,
}

impl<A, T> Default for Lie<A, T> {
    fn default() -> Self {
        Self { asked: Mutex::new(None), told: Mutex::new(None) }
    }
}

impl<A, T> Lie<A, T> {
    /// From now on, the honest one is asked this instead.
    #[allow(dead_code, reason = "the tests of files are compiled with this too, and change answers only")]
    pub(crate) fn ask(&self, change: impl FnMut(&mut A) + Send + 'static) {
        *self.asked.lock().unwrap() = Some(Box::new(change));
    }

    /// From now on, answers go through this.
    pub(crate) fn tell(&self, lie: impl FnMut(Result<T>) -> Result<T> + Send + 'static) {
        *self.told.lock().unwrap() = Some(Box::new(lie));
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
        *self.asked.lock().unwrap() = None;
        *self.told.lock().unwrap() = None;
    }

    fn asked(&self, mut question: A) -> A {
        if let Some(change) = &mut *self.asked.lock().unwrap() {
            change(&mut question);
        }
        question
    }

    fn told(&self, honest: Result<T>) -> Result<T> {
        match &mut *self.told.lock().unwrap() {
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
            pub(crate) put_piece: Lie<(), ()>,
            $(pub(crate) $name: Lie<($($type,)*), $answer>,)*
        }

        impl Malicious {
            /// Honest until told otherwise.
            pub(crate) fn over(inner: Arc<dyn Authority>) -> Arc<Self> {
                Arc::new(Self { inner, sent: Mutex::default(), put_piece: Lie::default(), $($name: Lie::default(),)* })
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

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
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
                let ($($argument,)*) = self.$name.asked(($($argument,)*));
                let honest = self.inner.$name($($argument),*).await;
                self.$name.told(honest)
            })*
        }
    };
}

authority_methods!(methods);
