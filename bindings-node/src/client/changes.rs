//! `client.changes`, and what `changes.watch` answers.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use napi::Env;
use napi_derive::napi;
use strongroom::client::changes as core;
use strongroom::error::{Error, Result};
use strongroom::model::change::{Change as CoreChange, ChangeFilter, ChangePage};
use strongroom::model::page::{NextPage, Page};

use crate::args::{CallOptions, Given, Options, options, whole};
use crate::error::raise;
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::change::{Change, NextChange};

options! {
    /// What `changes.list` takes by name.
    #[derive(Default)]
    ListChanges {
        ;
        /// `start`, `now` or a cursor; `start` by default.
        after: String,
        /// Ids; all the caller may see by default.
        vaults: Vec<String>,
        /// Such as `item.created`; all by default.
        #[napi(ts_type = "ChangeKind[]")]
        kinds: Vec<String>,
        /// The most rows of a page, 1 to 5,000; 500 by default.
        limit: f64,
    }
}

options! {
    /// What `changes.watch` takes by name.
    #[derive(Default)]
    WatchChanges {
        ;
        /// `start`, `now` or a cursor; `now` by default, which is the moment of the call.
        after: String,
        /// Ids; all the caller may see by default.
        vaults: Vec<String>,
        /// Such as `item.created`; all by default.
        #[napi(ts_type = "ChangeKind[]")]
        kinds: Vec<String>,
    }
}

options! {
    /// What `changes.consumer` takes by name.
    #[derive(Default)]
    ConsumeChanges {
        ;
        /// Where a new one begins: `start`, `now` or a cursor.
        start: String,
        /// Ids; all the caller may see by default.
        vaults: Vec<String>,
        /// Such as `file.attached`; all by default.
        #[napi(ts_type = "ChangeKind[]")]
        kinds: Vec<String>,
        /// Seconds after which a change that was not acknowledged comes again.
        lease: f64,
    }
}

ops! {
    /// The change feed of the vaults the caller may see.
    core::Changes as "changes." => Changes;

    /// Answers the feed's end. Take it before a first scan, and watch from it afterwards.
    cursor(; options: Option<CallOptions>) -> Promise<String> |core| { async move { core.cursor().await } }

    /// Answers a page of changes, oldest first.
    list(; options: Option<Options<ListChanges>>) -> Pages<Change> |core| {
        let ListChanges { after, vaults, kinds, limit } = options;
        page(core, ChangeFilter { after, vaults, kinds, limit: whole("limit", limit)? })
    }
}

/// A page and the way to the others, which the feed's cursor is.
fn page(core: core::Changes, filter: ChangeFilter) -> BoxFuture<'static, Result<Page<CoreChange>>> {
    Box::pin(async move {
        let ChangePage { data, cursor, has_more } = core.list(filter.clone()).await?;
        let mut rest = filter;
        rest.after = Some(cursor.clone());
        Ok(Page {
            data,
            cursor: Some(cursor),
            has_more,
            next: has_more.then(|| -> NextPage<CoreChange> { Arc::new(move || page(core.clone(), rest.clone())) }),
        })
    })
}

#[napi]
impl Changes {
    /// Follows the feed: changes as they come, each once and in order, until the feed is closed or `signal` ends it. Never awaited.
    #[napi(ts_return_type = "ChangeFeed")]
    pub fn watch(&self, env: &Env, options: Option<Options<WatchChanges>>) -> napi::Result<RawFeed> {
        let (WatchChanges { after, vaults, kinds }, _) = options.given();
        let feed = self.0.watch(ChangeFilter { after, vaults, kinds, limit: None });
        feed.map(RawFeed::new).map_err(|error| raise(env, error))
    }

    /// Makes or continues a durable position in the feed, the caller's own, at least once. Never awaited.
    #[napi(ts_return_type = "ChangeFeed")]
    pub fn consumer(&self, env: &Env, name: String, options: Option<Options<ConsumeChanges>>) -> napi::Result<RawFeed> {
        let (ConsumeChanges { start, vaults, kinds, lease }, _) = options.given();
        let _ = (start, vaults, kinds, lease);
        self.0.consumer(&name).map(RawFeed::new).map_err(|error: Error| raise(env, error))
    }
}

ops! {
    /// What a `ChangeFeed` of JavaScript stands on.
    Arc<core::ChangeFeed> as "changes.watch." => RawFeed;

    /// The next change, or nothing once the feed is closed.
    (skip_typescript)
    take(; options: Option<CallOptions>) -> Promise<NextChange> |core| { async move { core.next().await } }
}

impl RawFeed {
    fn new(feed: core::ChangeFeed) -> Self {
        Self(Arc::new(feed))
    }
}

#[napi]
impl RawFeed {
    #[napi(getter, skip_typescript)]
    pub fn cursor(&self) -> Option<String> {
        self.0.cursor()
    }

    #[napi(skip_typescript)]
    pub fn close(&self) {
        self.0.close();
    }
}
