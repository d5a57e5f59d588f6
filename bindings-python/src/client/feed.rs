//! What `changes.watch` answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use strongroom::client::changes as core;
use strongroom::model::change::Change as CoreChange;

use crate::records::change::Change;
use crate::runtime::{block, spawn};

/// Changes as they come, each once and in order. Ends by `close()`, from any thread. A context manager too.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct ChangeFeed(pub(super) core::ChangeFeed);

#[pymethods]
impl ChangeFeed {
    /// Continues after the last change handed out; `None` before the first, when watching from the start.
    #[getter]
    fn cursor(&self) -> Option<String> {
        self.0.cursor()
    }

    /// Ends the feed at once: whoever waits for a change comes to the end.
    fn close(&self) {
        self.0.close();
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Change>> {
        Ok(block(py, self.0.next())?.map(Change::from))
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_why))]
    fn __exit__(&self, _why: &Bound<'_, PyTuple>) {
        self.0.close();
    }
}

/// A change that came and that nobody has taken yet, and the cursor before it.
type Waiting = Option<(CoreChange, Option<String>)>;

/// What `AsyncChangeFeed` stands on.
///
/// An await may be cancelled after its change came and before Python has it. So the change waits here until it is taken, which
/// takes no await, and the cursor stays before it until then.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct RawFeed(Arc<Inner>);

struct Inner {
    feed: core::ChangeFeed,
    waiting: Mutex<Waiting>,
    turn: tokio::sync::Mutex<()>,
}

impl Inner {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RawFeed {
    pub(super) fn new(feed: core::ChangeFeed) -> Self {
        Self(Arc::new(Inner { feed, waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }))
    }
}

#[pymethods]
impl RawFeed {
    #[getter]
    fn cursor(&self) -> Option<String> {
        match &*self.0.waiting() {
            Some((_, before)) => before.clone(),
            None => self.0.feed.cursor(),
        }
    }

    fn close(&self) {
        self.0.feed.close();
    }

    /// Waits until a change can be taken: whether one can, or the feed is closed.
    fn ready<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let inner = Arc::clone(&self.0);
        spawn(py, async move {
            let _turn = inner.turn.lock().await;
            if inner.waiting().is_some() {
                return Ok(true);
            }
            let before = inner.feed.cursor();
            let change = inner.feed.next().await?;
            let came = change.is_some();
            *inner.waiting() = change.map(|change| (change, before));
            Ok(came)
        })
    }

    /// The change that waits, if one does.
    fn take(&self) -> Option<Change> {
        self.0.waiting().take().map(|(change, _)| change.into())
    }
}
