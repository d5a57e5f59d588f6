//! `client.changes`.

use futures_util::future::BoxFuture;
use pyo3::prelude::*;
use strongroom::client::changes as core;
use strongroom::error::Result;
use strongroom::model::change::{Change as CoreChange, ChangeFilter, ChangePage};
use strongroom::model::page::Page;

use super::feed::{ChangeFeed, RawFeed};
use crate::args::{host, whole};
use crate::error::raise;
use crate::ops::ops;
use crate::records::change::Change;

ops! {
    /// The change feed of the vaults the caller may see.
    core::Changes as "changes." => Changes, AsyncChanges;

    /// Answers the feed's end. Take it before a first scan, and watch from it afterwards.
    ///
    /// >>> isinstance(client.changes.cursor(), str)
    /// True
    call cursor()[] -> String |core| { async move { core.cursor().await } }

    /// Answers a page of changes, oldest first.
    ///
    /// `after`: `start`, `now` or a cursor; `start` by default. `vaults`: ids; all the caller may see by default.
    /// `kinds`: such as `item.created`; all by default. `limit`: the most rows of a page, 1 to 5,000, 500 by default.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> [change.kind for change in client.changes.list(after="start", vaults=[vault.id])][0]
    /// 'vault.created'
    list list(*, after=None, vaults=None, kinds=None, limit=None)[
        after: Option<String>, vaults: Option<Vec<String>>, kinds: Option<Vec<String>>, limit: Option<i128>,
    ] -> Change |core| {
        let limit = whole("limit", limit)?;
        page(core, ChangeFilter { after, vaults, kinds, limit })
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
            next: has_more.then(|| -> strongroom::model::page::NextPage<CoreChange> {
                std::sync::Arc::new(move || page(core.clone(), rest.clone()))
            }),
        })
    })
}

fn watch(core: &core::Changes, filter: ChangeFilter) -> PyResult<core::ChangeFeed> {
    core.watch(filter).map_err(raise)
}

macro_rules! watching {
    ($class:ident, $feed:ty, |$py:ident, $core:ident| $dressed:expr) => {
        #[pymethods]
        impl $class {
            /// Follows the feed: changes as they come, each once and in order, until the feed is closed. Never awaited.
            ///
            /// `after`: `start`, `now` or a cursor; `now` by default, which is the moment of this call.
            /// `vaults`: ids; all the caller may see by default. `kinds`: such as `item.created`; all by default.
            #[pyo3(signature = (*, after=None, vaults=None, kinds=None))]
            fn watch<'py>(
                &self,
                $py: Python<'py>,
                after: Option<String>,
                vaults: Option<Vec<String>>,
                kinds: Option<Vec<String>>,
            ) -> PyResult<Bound<'py, $feed>> {
                let $core = watch(&self.0, ChangeFilter { after, vaults, kinds, limit: None })?;
                $dressed
            }

            /// Makes or continues a durable position in the feed, the caller's own, at least once. Never awaited.
            ///
            /// `start`: where a new one begins. `lease`: seconds after which an unacknowledged change comes again.
            #[pyo3(signature = (name, *, start=None, vaults=None, kinds=None, lease=None))]
            fn consumer<'py>(
                &self,
                $py: Python<'py>,
                name: &str,
                start: Option<String>,
                vaults: Option<Vec<String>>,
                kinds: Option<Vec<String>>,
                lease: Option<f64>,
            ) -> PyResult<Bound<'py, $feed>> {
                let _ = (start, vaults, kinds, lease);
                let $core = self.0.consumer(name).map_err(raise)?;
                $dressed
            }
        }
    };
}

watching!(Changes, ChangeFeed, |py, core| Bound::new(py, ChangeFeed(core)));
watching!(AsyncChanges, PyAny, |py, core| host(py, "_feed", "AsyncChangeFeed")?.call1((RawFeed::new(core),)));
