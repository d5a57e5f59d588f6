//! Pages of any kind of row, as `strongroom._pages` iterates over them.

use std::future::Future;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use strongroom::error::{Error, Result};
use strongroom::model::page::Page;

use crate::args::host;
use crate::runtime;

type Rows = Box<dyn FnOnce(Python<'_>) -> PyResult<Py<PyAny>> + Send>;
type Next = Arc<dyn Fn() -> BoxFuture<'static, Result<Erased>> + Send + Sync>;
type First = BoxFuture<'static, Result<Erased>>;

/// A page whose rows no longer show their type, and become Python's once there is an interpreter to make them with.
pub(crate) struct Erased {
    rows: Rows,
    cursor: Option<String>,
    has_more: bool,
    next: Option<Next>,
}

impl Erased {
    fn new<C, T>(page: Page<C>) -> Self
    where
        C: Send + 'static,
        T: From<C> + for<'py> IntoPyObject<'py> + 'static,
    {
        let Page { data, cursor, has_more, next } = page;
        Self {
            rows: Box::new(|py| data.into_iter().map(T::from).collect::<Vec<_>>().into_py_any(py)),
            cursor,
            has_more,
            next: next.map(|next| -> Next {
                Arc::new(move || {
                    let page = next();
                    Box::pin(async move { page.await.map(Self::new::<C, T>) })
                })
            }),
        }
    }
}

impl<'py> IntoPyObject<'py> for Erased {
    type Target = RawPage;
    type Output = Bound<'py, RawPage>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let Self { rows, cursor, has_more, next } = self;
        Bound::new(py, RawPage { data: rows(py)?, cursor, has_more, next })
    }
}

/// One page, and how to fetch the one after it.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct RawPage {
    #[pyo3(get)]
    data: Py<PyAny>,
    #[pyo3(get)]
    cursor: Option<String>,
    #[pyo3(get)]
    has_more: bool,
    next: Option<Next>,
}

#[pymethods]
impl RawPage {
    /// Fetches the page after this one, or answers `None` at the end.
    fn next_page(&self, py: Python<'_>) -> PyResult<Option<Erased>> {
        self.next.as_ref().map(|next| runtime::block(py, next())).transpose()
    }

    /// The same as an asyncio future.
    fn next_page_async<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.next.as_ref().map(|next| runtime::spawn(py, next())).transpose()
    }
}

/// A page that nobody has asked for yet.
#[pyclass(frozen, module = "strongroom._native")]
pub(crate) struct FirstPage(Mutex<Option<First>>);

#[pymethods]
impl FirstPage {
    /// Fetches it, once.
    fn fetch<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let first = self.0.lock().ok().and_then(|mut first| first.take()).ok_or_else(|| {
            crate::error::raise(Error::invalid_argument(
                "this list was awaited or iterated over already: call list() again, or keep the page that it gave",
            ))
        })?;
        runtime::spawn(py, first)
    }
}

fn dress<'py>(py: Python<'py>, class: &str, raw: impl IntoPyObject<'py>) -> PyResult<Bound<'py, PyAny>> {
    host(py, "_pages", class)?.call1((raw.into_bound_py_any(py)?,))
}

/// The first page, a `Page`.
pub(crate) fn block<C, T>(
    py: Python<'_>,
    work: impl Future<Output = Result<Page<C>>> + Send,
) -> PyResult<Bound<'_, PyAny>>
where
    C: Send + 'static,
    T: From<C> + for<'py> IntoPyObject<'py> + 'static,
{
    dress(py, "Page", Erased::new::<C, T>(runtime::block(py, work)?))
}

/// The list to come, a `Pages`, which is awaited or iterated over.
pub(crate) fn lazily<C, T>(
    py: Python<'_>,
    work: impl Future<Output = Result<Page<C>>> + Send + 'static,
) -> PyResult<Bound<'_, PyAny>>
where
    C: Send + 'static,
    T: From<C> + for<'py> IntoPyObject<'py> + 'static,
{
    let first: First = Box::pin(async move { work.await.map(Erased::new::<C, T>) });
    dress(py, "Pages", FirstPage(Mutex::new(Some(first))))
}
