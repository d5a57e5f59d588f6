//! From Python's arguments to the core's.

use std::time::Duration;

use chrono::{DateTime, Utc};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyMapping, PyTzInfo};
use strongroom::error::{Error, Result};

use crate::error::carry;

/// What the package's Python half has under this name.
pub(crate) fn host<'py>(py: Python<'py>, module: &str, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import(format!("strongroom.{module}"))?.getattr(name)
}

/// Nothing, which is `None`.
pub(crate) struct Nothing;

impl From<()> for Nothing {
    fn from((): ()) -> Self {
        Self
    }
}

impl<'py> IntoPyObject<'py> for Nothing {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = std::convert::Infallible;

    fn into_pyobject(self, py: Python<'py>) -> std::result::Result<Self::Output, Self::Error> {
        Ok(py.None().into_bound(py))
    }
}

/// Who has which role: a dict from e-mail or id to role.
#[derive(Clone, Default)]
pub(crate) struct Access(pub(crate) Vec<(String, String)>);

impl PartialEq for Access {
    fn eq(&self, other: &Self) -> bool {
        let sorted = |access: &Self| {
            let mut rows = access.0.clone();
            rows.sort_unstable();
            rows
        };
        sorted(self) == sorted(other)
    }
}

impl FromPyObject<'_, '_> for Access {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        let mapping =
            object.cast::<PyMapping>().map_err(|_| PyTypeError::new_err("a dict from who to role is needed"))?;
        mapping.items()?.extract().map(Self)
    }
}

impl<'py> IntoPyObject<'py> for Access {
    type Target = PyDict;
    type Output = Bound<'py, PyDict>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let dict = PyDict::new(py);
        for (who, role) in self.0 {
            dict.set_item(who, role)?;
        }
        Ok(dict)
    }
}

/// One text or several.
#[derive(FromPyObject)]
pub(crate) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl From<Texts> for Vec<String> {
    fn from(texts: Texts) -> Self {
        match texts {
            Texts::One(text) => vec![text],
            Texts::Several(texts) => texts,
        }
    }
}

/// The instant of an aware datetime; a naive one is refused, for it may mean any.
pub(crate) fn instant(name: &str, at: Option<&Bound<'_, PyAny>>) -> Result<Option<DateTime<Utc>>> {
    let Some(at) = at else { return Ok(None) };
    let py = at.py();
    let at = at
        .cast::<PyDateTime>()
        .map_err(|_| Error::argument(name, "it is not a datetime: give a timezone-aware one"))?;
    if at.call_method0("utcoffset").map_err(carry)?.is_none() {
        return Err(Error::argument(
            name,
            "this datetime has no timezone, so it names no instant: give one such as datetime.now(timezone.utc)",
        ));
    }
    let utc = PyTzInfo::utc(py).map_err(carry)?;
    at.call_method1("astimezone", (utc,)).and_then(|at| at.extract()).map(Some).map_err(|raised| {
        if raised.is_instance_of::<PyOverflowError>(py) {
            Error::argument(name, "this datetime is beyond the years 1 to 9999 in UTC: give one that is within")
        } else {
            carry(raised)
        }
    })
}

/// A whole number, if the core can count so far.
pub(crate) fn whole<T: TryFrom<i128>>(name: &str, number: Option<i128>) -> Result<Option<T>> {
    number
        .map(|number| {
            number.try_into().map_err(|_| {
                let bound = if number < 0 { "one that is not below zero" } else { "a smaller one" };
                Error::argument(name, format!("it is {number}: give {bound}"))
            })
        })
        .transpose()
}

/// A span of seconds.
pub(crate) fn seconds(name: &str, seconds: Option<f64>) -> Result<Option<Duration>> {
    seconds
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|_| Error::argument(name, format!("it is {seconds}: give seconds above zero")))
        })
        .transpose()
}
