//! Files of items.

use chrono::{DateTime, Utc};
use pyo3::prelude::*;
use strongroom::model::file as core;

use crate::record::from_core;

/// A file of an item, without its content.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct File {
    /// `fil_…`.
    id: String,
    /// Its name; sealed in the store.
    name: String,
    /// Its size in bytes, without the sealing.
    size: u64,
    /// Its media type (RFC 6838).
    content_type: String,
    /// When it was attached.
    created_at: DateTime<Utc>,
}

from_core!(core::File => File { id: text, name, size, content_type, created_at });
