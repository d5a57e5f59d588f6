//! Items.

use chrono::{DateTime, Utc};
use strongroom::model::item as core;

use super::field::RawField;
use super::file::File;
use crate::record::record;

record! {
    /// An item with all it holds.
    core::Item => Item {
        /// `itm_…`.
        id: String,
        /// The id of the vault it is in.
        vault_id: String,
        /// Its title.
        title: String,
        /// What it is, in 1Password's words: `login`, `secure_note`, `document`, …
        category: String,
        /// Its fields, in the order they were added.
        #[napi(ts_type = "readonly Field[]")]
        fields: Vec<RawField>,
        /// Its notes.
        notes: String,
        /// Its tags, in order.
        #[napi(ts_type = "readonly string[]")]
        tags: Vec<String>,
        /// Its web addresses, in order.
        #[napi(ts_type = "readonly string[]")]
        urls: Vec<String>,
        /// Its files, in the order they were attached.
        #[napi(ts_type = "readonly File[]")]
        files: Vec<File>,
        /// 1 when made, one more with each change.
        version: i64,
        /// Whether it is archived.
        archived: bool,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When this version was made.
        updated_at: DateTime<Utc>,
        /// Who made this version: a principal's id.
        updated_by: String,
    }
}

record! {
    /// An item in a list: without fields, notes and files.
    core::ItemSummary => ItemSummary {
        /// `itm_…`.
        id: String,
        /// The id of the vault it is in.
        vault_id: String,
        /// Its title.
        title: String,
        /// What it is, in 1Password's words: `login`, `secure_note`, `document`, …
        category: String,
        /// Its tags, in order.
        #[napi(ts_type = "readonly string[]")]
        tags: Vec<String>,
        /// Its web addresses, in order.
        #[napi(ts_type = "readonly string[]")]
        urls: Vec<String>,
        /// 1 when made, one more with each change.
        version: i64,
        /// Whether it is archived.
        archived: bool,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When this version was made.
        updated_at: DateTime<Utc>,
        /// Who made this version: a principal's id.
        updated_by: String,
    }
}
