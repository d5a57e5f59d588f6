//! Answers that a store gave before, or gave to others, in the place of those that belong there, at random: what a client says is what is
//! so, or a refusal; and what it signs is for nobody but those whom it should be for.
//!
//! [`CLIENTS`] are lied to, or as many as `STRONGROOM_ATTACK_ROUNDS` says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::authority::{FeedPage, FileAnswer, Ids, ItemAnswer, Profile, States, VaultRows};
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::model::change::ChangeFilter;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::vault::{VaultSpec, VaultUpdate};

use crate::administrators::{keys_fit, rounds};
use crate::doctor::Dice;
use crate::malicious::Malicious;
use crate::world::{Member, World, email, item, secret};

/// How many clients are lied to.
const CLIENTS: usize = 24;

/// What the store has answered, by method.
#[derive(Default)]
struct Recorded {
    states: Vec<States>,
    items: Vec<Vec<ItemAnswer>>,
    rows: Vec<Vec<VaultRows>>,
    feed: Vec<FeedPage>,
    profiles: Vec<Vec<Option<Profile>>>,
    found: Vec<Vec<Option<Id>>>,
    keys: Vec<Vec<Vec<u8>>>,
    vaults: Vec<Ids>,
    files: Vec<FileAnswer>,
    pieces: Vec<Vec<u8>>,
}

const METHODS: usize = 10;

/// The rows that were answered, without those that were refused.
fn good<T: Clone>(rows: &[Result<T>]) -> Vec<T> {
    rows.iter().flatten().cloned().collect()
}

/// From now on, all that this server answers is recorded.
fn record(server: &Malicious, all: &Arc<Mutex<Recorded>>) {
    macro_rules! each {
        ($($method:ident to $list:ident: $answer:ident -> $kept:expr;)*) => {$(
            let to = Arc::clone(all);
            server.$method.change(move |$answer| to.lock().unwrap().$list.push($kept));
        )*};
    }
    each! {
        states to states: answer -> answer.clone();
        items to items: answer -> good(answer);
        vault_rows to rows: answer -> good(answer);
        feed to feed: answer -> answer.clone();
        profiles to profiles: answer -> answer.clone();
        find_principals to found: answer -> answer.clone();
        kem_keys to keys: answer -> answer.clone();
        vaults to vaults: answer -> answer.clone();
        file to files: answer -> answer.clone();
        piece to pieces: answer -> answer.clone();
    }
}

/// From now on, some answers of this method are others that were recorded.
fn lie(server: &Malicious, all: &Arc<Mutex<Recorded>>, method: usize, seed: u64) {
    let mut dice = Dice::new(seed);
    macro_rules! each {
        ($($number:literal: $method:ident from $list:ident: $other:ident -> $lie:expr;)*) => {
            match method {
                $($number => {
                    let from = Arc::clone(all);
                    server.$method.change(move |answer| {
                        let all = from.lock().unwrap();
                        if dice.roll(2) == 0 && !all.$list.is_empty() {
                            let $other = all.$list[dice.roll(all.$list.len())].clone();
                            *answer = $lie;
                        }
                    });
                })*
                other => panic!("{other}"),
            }
        };
    }
    each! {
        0: states from states: other -> other;
        1: items from items: other -> other.into_iter().map(Ok).collect();
        2: vault_rows from rows: other -> other.into_iter().map(Ok).collect();
        3: feed from feed: other -> other;
        4: profiles from profiles: other -> other;
        5: find_principals from found: other -> other;
        6: kem_keys from keys: other -> other;
        7: vaults from vaults: other -> other;
        8: file from files: other -> other;
        9: piece from pieces: other -> other;
    }
}

/// A class of three, in two vaults, with a history.
struct Class {
    world: World,
    people: Vec<Member>,
    vaults: [VaultId; 2],
    items: Vec<(usize, ItemId)>,
}

impl Class {
    async fn new() -> Self {
        let world = World::new().await;
        let mut people = Vec::new();
        for name in ["alice", "bob", "carol"] {
            people.push(world.user(name).await);
        }
        let [alice, bob, carol] = &people[..] else { panic!() };
        let one = world.vault(&[(alice, "admin"), (bob, "write"), (carol, "read")]).await.id;
        let two = world.vault(&[(alice, "admin"), (bob, "read")]).await.id;
        let mut items = Vec::new();
        for (vault, id) in [one, one, two, two].into_iter().enumerate() {
            let title = format!("item {vault}");
            let new = NewItem { files: vec![file(&title)], ..item(&title, &title) };
            let made = world.owner.client.items().create(&id.to_string(), new).await.unwrap();
            items.push((vault / 2, made.id));
        }
        Self { world, people, vaults: [one, two], items }
    }

    /// What is other afterwards.
    async fn goes_on(&self) {
        let owner = &self.world.owner.client;
        for (vault, item) in &self.items {
            let update = ItemUpdate { set_fields: vec![secret("password", "newer")], ..ItemUpdate::default() };
            let vault = self.vaults[*vault].to_string();
            owner.items().update(&vault, &item.to_string(), update).await.unwrap();
        }
        owner.access().revoke(&self.vaults[0].to_string(), &email("bob")).await.unwrap();
        owner.users().suspend(&email("carol")).await.unwrap();
        let renamed = VaultUpdate { name: Some("renamed".to_owned()), description: None };
        owner.vaults().update(&self.vaults[1].to_string(), renamed).await.unwrap();
    }

    /// All that alice reads, as text; what is refused is left out.
    async fn told(&self, client: &Client) -> BTreeMap<String, String> {
        let mut told = BTreeMap::new();
        let mut tell = |what: String, answer: Result<String>| match answer {
            Ok(answer) => drop(told.insert(what, answer)),
            Err(error) => assert_ne!(error.code(), "internal", "{error}"),
        };
        for vault in &self.vaults {
            let id = vault.to_string();
            let shown = client.vaults().get(&id).await;
            tell(id.clone(), shown.map(|vault| format!("{} {} {}", vault.name, vault.role, vault.due)));
            let grants = async { client.access().list(&id, None).await?.all().await };
            let grants = grants.await.map(|grants| {
                let one = |grant: &strongroom::model::grant::Grant| format!("{} {}", grant.principal.id, grant.role);
                grants.iter().map(one).collect::<Vec<_>>().join(", ")
            });
            tell(format!("{id} access"), grants);
            let listed = async { client.items().list(&id, ItemFilter::default()).await?.all().await };
            let listed = listed.await.map(|items| {
                items
                    .iter()
                    .map(|item| format!("{} {} {}", item.id, item.title, item.version))
                    .collect::<Vec<_>>()
                    .join(", ")
            });
            tell(format!("{id} items"), listed);
        }
        for (vault, item) in &self.items {
            let (vault, item) = (self.vaults[*vault].to_string(), item.to_string());
            let read = client.items().get(&vault, &item, None).await;
            let file = read.as_ref().ok().and_then(|item| item.files.first().map(|file| file.id.to_string()));
            let shown =
                read.map(|item| format!("{} {}", item.version, item.field("password", None).unwrap().value.expose()));
            tell(item.clone(), shown);
            if let Some(file) = file {
                let read = client.files().read(&vault, &item, &file).await;
                tell(format!("{item} file"), read.map(|bytes| crc32fast::hash(&bytes).to_string()));
            }
        }
        for who in ["alice", "bob", "carol", "owner"] {
            let user = client.users().get(&email(who)).await;
            tell(format!("user {who}"), user.map(|user| format!("{} {:?} {:?}", user.id, user.state, user.email)));
        }
        let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
        let _ = client.changes().list(filter).await;
        told
    }

    /// What alice writes, whatever comes of it.
    async fn writes(&self, client: &Client, number: usize) {
        let [one, two] = self.vaults.map(|vault| vault.to_string());
        let _ = client.items().create(&one, item(&format!("of {number}"), "value")).await;
        let _ = client.access().grant(&two, &email("carol"), "read", None).await;
        let _ = client.access().grant(&one, &email("bob"), "read", None).await;
        let _ = client.access().revoke(&one, &email("bob")).await;
        let _ = client.access().revoke(&two, &email("carol")).await;
        let _ = client.vaults().rekey(Some(vec![two])).await;
        let access = vec![(email("bob"), "read".to_owned())];
        let spec = VaultSpec { name: format!("by {number}"), access, ..VaultSpec::default() };
        let _ = client.vaults().create(spec).await;
    }
}

fn file(content: &str) -> NewFile {
    NewFile {
        name: "file".to_owned(),
        source: Source::Bytes(content.as_bytes().to_vec().into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

async fn a_second_later() {
    tokio::time::sleep(Duration::from_millis(1_050)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_is_so_or_refused() {
    let class = Class::new().await;
    let all = Arc::new(Mutex::new(Recorded::default()));
    // Everybody's answers of before and after; every client lied to has seen both.
    let mut servers = Vec::new();
    for number in 0..rounds(CLIENTS) {
        let server = Malicious::over(Arc::clone(&class.world.engine));
        let client = server.client(&class.people[0].kit).await;
        if number < 2 {
            record(&server, &all);
        }
        class.told(&client).await;
        servers.push((server, client));
    }
    let others = Malicious::over(Arc::clone(&class.world.engine));
    record(&others, &all);
    for who in [&class.world.owner, &class.people[1], &class.people[2]] {
        class.told(&others.client(&who.kit).await).await;
    }
    class.goes_on().await;
    for who in [&class.world.owner, &class.people[1]] {
        class.told(&others.client(&who.kit).await).await;
    }
    a_second_later().await;
    let honest = class.told(&servers[2].1).await;
    assert_eq!(honest.len(), 2 * 3 + 4 * 2 + 4);
    for (_, client) in &servers {
        assert_eq!(class.told(client).await, honest);
    }

    let class = Arc::new(class);
    let mut clients = Vec::new();
    for (number, (server, client)) in servers.into_iter().enumerate() {
        let (class, all, honest) = (Arc::clone(&class), Arc::clone(&all), honest.clone());
        clients.push(tokio::spawn(async move {
            lie(&server, &all, number % METHODS, number as u64);
            if number >= METHODS {
                lie(&server, &all, (number / METHODS + number * 7) % METHODS, 100 + number as u64);
            }
            let mut refused = 0;
            for _ in 0..2 {
                a_second_later().await;
                let told = class.told(&client).await;
                for (what, answer) in &told {
                    assert_eq!(Some(answer), honest.get(what), "{number}: {what}");
                }
                refused += honest.len() - told.len();
            }
            (number, server, client, refused)
        }));
    }
    let mut lied_to = Vec::new();
    for client in clients {
        lied_to.push(client.await.unwrap());
    }
    assert!(lied_to.iter().map(|(.., refused)| refused).sum::<usize>() > 20, "too few lies were told");
    // And what they sign meanwhile is what an honest store takes, for nobody but members.
    let written: Vec<_> = lied_to
        .into_iter()
        .map(|(number, server, client, _)| {
            let class = Arc::clone(&class);
            tokio::spawn(async move {
                class.writes(&client, number).await;
                drop(server);
            })
        })
        .collect();
    for done in written {
        done.await.unwrap();
    }
    let owner = &class.world.owner;
    owner.client.audit().verify().await.unwrap();
    for vault in class.vaults {
        let grants = owner.client.access().list(&vault.to_string(), None).await.unwrap().all().await.unwrap();
        let is_in = |member: &&Member| {
            let id = member.kit.principal.id;
            member.id() != class.people[0].id() && grants.iter().any(|grant| grant.principal.id == id)
        };
        // Carol is suspended: she may be in, and gets no key.
        let members: Vec<&Member> = class.people[..2].iter().filter(is_in).collect();
        keys_fit(&class.world, vault, &[owner, &class.people[0]], &members).await;
    }
}
