//! What every result can do: be made from the core's, print itself, and become a dict, with secrets masked.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// What stands where a secret would.
const MASK: &str = "***";

/// A result's name and fields, in the order they are shown.
pub(crate) trait Record {
    const NAME: &'static str;
    const FIELDS: &'static [&'static str];

    /// Whether this field's value is a secret.
    fn masks(&self, _field: &str) -> bool {
        false
    }
}

/// `Name(field=value, …)`.
pub(crate) fn repr<R: Record>(record: &R, object: &Bound<'_, PyAny>) -> PyResult<String> {
    let mut fields = Vec::with_capacity(R::FIELDS.len());
    for field in R::FIELDS {
        fields.push(format!("{field}={}", shown(record, object, field)?));
    }
    Ok(format!("{}({})", R::NAME, fields.join(", ")))
}

/// A table of two columns, for notebooks.
pub(crate) fn html<R: Record>(record: &R, object: &Bound<'_, PyAny>) -> PyResult<String> {
    let escape = object.py().import("html")?.getattr("escape")?;
    let mut rows = String::new();
    for field in R::FIELDS {
        let value: String = escape.call1((shown(record, object, field)?,))?.extract()?;
        rows.extend(["<tr><th>", *field, "</th><td>", &value, "</td></tr>"]);
    }
    Ok(format!("<table><caption>{}</caption>{rows}</table>", R::NAME))
}

fn shown<R: Record>(record: &R, object: &Bound<'_, PyAny>, field: &str) -> PyResult<String> {
    let value = object.getattr(field)?;
    if record.masks(field) && !value.is_none() {
        return Ok(MASK.to_owned());
    }
    Ok(value.repr()?.to_string())
}

/// The fields by name; secrets are masked unless `reveal`.
pub(crate) fn dict<'py, R: Record>(
    record: &R,
    object: &Bound<'py, PyAny>,
    reveal: bool,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(object.py());
    for field in R::FIELDS {
        let value = object.getattr(*field)?;
        if record.masks(field) && !reveal && !value.is_none() {
            dict.set_item(field, MASK)?;
        } else {
            dict.set_item(field, plain(&value, reveal)?)?;
        }
    }
    Ok(dict)
}

fn plain<'py>(value: &Bound<'py, PyAny>, reveal: bool) -> PyResult<Bound<'py, PyAny>> {
    if let Ok(list) = value.cast::<PyList>() {
        let plain = list.iter().map(|value| plain(&value, reveal)).collect::<PyResult<Vec<_>>>()?;
        return Ok(PyList::new(value.py(), plain)?.into_any());
    }
    match value.getattr_opt("_dict")? {
        Some(dict) => dict.call1((reveal,)),
        None => Ok(value.clone()),
    }
}

/// Why a result is neither pickled nor copied.
pub(crate) fn keep(name: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{name} is neither pickled nor copied, for it may hold secrets: it never changes, so share it, or take what you need from to_dict()"
    ))
}

/// Writes what every result has: printing, `to_dict()`, and the refusal to be pickled or copied.
macro_rules! record {
    ($class:ident { $($field:ident),* $(,)? } $(masks $masks:expr)?) => {
        impl $crate::record::Record for $class {
            const NAME: &'static str = stringify!($class);
            const FIELDS: &'static [&'static str] = &[$($crate::record::record!(@name $field)),*];

            $(fn masks(&self, field: &str) -> bool {
                let masks: fn(&Self, &str) -> bool = $masks;
                masks(self, field)
            })?
        }

        #[pyo3::pymethods]
        impl $class {
            fn __repr__(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::record::repr(slf.get(), slf.as_any())
            }

            fn _repr_html_(slf: &pyo3::Bound<'_, Self>) -> pyo3::PyResult<String> {
                $crate::record::html(slf.get(), slf.as_any())
            }

            fn _dict<'py>(slf: &pyo3::Bound<'py, Self>, reveal: bool) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::record::dict(slf.get(), slf.as_any(), reveal)
            }

            /// The fields by name, nested results as dicts too. Concealed values are masked.
            fn to_dict<'py>(slf: &pyo3::Bound<'py, Self>) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::types::PyDict>> {
                $crate::record::dict(slf.get(), slf.as_any(), false)
            }

            fn __reduce__(&self) -> pyo3::PyResult<()> {
                Err($crate::record::keep(stringify!($class)))
            }

            fn __reduce_ex__(&self, _protocol: i64) -> pyo3::PyResult<()> {
                Err($crate::record::keep(stringify!($class)))
            }

            fn __copy__(&self) -> pyo3::PyResult<()> {
                Err($crate::record::keep(stringify!($class)))
            }

            fn __deepcopy__(&self, _memo: &pyo3::Bound<'_, pyo3::PyAny>) -> pyo3::PyResult<()> {
                Err($crate::record::keep(stringify!($class)))
            }
        }
    };
    (@name r#type) => { "type" };
    (@name $field:ident) => { stringify!($field) };
}

/// Writes `From` the core's struct, and [`record!`].
///
/// After a field's name stands how its value changes: `text` for what prints itself, `word` for an enum's `as_str`, `hash` for 32 bytes,
/// `maybe text` and `maybe word` for an `Option` of these, `into`, `each` for a list, `maybe into`; nothing where it stays.
///
/// "pattern requires `..`" or "pattern does not mention" here means: the core's struct has a field that this line
/// does not name. Name it here and declare it in the class.
macro_rules! from_core {
    ($core:ty => $class:ident { $($field:ident $(: $how:ident $($what:ident)?)?),* $(,)? } $(masks $masks:expr)?) => {
        const _: () = {
            type Core = $core;

            impl From<Core> for $class {
                fn from(core: Core) -> Self {
                    let Core { $($field),* } = core;
                    Self { $($field: $crate::record::from_core!(@value $field $($how $($what)?)?)),* }
                }
            }
        };

        $crate::record::record!($class { $($field),* } $(masks $masks)?);
    };
    (@value $field:ident) => { $field };
    (@value $field:ident text) => { $field.to_string() };
    (@value $field:ident word) => { $field.as_str().to_owned() };
    (@value $field:ident hash) => { format!("{:?}", $field) };
    (@value $field:ident into) => { $field.into() };
    (@value $field:ident each) => { $field.into_iter().map(Into::into).collect() };
    (@value $field:ident maybe text) => { $field.map(|value| value.to_string()) };
    (@value $field:ident maybe word) => { $field.map(|value| value.as_str().to_owned()) };
    (@value $field:ident maybe into) => { $field.map(Into::into) };
}

pub(crate) use {from_core, record};
