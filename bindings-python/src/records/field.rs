//! Fields of items.

use pyo3::prelude::*;
use strongroom::model::field as core;
use strongroom::model::secret::Secret;

use crate::error::raise;
use crate::record::record;

/// A field of an item. (section, label) is unique in an item.
///
/// `label`: 1 to 1,024 bytes. `value`: at most 1 MiB. `type`: `text`, or `concealed`, `email`, `url`, `totp`, `date`,
/// `month_year`, `phone`, `address`, `ssh_key`, `reference`, `credit_card_number`, `credit_card_type`, `menu`.
/// `section`: the section it stands in; `None` is the item itself.
///
/// >>> Field("password", "hunter2", type="concealed")
/// Field(label='password', value=***, type='concealed', section=None)
#[pyclass(frozen, eq, from_py_object, module = "strongroom")]
#[derive(Clone, PartialEq)]
pub(crate) struct Field(core::Field);

record!(Field { label, value, r#type, section } masks |field, name| name == "value" && field.0.field_type.is_concealed());

#[pymethods]
impl Field {
    #[new]
    #[pyo3(signature = (label, value, r#type="text", section=None))]
    fn new(label: String, value: String, r#type: &str, section: Option<String>) -> PyResult<Self> {
        let field_type = r#type.parse().map_err(raise)?;
        Ok(Self(core::Field { label, value: Secret::new(value), field_type, section }))
    }

    /// Its name.
    #[getter]
    fn label(&self) -> &str {
        &self.0.label
    }

    /// Its value, in plain.
    #[getter]
    fn value(&self) -> &str {
        self.0.value.expose()
    }

    /// What the value is; `concealed`, `totp`, `ssh_key` and `credit_card_number` are masked when printed.
    #[getter]
    fn r#type(&self) -> &'static str {
        self.0.field_type.as_str()
    }

    /// The section it stands in; `None` is the item itself.
    #[getter]
    fn section(&self) -> Option<&str> {
        self.0.section.as_deref()
    }
}

impl Field {
    /// Whether this is the field of that name.
    pub(super) fn is(&self, label: &str, section: Option<&str>) -> bool {
        self.0.label == label && self.0.section.as_deref() == section
    }
}

impl From<core::Field> for Field {
    fn from(field: core::Field) -> Self {
        Self(field)
    }
}

impl From<Field> for core::Field {
    fn from(field: Field) -> Self {
        field.0
    }
}
