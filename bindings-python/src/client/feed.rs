//! What `changes.watch` answers.

use std::sync::Arc;

use pyo3::exceptions::PyStopAsyncIteration;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use strongroom::client::changes as core;

use crate::error::carry;
use crate::records::change::Change;
use crate::runtime::{block, spawn};

macro_rules! feed {
    ($class:ident) => {
        /// Changes as they come, each once and in order. Ends by `close()`, from any thread.
        #[pyclass(frozen, module = "strongroom")]
        pub(crate) struct $class(Arc<core::ChangeFeed>);

        impl $class {
            pub(super) fn new(feed: core::ChangeFeed) -> Self {
                Self(Arc::new(feed))
            }
        }

        #[pymethods]
        impl $class {
            /// Continues after the last change handed out; `None` before the first, when watching from the start.
            #[getter]
            fn cursor(&self) -> Option<String> {
                self.0.cursor()
            }

            /// Ends the feed at once: whoever waits for a change comes to the end. Never awaited.
            fn close(&self) {
                self.0.close();
            }
        }
    };
}

feed!(ChangeFeed);
feed!(AsyncChangeFeed);

#[pymethods]
impl ChangeFeed {
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

#[pymethods]
impl AsyncChangeFeed {
    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let feed = Arc::clone(&self.0);
        spawn(py, async move {
            let change = feed.next().await?.map(Change::from);
            change.ok_or_else(|| carry(PyStopAsyncIteration::new_err(())))
        })
    }

    fn __aenter__<'py>(slf: Py<Self>, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        spawn(py, async move { Ok(slf) })
    }

    #[pyo3(signature = (*_why))]
    fn __aexit__<'py>(&self, py: Python<'py>, _why: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        self.0.close();
        spawn(py, async move { Ok(crate::args::Nothing) })
    }
}
