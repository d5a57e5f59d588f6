//! Honest people whose answers are lost, whose calls are dropped and whose processes end, at random: nobody is called a forger, and what
//! is called again until it is acknowledged is done once.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use strongroom::backend::sealed::{Sealed, SealedOptions};
use strongroom::client::Client;
use strongroom::error::{Error, ErrorKind, Result};
use strongroom::model::change::ChangeFilter;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::principal::{NewServiceAccount, NewUser, Rights};
use strongroom::model::secret::Secret;
use strongroom::model::vault::{VaultSpec, VaultUpdate};
use tempfile::TempDir;

use crate::administrators::{Lost, rounds};
use crate::doctor::Dice;
use crate::malicious::Malicious;
use crate::served;
use crate::world::{Member, World, code, connect, email, item, secret};

const PEOPLE: usize = 3;
const CALLS: usize = 30;

/// One of the people: a program that remembers its token, its state file, and what it was to do.
struct Program {
    number: usize,
    member: Member,
    token: Secret,
    server: Arc<Malicious>,
    client: Client,
    state: PathBuf,
    dice: Dice,
    /// The vault that all share.
    shared: String,
    /// Made by this program, and acknowledged: the item, its newest value, its files.
    items: BTreeMap<String, (String, BTreeSet<String>)>,
    deleted: BTreeSet<String>,
    vaults: BTreeMap<String, String>,
    users: BTreeSet<String>,
    ended: u32,
    cursor: Option<String>,
}

/// What an honest call may come to, once and again.
const AGAIN: [ErrorKind; 2] = [ErrorKind::Unavailable, ErrorKind::Conflict];

impl Program {
    async fn new(
        world: &World,
        folder: &TempDir,
        number: usize,
        member: Member,
        shared: &str,
        lost: &Arc<Lost>,
        seed: u64,
    ) -> Self {
        let server = Malicious::over(Arc::clone(&world.engine));
        server.submit.tell(lost.of(3, seed));
        server.hold.tell(lost.of(3, seed + 1));
        server.states.tell(lost.of(15, seed + 2));
        server.items.tell(lost.of(15, seed + 3));
        server.find_operations.tell(lost.of(5, seed + 4));
        server.sign_in.tell(lost.of(4, seed + 5));
        server.put_piece.tell(lost.of(5, seed + 6));
        let state = folder.path().join(format!("state-{number}-{seed}"));
        let mut program = Self {
            number,
            token: member.kit.token.clone(),
            client: member.client.clone(),
            member,
            server,
            state,
            dice: Dice::new(seed),
            shared: shared.to_owned(),
            items: BTreeMap::new(),
            deleted: BTreeSet::new(),
            vaults: BTreeMap::new(),
            users: BTreeSet::new(),
            ended: 0,
            cursor: None,
        };
        program.starts().await;
        program
    }

    /// A new process: a new client, which knows what the state file remembers.
    async fn starts(&mut self) {
        for _ in 0..100 {
            let options = SealedOptions { state: Some(self.state.clone()), ..SealedOptions::default() };
            let authority: Arc<dyn strongroom::authority::Authority> = Arc::<Malicious>::clone(&self.server);
            match Sealed::connect(served::reached(authority), self.token.expose(), options).await {
                Ok(backend) => {
                    self.client = Client::new(Arc::new(backend), Duration::from_secs(30), 2);
                    return;
                }
                Err(error) => assert!(AGAIN.contains(&error.kind()), "{error}"),
            }
        }
        panic!("a hundred lost answers");
    }

    /// Calls until it is acknowledged: now and then it is dropped in the middle, and the process ends.
    async fn until_acknowledged<T, F: Future<Output = Result<T>>>(
        &mut self,
        what: &str,
        call: impl Fn(Client) -> F,
    ) -> Result<T> {
        for _ in 0..200 {
            let mut running = Box::pin(call(self.client.clone()));
            let answer = if self.dice.roll(3) > 0 {
                Some(running.await)
            } else {
                let mut answer = None;
                for _ in 0..self.dice.roll(12) {
                    if let Poll::Ready(ready) = poll!(&mut running) {
                        answer = Some(ready);
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                drop(running);
                answer
            };
            match answer {
                None => {
                    self.ended += 1;
                    if self.dice.roll(2) == 0 {
                        self.starts().await;
                    }
                }
                Some(Err(error)) if AGAIN.contains(&error.kind()) => {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                Some(answer) => {
                    let forged = answer.as_ref().is_err_and(|error: &Error| error.kind() == ErrorKind::Tampered);
                    assert!(!forged, "{what}: {}", answer.err().unwrap());
                    return answer;
                }
            }
        }
        panic!("{what} was not acknowledged in two hundred calls");
    }

    /// One of its items, by the dice.
    fn one_of_its_items(&mut self) -> Option<String> {
        let at = self.dice.roll(self.items.len());
        self.items.keys().nth(at).cloned()
    }

    async fn call(&mut self, number: usize) {
        let name = format!("{} of {}", number, self.number);
        match self.dice.roll(12) {
            roll @ ..8 => self.call_on_items(roll, name).await,
            roll => self.call_on_all_else(roll, name, number).await,
        }
    }

    async fn call_on_items(&mut self, roll: usize, name: String) {
        let shared = self.shared.clone();
        match roll {
            0..=3 => {
                let with_file = self.dice.roll(2) == 0;
                let made = self
                    .until_acknowledged("items.create", |client| {
                        let (shared, new) = (shared.clone(), new_item(&name, with_file));
                        async move { client.items().create(&shared, new).await }
                    })
                    .await
                    .unwrap();
                let files = with_file.then(|| name.clone()).into_iter().collect();
                self.items.insert(made.id.to_string(), (name, files));
            }
            4..=5 => {
                let Some(id) = self.one_of_its_items() else { return };
                let update = ItemUpdate { set_fields: vec![secret("password", &name)], ..ItemUpdate::default() };
                let changed = self
                    .until_acknowledged("items.update", |client| {
                        let (shared, id, update) = (shared.clone(), id.clone(), update.clone());
                        async move { client.items().update(&shared, &id, update).await }
                    })
                    .await
                    .unwrap();
                assert_eq!(changed.field("password", None).unwrap().value.expose(), name);
                self.items.get_mut(&id).unwrap().0 = name;
            }
            6 => {
                let Some(id) = self.one_of_its_items() else { return };
                let attached = self
                    .until_acknowledged("files.attach", |client| {
                        let (shared, id, file) = (shared.clone(), id.clone(), file(&name, Some(name.clone())));
                        async move { client.files().attach(&shared, &id, file).await }
                    })
                    .await
                    .unwrap();
                assert_eq!(attached.name, name);
                self.items.get_mut(&id).unwrap().1.insert(name);
            }
            _ => {
                let Some(id) = self.one_of_its_items() else { return };
                let ended = self
                    .until_acknowledged("items.delete", |client| {
                        let (shared, id) = (shared.clone(), id.clone());
                        async move { client.items().delete(&shared, &id).await }
                    })
                    .await;
                // Done by the call whose answer was lost.
                assert!(
                    ended.as_ref().map_or_else(|error| error.kind() == ErrorKind::NotFound, |()| true),
                    "{ended:?}"
                );
                self.items.remove(&id);
                self.deleted.insert(id);
            }
        }
    }

    async fn call_on_all_else(&mut self, roll: usize, name: String, number: usize) {
        match roll {
            8 => {
                let spec = VaultSpec {
                    name: name.clone(),
                    external_id: Some(name.clone()),
                    idempotency_key: Some(name.clone()),
                    ..VaultSpec::default()
                };
                let made = self
                    .until_acknowledged("vaults.create", |client| {
                        let spec = spec.clone();
                        async move { client.vaults().create(spec).await }
                    })
                    .await
                    .unwrap();
                self.vaults.insert(made.id.to_string(), name);
            }
            9 => {
                let at = self.dice.roll(self.vaults.len());
                let Some(id) = self.vaults.keys().nth(at).cloned() else { return };
                let update = VaultUpdate { name: Some(name.clone()), description: None };
                self.until_acknowledged("vaults.update", |client| {
                    let (id, update) = (id.clone(), update.clone());
                    async move { client.vaults().update(&id, update).await }
                })
                .await
                .unwrap();
                self.vaults.insert(id, name);
            }
            10 => {
                let address = email(&format!("user-{number}-of-{}", self.number));
                let user = NewUser { email: address.clone(), idempotency_key: Some(name), ..NewUser::default() };
                let made = self
                    .until_acknowledged("users.create", |client| {
                        let user = user.clone();
                        async move { client.users().create(user, None).await }
                    })
                    .await;
                // A token that was answered, and lost, is not answered again.
                assert!(
                    made.as_ref().map_or_else(|error| error.kind() == ErrorKind::AlreadyExists, |_| true),
                    "{made:?}"
                );
                self.users.insert(address);
            }
            _ => {
                let filter = ChangeFilter { after: self.cursor.clone(), ..ChangeFilter::default() };
                let page = self
                    .until_acknowledged("changes.list", |client| {
                        let filter = filter.clone();
                        async move { client.changes().list(filter).await }
                    })
                    .await
                    .unwrap();
                self.cursor = Some(page.cursor);
            }
        }
    }

    async fn lives(mut self) -> Self {
        for number in 0..CALLS {
            self.call(number).await;
        }
        self
    }
}

fn file(name: &str, idempotency_key: Option<String>) -> NewFile {
    NewFile {
        name: name.to_owned(),
        source: Source::Bytes(name.as_bytes().repeat(3_000).into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key,
    }
}

/// The same arguments for every call.
fn new_item(name: &str, with_file: bool) -> NewItem {
    let files = with_file.then(|| file(name, None)).into_iter().collect();
    NewItem { files, idempotency_key: Some(name.to_owned()), ..item(name, name) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_called_again_after_a_lost_answer_is_done_once_and_nobody_is_a_forger() {
    let (mut ended, lost) = (0, Arc::new(Lost::default()));
    // A history has some ninety calls.
    for seed in 1..=(rounds(2 * PEOPLE * CALLS) / (PEOPLE * CALLS)).max(1) as u64 {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let mut members = Vec::new();
        for number in 0..PEOPLE {
            let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
            let name = format!("program-{number}");
            let account = NewServiceAccount { name, rights, ..NewServiceAccount::default() };
            let kit = world.owner.client.service_accounts().create(account, None).await.unwrap();
            members.push(Member::new(&world.engine, kit).await);
        }
        let all: Vec<(&Member, &str)> = members.iter().map(|member| (member, "admin")).collect();
        let shared = world.vault(&all).await.id.to_string();
        let mut lives = Vec::new();
        for (number, member) in members.into_iter().enumerate() {
            let seed = seed * 1_000 + 10 * number as u64;
            let program = Program::new(&world, &folder, number, member, &shared, &lost, seed).await;
            lives.push(tokio::spawn(program.lives()));
        }
        let mut programs = Vec::new();
        for life in lives {
            programs.push(life.await.unwrap());
        }
        check(&world, &shared, &programs).await;
        ended += programs.iter().map(|program| program.ended).sum::<u32>();
    }
    assert!(ended > 5 && lost.count() > 20, "{ended} calls ended, {} answers lost", lost.count());
}

/// All that was acknowledged is there, once, and nothing besides.
async fn check(world: &World, shared: &str, programs: &[Program]) {
    let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
    let listed = fresh.items().list(shared, ItemFilter::default()).await.unwrap().all().await.unwrap();
    let expected: usize = programs.iter().map(|program| program.items.len()).sum();
    assert_eq!(listed.len(), expected);
    for program in programs {
        for (id, (value, files)) in &program.items {
            for client in [&fresh, &program.member.client] {
                let item = client.items().get(shared, id, None).await.unwrap();
                assert_eq!(item.field("password", None).unwrap().value.expose(), value);
                let attached: Vec<String> = item.files.iter().map(|file| file.name.clone()).collect();
                assert_eq!(attached.iter().cloned().collect::<BTreeSet<_>>(), *files, "{id}");
                assert_eq!(attached.len(), files.len(), "each once");
                for file in item.files.iter().take(1) {
                    let read = client.files().read(shared, id, &file.id.to_string()).await.unwrap();
                    assert!(read == file.name.as_bytes().repeat(3_000));
                }
            }
        }
        for id in &program.deleted {
            assert_eq!(code(fresh.items().get(shared, id, None).await), "not_found");
        }
        let vaults = program.member.client.vaults().list().await.unwrap().all().await.unwrap();
        let vaults: BTreeMap<String, String> = vaults
            .into_iter()
            .filter(|vault| vault.id.to_string() != shared)
            .map(|vault| (vault.id.to_string(), vault.name))
            .collect();
        assert_eq!(vaults, program.vaults);
        let users = fresh.users().list().await.unwrap().all().await.unwrap();
        for address in &program.users {
            assert_eq!(users.iter().filter(|user| user.email.as_ref() == Some(address)).count(), 1);
        }
    }
    fresh.audit().verify().await.unwrap();
}
