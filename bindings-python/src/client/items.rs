//! `client.items`.

use pyo3::prelude::*;
use strongroom::client::items as core;
use strongroom::error::Result;
use strongroom::model::file::NewFile;
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};

use crate::args::{Nothing, whole};
use crate::error::Row;
use crate::ops::{Face, ops};
use crate::records::field::Field;
use crate::records::item::{Item, ItemSummary};
use crate::rows::rows;
use crate::source::source;

ops! {
    /// Items of the vaults the caller is in.
    core::Items as "items." => Items, AsyncItems;

    /// Makes an item with its fields and files, in one operation. Needs `write`.
    ///
    /// `title`: 1 to 1,024 bytes. `category`: 1Password's word, `secure_note` by default. `fields`: at most 1,000.
    /// `notes`: at most 1 MiB. `tags`, `urls`: lists, kept in order. `files`: pairs of a name and a source, as
    /// files.attach takes it.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")]).field("grade").value
    /// 'A'
    call create(
        vault, *, title, category=None, fields=None, notes=None, tags=None, urls=None, files=None, idempotency_key=None
    )[
        vault: String,
        title: String,
        category: Option<String>,
        fields: Option<Vec<Field>>,
        notes: Option<String>,
        tags: Option<Vec<String>>,
        urls: Option<Vec<String>>,
        files: Option<Vec<(String, Bound<'_, PyAny>)>>,
        idempotency_key: Option<String>,
    ] -> Item |core, face| {
        let item = NewItem {
            title,
            category,
            fields: fields.unwrap_or_default().into_iter().map(Into::into).collect(),
            notes,
            tags: tags.unwrap_or_default(),
            urls: urls.unwrap_or_default(),
            files: new_files(face, files.unwrap_or_default())?,
            idempotency_key,
        };
        async move { core.create(&vault, item).await }
    }

    /// Makes many items of one vault in one commit, at most 1,000. Needs `write`.
    ///
    /// `items`: dicts of what items.create takes. Answers a list in order: an Item, or the exception of a row that could not be
    /// made.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> [item.title for item in client.items.create_many(vault.id, [{"title": "A"}, {"title": "B"}])]
    /// ['A', 'B']
    call create_many(vault, items)[vault: String, items: &Bound<'_, PyAny>] -> Vec<Row<Item>> |core, face| {
        let items = rows("items.create_many", items, |row| {
            Ok(NewItem {
                title: row.needed("title")?,
                category: row.maybe("category")?,
                fields: row.maybe::<Vec<Field>>("fields")?.unwrap_or_default().into_iter().map(Into::into).collect(),
                notes: row.maybe("notes")?,
                tags: row.maybe("tags")?.unwrap_or_default(),
                urls: row.maybe("urls")?.unwrap_or_default(),
                files: new_files(face, row.maybe("files")?.unwrap_or_default())?,
                idempotency_key: row.maybe("idempotency_key")?,
            })
        })?;
        async move { core.create_many(&vault, items).await.map(Row::all) }
    }

    /// Answers the item at its newest version, or at the one asked for.
    call get(vault, item, *, version=None)[vault: String, item: String, version: Option<i128>] -> Item |core| {
        let version = whole("version", version)?;
        async move { core.get(&vault, &item, version).await }
    }

    /// Answers several items of one vault, at most 1,000: a list in order, an exception per row that could not be read.
    call get_many(vault, items)[vault: String, items: Vec<String>] -> Vec<Row<Item>> |core| {
        async move { core.get_many(&vault, items).await.map(Row::all) }
    }

    /// Answers every version of the item, oldest first.
    list history(vault, item)[vault: String, item: String] -> Item |core| {
        async move { core.history(&vault, &item).await }
    }

    /// Answers the items of a vault without their contents, oldest first.
    ///
    /// `archived`: only those in the archive, or only those that are not, which is the default.
    list list(vault, *, archived=false, tag=None, category=None)[
        vault: String, archived: bool, tag: Option<String>, category: Option<String>,
    ] -> ItemSummary |core| {
        async move { core.list(&vault, ItemFilter { archived, tag, category }).await }
    }

    /// Changes an item and answers its new version; what is left out stays. Needs `write`.
    ///
    /// `set_fields`: added, or replacing the field of the same section and label. `remove_fields`: labels, or
    /// `section.label`. `if_version`: raises Conflict unless the item is at this version.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> item = client.items.create(vault.id, title="Homework 1")
    /// >>> client.items.update(vault.id, item.id, set_fields=[Field("grade", "A")], if_version=item.version).version
    /// 2
    call update(
        vault, item, *, title=None, notes=None, tags=None, urls=None, set_fields=None, remove_fields=None, if_version=None
    )[
        vault: String,
        item: String,
        title: Option<String>,
        notes: Option<String>,
        tags: Option<Vec<String>>,
        urls: Option<Vec<String>>,
        set_fields: Option<Vec<Field>>,
        remove_fields: Option<Vec<String>>,
        if_version: Option<i128>,
    ] -> Item |core| {
        let update = ItemUpdate {
            title,
            notes,
            tags,
            urls,
            set_fields: set_fields.unwrap_or_default().into_iter().map(Into::into).collect(),
            remove_fields: remove_fields.unwrap_or_default(),
            if_version: whole("if_version", if_version)?,
        };
        async move { core.update(&vault, &item, update).await }
    }

    /// Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing.
    call archive(vault, item)[vault: String, item: String] -> Item |core| {
        async move { core.archive(&vault, &item).await }
    }

    /// Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing.
    call restore(vault, item)[vault: String, item: String] -> Item |core| {
        async move { core.restore(&vault, &item).await }
    }

    /// Deletes an item, its history and its files for ever. Needs `admin`.
    call delete(vault, item)[vault: String, item: String] -> Nothing |core| {
        async move { core.delete(&vault, &item).await }
    }
}

fn new_files(face: Face, files: Vec<(String, Bound<'_, PyAny>)>) -> Result<Vec<NewFile>> {
    files
        .into_iter()
        .map(|(name, content)| {
            let source = source(face, &content)?;
            Ok(NewFile { name, source, content_type: None, replace: None, progress: None, idempotency_key: None })
        })
        .collect()
}
