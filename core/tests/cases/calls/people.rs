//! Users and service accounts.

use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::Client;
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights, ServiceAccountUpdate};

use super::account::Keeper;
use super::{many, rows, unknown};
use crate::Outcome;
use crate::args::{Args, Trouble};

pub(crate) async fn users(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let users = client.users();
    match verb {
        "create" => {
            let keeper = Keeper::of(args)?;
            keeper.check(users.create(user(args)?, keeper.hook()).await)
        }
        "create_many" => {
            let mut rows = Vec::new();
            let keeper = Keeper::of(args)?;
            for mut row in args.rows("users")? {
                rows.push(user(&mut row)?);
                row.finish()?;
            }
            let made = users.create_many(rows, keeper.hook()).await?;
            Ok(many(&made, |credential| json::credential(credential, true)))
        }
        "get" => Ok(json::principal(&users.get(&args.text("who")?).await?)),
        "list" => rows(users.list().await?, json::principal).await,
        "suspend" => Ok(json::principal(&users.suspend(&args.text("who")?).await?)),
        "reactivate" => Ok(json::principal(&users.reactivate(&args.text("who")?).await?)),
        "reissue" => {
            let keeper = Keeper::of(args)?;
            keeper.check(users.reissue(&args.text("who")?, keeper.hook()).await)
        }
        "delete" => {
            let (who, successor) = (args.text("who")?, args.maybe_text("successor")?);
            users.delete(&who, successor.as_deref(), args.flag("erase")?).await?;
            Ok(json!(null))
        }
        "invite" => {
            let (email, name) = (args.text("email")?, args.maybe_text("name")?);
            Ok(json::credential(&users.invite(&email, name.as_deref()).await?, true))
        }
        other => Err(unknown(&format!("users.{other}"))),
    }
}

fn user(args: &mut Args) -> Outcome<NewUser> {
    Ok(NewUser {
        email: args.text("email")?,
        name: args.maybe_text("name")?,
        expires_at: args.time("expires_at")?,
        idempotency_key: args.maybe_text("idempotency_key")?,
    })
}

pub(crate) async fn service_accounts(client: &Client, verb: &str, args: &mut Args) -> Result<Value, Trouble> {
    let accounts = client.service_accounts();
    match verb {
        "create" => {
            let keeper = Keeper::of(args)?;
            let account = NewServiceAccount {
                name: args.text("name")?,
                rights: Rights {
                    can_create_vaults: args.flag("can_create_vaults")?,
                    can_manage_users: args.flag("can_manage_users")?,
                    can_manage_policy: args.flag("can_manage_policy")?,
                    can_read_audit: args.flag("can_read_audit")?,
                },
                vaults: args.roles("vaults")?,
                expires_at: args.time("expires_at")?,
                idempotency_key: args.maybe_text("idempotency_key")?,
            };
            keeper.check(accounts.create(account, keeper.hook()).await)
        }
        "get" => Ok(json::principal(&accounts.get(&args.text("id")?).await?)),
        "list" => rows(accounts.list().await?, json::principal).await,
        "revoke" => {
            accounts.revoke(&args.text("id")?).await?;
            Ok(json!(null))
        }
        "reissue" => {
            let keeper = Keeper::of(args)?;
            keeper.check(accounts.reissue(&args.text("id")?, keeper.hook()).await)
        }
        "update" => {
            let id = args.text("id")?;
            let update = ServiceAccountUpdate {
                name: args.maybe_text("name")?,
                can_create_vaults: args.maybe_flag("can_create_vaults")?,
                can_manage_users: args.maybe_flag("can_manage_users")?,
                can_manage_policy: args.maybe_flag("can_manage_policy")?,
                can_read_audit: args.maybe_flag("can_read_audit")?,
                expires_at: args.time("expires_at")?,
            };
            Ok(json::principal(&accounts.update(&id, update).await?))
        }
        other => Err(unknown(&format!("service_accounts.{other}"))),
    }
}
