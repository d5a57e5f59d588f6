//! `client.items`: what is kept in vaults.

use super::{Client, MAX_LARGE, check, files, listing, many, one};
use crate::backend::{ItemChange, ItemRequest};
use crate::error::Result;
use crate::model::id::{ItemId, VaultId};
use crate::model::item::{Category, Item, ItemFilter, ItemSummary, ItemUpdate, MAX_NOTES, MAX_TITLE, NewItem};
use crate::model::page::Page;

/// Items of the vaults the caller is in.
#[derive(Clone, Debug)]
pub struct Items(pub(super) Client);

impl Items {
    /// Makes an item with its fields and files, in one operation. Needs `write`.
    pub async fn create(&self, vault: &str, item: NewItem) -> Result<Item> {
        self.0
            .run_long("items.create", async {
                let vault: VaultId = vault.parse()?;
                one(self.0.backend.create_items(vault, vec![request(item).await?]).await?)
            })
            .await
    }

    /// Makes many items of one vault in one commit, at most 1,000; results in order, an error per row. Needs `write`.
    ///
    /// Files are put first, one after the other; what can't be read of one refuses its item alone.
    pub async fn create_many(&self, vault: &str, items: Vec<NewItem>) -> Result<Vec<Result<Item>>> {
        const NAME: &str = "items.create_many";
        self.0
            .run_long(NAME, async {
                let vault: VaultId = vault.parse()?;
                check::at_most("items", items.len(), MAX_LARGE)?;
                let mut rows = Vec::with_capacity(items.len());
                for item in items {
                    rows.push(request(item).await);
                }
                many(NAME, rows, |good| self.0.backend.create_items(vault, good)).await
            })
            .await
    }

    /// The item, at its newest version or at the one asked for.
    pub async fn get(&self, vault: &str, item: &str, version: Option<u64>) -> Result<Item> {
        self.0.run("items.get", async { self.0.backend.get_item(vault.parse()?, item.parse()?, version).await }).await
    }

    /// Every version of the item, oldest first.
    pub async fn history(&self, vault: &str, item: &str) -> Result<Page<Item>> {
        let parsed = vault.parse::<VaultId>().and_then(|vault| Ok((vault, item.parse::<ItemId>()?)));
        let (vault, item) = parsed.map_err(|error| error.in_operation("items.history"))?;
        listing::first(&self.0, "items.history", None, move |client, page| {
            Box::pin(async move { client.backend.item_history(vault, item, page).await })
        })
        .await
    }

    /// The items of a vault without their contents, oldest first.
    pub async fn list(&self, vault: &str, filter: ItemFilter) -> Result<Page<ItemSummary>> {
        let ItemFilter { archived, tag, category } = filter;
        let parsed = vault
            .parse::<VaultId>()
            .and_then(|vault| Ok((vault, category.map(|category| category.parse::<Category>()).transpose()?)));
        let (vault, category) = parsed.map_err(|error| error.in_operation("items.list"))?;
        listing::first(&self.0, "items.list", None, move |client, page| {
            let tag = tag.clone();
            Box::pin(async move {
                let mut rows = client.backend.list_items(vault, archived, page).await?;
                rows.data.retain(|item| {
                    category.is_none_or(|category| item.category == category)
                        && tag.as_ref().is_none_or(|tag| item.tags.contains(tag))
                });
                Ok(rows)
            })
        })
        .await
    }

    /// Changes an item; what is left out stays. Needs `write`.
    ///
    /// # Errors
    /// `Conflict` if the item is no longer at `if_version`.
    pub async fn update(&self, vault: &str, item: &str, update: ItemUpdate) -> Result<Item> {
        self.0
            .run("items.update", async {
                let ItemUpdate { title, notes, tags, urls, set_fields, remove_fields, if_version } = update;
                let change = ItemChange::Edit {
                    title: title.map(|title| check::required("title", title, MAX_TITLE)).transpose()?,
                    notes: notes.map(|notes| check::optional("notes", notes, MAX_NOTES)).transpose()?,
                    tags: tags.map(|tags| check::texts("tags", tags)).transpose()?,
                    urls: urls.map(|urls| check::texts("urls", urls)).transpose()?,
                    set_fields: check::fields(set_fields)?,
                    remove_fields: remove_fields.into_iter().map(field_name).collect(),
                };
                self.0.backend.change_item(vault.parse()?, item.parse()?, change, if_version).await
            })
            .await
    }

    /// Moves an item into the archive. Needs `write`. Archiving what is archived changes nothing.
    pub async fn archive(&self, vault: &str, item: &str) -> Result<Item> {
        self.0
            .run("items.archive", async {
                self.0.backend.change_item(vault.parse()?, item.parse()?, ItemChange::Archive, None).await
            })
            .await
    }

    /// Brings an item back from the archive. Needs `write`. Restoring what is not archived changes nothing.
    pub async fn restore(&self, vault: &str, item: &str) -> Result<Item> {
        self.0
            .run("items.restore", async {
                self.0.backend.change_item(vault.parse()?, item.parse()?, ItemChange::Restore, None).await
            })
            .await
    }

    /// Deletes an item, its history and its files for ever. Needs `admin`.
    pub async fn delete(&self, vault: &str, item: &str) -> Result<()> {
        self.0.run("items.delete", async { self.0.backend.delete_item(vault.parse()?, item.parse()?).await }).await
    }

    /// Several items of one vault, at most 1,000; results in order, an error per row that could not be read.
    pub async fn get_many(&self, vault: &str, items: Vec<String>) -> Result<Vec<Result<Item>>> {
        self.0
            .run_long("items.get_many", async {
                let vault: VaultId = vault.parse()?;
                check::at_most("items", items.len(), MAX_LARGE)?;
                let rows = items.iter().map(|item| item.parse()).collect();
                many("items.get_many", rows, |good| self.0.backend.get_items(vault, good)).await
            })
            .await
    }
}

/// The item, checked, with its defaults filled in and its files found.
async fn request(item: NewItem) -> Result<ItemRequest> {
    let NewItem { title, category, fields, notes, tags, urls, files, idempotency_key } = item;
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        found.push(files::request(file).await?.0);
    }
    Ok(ItemRequest {
        title: check::required("title", title, MAX_TITLE)?,
        category: category.map_or(Ok(Category::SecureNote), |category| category.parse())?,
        fields: check::fields(fields)?,
        notes: check::optional("notes", notes.unwrap_or_default(), MAX_NOTES)?,
        tags: check::texts("tags", tags)?,
        urls: check::texts("urls", urls)?,
        files: found,
        idempotency_key: check::idempotency_key(idempotency_key)?,
    })
}

/// `label`, or `section.label` where a section is meant.
fn field_name(name: String) -> (Option<String>, String) {
    match name.split_once('.') {
        Some((section, label)) => (Some(section.to_owned()), label.to_owned()),
        None => (None, name),
    }
}
