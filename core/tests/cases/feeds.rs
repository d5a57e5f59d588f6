//! Feeds that are open between steps.

use std::time::Duration;

use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::Client;
use strongroom::client::changes::ChangeFeed;
use strongroom::model::change::ChangeFilter;

use crate::Outcome;
use crate::args::{Args, Trouble};
use crate::case::Step;
use crate::world::World;

/// After which a change that does not come is missed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Opens a feed: for later steps under the name to save, else for so many changes.
pub(crate) async fn watch(world: &mut World, client: &Client, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    let feed = client.changes().watch(filter(args)?)?;
    let Some(name) = &step.save else {
        let taken = take(&feed, step.take.unwrap_or_default()).await;
        end(&feed).await?;
        return taken;
    };
    world.feeds.insert(name.clone(), feed);
    Ok(Value::Null)
}

/// What is done with an open feed.
pub(crate) async fn call(world: &mut World, verb: &str, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    let name = args.text("feed")?;
    let feed = world.feeds.get(&name).ok_or_else(|| format!("`{name}` is no feed"))?;
    match verb {
        "take" => take(feed, step.take.unwrap_or_default()).await,
        "cursor" => Ok(json!(feed.cursor())),
        "close" => end(feed).await.map(|()| Value::Null),
        other => Err(format!("there is no call feed.{other}").into()),
    }
}

/// Which changes a call asks for.
pub(crate) fn filter(args: &mut Args) -> Outcome<ChangeFilter> {
    let limit = args.number("limit")?.map(u32::try_from).transpose().map_err(|error| error.to_string())?;
    Ok(ChangeFilter {
        after: args.maybe_text("after")?,
        vaults: args.texts("vaults")?,
        kinds: args.texts("kinds")?,
        limit,
    })
}

async fn take(feed: &ChangeFeed, count: usize) -> Result<Value, Trouble> {
    let mut taken = Vec::new();
    while taken.len() < count {
        let next = tokio::time::timeout(PATIENCE, feed.next()).await;
        let next = next.map_err(|_| format!("no more changes came than {}", json!(taken)))?;
        let change = next?.ok_or_else(|| "the feed ended".to_owned())?;
        taken.push(json::change(&change));
    }
    Ok(Value::Array(taken))
}

async fn end(feed: &ChangeFeed) -> Result<(), Trouble> {
    feed.close();
    match tokio::time::timeout(PATIENCE, feed.next()).await {
        Ok(Ok(None)) => Ok(()),
        Ok(other) => Err(format!("the closed feed goes on: {:?}", other?).into()),
        Err(_) => Err("the closed feed does not end".to_owned().into()),
    }
}
