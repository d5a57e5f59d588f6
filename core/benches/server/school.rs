//! An account behind a server, with one vault and items in it, and the requests that clients make of it.

use std::time::Duration;

use reqwest::Method;
use strongroom::authority::{Authority, Reading, Session, SignIn, session_message};
use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::crypto::identity::Identity;
use strongroom::crypto::token::Token;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::id::Id;
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;
use strongroom::remote::{Remote, RemoteOptions};
use strongroom::wire::calls::Items;
use strongroom::wire::{Crosses, Key};
use tempfile::TempDir;

use crate::load::Ask;
use crate::process::Program;

pub(crate) struct School {
    pub(crate) server: Program,
    pub(crate) owner: Client,
    pub(crate) token: Secret,
    pub(crate) vault: String,
    vault_id: Id,
    items: Vec<Id>,
    // Dropped last.
    pub(crate) folder: TempDir,
}

pub(crate) async fn open(location: &str, token: &Secret) -> Client {
    let (location, token) = (Some(location.to_owned()), Some(token.clone()));
    connect(ConnectOptions { location, token, ..ConnectOptions::default() }).await.unwrap()
}

pub(crate) fn item(title: &str) -> NewItem {
    let (label, value) = ("password".to_owned(), Secret::new("correct horse battery staple"));
    let field = Field { label, value, field_type: FieldType::Concealed, section: None };
    NewItem { title: title.to_owned(), fields: vec![field], ..NewItem::default() }
}

impl School {
    pub(crate) async fn new(items: usize) -> Self {
        let folder = tempfile::tempdir_in(".").unwrap();
        let database = folder.path().join("school.db").display().to_string();
        let kit = init(Some(&database), "owner@example.edu", None).await.unwrap();
        let server = Program::strongroom(&database);
        let owner = open(&server.location, &kit.token).await;
        let spec = VaultSpec { name: "Class".to_owned(), ..VaultSpec::default() };
        let vault = owner.vaults().create(spec).await.unwrap().id;
        let mut school = Self {
            server,
            owner,
            token: kit.token,
            vault: vault.to_string(),
            vault_id: vault.0,
            items: Vec::new(),
            folder,
        };
        school.fill(items).await;
        school
    }

    /// Makes items until there are so many.
    pub(crate) async fn fill(&mut self, count: usize) {
        while self.items.len() < count {
            let many = (count - self.items.len()).min(1_000);
            let new = (0..many).map(|number| item(&format!("Homework {number}"))).collect();
            for made in self.owner.items().create_many(&self.vault, new).await.unwrap() {
                self.items.push(made.unwrap().id.0);
            }
        }
    }

    async fn session(&self) -> Session {
        let options = RemoteOptions { ca_file: None, allow_insecure: false, timeout: Duration::from_secs(30) };
        let remote = Remote::at(&self.server.location, options).unwrap();
        let token = Token::parse(self.token.expose()).unwrap();
        let identity = Identity::derive(&token.seed).unwrap();
        let challenge = remote.challenge(token.principal, Id(identity.public().sign)).await.unwrap();
        let signature = identity.sign(&session_message(&challenge, token.principal)).to_vec();
        let (nonce, generation) = (challenge.nonce, challenge.generation);
        remote.sign_in(SignIn { nonce, principal: token.principal, generation, signature, app: None }).await.unwrap()
    }

    /// What a client asks that reads an item it knows of.
    pub(crate) async fn read(&self, reading: Reading) -> Ask {
        let of = vec![(self.items[self.items.len() / 2], None)];
        let size = self.items.len() as u64;
        let body = Items { vault: Key(self.vault_id), size, of: of.into_form(), reading: reading.into_form() };
        Ask {
            method: Method::POST,
            url: format!("{}/v1/items", self.server.location),
            bearer: Key(self.session().await.0).to_string(),
            content_type: "application/json",
            body: serde_json::to_vec(&body).unwrap(),
        }
    }

    /// What a client asks that reads a piece of a file.
    pub(crate) async fn piece(&self, file: Id, index: u64) -> Ask {
        let path = format!("v1/vaults/{}/files/{}/pieces/{index}", Key(self.vault_id), Key(file));
        Ask {
            method: Method::GET,
            url: format!("{}/{path}", self.server.location),
            bearer: Key(self.session().await.0).to_string(),
            content_type: "application/octet-stream",
            body: Vec::new(),
        }
    }

    /// The limit that answers with what this request is answered.
    pub(crate) async fn limit(&self, ask: &Ask) -> Program {
        let answer = ask.once(&reqwest::Client::builder().no_proxy().build().unwrap()).await;
        let file = self.folder.path().join("answer");
        std::fs::write(&file, answer).unwrap();
        Program::limit(file.to_str().unwrap())
    }
}
