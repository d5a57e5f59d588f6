//! An account in memory, its people, and what an attacker among them can do with their own keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::served;
use strongroom::authority::{Authority, Rows, Session, SignIn, Submission, Submitted, session_message};
use strongroom::backend::sealed::{Sealed, SealedOptions, found};
use strongroom::client::Client;
use strongroom::crypto::identity::Identity;
use strongroom::crypto::key::SealKey;
use strongroom::crypto::random;
use strongroom::crypto::token::Token;
use strongroom::crypto::wrap;
use strongroom::error::Result;
use strongroom::log::body::Recipient;
use strongroom::log::feed::Head;
use strongroom::log::operation::{self, Body, LogId, LogKind, Operation};
use strongroom::model::credential::Credential;
use strongroom::model::field::{Field, FieldType};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::{Item, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::{Vault, VaultSpec};
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{Store, WrapForm};

/// An account, its engine, and the store beneath.
pub(crate) struct World {
    pub(crate) store: Arc<SqliteStore>,
    pub(crate) engine: Arc<dyn Authority>,
    pub(crate) owner: Member,
}

/// Somebody with a token: as an honest client, and with the bare keys.
pub(crate) struct Member {
    pub(crate) kit: Credential,
    pub(crate) client: Client,
    pub(crate) session: Session,
    pub(crate) token: Token,
    pub(crate) identity: Identity,
}

impl World {
    pub(crate) async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("attacks-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        Self::over(SqliteStore::memory(&name, true).unwrap()).await
    }

    pub(crate) async fn over(store: Arc<SqliteStore>) -> Self {
        let engine = served::engine(Arc::clone(&store) as Arc<dyn Store>);
        let kit = found(engine.as_ref(), "owner@example.edu", "memory:", None).await.unwrap();
        let owner = Member::new(&engine, kit).await;
        Self { store, engine, owner }
    }

    pub(crate) async fn user(&self, name: &str) -> Member {
        let user = NewUser { email: email(name), name: Some(name.to_owned()), ..NewUser::default() };
        let kit = self.owner.client.users().create(user, None).await.unwrap();
        Member::new(&self.engine, kit).await
    }

    /// A vault of the owner's with these members.
    pub(crate) async fn vault(&self, members: &[(&Member, &str)]) -> Vault {
        let access = members.iter().map(|(member, role)| (member.id_text(), (*role).to_owned())).collect();
        let spec = VaultSpec { name: "vault".to_owned(), access, ..VaultSpec::default() };
        self.owner.client.vaults().create(spec).await.unwrap()
    }

    /// Where a log stands in the store.
    pub(crate) async fn state(&self, kind: LogKind, id: impl Into<Id>) -> Head {
        let log = LogId::new(kind, id);
        self.store.snapshot().await.unwrap().log(log).await.unwrap().map_or_else(Head::empty, |row| row.state)
    }
}

impl Member {
    pub(crate) async fn new(authority: &Arc<dyn Authority>, kit: Credential) -> Self {
        let token = Token::parse(kit.token.expose()).unwrap();
        let identity = Identity::derive(&token.seed).unwrap();
        let challenge = authority.challenge(token.principal, Id(identity.public().sign)).await.unwrap();
        let sign_in = SignIn {
            nonce: challenge.nonce,
            principal: token.principal,
            generation: challenge.generation,
            signature: identity.sign(&session_message(&challenge, token.principal)).to_vec(),
            app: None,
        };
        let session = authority.sign_in(sign_in).await.unwrap();
        let client = connect(Arc::clone(authority), &kit).await.unwrap();
        Self { kit, client, session, token, identity }
    }

    pub(crate) fn id(&self) -> Id {
        self.token.principal
    }

    pub(crate) fn id_text(&self) -> String {
        self.kit.principal.id.to_string()
    }

    pub(crate) fn recipient(&self) -> Recipient {
        Recipient { principal: self.id(), generation: 1 }
    }

    /// An operation in this member's name, on what is the newest.
    pub(crate) async fn operation(&self, world: &World, vault: VaultId, body: Body) -> Operation {
        Operation {
            account: Some(self.token.account),
            log: Some(vault.0),
            signer: Some(self.id()),
            generation: 1,
            id: Id(random::make_bytes().unwrap()),
            at: world.state(LogKind::Vault, vault).await,
            seen: world.engine.end().await.unwrap(),
            body,
        }
    }

    /// The operation with this member's signature.
    pub(crate) fn sign(&self, operation: &Operation, rows: Rows) -> Submission {
        let bytes = operation.to_bytes();
        let signature = self.identity.sign(&operation::message(&bytes)).to_vec();
        Submission { operation: bytes, signatures: vec![signature], rows }
    }

    /// What the engine says to one submission of this member.
    pub(crate) async fn submit(&self, world: &World, submission: Submission) -> Result<Submitted> {
        world.engine.submit(self.session, vec![submission]).await.unwrap().pop().unwrap()
    }

    /// The key of a vault's epoch, which this member opens with its own keys.
    pub(crate) async fn vault_key(&self, world: &World, vault: VaultId, epoch: u32) -> SealKey {
        let rows = world.engine.vault_rows(self.session, vec![vault.0]).await.unwrap().pop().unwrap().unwrap();
        let row = rows.wraps.iter().find(|row| row.epoch == epoch).unwrap();
        let (account, me) = (self.token.account, self.recipient());
        match row.form {
            WrapForm::Hpke => {
                let info = wrap::wrap_info(account, vault, epoch, me, self.identity.public().kem_hash());
                wrap::unwrap_key(self.identity.kem(), &info, &row.sealed).unwrap()
            }
            WrapForm::Own => {
                let context = wrap::self_context(account, vault, epoch, me);
                wrap::open_wrap(self.identity.self_key(), &context, &row.sealed).unwrap()
            }
            WrapForm::Recovery => panic!("nobody here is the recovery key"),
        }
    }
}

/// A client as `connect` makes it, over any authority.
pub(crate) async fn connect(authority: Arc<dyn Authority>, kit: &Credential) -> Result<Client> {
    let backend = Sealed::connect(served::reached(authority), kit.token.expose(), SealedOptions::default()).await?;
    Ok(Client::new(Arc::new(backend), Duration::from_secs(30), 2))
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.edu")
}

pub(crate) fn secret(label: &str, value: &str) -> Field {
    Field { label: label.to_owned(), value: Secret::new(value), field_type: FieldType::Concealed, section: None }
}

/// An item with one secret.
pub(crate) fn item(title: &str, value: &str) -> NewItem {
    NewItem { title: title.to_owned(), fields: vec![secret("password", value)], ..NewItem::default() }
}

/// The secret of such an item, as a client reads it.
pub(crate) async fn read(client: &Client, vault: VaultId, item: ItemId) -> Result<String> {
    let item: Item = client.items().get(&vault.to_string(), &item.to_string(), None).await?;
    Ok(item.field("password", None).unwrap().value.expose().to_owned())
}

/// The code of a refusal.
pub(crate) fn code<T>(result: Result<T>) -> &'static str {
    result.err().map_or("no refusal", |error| error.code())
}
