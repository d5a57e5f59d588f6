//! `item create` and `item update`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::super::field;
use super::{Which, category};
use crate::error::Result;
use crate::model::file::{NewFile, Source};
use crate::model::item::{ItemUpdate, NewItem};

const FIELD: &str = "A field: [section.]label[type]=value, …=@FILE or …=- for standard input; may be repeated";
const FIELD_AT_LENGTH: &str = "A field: `[section.]label[type]=value`, `…=@FILE` or `…=-` for standard input; may be \
    repeated.\n\nTypes: text (the default), concealed, email, url, totp, date, phone, ssh_key, … The value of a concealed \
    one is never an argument, which others could see: it comes from a file or from standard input, without its last line \
    end.\n\nA `\\` before `.`, `[` or `=` makes it part of a label, and before `@` or `-` of a value.";

/// Makes an item with its fields and files, in one operation.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The vault's id.
    vault: String,
    /// What it is called.
    #[arg(long)]
    title: String,
    /// What it is; `secure_note` by default.
    #[arg(long, value_parser = category())]
    category: Option<String>,
    #[arg(long = "field", value_name = "FIELD", help = FIELD, long_help = FIELD_AT_LENGTH)]
    fields: Vec<String>,
    #[command(flatten)]
    notes: Notes,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// A web address; may be repeated.
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<String>,
    /// A file to attach; may be repeated.
    #[arg(long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// Makes a repeat answer what the first call did.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Changes an item; what is left out stays.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("change").required(true).multiple(true)
    .args(["title", "notes", "notes_file", "fields", "removed", "tags", "clear_tags", "urls", "clear_urls"])))]
pub(crate) struct Update {
    #[command(flatten)]
    which: Which,
    /// The new title.
    #[arg(long)]
    title: Option<String>,
    #[arg(long = "field", value_name = "FIELD", help = FIELD, long_help = FIELD_AT_LENGTH)]
    fields: Vec<String>,
    /// A field to take out; may be repeated.
    #[arg(long = "remove-field", value_name = "[SECTION.]LABEL")]
    removed: Vec<String>,
    #[command(flatten)]
    notes: Notes,
    /// A tag in place of those there were; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// Takes all tags off.
    #[arg(long, conflicts_with = "tags")]
    clear_tags: bool,
    /// A web address in place of those there were; may be repeated.
    #[arg(long = "url", value_name = "URL")]
    urls: Vec<String>,
    /// Takes all web addresses off.
    #[arg(long, conflicts_with = "urls")]
    clear_urls: bool,
    /// Refuses unless the item is at this version.
    #[arg(long, value_name = "VERSION")]
    if_version: Option<u64>,
}

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Notes {
    /// The notes, where it matters to nobody that others of this machine see them.
    #[arg(long, value_name = "TEXT")]
    notes: Option<String>,
    /// The file the notes are in; `-` for standard input.
    #[arg(long, value_name = "PATH")]
    notes_file: Option<PathBuf>,
}

impl Notes {
    fn takes_input(&self) -> bool {
        self.notes_file.as_ref().is_some_and(|path| path.as_os_str() == "-")
    }

    async fn read(self) -> Result<Option<String>> {
        match self.notes_file {
            Some(path) => field::long_text(path).await.map(Some),
            None => Ok(self.notes),
        }
    }
}

impl Create {
    /// The vault, and the item with what stands in files.
    pub(super) async fn read(self) -> Result<(String, NewItem)> {
        self.fetch().await.map_err(|error| error.in_operation("items.create"))
    }

    async fn fetch(self) -> Result<(String, NewItem)> {
        let item = NewItem {
            title: self.title,
            category: self.category,
            fields: field::fields(self.fields, self.notes.takes_input()).await?,
            notes: self.notes.read().await?,
            tags: self.tags,
            urls: self.urls,
            files: self.files.into_iter().map(from_path).collect::<Result<_>>()?,
            idempotency_key: self.idempotency_key,
        };
        Ok((self.vault, item))
    }
}

impl Update {
    /// The item, and the change with what stands in files.
    pub(super) async fn read(self) -> Result<(Which, ItemUpdate)> {
        self.fetch().await.map_err(|error| error.in_operation("items.update"))
    }

    async fn fetch(self) -> Result<(Which, ItemUpdate)> {
        let list = |given: Vec<String>, clear: bool| (clear || !given.is_empty()).then_some(given);
        let change = ItemUpdate {
            title: self.title,
            set_fields: field::fields(self.fields, self.notes.takes_input()).await?,
            notes: self.notes.read().await?,
            tags: list(self.tags, self.clear_tags),
            urls: list(self.urls, self.clear_urls),
            remove_fields: self.removed,
            if_version: self.if_version,
        };
        Ok((self.which, change))
    }
}

fn from_path(path: PathBuf) -> Result<NewFile> {
    Ok(NewFile {
        name: super::super::file::name_of(&path)?,
        source: Source::Path(path),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        update: Update,
    }

    fn parse(arguments: &str) -> Result<Update, clap::Error> {
        Line::try_parse_from(format!("update v i {arguments}").trim().split(' ')).map(|line| line.update)
    }

    #[tokio::test]
    async fn what_is_left_out_stays() {
        let (_, change) = parse("--title b --clear-tags --if-version 3").unwrap().read().await.unwrap();
        assert_eq!((change.title.as_deref(), change.notes, change.if_version), (Some("b"), None, Some(3)));
        assert_eq!((change.tags, change.urls), (Some(vec![]), None));
    }

    #[test]
    fn a_change_changes_something_and_no_two_ways() {
        for wrong in ["", "--if-version 3", "--tag a --clear-tags", "--notes a --notes-file b"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse("--field a[concealed]=- --remove-field s.b").is_ok());
    }
}
