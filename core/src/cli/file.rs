//! `file`: files of items.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use futures_util::stream::try_unfold;

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{json, progress};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::model::file::{ByteStream, File as Found, NewFile, Source};
use crate::model::id::FileId;

/// What a person is shown of files.
pub(super) const COLUMNS: &[&str] = &["id", "name", "size", "content_type", "created_at"];
const BLOCK: usize = 1 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum File {
    Attach(Attach),
    Download(Download),
    /// Lists the files of an item, in the order they were attached.
    List {
        /// The vault's id.
        vault: String,
        /// The item's id.
        item: String,
    },
    /// Takes a file off an item; its content is erased.
    Detach {
        /// The vault's id.
        vault: String,
        /// The item's id.
        item: String,
        /// The file's id, or its name where no other has it.
        file: String,
    },
}

/// Seals a file and attaches it to an item.
#[derive(Debug, Args)]
pub(super) struct Attach {
    /// The vault's id.
    vault: String,
    /// The item's id.
    item: String,
    /// The file; `-` for standard input.
    path: PathBuf,
    /// What it is called there; as here by default, and to be given for standard input.
    #[arg(long)]
    name: Option<String>,
    /// Its media type; `application/octet-stream` by default.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// The id of the file whose place it takes.
    #[arg(long, value_name = "FILE")]
    replace: Option<String>,
    /// Makes a repeat answer what the first call did.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Writes a file's content, checked, to a path, as a new file that only its owner may read.
#[derive(Debug, Args)]
pub(super) struct Download {
    /// The vault's id.
    vault: String,
    /// The item's id.
    item: String,
    /// The file's id, or its name where no other has it.
    file: String,
    /// Where to, replacing what is there; `-` for standard output.
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
}

impl File {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        global
            .connected(async |client| match self {
                Self::Attach(attach) => attach.run(client, out).await,
                Self::Download(download) => download.run(client, out).await,
                Self::List { vault, item } => {
                    let item = client.items().get(&vault, &item, None).await?;
                    Ok(out.list(item.files.iter().map(json::file).collect(), COLUMNS)?)
                }
                Self::Detach { vault, item, file } => {
                    let (id, _) = find(client, &vault, &item, &file).await?;
                    client.files().detach(&vault, &item, &id).await?;
                    Ok(out.nothing()?)
                }
            })
            .await
    }
}

impl Attach {
    async fn run(self, client: &Client, out: &Output) -> Done {
        let (name, size, source) = if self.path.as_os_str() == "-" {
            let unnamed = || Error::argument("name", "standard input has none: give one with --name");
            (self.name.ok_or_else(unnamed)?, None, Source::Stream(standard_input()))
        } else {
            let name = self.name.map_or_else(|| name_of(&self.path), Ok)?;
            let size = std::fs::metadata(&self.path).ok().map(|metadata| metadata.len());
            (name, size, Source::Path(self.path))
        };
        let file = NewFile {
            progress: Some(progress::bar(&name, size)),
            name,
            source,
            content_type: self.content_type,
            replace: self.replace,
            idempotency_key: self.idempotency_key,
        };
        let attached = client.files().attach(&self.vault, &self.item, file).await?;
        Ok(out.one(&json::file(&attached), COLUMNS)?)
    }
}

impl Download {
    async fn run(self, client: &Client, out: &Output) -> Done {
        let (id, found) = find(client, &self.vault, &self.item, &self.file).await?;
        if self.to.as_os_str() == "-" {
            let content = client.files().open(&self.vault, &self.item, &id).await?;
            let mut done = 0;
            while done < content.file().size {
                let block = content.read_at(done, BLOCK).await?;
                out.bytes(&block)?;
                done += block.len() as u64;
            }
            return Ok(());
        }
        let bar = progress::bar(&self.file, found.map(|file| file.size));
        client.files().download(&self.vault, &self.item, &id, &self.to, Some(bar)).await?;
        Ok(out.nothing()?)
    }
}

/// The id of the file that is meant, and the file where it had to be looked for.
async fn find(client: &Client, vault: &str, item: &str, file: &str) -> Result<(String, Option<Found>)> {
    if file.parse::<FileId>().is_ok() {
        return Ok((file.to_owned(), None));
    }
    let item = client.items().get(vault, item, None).await?;
    let mut named = item.files.into_iter().filter(|each| each.name == file);
    match (named.next(), named.next()) {
        (Some(found), None) => Ok((found.id.to_string(), Some(found))),
        (None, _) => {
            Err(Error::not_found("the item has no file of this name: `strongroom file list` shows those it has"))
        }
        (Some(_), Some(_)) => Err(Error::conflict("the item has more than one file of this name: give the file's id")),
    }
}

/// Standard input, a block at a time.
fn standard_input() -> ByteStream {
    Box::pin(try_unfold((), |()| async {
        let read = tokio::task::spawn_blocking(|| {
            let mut block = Vec::with_capacity(BLOCK);
            std::io::stdin().lock().take(BLOCK as u64).read_to_end(&mut block).map(|_| block)
        });
        let unreadable = |error: std::io::Error| Error::argument("source", format!("it can't be read: {error}"));
        let block = read.await.map_err(std::io::Error::other).flatten().map_err(unreadable)?;
        Ok((!block.is_empty()).then(|| (block.into(), ())))
    }))
}

/// The last part of a path.
pub(super) fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| Error::argument("name", format!("{} has no name that is text: give one", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_called_as_the_last_part_of_its_path() {
        assert_eq!(name_of(Path::new("a/essay.pdf")).unwrap(), "essay.pdf");
        assert!(name_of(Path::new("..")).is_err());
    }
}
