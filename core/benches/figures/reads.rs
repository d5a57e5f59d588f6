//! What noting reads costs a reader: the same reads with `audit_reads` on and off, one at a time and many in flight.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use strongroom::authority::{
    Authority, LogRequest, Rows, SignIn, StatesRequest, Submission, Submitted, session_message,
};
use strongroom::client::Client;
use strongroom::crypto::identity::Identity;
use strongroom::crypto::token::Token;
use strongroom::engine::Engine;
use strongroom::log::body::{PolicyChanged, role_number};
use strongroom::log::operation::{self, Body, LogId, LogKind, Operation};
use strongroom::model::credential::Credential;
use strongroom::model::id::Id;
use strongroom::model::item::NewItem;
use strongroom::model::role::Role;
use strongroom::store::Store;
use strongroom::store::sqlite::SqliteStore;

use crate::school;
use crate::timing::{median, row};

const ROUNDS: usize = 150;
const READS: usize = 512;
const FLIGHTS: [usize; 2] = [1, 64];

struct Reader {
    client: Client,
    vault: String,
    item: String,
}

pub(crate) async fn run(folder: &Path) {
    let on = Reader::new(&folder.join("audited.db"), true).await;
    let off = Reader::new(&folder.join("quiet.db"), false).await;
    for flight in FLIGHTS {
        let (mut noted, mut quiet) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            noted.push(on.read(flight).await);
            quiet.push(off.read(flight).await);
        }
        let aim = if flight == 1 { "-" } else { "≤ 1.3" };
        row(&format!("an item read with audit on, {flight} in flight"), median(noted), "off", median(quiet), aim);
    }
    for reader in [on, off] {
        reader.client.close().await;
    }
}

impl Reader {
    async fn new(path: &Path, audit_reads: bool) -> Self {
        let location = path.to_str().unwrap();
        let (owner, kit) = school::account(location).await;
        let program = school::client(&kit).await;
        school::users(&program, 1).await;
        let vault = school::vaults(&program, 0..1, 1).await.remove(0).id.to_string();
        let item = NewItem { title: "Homework 1".to_owned(), ..NewItem::default() };
        let item = program.items().create(&vault, item).await.unwrap().id.to_string();
        program.close().await;
        if !audit_reads {
            turn_off(path, &owner).await;
        }
        Self { client: school::client(&kit).await, vault, item }
    }

    /// How long one read takes while as many are in flight.
    async fn read(&self, flight: usize) -> Duration {
        let rounds = READS / flight;
        let began = Instant::now();
        for _ in 0..rounds {
            let items = self.client.items();
            let reads = (0..flight).map(|_| items.get(&self.vault, &self.item, None));
            assert!(join_all(reads).await.iter().all(Result::is_ok));
        }
        began.elapsed() / u32::try_from(rounds * flight).unwrap()
    }
}

/// Signs the policy that turns the audit of reads off: the client has no call for it yet.
async fn turn_off(path: &Path, kit: &Credential) {
    let store = SqliteStore::open(path, false).unwrap();
    let engine = Engine::new(Arc::<SqliteStore>::clone(&store));
    let token = Token::parse(kit.token.expose()).unwrap();
    let owner = Identity::derive(&token.seed).unwrap();
    let challenge = engine.challenge(token.principal, Id(owner.public().sign)).await.unwrap();
    let signature = owner.sign(&session_message(&challenge, token.principal)).to_vec();
    let sign_in = SignIn {
        principal: token.principal,
        nonce: challenge.nonce,
        generation: challenge.generation,
        signature,
        app: None,
    };
    let session = engine.sign_in(sign_in).await.unwrap();
    let log = LogId::new(LogKind::Account, token.account);
    let request = StatesRequest {
        logs: vec![LogRequest { log, from: 0 }],
        vaults: Vec::new(),
        others: Vec::new(),
        former: Vec::new(),
        known: strongroom::log::feed::Head::empty(),
    };
    let at = engine.states(session, request).await.unwrap().logs[0].state;
    let body = PolicyChanged {
        version: 1,
        max_grant: role_number(Role::Admin),
        users_may_share: true,
        recovery: true,
        audit_reads: false,
        max_file_bytes: 1 << 30,
        email_domains: None,
        require_expiry_days: None,
    };
    let operation = Operation {
        account: Some(token.account),
        log: Some(token.account.0),
        signer: Some(token.principal),
        generation: 1,
        id: Id([7; 32]),
        at,
        seen: store.end().await.unwrap(),
        body: Body::PolicyChanged(body),
    };
    let bytes = operation.to_bytes();
    let signatures = vec![owner.sign(&operation::message(&bytes)).to_vec()];
    let submission = Submission { operation: bytes, signatures, rows: Rows::default() };
    let answer = engine.submit(session, vec![submission]).await.unwrap().remove(0).unwrap();
    assert!(matches!(answer, Submitted::Taken(_)));
    engine.close().await;
}
