//! One case's account: its clients, and what its steps saved.

use std::collections::HashMap;

use serde_json::{Map, Value, json};
use strongroom::cli::json;
use strongroom::client::changes::ChangeFeed;
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::error::{Error, ErrorKind};
use strongroom::model::secret::Secret;

use crate::args::{Args, Trouble};
use crate::case::Step;
use crate::place::{Backend, Place};
use crate::{Outcome, calls, matching, values};

const OWNER: &str = "owner@example.edu";

pub(crate) struct World {
    pub(crate) place: Place,
    pub(crate) saved: Map<String, Value>,
    pub(crate) clients: HashMap<String, Client>,
    pub(crate) feeds: HashMap<String, ChangeFeed>,
}

impl World {
    /// A fresh account, with `owner` and `rescue` saved.
    pub(crate) async fn new(backend: Backend) -> Outcome<Self> {
        let mut place = Place::new(backend)?;
        let made = client::init(Some(&place.database), OWNER, None).await.map_err(|error| format!("{error:?}"))?;
        place.serve()?;
        let mut owner = json::credential(&made, true);
        owner["location"] = json!(place.location);
        let rescue = json!({ "token": owner["recovery"], "location": owner["location"] });
        let saved = Map::from_iter([
            ("location".to_owned(), json!(place.location)),
            ("elsewhere".to_owned(), json!(place.elsewhere)),
            ("owner".to_owned(), owner),
            ("rescue".to_owned(), rescue),
        ]);
        Ok(Self { place, saved, clients: HashMap::new(), feeds: HashMap::new() })
    }

    /// The connection of this name, made at its first use.
    pub(crate) async fn client(&mut self, name: &str) -> Outcome<Client> {
        if let Some(client) = self.clients.get(name) {
            return Ok(client.clone());
        }
        let token = self.saved.get(name).and_then(|saved| saved["token"].as_str());
        let token = token.ok_or_else(|| format!("`{name}` is no saved credential"))?.to_owned();
        let location = self.saved[name]["location"].as_str().unwrap_or(&self.place.location).to_owned();
        let options =
            ConnectOptions { location: Some(location), token: Some(Secret::new(token)), ..ConnectOptions::default() };
        let client = client::connect(options).await.map_err(|error| format!("it can't connect: {error:?}"))?;
        self.clients.insert(name.to_owned(), client.clone());
        Ok(client)
    }

    /// Takes one step and checks what came of it.
    pub(crate) async fn take(&mut self, step: &Step, lacks: &[String]) -> Outcome<()> {
        let mut args = Args(values::resolve_object(&step.args, &self.saved)?);
        let answer = calls::call(self, step, &mut args).await;
        args.finish()?;
        match (answer, &step.error) {
            (Err(Trouble::Case(why)), _) => Err(why),
            (Err(Trouble::Refused(error)), None) => Err(format!("it was refused: {error:?}")),
            (Err(Trouble::Refused(error)), Some(code)) => self.check_error(step, code, lacks, &error),
            (Ok(answer), Some(code)) => Err(format!("it answered {answer}, and was to be refused as {code}")),
            (Ok(answer), None) => {
                if let Some(expected) = &step.expect {
                    matching::check(&values::resolve(expected, &self.saved)?, &answer)?;
                }
                if let Some(name) = &step.save {
                    self.saved.insert(name.clone(), answer);
                }
                Ok(())
            }
        }
    }

    fn check_error(&self, step: &Step, code: &str, lacks: &[String], error: &Error) -> Outcome<()> {
        if !ErrorKind::ALL.iter().any(|kind| kind.code() == code) {
            return Err(format!("`{code}` is no code of an error"));
        }
        if error.code() != code {
            return Err(format!("it was refused, not as {code}: {error:?}"));
        }
        let message = error.to_string();
        let operation = step.operation.clone().unwrap_or_else(|| json!(step.call));
        matching::check(&operation, &json!(error.operation()))
            .map_err(|why| format!("the operation of {error:?}: {why}"))?;
        if let Some(id) = &step.error_id {
            matching::check(&values::resolve(id, &self.saved)?, &json!(error.existing()))?;
        }
        if let Some(part) = &step.message_has {
            let part = values::resolve(part, &self.saved)?;
            matching::check(&json!({ "$contains": part }), &json!(message))?;
        }
        for part in lacks.iter().chain(&step.message_lacks) {
            let part = values::resolve(&json!(part), &self.saved)?;
            matching::check(&json!({ "$not": { "$contains": part } }), &json!(message))?;
        }
        self.has_no_token(&message)
    }

    /// No message ever has a token in it.
    fn has_no_token(&self, message: &str) -> Outcome<()> {
        let mut tokens = self.saved.values().filter_map(|saved| saved.get("token")?.as_str());
        if tokens.any(|token| message.contains(token)) {
            Err("the message has a token in it".to_owned())
        } else {
            Ok(())
        }
    }

    pub(crate) async fn end(&mut self) {
        for feed in self.feeds.values() {
            feed.close();
        }
        for client in self.clients.values() {
            client.close().await;
        }
    }
}
