//! `changes`: what is new.

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::failure::Done;
use super::global::Global;
use super::output::Output;
use super::{json, render};
use crate::client::Client;
use crate::model::change::{ChangeFilter, ChangeKind};

const COLUMNS: &[&str] = &["at", "kind", "actor", "vault_id", "target_id"];

/// Lists what changed in the vaults you may see, oldest first.
///
/// Each change has a cursor, and so has the end of the list: a later call continues after it.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Waits for what comes, until Ctrl-C. Begins now, unless --after says otherwise.
    #[arg(long, short)]
    follow: bool,
    /// `start`, `now` or a cursor; `start` by default.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// Only of this kind; may be repeated.
    #[arg(long = "kind", value_name = "KIND", value_parser = kind())]
    kinds: Vec<String>,
    /// Only of this vault, by id; may be repeated.
    #[arg(long = "vault", value_name = "ID")]
    vaults: Vec<String>,
    /// At most so many, 1 to 5,000; all by default.
    #[arg(long, value_name = "COUNT", conflicts_with = "follow")]
    limit: Option<u32>,
}

fn kind() -> PossibleValuesParser {
    PossibleValuesParser::new(ChangeKind::ALL.iter().map(|kind| kind.as_str()))
}

impl Changes {
    pub(super) async fn run(self, global: &Global, out: &Output) -> Done {
        let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
        let filter =
            ChangeFilter { after: self.after, vaults: some(self.vaults), kinds: some(self.kinds), limit: self.limit };
        let follow = self.follow;
        global
            .connected(
                async |client| if follow { watch(client, filter, out).await } else { list(client, filter, out).await },
            )
            .await
    }
}

async fn list(client: &Client, filter: ChangeFilter, out: &Output) -> Done {
    let mut filter = filter;
    let mut page = client.changes().list(filter.clone()).await?;
    while page.has_more && filter.limit.is_none() {
        filter.after = Some(page.cursor);
        let mut next = client.changes().list(filter.clone()).await?;
        page.data.append(&mut next.data);
        (page.cursor, page.has_more) = (next.cursor, next.has_more);
    }
    let data: Vec<Value> = page.data.iter().map(json::change).collect();
    if out.is_json() {
        return Ok(out.json(&json!({ "data": data, "cursor": page.cursor, "has_more": page.has_more }))?);
    }
    let rows: Vec<Value> = data.into_iter().map(with_target).collect();
    let table = render::table(&rows, COLUMNS, out.width());
    Ok(out.text(&format!("{table}\nContinue with --after {}\n", render::line(&page.cursor)))?)
}

async fn watch(client: &Client, filter: ChangeFilter, out: &Output) -> Done {
    let feed = client.changes().watch(filter)?;
    while let Some(change) = feed.next().await? {
        let change = json::change(&change);
        if out.is_json() {
            out.json_line(&change)?;
        } else {
            let change = with_target(change);
            let words = COLUMNS.iter().map(|column| render::line(&render::text(&change[column])));
            out.text(&format!("{}\n", words.collect::<Vec<_>>().join("  ").trim_end()))?;
        }
    }
    Ok(())
}

/// The change, and in one place the file, the item or the principal it was about.
fn with_target(mut change: Value) -> Value {
    let targets = [&change["file_id"], &change["item_id"], &change["principal"]["id"]];
    let target = targets.into_iter().find(|target| !target.is_null()).cloned();
    change["target_id"] = target.into();
    change
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        changes: Changes,
    }

    #[test]
    fn kinds_are_those_there_are() {
        let line = Line::try_parse_from("changes -f --kind file.attached --kind item.created --after now".split(' '));
        let changes = line.unwrap().changes;
        assert_eq!((changes.follow, changes.kinds.len(), changes.after.as_deref()), (true, 2, Some("now")));
        assert!(Line::try_parse_from("changes --kind item.read".split(' ')).is_err());
        assert!(Line::try_parse_from("changes --follow --limit 3".split(' ')).is_err());
    }

    #[test]
    fn the_narrowest_thing_is_the_target() {
        let target = |change: Value| with_target(change)["target_id"].clone();
        assert_eq!(target(json!({"item_id": "itm_a", "file_id": "fil_a"})), "fil_a");
        assert_eq!(target(json!({"item_id": "itm_a"})), "itm_a");
        assert_eq!(target(json!({"principal": {"id": "usr_a"}})), "usr_a");
        assert_eq!(target(json!({})), Value::Null);
    }
}
