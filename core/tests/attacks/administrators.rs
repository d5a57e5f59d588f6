//! Attack 14: two administrators grant and revoke at once, and answers are lost at random: one history, and every key opens for
//! exactly its members.
//!
//! [`ROUNDS`], or as many as `STRONGROOM_ATTACK_ROUNDS` says; `make soak` runs a thousand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use strongroom::client::Client;
use strongroom::error::{Error, ErrorKind, Result};
use strongroom::log::body::Recipient;
use strongroom::log::operation::LogKind;
use strongroom::model::id::VaultId;
use strongroom::model::role::Role;
use strongroom::store::Store;

use crate::doctor::Dice;
use crate::malicious::Malicious;
use crate::world::{Member, World, code, connect, item, read};

const ROUNDS: usize = 60;
/// After so many, a new vault: what a client replays of one grows with every round.
const ROUNDS_OF_A_VAULT: usize = 20;
const GUESTS: usize = 3;

/// How many rounds a run has.
pub(crate) fn rounds(usual: usize) -> usize {
    std::env::var("STRONGROOM_ATTACK_ROUNDS").map_or(usual, |rounds| rounds.parse().unwrap())
}

/// How many answers were lost.
#[derive(Default)]
pub(crate) struct Lost(AtomicU64);

impl Lost {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// What was done is done, and one answer of so many does not come.
    pub(crate) fn of<T: 'static>(
        self: &Arc<Self>,
        of: usize,
        seed: u64,
    ) -> impl FnMut(Result<T>) -> Result<T> + use<T> {
        let (mut dice, lost) = (Dice::new(seed), Arc::clone(self));
        move |answer| {
            if dice.roll(of) > 0 {
                return answer;
            }
            lost.0.fetch_add(1, Ordering::Relaxed);
            Err(Error::unavailable("the answer was lost"))
        }
    }
}

/// Somebody's client, whose answers are lost at random.
pub(crate) async fn lossy(world: &World, who: &Member, lost: &Arc<Lost>, seed: u64) -> Client {
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&who.kit).await;
    server.submit.tell(lost.of(3, seed));
    server.hold.tell(lost.of(4, seed + 1));
    server.states.tell(lost.of(20, seed + 2));
    client
}

/// What one administrator does to one guest.
#[derive(Clone, Copy, Debug)]
struct Deed {
    guest: usize,
    role: Option<Role>,
}

impl Deed {
    fn thrown(dice: &mut Dice) -> Self {
        let role = [None, None, Some(Role::Read), Some(Role::Write), Some(Role::Admin)][dice.roll(5)];
        Self { guest: dice.roll(GUESTS), role }
    }

    async fn done_once(self, client: &Client, vault: &str, guests: &[Member]) -> Result<()> {
        let guest = guests[self.guest].id_text();
        match self.role {
            None => client.access().revoke(vault, &guest).await,
            Some(role) => client.access().grant(vault, &guest, role.as_str(), None).await.map(drop),
        }
    }

    /// Called again until it is acknowledged, as a program does.
    async fn done(self, client: &Client, vault: &str, guests: &[Member]) {
        for _ in 0..400 {
            match self.done_once(client, vault, guests).await {
                Ok(()) => return,
                Err(error) => {
                    let honest = [ErrorKind::Unavailable, ErrorKind::Conflict].contains(&error.kind());
                    assert!(honest, "{self:?}: {error}");
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        panic!("{self:?} was not done in four hundred calls");
    }
}

/// Who is in, as this client sees it: guests alone.
async fn members(client: &Client, vault: &str, guests: &[Member]) -> BTreeMap<usize, Role> {
    let grants = client.access().list(vault, None).await.unwrap().all().await.unwrap();
    let number = |id: &str| guests.iter().position(|guest| guest.id_text() == id);
    grants.iter().filter_map(|grant| Some((number(&grant.principal.id.to_string())?, grant.role))).collect()
}

/// The newest key is wrapped for exactly the members and recovery, and each of them opens the same.
pub(crate) async fn keys_fit(world: &World, vault: VaultId, administrators: &[&Member; 2], members: &[&Member]) {
    let mut snapshot = world.store.snapshot().await.unwrap();
    let newest = snapshot.vault(vault.0).await.unwrap().unwrap().name_epoch;
    let recovery = snapshot.logs(strongroom::store::TreeId::AccountHeads, 2, 1).await.unwrap()[0].log.id;
    let wraps = snapshot.wraps_of_epoch(vault.0, newest).await.unwrap();
    drop(snapshot);
    let mut wrapped: Vec<Recipient> =
        wraps.iter().map(|row| Recipient { principal: row.principal, generation: row.generation }).collect();
    let all = administrators.iter().chain(members);
    let mut expected: Vec<Recipient> = all.clone().map(|member| member.recipient()).collect();
    expected.push(Recipient { principal: recovery, generation: 1 });
    wrapped.sort_unstable();
    expected.sort_unstable();
    assert_eq!(wrapped, expected, "the key of epoch {newest}");
    let mut commitments = Vec::new();
    for member in all {
        let key = member.vault_key(world, vault, newest).await;
        commitments.push(key.commitment(member.token.account, vault, newest));
    }
    commitments.dedup();
    assert_eq!(commitments.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_one_history_and_keys_for_exactly_its_members() {
    let world = World::new().await;
    let colleague = world.user("colleague").await;
    let mut guests = Vec::new();
    for number in 0..GUESTS {
        guests.push(world.user(&format!("guest-{number}")).await);
    }
    // Where they all are, or the colleague would know of no guest.
    let all: Vec<(&Member, &str)> = guests.iter().chain([&colleague]).map(|member| (member, "read")).collect();
    world.vault(&all).await;
    let lost = Arc::new(Lost::default());
    let mut dice = Dice::new(14);
    let rounds = rounds(ROUNDS);
    let (mut vault, mut before) = (None, BTreeMap::new());
    let mut clients = Vec::new();
    for round in 0..rounds {
        if round % ROUNDS_OF_A_VAULT == 0 {
            vault = Some(world.vault(&[(&colleague, "admin")]).await.id);
            before.clear();
            clients.clear();
            for who in [&world.owner, &colleague] {
                clients.push(lossy(&world, who, &lost, 100 * round as u64 + clients.len() as u64).await);
            }
        }
        let vault = vault.unwrap();
        let id = vault.to_string();
        let (one, other) = (Deed::thrown(&mut dice), Deed::thrown(&mut dice));
        tokio::join!(one.done(&clients[0], &id, &guests), other.done(&clients[1], &id, &guests));

        // Whoever looks, it is one history, and what comes of one order of the two or of the other.
        let fresh = connect(Arc::clone(&world.engine), &world.owner.kit).await.unwrap();
        let after = members(&fresh, &id, &guests).await;
        for client in [&world.owner.client, &colleague.client] {
            assert_eq!(members(client, &id, &guests).await, after);
        }
        let orders = [[one, other], [other, one]].map(|deeds| {
            let mut expected = before.clone();
            for deed in deeds {
                match deed.role {
                    None => expected.remove(&deed.guest),
                    Some(role) => expected.insert(deed.guest, role),
                };
            }
            expected
        });
        assert!(orders.contains(&after), "round {round}: {before:?}, {one:?} and {other:?} made {after:?}");

        let let_in: Vec<&Member> = after.keys().map(|guest| &guests[*guest]).collect();
        keys_fit(&world, vault, &[&world.owner, &colleague], &let_in).await;
        if round % 5 == 4 {
            opens_for_members_alone(&world, vault, &guests, &after).await;
        }
        before = after;
    }
    assert!(lost.count() > rounds as u64 / 2, "only {} answers were lost", lost.count());
    world.owner.client.audit().verify().await.unwrap();
}

/// What is written now is read by who is in, and nobody else knows of the vault.
async fn opens_for_members_alone(world: &World, vault: VaultId, guests: &[Member], members: &BTreeMap<usize, Role>) {
    let id = vault.to_string();
    let written = world.owner.client.items().create(&id, item("now", "value")).await.unwrap().id;
    for (number, guest) in guests.iter().enumerate() {
        let client = connect(Arc::clone(&world.engine), &guest.kit).await.unwrap();
        let Some(role) = members.get(&number) else {
            for client in [&client, &guest.client] {
                assert_eq!(code(read(client, vault, written).await), "not_found");
            }
            continue;
        };
        for client in [&client, &guest.client] {
            assert_eq!(read(client, vault, written).await.unwrap(), "value");
        }
        let writes = code(client.items().create(&id, item("of a guest", "value")).await);
        assert_eq!(writes, if *role >= Role::Write { "no refusal" } else { "permission_denied" });
    }
    assert!(world.state(LogKind::Items, vault).await.size > 0);
}
