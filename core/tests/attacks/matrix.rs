//! The rules of access against a plain matrix: whatever happens to keys and grants, everybody may do what the matrix says.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use strongroom::client::Client;
use strongroom::error::Result;
use strongroom::model::credential::Credential;
use strongroom::model::principal::{NewServiceAccount, Rights};
use strongroom::model::role::Role;
use strongroom::model::secret::Secret;
use strongroom::model::vault::{VaultSpec, VaultUpdate};

use crate::world::{World, code, connect, item};

const USERS: usize = 3;
const VAULTS: usize = 2;
const OWNER: usize = USERS;
const OFFICE: usize = USERS + 1;
/// The users, the owner, and a service account that makes vaults and manages users.
const PEOPLE: usize = USERS + 2;
const ROLES: [Role; 3] = [Role::Read, Role::Write, Role::Admin];

/// One call, by numbers: who, on whom, where, what role.
#[derive(Clone, Debug)]
enum Call {
    Grant { by: usize, to: usize, vault: usize, role: Role },
    Revoke { by: usize, to: usize, vault: usize },
    Rekey { by: usize },
    Rotate { who: usize },
    Reissue { by: usize, who: usize },
    Approve { by: usize, who: usize },
    Suspend { by: usize, who: usize },
    Reactivate { by: usize, who: usize },
    Delete { by: usize, who: usize },
}

fn call() -> impl Strategy<Value = Call> {
    let (anybody, user, vault) = (0..PEOPLE, 0..USERS, 0..VAULTS);
    let manager = OWNER..PEOPLE;
    let role = prop::sample::select(&ROLES[..]);
    prop_oneof![
        8 => (anybody.clone(), anybody.clone(), vault.clone(), role)
            .prop_map(|(by, to, vault, role)| Call::Grant { by, to, vault, role }),
        4 => (anybody.clone(), anybody.clone(), vault).prop_map(|(by, to, vault)| Call::Revoke { by, to, vault }),
        2 => anybody.clone().prop_map(|by| Call::Rekey { by }),
        3 => anybody.prop_map(|who| Call::Rotate { who }),
        3 => (manager.clone(), user.clone()).prop_map(|(by, who)| Call::Reissue { by, who }),
        4 => (OWNER..=PEOPLE, user.clone()).prop_map(|(by, who)| Call::Approve { by, who }),
        2 => (manager.clone(), user.clone()).prop_map(|(by, who)| Call::Suspend { by, who }),
        3 => (manager.clone(), user.clone()).prop_map(|(by, who)| Call::Reactivate { by, who }),
        1 => (manager, user).prop_map(|(by, who)| Call::Delete { by, who }),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Suspended,
    Deleted,
}

/// What anybody may do, as a table: no keys, no logs.
struct Matrix {
    states: [State; PEOPLE],
    /// How often each was reissued: a grant is for the keys of its time.
    chains: [u32; PEOPLE],
    grants: BTreeMap<(usize, usize), (Role, u32)>,
}

impl Matrix {
    /// The role of somebody who may act.
    fn role(&self, vault: usize, who: usize) -> Option<Role> {
        let (role, chain) = self.grants.get(&(vault, who))?;
        (*chain == self.chains[who]).then_some(*role)
    }

    fn is_active(&self, who: usize) -> bool {
        self.states[who] == State::Active
    }

    /// What comes of a call that needs this role.
    fn refusal(&self, who: usize, vault: usize, need: Role) -> &'static str {
        match self.role(vault, who) {
            _ if !self.is_active(who) => "unauthenticated",
            None => "not_found",
            Some(role) if role < need => "permission_denied",
            Some(_) => "no refusal",
        }
    }

    /// Whether somebody who manages nobody can know of somebody else.
    fn shares(&self, one: usize, other: usize) -> bool {
        one >= OWNER
            || (0..VAULTS).any(|vault| self.role(vault, one).is_some() && self.grants.contains_key(&(vault, other)))
    }
}

/// The account that the matrix is of.
struct Real {
    world: World,
    ids: Vec<String>,
    tokens: Vec<Secret>,
    clients: Vec<Client>,
    rescue: Client,
    vaults: Vec<String>,
}

impl Real {
    async fn new() -> (Self, Matrix) {
        let world = World::new().await;
        let mut kits = Vec::new();
        for number in 0..USERS {
            kits.push(world.user(&format!("user-{number}")).await.kit);
        }
        kits.push(world.owner.kit.clone());
        let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
        let office = NewServiceAccount { name: "office".to_owned(), rights, ..NewServiceAccount::default() };
        kits.push(world.owner.client.service_accounts().create(office, None).await.unwrap());
        let mut clients = Vec::new();
        for kit in &kits {
            clients.push(connect(Arc::clone(&world.engine), kit).await.unwrap());
        }
        let rescue = Credential { token: world.owner.kit.recovery.clone().unwrap(), ..world.owner.kit.clone() };
        let rescue = connect(Arc::clone(&world.engine), &rescue).await.unwrap();
        let mut grants = BTreeMap::new();
        let mut vaults = Vec::new();
        for (vault, creator) in [OWNER, OFFICE].into_iter().enumerate() {
            let access = vec![(kits[vault].principal.id.to_string(), "write".to_owned())];
            let spec = VaultSpec { name: "vault".to_owned(), access, ..VaultSpec::default() };
            vaults.push(clients[creator].vaults().create(spec).await.unwrap().id.to_string());
            grants.insert((vault, creator), (Role::Admin, 0));
            grants.insert((vault, vault), (Role::Write, 0));
        }
        let ids = kits.iter().map(|kit| kit.principal.id.to_string()).collect();
        let tokens = kits.iter().map(|kit| kit.token.clone()).collect();
        let matrix = Matrix { states: [State::Active; PEOPLE], chains: [0; PEOPLE], grants };
        (Self { world, ids, tokens, clients, rescue, vaults }, matrix)
    }

    async fn reconnect(&mut self, who: usize) {
        let kit = Credential { token: self.tokens[who].clone(), ..self.world.owner.kit.clone() };
        self.clients[who] = connect(Arc::clone(&self.world.engine), &kit).await.unwrap();
    }

    /// Calls, compares what comes of it, and writes it into the matrix.
    async fn call(&mut self, matrix: &mut Matrix, call: &Call) {
        match *call {
            Call::Grant { by, to, vault, role } => {
                let name = role.to_string();
                let answer = self.clients[by].access().grant(&self.vaults[vault], &self.ids[to], &name, None).await;
                let told = format!("{answer:?}");
                let refused = code(answer);
                let expected = matrix.refusal(by, vault, Role::Admin);
                let unknown = matrix.states[to] == State::Deleted || !matrix.shares(by, to);
                if expected == "no refusal" && unknown && refused == "not_found" {
                    return;
                }
                assert!(matrix.states[to] != State::Deleted || refused != "no refusal");
                assert_eq!(refused, expected, "{told}");
                if refused == "no refusal" {
                    matrix.grants.insert((vault, to), (role, matrix.chains[to]));
                }
            }
            Call::Revoke { by, to, vault } => {
                let refused = code(self.clients[by].access().revoke(&self.vaults[vault], &self.ids[to]).await);
                let expected = matrix.refusal(by, vault, Role::Admin);
                if expected == "no refusal" && !matrix.shares(by, to) && refused == "not_found" {
                    return;
                }
                assert_eq!(refused, expected);
                if refused == "no refusal" {
                    matrix.grants.remove(&(vault, to));
                }
            }
            Call::Rekey { by } => {
                let refused = code(self.clients[by].vaults().rekey(None).await);
                assert_eq!(refused, if matrix.is_active(by) { "no refusal" } else { "unauthenticated" });
            }
            Call::Rotate { who } => match self.clients[who].rotate_token(None).await {
                Ok(token) => {
                    assert!(matrix.is_active(who));
                    self.tokens[who] = token;
                }
                refused => {
                    assert_eq!((code(refused), matrix.is_active(who)), ("unauthenticated", false));
                }
            },
            Call::Reissue { by, who } => match self.clients[by].users().reissue(&self.ids[who], None).await {
                Ok(kit) => {
                    assert_ne!(matrix.states[who], State::Deleted);
                    self.tokens[who] = kit.token;
                    self.reconnect(who).await;
                    matrix.chains[who] += 1;
                    matrix.states[who] = State::Active;
                }
                refused => assert_eq!((code(refused), matrix.states[who]), ("not_found", State::Deleted)),
            },
            Call::Approve { by, who } => self.approve(matrix, by, who).await,
            Call::Suspend { by, who } => {
                let answer = self.clients[by].users().suspend(&self.ids[who]).await;
                if self.is_there(matrix, who, answer) {
                    matrix.states[who] = State::Suspended;
                }
            }
            Call::Reactivate { by, who } => {
                let answer = self.clients[by].users().reactivate(&self.ids[who]).await;
                if self.is_there(matrix, who, answer) {
                    matrix.states[who] = State::Active;
                    self.reconnect(who).await;
                    // Whoever was away waits for keys that are newer than their own; the next ones are for them too.
                    self.rescue.vaults().rekey(Some(self.vaults.clone())).await.unwrap();
                }
            }
            Call::Delete { by, who } => {
                let answer = self.clients[by].users().delete(&self.ids[who], None, false).await;
                assert_eq!(code(answer), "no refusal");
                matrix.states[who] = State::Deleted;
                matrix.grants.retain(|(_, of), _| *of != who);
            }
        }
    }

    fn is_there<T>(&self, matrix: &Matrix, who: usize, answer: Result<T>) -> bool {
        let refused = code(answer);
        let there = matrix.states[who] != State::Deleted;
        assert_eq!(refused, if there { "no refusal" } else { "not_found" }, "{}", self.ids[who]);
        there
    }

    /// The recovery code is the one after the last.
    async fn approve(&self, matrix: &mut Matrix, by: usize, who: usize) {
        let client = self.clients.get(by).unwrap_or(&self.rescue);
        let answer = client.access().approve(&self.ids[who], None).await;
        let governs = |vault: usize| by == PEOPLE || matrix.role(vault, by) == Some(Role::Admin);
        let renewed: Vec<usize> = (0..VAULTS)
            .filter(|vault| governs(*vault))
            .filter(|vault| matrix.grants.get(&(*vault, who)).is_some_and(|(_, chain)| *chain != matrix.chains[who]))
            .collect();
        match answer {
            Ok(count) => {
                assert_ne!(matrix.states[who], State::Deleted);
                assert!(count >= renewed.len() as u64, "{count} of {renewed:?}");
            }
            refused => {
                assert_eq!((code(refused), matrix.states[who]), ("not_found", State::Deleted));
                return;
            }
        }
        for vault in renewed {
            if let Some((_, chain)) = matrix.grants.get_mut(&(vault, who)) {
                *chain = matrix.chains[who];
            }
        }
    }

    /// Everybody may do what the matrix says, no more and no less. Clients that know nothing ask: what others know may be as
    /// old as a second.
    async fn compare(&self, matrix: &Matrix) {
        for (who, old) in self.clients.iter().enumerate() {
            let kit = Credential { token: self.tokens[who].clone(), ..self.world.owner.kit.clone() };
            let fresh = connect(Arc::clone(&self.world.engine), &kit).await;
            assert_eq!(fresh.is_ok(), matrix.is_active(who), "{who} connects");
            let client = fresh.as_ref().unwrap_or(old);
            if matrix.is_active(who) {
                let mut listed: Vec<String> = Vec::new();
                for vault in client.vaults().list().await.unwrap().all().await.unwrap() {
                    listed.push(vault.id.to_string());
                }
                let has = |vault: &usize| matrix.role(*vault, who).is_some();
                let expected: Vec<String> = (0..VAULTS).filter(has).map(|vault| self.vaults[vault].clone()).collect();
                assert_eq!(listed, expected, "the vaults of {who}");
            }
            for (vault, id) in self.vaults.iter().enumerate() {
                let found = client.vaults().get(id).await;
                if let Ok(found) = &found {
                    assert_eq!(Some(found.role), matrix.role(vault, who), "{who} in {vault}");
                }
                assert_eq!(code(found), matrix.refusal(who, vault, Role::Read), "{who} reads {vault}");
                let written = client.items().create(id, item("title", "value")).await;
                assert_eq!(code(written), matrix.refusal(who, vault, Role::Write), "{who} writes {vault}");
                let renamed = VaultUpdate { name: Some(format!("of {who}")), ..VaultUpdate::default() };
                let renamed = client.vaults().update(id, renamed).await;
                assert_eq!(code(renamed), matrix.refusal(who, vault, Role::Admin), "{who} changes {vault}");
            }
        }
        for (vault, id) in self.vaults.iter().enumerate() {
            let mut listed: Vec<(String, Role)> = Vec::new();
            for grant in self.rescue.access().list(id, None).await.unwrap().all().await.unwrap() {
                listed.push((grant.principal.id.to_string(), grant.role));
            }
            let mut expected: Vec<(String, Role)> = (0..PEOPLE)
                .filter_map(|who| Some((self.ids[who].clone(), matrix.grants.get(&(vault, who))?.0)))
                .collect();
            listed.sort();
            expected.sort();
            assert_eq!(listed, expected, "who is in {vault}");
        }
    }
}

async fn run(calls: Vec<Call>) {
    let (mut real, mut matrix) = Real::new().await;
    for (number, call) in calls.iter().enumerate() {
        real.call(&mut matrix, call).await;
        if number % 5 == 4 {
            real.compare(&matrix).await;
        }
    }
    real.compare(&matrix).await;
    real.clients[OWNER].audit().verify().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn everybody_may_do_what_the_matrix_says(calls in vec(call(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(calls));
    }
}
