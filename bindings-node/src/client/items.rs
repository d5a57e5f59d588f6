//! `client.items`.

use strongroom::client::items as core;
use strongroom::error::Result;
use strongroom::model::file::NewFile;
use strongroom::model::item::{self as model, ItemFilter, ItemUpdate};

use crate::args::{CallOptions, Options, Row, options, whole};
use crate::error::Rows;
use crate::ops::ops;
use crate::page::Pages;
use crate::promise::Promise;
use crate::records::field::{NewField, fields};
use crate::records::item::{Item, ItemSummary};
use crate::source::Source;

options! {
    /// An item to make.
    NewItem {
        /// 1 to 1,024 bytes.
        title: String,
        ;
        /// 1Password's word; `secure_note` by default.
        category: String,
        /// At most 1,000.
        fields: Vec<NewField>,
        /// At most 1 MiB.
        notes: String,
        /// In order.
        tags: Vec<String>,
        /// In order.
        urls: Vec<String>,
        /// Pairs of a name and a source, as `files.attach` takes it.
        files: Vec<(String, Source)>,
        /// Makes a repeat answer what the first call did.
        idempotency_key: String,
    }
}

options! {
    /// What `items.get` takes by name.
    #[derive(Default)]
    GetItem {
        ;
        /// The newest by default.
        version: f64,
    }
}

options! {
    /// What `items.list` takes by name.
    #[derive(Default)]
    ListItems {
        ;
        /// Only those in the archive, or only those that are not, which is the default.
        archived: bool,
        /// Only those with this tag.
        tag: String,
        /// Only those of this category.
        category: String,
    }
}

options! {
    /// What `items.update` takes by name; what is left out stays.
    #[derive(Default)]
    UpdateItem {
        ;
        /// 1 to 1,024 bytes.
        title: String,
        /// At most 1 MiB.
        notes: String,
        /// The new list.
        tags: Vec<String>,
        /// The new list.
        urls: Vec<String>,
        /// Added, or replacing the field of the same section and label.
        set_fields: Vec<NewField>,
        /// Labels, or `section.label`.
        remove_fields: Vec<String>,
        /// Refused as `Conflict` unless the item is at this version.
        if_version: f64,
    }
}

fn request(item: NewItem) -> Result<model::NewItem> {
    let NewItem { title, category, fields: new, notes, tags, urls, files, idempotency_key } = item;
    let file = |(name, Source(source))| NewFile {
        name,
        source,
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    };
    Ok(model::NewItem {
        title,
        category,
        fields: fields(new)?,
        notes,
        tags: tags.unwrap_or_default(),
        urls: urls.unwrap_or_default(),
        files: files.unwrap_or_default().into_iter().map(file).collect(),
        idempotency_key,
    })
}

ops! {
    /// Items of the vaults the caller is in.
    core::Items as "items." => Items;

    /// Makes an item with its fields and files, in one operation. Needs `write`.
    create(vault: String; options: Options<NewItem>) -> Promise<Item> |core| {
        let item = request(options)?;
        async move { core.create(&vault, item).await }
    }

    /// Makes many items of one vault in one commit, at most 1,000. Needs `write`.
    ///
    /// Answers an array in order: an Item, or the error of a row that could not be made.
    create_many(vault: String, items: Vec<Row<NewItem>>; options: Option<CallOptions>) -> Promise<Rows<Item>> |core| {
        let items = items.into_iter().map(|Row(item)| request(item)).collect::<Result<_>>()?;
        async move { core.create_many(&vault, items).await }
    }

    /// Answers the item at its newest version, or at the one asked for.
    get(vault: String, item: String; options: Option<Options<GetItem>>) -> Promise<Item> |core| {
        let version = whole("version", options.version)?;
        async move { core.get(&vault, &item, version).await }
    }

    /// Answers several items of one vault, at most 1,000: an array in order, an error per row that could not be read.
    get_many(vault: String, items: Vec<String>; options: Option<CallOptions>) -> Promise<Rows<Item>> |core| {
        async move { core.get_many(&vault, items).await }
    }

    /// Answers every version of the item, oldest first.
    history(vault: String, item: String; options: Option<CallOptions>) -> Pages<Item> |core| {
        async move { core.history(&vault, &item).await }
    }

    /// Answers the items of a vault without their contents, oldest first.
    list(vault: String; options: Option<Options<ListItems>>) -> Pages<ItemSummary> |core| {
        let ListItems { archived, tag, category } = options;
        let filter = ItemFilter { archived: archived.unwrap_or_default(), tag, category };
        async move { core.list(&vault, filter).await }
    }

    /// Changes an item and answers its new version; what is left out stays. Needs `write`.
    update(vault: String, item: String; options: Option<Options<UpdateItem>>) -> Promise<Item> |core| {
        let UpdateItem { title, notes, tags, urls, set_fields, remove_fields, if_version } = options;
        let update = ItemUpdate {
            title,
            notes,
            tags,
            urls,
            set_fields: fields(set_fields)?,
            remove_fields: remove_fields.unwrap_or_default(),
            if_version: whole("if_version", if_version)?,
        };
        async move { core.update(&vault, &item, update).await }
    }

    /// Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing.
    archive(vault: String, item: String; options: Option<CallOptions>) -> Promise<Item> |core| {
        async move { core.archive(&vault, &item).await }
    }

    /// Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing.
    restore(vault: String, item: String; options: Option<CallOptions>) -> Promise<Item> |core| {
        async move { core.restore(&vault, &item).await }
    }

    /// Deletes an item, its history and its files for ever. Needs `admin`.
    delete(vault: String, item: String; options: Option<CallOptions>) -> Promise<()> |core| {
        async move { core.delete(&vault, &item).await }
    }
}
