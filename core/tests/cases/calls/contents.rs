//! Items and files.

use std::path::Path;

use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::Client;
use strongroom::client::files::FileReader;
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};

use super::{many, rows, unknown};
use crate::Outcome;
use crate::args::{Args, Trouble, new_file};
use crate::case::Step;
use crate::values;
use crate::world::World;

fn revealed(item: &strongroom::model::item::Item) -> Value {
    json::item(item, true)
}

pub(crate) async fn items(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let items = client.items();
    let vault = args.text("vault")?;
    match verb {
        "create" => Ok(revealed(&items.create(&vault, new_item(args)?).await?)),
        "create_many" => {
            let mut rows = Vec::new();
            for mut row in args.rows("items")? {
                rows.push(new_item(&mut row)?);
                row.finish()?;
            }
            Ok(many(&items.create_many(&vault, rows).await?, revealed))
        }
        "get" => {
            let (item, version) = (args.text("item")?, args.number("version")?);
            Ok(revealed(&items.get(&vault, &item, version).await?))
        }
        "get_many" => {
            let wanted = args.texts("items")?.unwrap_or_default();
            Ok(many(&items.get_many(&vault, wanted).await?, revealed))
        }
        "history" => rows(items.history(&vault, &args.text("item")?).await?, revealed).await,
        "list" => {
            let filter = ItemFilter {
                archived: args.flag("archived")?,
                tag: args.maybe_text("tag")?,
                category: args.maybe_text("category")?,
            };
            rows(items.list(&vault, filter).await?, json::summary).await
        }
        "update" => {
            let item = args.text("item")?;
            Ok(revealed(&items.update(&vault, &item, update(args)?).await?))
        }
        "archive" => Ok(revealed(&items.archive(&vault, &args.text("item")?).await?)),
        "restore" => Ok(revealed(&items.restore(&vault, &args.text("item")?).await?)),
        "delete" => {
            items.delete(&vault, &args.text("item")?).await?;
            Ok(Value::Null)
        }
        other => Err(unknown(&format!("items.{other}"))),
    }
}

fn new_item(args: &mut Args) -> Result<NewItem, Trouble> {
    Ok(NewItem {
        title: args.text("title")?,
        category: args.maybe_text("category")?,
        fields: args.fields("fields")?,
        notes: args.maybe_text("notes")?,
        tags: args.texts("tags")?.unwrap_or_default(),
        urls: args.texts("urls")?.unwrap_or_default(),
        files: args.files("files")?,
        idempotency_key: args.maybe_text("idempotency_key")?,
    })
}

fn update(args: &mut Args) -> Result<ItemUpdate, Trouble> {
    Ok(ItemUpdate {
        title: args.maybe_text("title")?,
        notes: args.maybe_text("notes")?,
        tags: args.texts("tags")?,
        urls: args.texts("urls")?,
        set_fields: args.fields("set_fields")?,
        remove_fields: args.texts("remove_fields")?.unwrap_or_default(),
        if_version: args.number("if_version")?,
    })
}

pub(crate) async fn files(world: &World, client: &Client, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    let files = client.files();
    let (vault, item) = (args.text("vault")?, args.text("item")?);
    if step.call == "files.attach" {
        let mut file = new_file(args.text("name")?, args.bytes("source")?);
        file.content_type = args.maybe_text("content_type")?;
        file.replace = args.maybe_text("replace")?;
        file.idempotency_key = args.maybe_text("idempotency_key")?;
        return Ok(json::file(&files.attach(&vault, &item, file).await?));
    }
    let file = args.text("file")?;
    match step.call.as_str() {
        "files.read" => Ok(values::shown(&files.read(&vault, &item, &file).await?)),
        "files.download" => {
            let to = world.place.directory.path().join(args.text("to")?);
            let done = files.download(&vault, &item, &file, &to, None).await;
            let content = downloaded(&to, done.is_ok())?;
            done?;
            Ok(values::shown(&content))
        }
        "files.open" => {
            let reader = files.open(&vault, &item, &file).await?;
            let mut parts = Vec::new();
            for (offset, length) in &step.reads {
                parts.push(values::shown(&part(&reader, *offset, *length).await?));
            }
            Ok(Value::Array(parts))
        }
        "files.detach" => {
            files.detach(&vault, &item, &file).await?;
            Ok(json!(null))
        }
        other => Err(unknown(other)),
    }
}

/// What a download left: the whole file or nothing, and nothing beside it.
fn downloaded(to: &Path, whole: bool) -> Outcome<Vec<u8>> {
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    if to.exists() != whole || Path::new(&part).exists() {
        return Err("the download left something else than the whole file or nothing".to_owned());
    }
    if whole { std::fs::read(to).map_err(|error| error.to_string()) } else { Ok(Vec::new()) }
}

async fn part(reader: &FileReader, offset: u64, length: usize) -> Result<Vec<u8>, Trouble> {
    let mut read = Vec::new();
    while read.len() < length {
        let block = reader.read_at(offset + read.len() as u64, length - read.len()).await?;
        if block.is_empty() {
            break;
        }
        read.extend_from_slice(&block);
    }
    Ok(read)
}
