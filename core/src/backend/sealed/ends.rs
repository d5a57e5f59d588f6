//! Ends of the feed that were asked for and are not told yet. What this process writes afterwards comes after them.
//!
//! A watch begins at the end as it is when it is called. Where that has to be asked, a write that was called later, by the
//! same client or by another beside it, could overtake the question, and the watch would never tell of it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};

use crate::error::{Error, Result};
use crate::log::feed::Head;
use crate::model::id::AccountId;

type Asked = Shared<BoxFuture<'static, Arc<Result<Head>>>>;

/// A write waits no longer for an end: whoever asked may be cut off from the store that it goes to.
const PATIENCE: Duration = Duration::from_secs(5);

/// Of each process and account: what a forked child inherits is told to nobody.
type All = HashMap<(u32, AccountId), Weak<Ends>>;

static ALL: LazyLock<Mutex<All>> = LazyLock::new(Mutex::default);

/// The ends that the clients of one account wait for.
#[derive(Default)]
pub(super) struct Ends(Mutex<Vec<Asked>>);

impl Ends {
    /// Those of an account in this process.
    pub(super) fn of(account: AccountId) -> Arc<Self> {
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (std::process::id(), account);
        if let Some(known) = all.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        all.retain(|_, ends| ends.strong_count() > 0);
        let new = Arc::new(Self::default());
        all.insert(key, Arc::downgrade(&new));
        new
    }

    /// Notes an end that was just asked for; answers with it.
    pub(super) fn ask(&self, end: BoxFuture<'static, Result<Head>>) -> BoxFuture<'static, Result<Head>> {
        let asked = end.map(Arc::new).boxed().shared();
        // A store in this process tells at once.
        if asked.clone().now_or_never().is_none() {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|asked| asked.peek().is_none());
            waiting.push(asked.clone());
        }
        let told = async move {
            match &*asked.await {
                Ok(head) => Ok(*head),
                Err(error) => Err(Error::new(error.kind(), error.message())),
            }
        };
        told.boxed()
    }

    /// Waits until all ends that were asked for before are told, but not for long.
    pub(super) async fn told(&self) {
        let waiting: Vec<Asked> = {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.retain(|asked| asked.peek().is_none());
            waiting.clone()
        };
        if !waiting.is_empty() {
            let _ = tokio::time::timeout(PATIENCE, join_all(waiting)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::model::id::Id;

    #[test]
    fn clients_of_one_account_share_them() {
        let (one, other) = (AccountId(Id([1; 32])), AccountId(Id([2; 32])));
        let ends = Ends::of(one);
        assert!(Arc::ptr_eq(&ends, &Ends::of(one)) && !Arc::ptr_eq(&ends, &Ends::of(other)));
    }

    #[tokio::test]
    async fn whoever_writes_waits_for_the_ends_asked_before() {
        let ends = Ends::default();
        ends.told().await;
        let head = Head::empty();
        assert_eq!(ends.ask(async move { Ok(head) }.boxed()).await.unwrap(), head);
        ends.told().now_or_never().expect("a store that tells at once delays nobody");

        let (tell, telling) = oneshot::channel();
        let end = ends.ask(async move { telling.await.map_err(|_| Error::unavailable("it went away")) }.boxed());
        assert!(ends.told().now_or_never().is_none());
        tell.send(head).unwrap();
        // Also where nobody asks for the answer.
        ends.told().await;
        assert_eq!(end.await.unwrap(), head);

        let (tell, telling) = oneshot::channel::<Head>();
        let end = ends.ask(async move { telling.await.map_err(|_| Error::unavailable("it went away")) }.boxed());
        drop(tell);
        ends.told().await;
        assert_eq!(end.await.unwrap_err().code(), "unavailable");
    }
}
