//! Calls of every kind that are dropped at random moments: each was done wholly or not at all, and the client goes on.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use futures_util::FutureExt;
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::model::item::{Item, ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::vault::{VaultSpec, VaultUpdate};

use crate::world::{account, client, concealed, file, user, vault};

/// Ten of each kind.
const ROUNDS: usize = 10 * KINDS.len();

const KINDS: [&str; 11] = [
    "create vault",
    "update vault",
    "delete vault",
    "grant",
    "revoke",
    "create item",
    "update item",
    "archive item",
    "delete item",
    "create user",
    "rekey",
];

/// A call of a kind, and what it is about.
struct Call {
    kind: &'static str,
    name: String,
    vault: String,
    item: String,
}

impl Call {
    /// A vault of its own with an item, as the call finds it.
    async fn new(owner: &Client, kind: &'static str, name: String, guest: &str) -> Self {
        let access = if kind == "revoke" { vec![(guest, "write")] } else { Vec::new() };
        let vault = vault(owner, "before", &access).await.id.to_string();
        let item = NewItem { title: "before".to_owned(), ..NewItem::default() };
        let item = owner.items().create(&vault, item).await.unwrap().id.to_string();
        Self { kind, name, vault, item }
    }

    async fn run(&self, owner: &Client, guest: &str) -> Result<()> {
        let Self { kind, name, vault, item } = self;
        match *kind {
            "create vault" => {
                let spec = VaultSpec {
                    name: name.clone(),
                    description: Some(name.clone()),
                    external_id: Some(name.clone()),
                    access: vec![(guest.to_owned(), "write".to_owned())],
                    ..VaultSpec::default()
                };
                owner.vaults().create(spec).await.map(drop)
            }
            "update vault" => {
                let update = VaultUpdate { name: Some(name.clone()), description: Some(name.clone()) };
                owner.vaults().update(vault, update).await.map(drop)
            }
            "delete vault" => owner.vaults().delete(vault).await,
            "grant" => owner.access().grant(vault, guest, "write", None).await.map(drop),
            "revoke" => owner.access().revoke(vault, guest).await,
            "create item" => {
                let item = NewItem {
                    title: name.clone(),
                    fields: vec![concealed("one", name), concealed("two", name)],
                    files: vec![file("essay", vec![7; 3_000])],
                    ..NewItem::default()
                };
                owner.items().create(vault, item).await.map(drop)
            }
            "update item" => {
                let set_fields = vec![concealed("one", name), concealed("two", name)];
                let update = ItemUpdate { title: Some(name.clone()), set_fields, ..ItemUpdate::default() };
                owner.items().update(vault, item, update).await.map(drop)
            }
            "archive item" => owner.items().archive(vault, item).await.map(drop),
            "delete item" => owner.items().delete(vault, item).await,
            "create user" => {
                let user = NewUser { email: format!("{name}@example.edu"), ..NewUser::default() };
                owner.users().create(user, None).await.map(drop)
            }
            _ => owner.vaults().rekey(Some(vec![vault.clone()])).await.map(drop),
        }
    }

    /// Whether it was done; fails if half of it was.
    async fn is_done(&self, owner: &Client, guest: &str) -> bool {
        let Self { kind, name, vault, item } = self;
        let has_guest = async |vault: &str| {
            let grants = owner.access().list(vault, None).await.unwrap().all().await.unwrap();
            grants.iter().any(|grant| grant.principal.id.to_string() == guest)
        };
        if *kind == "delete vault" {
            let listed = owner.vaults().list().await.unwrap().all().await.unwrap();
            let listed = listed.iter().any(|each| each.id.to_string() == *vault);
            assert_eq!(owner.vaults().get(vault).await.is_ok(), listed, "{name}");
            assert_eq!(owner.items().get(vault, item, None).await.is_ok(), listed, "{name}");
            return !listed;
        }
        let found = owner.vaults().get(vault).await.unwrap();
        let put = owner.items().get(vault, item, None).await;
        assert!(put.is_ok() || *kind == "delete item", "{name}: {put:?}");
        match *kind {
            "create vault" => {
                let listed = owner.vaults().list().await.unwrap().all().await.unwrap();
                let mut made = listed.iter().filter(|each| each.external_id.as_ref() == Some(name));
                let Some(one) = made.next() else {
                    assert_eq!(owner.vaults().get_by_external_id(name, None).await.unwrap_err().code(), "not_found");
                    return false;
                };
                assert!(made.next().is_none(), "{name} is there twice");
                assert_eq!((&one.name, &one.description), (name, name));
                assert!(has_guest(&one.id.to_string()).await, "{name} without its member");
                true
            }
            "update vault" => {
                let done = found.name == *name;
                assert_eq!(found.description == *name, done, "{name}: {found:?}");
                done
            }
            "grant" => has_guest(vault).await,
            "revoke" => !has_guest(vault).await,
            "create item" => {
                let listed = owner.items().list(vault, ItemFilter::default()).await.unwrap().data;
                assert!(listed.len() <= 2, "{name} is there twice");
                let Some(one) = listed.iter().find(|each| each.title == *name) else { return false };
                let one = owner.items().get(vault, &one.id.to_string(), None).await.unwrap();
                assert!(has_both(&one, name) && one.files.len() == 1, "{name}: {one:?}");
                let read = owner.files().read(vault, &one.id.to_string(), &one.files[0].id.to_string()).await.unwrap();
                assert!(read == [7; 3_000]);
                true
            }
            "update item" => {
                let one = put.unwrap();
                let done = one.version == 2;
                assert_eq!((has_both(&one, name), one.title == *name), (done, done), "{name}: {one:?}");
                done
            }
            "archive item" => {
                let one = put.unwrap();
                assert_eq!(one.archived, one.version == 2);
                one.archived
            }
            "delete item" => {
                let listed = owner.items().list(vault, ItemFilter::default()).await.unwrap().data.len();
                assert_eq!(listed == 1, put.is_ok(), "{name}");
                put.is_err()
            }
            "create user" => owner.users().get(&format!("{name}@example.edu")).await.is_ok(),
            _ => true,
        }
    }
}

fn has_both(item: &Item, value: &str) -> bool {
    ["one", "two"].iter().all(|label| item.field(label, None).is_some_and(|field| field.value.expose() == value))
}

/// Drops a call after some of its steps or some time; whether it was done by then.
async fn dropped(random: u64, call: impl Future<Output = Result<()>>) -> bool {
    if random.is_multiple_of(2) {
        let after = Duration::from_micros(random / 2 % 6_000);
        return tokio::time::timeout(after, call).await.map(Result::unwrap).is_ok();
    }
    let (mut left, mut call) = (random / 2 % 6, Box::pin(call));
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(false);
        }
        left -= 1;
        call.poll_unpin(context).map(|answer| answer.map(|()| true).unwrap())
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_dropped_calls_are_done_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("classroom.db");
    let token = account(path).await.token.expose().to_owned();
    let owner = client(path, &token).await;
    let guest = user(&owner, "guest").await.principal.id.to_string();
    let random = RandomState::new();
    let mut calls = Vec::new();
    for round in 0..ROUNDS {
        let kind = KINDS[round % KINDS.len()];
        let call = Call::new(&owner, kind, format!("{}-{round}", kind.replace(' ', "-")), &guest).await;
        let done = dropped(random.hash_one(round), call.run(&owner, &guest)).await;
        calls.push((call, done));
    }
    // What was on its way to the writer stands before this.
    vault(&owner, "last", &[]).await;
    let answered = calls.iter().filter(|(_, done)| *done).count();
    assert!((1..ROUNDS).contains(&answered), "{answered} of {ROUNDS} were answered");
    let other = client(path, &token).await;
    for (call, answered) in &calls {
        let done = call.is_done(&owner, &guest).await;
        assert!(done || !answered, "{} was answered, and is not there", call.name);
        assert_eq!(call.is_done(&other, &guest).await, done, "{}: two clients see two things", call.name);
    }
    // Whatever was cut short can be asked for again.
    for (call, _) in &calls {
        if !call.is_done(&owner, &guest).await {
            call.run(&owner, &guest).await.unwrap();
            assert!(call.is_done(&owner, &guest).await, "{}", call.name);
        }
    }
    owner.audit().verify().await.unwrap();
}
