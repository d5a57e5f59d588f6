//! From the name of a call to the call.

mod account;
mod contents;
mod people;
mod sharing;
mod watching;

use serde_json::{Value, json};
use strongroom::error::{Error, Result as Answer};
use strongroom::model::page::Page;

use crate::args::{Args, Trouble};
use crate::case::Step;
use crate::feeds;
use crate::world::World;

/// Makes the call of a step.
pub(crate) async fn call(world: &mut World, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    let (noun, verb) = step.call.split_once('.').unwrap_or(("", &step.call));
    match (noun, verb) {
        (
            "",
            "init" | "connect" | "with_options" | "rotate_token" | "close" | "drop" | "me" | "account" | "time"
            | "wait",
        ) => account::call(world, step, args).await,
        ("feed", _) => feeds::call(world, verb, step, args).await,
        ("secrets", "validate") => watching::validate(args),
        _ => {
            let client = world.client(&step.who).await?;
            match noun {
                "users" => people::users(&client, verb, args).await,
                "service_accounts" => people::service_accounts(&client, verb, args).await,
                "vaults" => sharing::vaults(&client, verb, args).await,
                "access" => sharing::access(&client, verb, args).await,
                "items" => contents::items(&client, verb, args).await,
                "files" => contents::files(world, &client, step, args).await,
                "secrets" => watching::secrets(&client, verb, args).await,
                "changes" if verb == "watch" => feeds::watch(world, &client, step, args).await,
                "changes" => watching::changes(&client, verb, args).await,
                "audit" => watching::audit(&client, verb, args).await,
                _ => Err(unknown(&step.call)),
            }
        }
    }
}

fn unknown(call: &str) -> Trouble {
    Trouble::Case(format!("there is no call {call}"))
}

/// All rows from this page on.
async fn rows<T>(page: Page<T>, shown: impl Fn(&T) -> Value) -> Result<Value, Trouble> {
    Ok(page.all().await?.iter().map(shown).collect())
}

/// The rows of a call on many, an error where there is no answer.
fn many<T>(rows: &[Answer<T>], shown: impl Fn(&T) -> Value) -> Value {
    rows.iter().map(|row| row.as_ref().map_or_else(refusal, &shown)).collect()
}

fn refusal(error: &Error) -> Value {
    json!({
        "error": error.code(),
        "message": error.to_string(),
        "operation": error.operation(),
        "id": error.existing(),
    })
}
