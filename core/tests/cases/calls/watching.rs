//! Changes, secrets and the audit.

use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::{Client, secrets};
use strongroom::model::audit::AuditFilter;
use strongroom::model::secret::Secret;

use super::{many, rows, unknown};
use crate::args::{Args, Trouble};
use crate::feeds;

fn exposed(secret: &Secret) -> Value {
    json!(secret.expose())
}

pub(crate) fn validate(args: &mut Args) -> Result<Value, Trouble> {
    secrets::validate(&args.text("reference")?)?;
    Ok(Value::Null)
}

pub(crate) async fn secrets(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let secrets = client.secrets();
    match verb {
        "resolve" => Ok(exposed(&secrets.resolve(&args.text("reference")?).await?)),
        "resolve_many" => {
            let references = args.texts("references")?.unwrap_or_default();
            Ok(many(&secrets.resolve_many(references).await?, exposed))
        }
        other => Err(unknown(&format!("secrets.{other}"))),
    }
}

pub(crate) async fn changes(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let changes = client.changes();
    match verb {
        "cursor" => Ok(json!(changes.cursor().await?)),
        "list" => {
            let page = changes.list(feeds::filter(args)?).await?;
            let data: Vec<Value> = page.data.iter().map(json::change).collect();
            Ok(json!({ "data": data, "cursor": page.cursor, "has_more": page.has_more }))
        }
        "consumer" => changes.consumer(&args.text("name")?).map(|_| Value::Null).map_err(Trouble::from),
        other => Err(unknown(&format!("changes.{other}"))),
    }
}

pub(crate) async fn audit(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let audit = client.audit();
    match verb {
        "list" => {
            let action = match args.value("action") {
                Some(Value::String(name)) => vec![name],
                Some(list) => serde_json::from_value(list).map_err(|error| error.to_string())?,
                None => Vec::new(),
            };
            let filter = AuditFilter {
                actor: args.maybe_text("actor")?,
                generation: args
                    .number("generation")?
                    .map(u32::try_from)
                    .transpose()
                    .map_err(|error| error.to_string())?,
                vault: args.maybe_text("vault")?,
                action,
                since: args.time("since")?,
                until: args.time("until")?,
                after: args.maybe_text("after")?,
            };
            rows(audit.list(filter).await?, json::event).await
        }
        "verify" => Ok(json::proof(&audit.verify().await?)),
        "checkpoint" => Ok(json!(audit.checkpoint().await?)),
        other => Err(unknown(&format!("audit.{other}"))),
    }
}
