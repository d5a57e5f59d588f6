//! `item`: what is kept in vaults.

mod write;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use serde_json::Value;

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{json, render};
use crate::client::items::Items;
use crate::model::item::{Category, Item as Found, ItemFilter};

const COLUMNS: &[&str] = &["id", "title", "category", "tags", "version", "updated_at"];
const VERSIONS: &[&str] = &["version", "title", "archived", "updated_at", "updated_by"];
const FIELDS: &[&str] = &["section", "label", "type", "value"];
const DETAILS: &[&str] = &[
    "id",
    "vault_id",
    "title",
    "category",
    "tags",
    "urls",
    "version",
    "archived",
    "created_at",
    "updated_at",
    "updated_by",
    "notes",
];

#[derive(Debug, Subcommand)]
pub(super) enum Item {
    Create(write::Create),
    Get(Get),
    List(List),
    /// Lists every version of an item, oldest first.
    History(Which),
    Update(write::Update),
    /// Moves an item into the archive.
    Archive(Which),
    /// Brings an item back from the archive.
    Restore(Which),
    /// Deletes an item, its history and its files for ever.
    Delete(Which),
}

/// An item of a vault.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The vault's id.
    vault: String,
    /// The item's id.
    item: String,
}

/// Shows an item. Concealed values are masked.
#[derive(Debug, Args)]
pub(super) struct Get {
    #[command(flatten)]
    which: Which,
    /// An earlier version; the newest by default.
    #[arg(long, value_name = "VERSION")]
    version: Option<u64>,
    /// Shows concealed values too.
    #[arg(long)]
    reveal: bool,
}

/// Lists the items of a vault, oldest first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// The vault's id.
    vault: String,
    /// Only archived ones.
    #[arg(long)]
    archived: bool,
    /// Only those with this tag.
    #[arg(long)]
    tag: Option<String>,
    /// Only those of this category.
    #[arg(long, value_parser = category())]
    category: Option<String>,
}

/// A category, from what there is.
fn category() -> PossibleValuesParser {
    PossibleValuesParser::new(Category::ALL.iter().map(|category| category.as_str()))
}

impl Item {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        match self {
            // What they say is looked at, and fetched, before anybody is asked for anything.
            Self::Create(create) => {
                let (vault, item) = create.read().await?;
                global.connected(async |client| show(out, &client.items().create(&vault, item).await?, false)).await
            }
            Self::Update(update) => {
                let (Which { vault, item }, change) = update.read().await?;
                let work = async |client: &crate::client::Client| {
                    show(out, &client.items().update(&vault, &item, change).await?, false)
                };
                global.connected(work).await
            }
            other => global.connected(async |client| other.perform(&client.items(), out).await).await,
        }
    }

    async fn perform(self, items: &Items, out: &Output) -> Done {
        match self {
            Self::Create(_) | Self::Update(_) => Ok(()),
            Self::Get(Get { which: Which { vault, item }, version, reveal }) => {
                show(out, &items.get(&vault, &item, version).await?, reveal)
            }
            Self::List(List { vault, archived, tag, category }) => {
                let all = items.list(&vault, ItemFilter { archived, tag, category }).await?.all().await?;
                Ok(out.list(all.iter().map(json::summary).collect(), COLUMNS)?)
            }
            Self::History(Which { vault, item }) => {
                let all = items.history(&vault, &item).await?.all().await?;
                Ok(out.list(all.iter().map(|item| json::item(item, false)).collect(), VERSIONS)?)
            }
            Self::Archive(Which { vault, item }) => show(out, &items.archive(&vault, &item).await?, false),
            Self::Restore(Which { vault, item }) => show(out, &items.restore(&vault, &item).await?, false),
            Self::Delete(Which { vault, item }) => {
                items.delete(&vault, &item).await?;
                Ok(out.nothing()?)
            }
        }
    }
}

fn show(out: &Output, item: &Found, reveal: bool) -> Done {
    let value = json::item(item, reveal);
    if out.is_json() {
        return Ok(out.json(&value)?);
    }
    let mut text = render::details(&value, DETAILS);
    for (rows, columns) in [(&value["fields"], FIELDS), (&value["files"], super::file::COLUMNS)] {
        if let Some(rows) = rows.as_array().filter(|rows| !rows.is_empty()) {
            text.push('\n');
            text.push_str(&table(rows, columns, out));
        }
    }
    Ok(out.text(&text)?)
}

fn table(rows: &[Value], columns: &[&str], out: &Output) -> String {
    // A section that no field stands in needs no column.
    let used = columns
        .iter()
        .copied()
        .filter(|column| *column != "section" || rows.iter().any(|row| !row["section"].is_null()));
    render::table(rows, &used.collect::<Vec<_>>(), out.width())
}
