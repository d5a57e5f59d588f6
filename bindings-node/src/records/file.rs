//! Files of items.

use chrono::{DateTime, Utc};
use strongroom::model::file as core;

use crate::record::record;

record! {
    /// A file of an item, without its content.
    core::File => File {
        /// `fil_…`.
        id: String,
        /// Its name; sealed in the store.
        name: String,
        /// Its size in bytes, without the sealing.
        size: i64,
        /// Its media type (RFC 6838).
        content_type: String,
        /// When it was attached.
        created_at: DateTime<Utc>,
    }
}
