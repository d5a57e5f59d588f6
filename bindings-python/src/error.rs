//! From the core's error to the exception classes of `strongroom.errors`.

use std::error::Error as _;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::error::{Error, Result};

use crate::args::host;

/// The exception for an error: what Python itself raised below it as it is, else the class of its code.
pub(crate) fn raise(error: Error) -> PyErr {
    Python::attach(|py| exception(py, &error).unwrap_or_else(|failure| failure))
}

fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(raised) = cause.downcast_ref::<PyErr>() {
            return Ok(raised.clone_ref(py));
        }
        source = cause.source();
    }
    let class = host(py, "errors", "BY_CODE")?.get_item(error.code())?;
    let kwargs = PyDict::new(py);
    kwargs.set_item("operation", error.operation())?;
    if let Some(id) = error.existing() {
        kwargs.set_item("id", id)?;
    }
    if let Some(wait) = error.retry_after() {
        kwargs.set_item("retry_after", wait.as_secs_f64())?;
    }
    Ok(PyErr::from_value(class.call((error.message(),), Some(&kwargs))?))
}

/// Carries what Python raised through the core, where it stops the operation, out to [`raise`].
pub(crate) fn carry(raised: PyErr) -> Error {
    Error::invalid_argument("what was passed in raised an exception").caused_by(raised)
}

/// A row that may have failed by itself: the result, or the exception, not raised.
pub(crate) enum Row<T> {
    Done(T),
    Failed(Error),
}

impl<T> Row<T> {
    pub(crate) fn all<C>(rows: Vec<Result<C>>) -> Vec<Self>
    where
        T: From<C>,
    {
        rows.into_iter()
            .map(|row| match row {
                Ok(done) => Self::Done(done.into()),
                Err(error) => Self::Failed(error),
            })
            .collect()
    }
}

impl<'py, T: IntoPyObject<'py>> IntoPyObject<'py> for Row<T> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        match self {
            Self::Done(done) => done.into_bound_py_any(py),
            Self::Failed(error) => exception(py, &error)?.into_bound_py_any(py),
        }
    }
}
