//! Accounts and connections.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use serde_json::{Value, json};
use strongroom::cli::json;
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::error::{Error, Result as Answer};
use strongroom::model::credential::{Credential, Save};
use strongroom::model::secret::Secret;

use super::unknown;
use crate::args::{Args, Trouble};
use crate::case::Step;
use crate::values;
use crate::world::World;

pub(crate) async fn call(world: &mut World, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    match step.call.as_str() {
        "init" => {
            let location = args.maybe_text("location")?.unwrap_or_else(|| world.place.database.clone());
            let (owner, keeper) = (args.text("owner")?, Keeper::of(args)?);
            let made = client::init(Some(&location), &owner, keeper.hook()).await;
            keeper.check(made)
        }
        "connect" => connect(world, step, args).await,
        "with_options" => {
            let client = world.client(&step.who).await?;
            let retries = args.number("max_retries")?.map(u32::try_from).transpose();
            let retries = retries.map_err(|error| error.to_string())?;
            let client = client.with_options(args.seconds("timeout")?, retries)?;
            Ok(kept(world, step, client))
        }
        "rotate_token" => {
            let keeper = Keeper::of(args)?;
            let client = world.client(&step.who).await?;
            let token = client.rotate_token(keeper.hook()).await?;
            keeper.kept(&token)?;
            Ok(json!({ "token": token.expose() }))
        }
        "close" => {
            world.client(&step.who).await?.close().await;
            Ok(Value::Null)
        }
        "drop" => {
            client::drop_memory(&args.text("location")?)?;
            Ok(Value::Null)
        }
        "me" => Ok(json::principal(&world.client(&step.who).await?.me())),
        "account" => Ok(json::account(&world.client(&step.who).await?.account())),
        "time" => Ok(json!(values::instant(&args.text("in")?)?)),
        "wait" => {
            tokio::time::sleep(args.seconds("seconds")?.unwrap_or_default()).await;
            Ok(Value::Null)
        }
        other => Err(unknown(other)),
    }
}

/// Connects; under the name to save, the connection is there for later steps.
async fn connect(world: &mut World, step: &Step, args: &mut Args) -> Result<Value, Trouble> {
    let location = args.maybe_text("location")?.unwrap_or_else(|| world.place.location.clone());
    let retries = args.number("max_retries")?.map(u32::try_from).transpose();
    let options = ConnectOptions {
        location: Some(location),
        token: Some(Secret::new(args.text("token")?)),
        state: args.maybe_text("state")?.map(|name| world.place.directory.path().join(name)),
        app: args.maybe_text("app")?,
        timeout: args.seconds("timeout")?,
        max_retries: retries.map_err(|error| error.to_string())?,
        ..ConnectOptions::default()
    };
    let client = client::connect(options).await?;
    Ok(kept(world, step, client))
}

/// Answers with the caller, and keeps the connection under the name to save.
fn kept(world: &mut World, step: &Step, client: Client) -> Value {
    let me = json::principal(&client.me());
    if let Some(name) = &step.save {
        world.clients.insert(name.clone(), client);
    }
    me
}

/// What is passed as `save`: nothing, a hook that keeps the credential, or one that refuses it.
pub(crate) enum Keeper {
    None,
    Keep(Arc<Mutex<Option<String>>>),
    Refuse,
}

impl Keeper {
    pub(crate) fn of(args: &mut Args) -> Result<Self, Trouble> {
        Ok(match args.maybe_text("save")?.as_deref() {
            None => Self::None,
            Some("keep") => Self::Keep(Arc::default()),
            Some("refuse") => Self::Refuse,
            Some(other) => return Err(format!("save can't be {other}").into()),
        })
    }

    pub(crate) fn hook(&self) -> Option<Save> {
        let answer: Box<dyn Fn(Credential) -> Answer<()> + Send + Sync> = match self {
            Self::None => return None,
            Self::Refuse => Box::new(|_| Err(Error::conflict("it was not kept"))),
            Self::Keep(kept) => {
                let kept = Arc::clone(kept);
                Box::new(move |credential| {
                    let mut kept = kept.lock().map_err(|_| Error::conflict("it can't be kept"))?;
                    kept.replace(credential.token.expose().to_owned());
                    Ok(())
                })
            }
        };
        Some(Arc::new(move |credential| std::future::ready(answer(credential)).boxed()))
    }

    /// The credential, if the hook was called with the same token.
    pub(crate) fn check(&self, made: Answer<Credential>) -> Result<Value, Trouble> {
        let made = made?;
        self.kept(&made.token)?;
        Ok(json::credential(&made, true))
    }

    fn kept(&self, token: &Secret) -> Result<(), Trouble> {
        let same = match self {
            Self::Keep(kept) => kept.lock().is_ok_and(|kept| kept.as_deref() == Some(token.expose())),
            Self::None | Self::Refuse => true,
        };
        if same { Ok(()) } else { Err("save was not called with it".to_owned().into()) }
    }
}
