//! Vaults and who may do what in them.

use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::Client;
use strongroom::model::grant::NewGrant;
use strongroom::model::vault::{VaultSpec, VaultUpdate};

use super::{many, rows, unknown};
use crate::Outcome;
use crate::args::{Args, Trouble};

pub(crate) async fn vaults(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let vaults = client.vaults();
    match verb {
        "create" => Ok(json::vault(&vaults.create(spec(args)?).await?)),
        "create_many" => {
            let mut specs = Vec::new();
            for mut row in args.rows("specs")? {
                specs.push(spec(&mut row)?);
                row.finish()?;
            }
            Ok(many(&vaults.create_many(specs).await?, json::vault))
        }
        "get" if args.0.contains_key("id") => Ok(json::vault(&vaults.get(&args.text("id")?).await?)),
        "get" => {
            let (id, creator) = (args.text("external_id")?, args.maybe_text("creator")?);
            Ok(json::vault(&vaults.get_by_external_id(&id, creator.as_deref()).await?))
        }
        "list" => rows(vaults.list().await?, json::vault).await,
        "update" => {
            let update = VaultUpdate { name: args.maybe_text("name")?, description: args.maybe_text("description")? };
            Ok(json::vault(&vaults.update(&args.text("id")?, update).await?))
        }
        "delete" => {
            vaults.delete(&args.text("id")?).await?;
            Ok(Value::Null)
        }
        "rekey" => Ok(json!(vaults.rekey(args.texts("ids")?).await?)),
        other => Err(unknown(&format!("vaults.{other}"))),
    }
}

fn spec(args: &mut Args) -> Outcome<VaultSpec> {
    Ok(VaultSpec {
        name: args.text("name")?,
        description: args.maybe_text("description")?,
        external_id: args.maybe_text("external_id")?,
        access: args.roles("access")?,
        retain: args.maybe_text("retain")?,
        idempotency_key: args.maybe_text("idempotency_key")?,
    })
}

pub(crate) async fn access(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let access = client.access();
    match verb {
        "grant" => {
            let (vault, who, role) = (args.text("vault")?, args.text("who")?, args.text("role")?);
            Ok(json::grant(&access.grant(&vault, &who, &role, args.time("expires_at")?).await?))
        }
        "grant_many" => {
            let mut grants = Vec::new();
            for mut row in args.rows("grants")? {
                grants.push(NewGrant {
                    vault: row.text("vault")?,
                    who: row.text("who")?,
                    role: row.text("role")?,
                    expires_at: row.time("expires_at")?,
                });
                row.finish()?;
            }
            Ok(many(&access.grant_many(grants).await?, json::grant))
        }
        "revoke" => {
            access.revoke(&args.text("vault")?, &args.text("who")?).await?;
            Ok(Value::Null)
        }
        "list" => rows(access.list(&args.text("vault")?, args.time("at")?).await?, json::grant).await,
        "matrix" => rows(access.matrix().await?, json::grant).await,
        "approve" => Ok(json!(access.approve(&args.text("principal")?, args.texts("vaults")?).await?)),
        other => Err(unknown(&format!("access.{other}"))),
    }
}
