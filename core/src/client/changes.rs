//! `client.changes`: what is new.

use std::collections::VecDeque;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, watch};

use super::{Client, check, closed as client_closed};
use crate::backend::{ChangeRequest, not_yet};
use crate::error::{Error, Result};
use crate::model::change::{Change, ChangeFilter, ChangePage};

const MAX_PAGE: u32 = 5_000;
const PAGE: u32 = 500;

/// The change feed of the vaults the caller may see.
#[derive(Clone, Debug)]
pub struct Changes(pub(super) Client);

impl Changes {
    /// The feed's end. Take it before a first scan, and watch from it afterwards.
    pub async fn cursor(&self) -> Result<String> {
        self.0.run("changes.cursor", self.0.backend.end_of_changes()).await
    }

    /// A page of changes, oldest first.
    pub async fn list(&self, filter: ChangeFilter) -> Result<ChangePage> {
        self.0
            .run("changes.list", async {
                let (from, mut request) = request(filter, "start")?;
                request.after = match from {
                    From::Start => None,
                    From::Cursor(cursor) => Some(cursor),
                    From::Now => Some(self.0.backend.end_of_changes().await?),
                };
                self.0.backend.list_changes(request).await
            })
            .await
    }

    /// Follows the feed: changes that come after `filter.after`, `now` by default, which is the moment of this call.
    pub fn watch(&self, filter: ChangeFilter) -> Result<ChangeFeed> {
        let (from, request) = request(filter, "now").map_err(|error| error.in_operation("changes.watch"))?;
        let start: BoxFuture<'static, Result<Option<String>>> = match from {
            From::Start => Box::pin(std::future::ready(Ok(None))),
            From::Cursor(cursor) => Box::pin(std::future::ready(Ok(Some(cursor)))),
            From::Now => {
                let end = self.0.backend.end_of_changes();
                Box::pin(async move { end.await.map(Some) })
            }
        };
        let (closed, _) = watch::channel(false);
        let following = Following { request, start: Some(start), waiting: VecDeque::new() };
        Ok(ChangeFeed {
            client: self.0.clone(),
            following: Mutex::new(following),
            closed,
            cursor: std::sync::Mutex::new(None),
        })
    }

    /// A durable position in the feed, kept by the store.
    pub fn consumer(&self, _name: &str) -> Result<ChangeFeed> {
        Err(not_yet("changes.consumer", "keep the cursor of changes.watch yourself").in_operation("changes.consumer"))
    }
}

enum From {
    Start,
    Now,
    Cursor(String),
}

fn request(filter: ChangeFilter, default: &str) -> Result<(From, ChangeRequest)> {
    let ChangeFilter { after, vaults, kinds, limit } = filter;
    let limit = limit.unwrap_or(PAGE);
    if limit == 0 || limit > MAX_PAGE {
        return Err(Error::argument("limit", format!("it is {limit}: use 1 to {MAX_PAGE}")));
    }
    let after = check::required("after", after.unwrap_or_else(|| default.to_owned()), 4096)?;
    let from = match after.as_str() {
        "start" => From::Start,
        "now" => From::Now,
        _ => From::Cursor(after),
    };
    let vaults = vaults.map(|ids| ids.iter().map(|id| id.parse()).collect::<Result<_>>()).transpose()?;
    let kinds = kinds.map(|kinds| kinds.iter().map(|kind| kind.parse()).collect::<Result<_>>()).transpose()?;
    Ok((from, ChangeRequest { after: None, vaults, kinds, limit }))
}

struct Following {
    request: ChangeRequest,
    start: Option<BoxFuture<'static, Result<Option<String>>>>,
    waiting: VecDeque<Change>,
}

/// Changes as they come, each once and in order.
pub struct ChangeFeed {
    client: Client,
    following: Mutex<Following>,
    closed: watch::Sender<bool>,
    cursor: std::sync::Mutex<Option<String>>,
}

impl ChangeFeed {
    /// The next change; `None` once the feed is closed, `Unauthenticated` once its client is.
    ///
    /// Cancel safe: a change is handed out or stays for the next call.
    pub async fn next(&self) -> Result<Option<Change>> {
        let mut closed = self.closed.subscribe();
        if *closed.borrow_and_update() {
            return Ok(None);
        }
        let mut of_client = self.client.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.changed() => Ok(None),
            _ = of_client.wait_for(|closed| *closed) => Err(client_closed().in_operation("changes.watch")),
            change = self.follow() => change.map(Some).map_err(|error| self.client.told(error).in_operation("changes.watch")),
        }
    }

    async fn follow(&self) -> Result<Change> {
        self.client.usable()?;
        let mut following = self.following.lock().await;
        if let Some(start) = following.start.as_mut() {
            let after = start.await?;
            following.start = None;
            self.keep(after.as_deref());
            following.request.after = after;
        }
        loop {
            if let Some(change) = following.waiting.pop_front() {
                self.keep(Some(&change.cursor));
                return Ok(change);
            }
            let page = self.client.backend.list_changes(following.request.clone()).await?;
            following.request.after = Some(page.cursor.clone());
            if page.data.is_empty() {
                self.keep(Some(&page.cursor));
                if !page.has_more {
                    self.client.backend.wait_for_changes(&page.cursor).await?;
                }
            }
            following.waiting.extend(page.data);
        }
    }

    fn keep(&self, cursor: Option<&str>) {
        if let Ok(mut kept) = self.cursor.lock() {
            *kept = cursor.map(str::to_owned);
        }
    }

    /// Continues after the last change handed out; `None` before the first, when watching from the start.
    pub fn cursor(&self) -> Option<String> {
        self.cursor.lock().ok().and_then(|cursor| cursor.clone())
    }

    /// Ends the feed, from any thread: a call that waits returns `None`.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}
