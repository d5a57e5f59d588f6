//! Items.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use strongroom::model::item as core;

use super::field::Field;
use super::file::File;
use crate::record::{dict, from_core};

/// An item with all it holds.
#[pyclass(frozen, get_all, eq, module = "strongroom")]
#[derive(Clone, PartialEq)]
pub(crate) struct Item {
    /// `itm_…`.
    id: String,
    /// The id of the vault it is in.
    vault_id: String,
    /// Its title.
    title: String,
    /// What it is, in 1Password's words: `login`, `secure_note`, `document`, …
    category: String,
    /// Its fields, in the order they were added.
    fields: Vec<Field>,
    /// Its notes.
    notes: String,
    /// Its tags, in order.
    tags: Vec<String>,
    /// Its web addresses, in order.
    urls: Vec<String>,
    /// Its files, in the order they were attached.
    files: Vec<File>,
    /// 1 when made, one more with each change.
    version: u64,
    /// Whether it is archived.
    archived: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When this version was made.
    updated_at: DateTime<Utc>,
    /// Who made this version: a principal's id.
    updated_by: String,
}

from_core!(core::Item => Item {
    id: text, vault_id: text, title, category: word, fields: each, notes, tags, urls, files: each,
    version, archived, created_at, updated_at, updated_by: text,
});

#[pymethods]
impl Item {
    /// The field of this label in this section, the item itself by default; `None` if there is no such field.
    #[pyo3(signature = (label, section=None))]
    fn field(&self, label: &str, section: Option<&str>) -> Option<Field> {
        self.fields.iter().find(|field| field.is(label, section)).cloned()
    }

    /// All of it as a plain dict, concealed values in plain too. What you do with it is no longer masked.
    fn reveal<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        dict(slf.get(), slf.as_any(), true)
    }
}

/// An item in a list: without fields, notes and files.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct ItemSummary {
    /// `itm_…`.
    id: String,
    /// The id of the vault it is in.
    vault_id: String,
    /// Its title.
    title: String,
    /// What it is, in 1Password's words: `login`, `secure_note`, `document`, …
    category: String,
    /// Its tags, in order.
    tags: Vec<String>,
    /// Its web addresses, in order.
    urls: Vec<String>,
    /// 1 when made, one more with each change.
    version: u64,
    /// Whether it is archived.
    archived: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When this version was made.
    updated_at: DateTime<Utc>,
    /// Who made this version: a principal's id.
    updated_by: String,
}

from_core!(core::ItemSummary => ItemSummary {
    id: text, vault_id: text, title, category: word, tags, urls, version, archived, created_at, updated_at, updated_by: text,
});
