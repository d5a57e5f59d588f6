//! Fields of items.

use napi::Env;
use napi_derive::napi;
use strongroom::error::{Error, Result};
use strongroom::model::field as core;
use strongroom::model::secret::Secret;

use crate::args::options;
use crate::error::raise;
use crate::record::Shown;

/// A field, as JavaScript makes a `Field` of it.
#[napi(object, object_from_js = false)]
pub struct RawField {
    pub label: String,
    pub value: String,
    pub r#type: String,
    pub section: Option<String>,
}

impl Shown<RawField> for core::Field {
    fn shown(self) -> RawField {
        let core::Field { label, value, field_type, section } = self;
        RawField { label, value: value.shown(), r#type: field_type.shown(), section }
    }
}

options! {
    /// A field to set: a `Field`, or a plain object of the same names.
    NewField {
        /// Its name, 1 to 1,024 bytes.
        label: String,
        /// Its value, at most 1 MiB.
        value: String,
        ;
        /// What the value is; `text` by default.
        #[napi(ts_type = "FieldType")]
        r#type: String,
        /// The section it stands in; the item itself by default.
        section: String,
    }
}

impl TryFrom<NewField> for core::Field {
    type Error = Error;

    fn try_from(field: NewField) -> Result<Self> {
        let NewField { label, value, r#type, section } = field;
        let field_type = r#type.as_deref().unwrap_or(core::FieldType::Text.as_str()).parse()?;
        Ok(Self { label, value: Secret::new(value), field_type, section })
    }
}

/// The core's fields of these.
pub(crate) fn fields(fields: Option<Vec<NewField>>) -> Result<Vec<core::Field>> {
    fields.unwrap_or_default().into_iter().map(TryInto::try_into).collect()
}

/// Whether values of this type are masked wherever they are printed.
#[napi(skip_typescript)]
pub fn is_concealed(env: &Env, r#type: String) -> napi::Result<bool> {
    r#type.parse().map(core::FieldType::is_concealed).map_err(|error| raise(env, error))
}
