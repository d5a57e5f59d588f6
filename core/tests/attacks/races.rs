//! Honest people at once, while keys are rotated, reissued, suspended and moved: nobody is called a forger, and nothing
//! acknowledged is lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom::authority::Authority;
use strongroom::client::Client;
use strongroom::error::{Error, ErrorKind, Result};
use strongroom::model::credential::Credential;
use strongroom::model::id::ItemId;
use strongroom::model::item::{ItemFilter, ItemUpdate};
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

use crate::world::{World, connect, email, item, secret};

const PEOPLE: usize = 5;
const OWNER: usize = PEOPLE - 1;
const VAULTS: usize = 3;
const CALLS: usize = 40;

/// The same numbers for the same seed; how tasks meet is another matter.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// What all tasks know.
struct Class {
    engine: Arc<dyn Authority>,
    kit: Credential,
    /// Everybody's newest token, as whoever made it last handed it over.
    tokens: Mutex<Vec<Secret>>,
    ids: Vec<String>,
    vaults: Vec<String>,
    /// The vault of each item that was acknowledged.
    items: Mutex<Vec<(usize, ItemId)>>,
}

impl Class {
    async fn connect(&self, who: usize) -> Result<Client> {
        let token = self.tokens.lock().unwrap()[who].clone();
        connect(Arc::clone(&self.engine), &Credential { token, ..self.kit.clone() }).await
    }

    fn hand_over(&self, who: usize, token: Secret) {
        self.tokens.lock().unwrap()[who] = token;
    }

    /// One call of somebody's; which one is thrown.
    async fn call(&self, who: usize, client: &Client, dice: &mut Dice) -> Result<()> {
        let number = dice.roll(VAULTS);
        let vault = &self.vaults[number];
        let other = dice.roll(PEOPLE);
        let whom = &self.ids[other];
        match dice.roll(if who == OWNER { 24 } else { 17 }) {
            0..=2 => {
                let made = client.items().create(vault, item("title", "value")).await?;
                self.items.lock().unwrap().push((number, made.id));
            }
            3..=4 => {
                let items = client.items().list(vault, ItemFilter::default()).await?.all().await?;
                if !items.is_empty() {
                    let id = items[dice.roll(items.len())].id.to_string();
                    client.items().get(vault, &id, None).await?;
                    let set_fields = vec![secret("password", "other")];
                    client.items().update(vault, &id, ItemUpdate { set_fields, ..ItemUpdate::default() }).await?;
                }
            }
            5 => drop(client.vaults().list().await?.all().await?),
            6 => drop(client.access().list(vault, None).await?.all().await?),
            7..=10 => {
                let role = ["read", "write", "admin", "admin", "admin"][dice.roll(5)];
                client.access().grant(vault, whom, role, None).await?;
            }
            11 => client.access().revoke(vault, whom).await?,
            12 => drop(client.vaults().rekey(None).await?),
            13 => drop(client.vaults().rekey(Some(vec![vault.clone()])).await?),
            14..=15 => {
                let token = client.rotate_token(None).await?;
                self.hand_over(who, token);
            }
            16 => drop(client.access().approve(whom, None).await?),
            // Whatever the owner does to a user, never to itself.
            roll => {
                let (other, users) = (dice.roll(OWNER), client.users());
                let whom = &self.ids[other];
                match roll {
                    17 => drop(users.suspend(whom).await?),
                    18..=22 => drop(users.reactivate(whom).await?),
                    _ => {
                        let kit = users.reissue(whom, None).await?;
                        self.hand_over(other, kit.token);
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls in a row, with a new client wherever the old one's token has ended.
    async fn live(self: Arc<Self>, who: usize, seed: u64) -> Vec<Error> {
        let mut dice = Dice(seed);
        let mut client = self.connect(who).await.ok();
        let mut refusals = Vec::new();
        for _ in 0..CALLS {
            let Some(with) = &client else {
                tokio::task::yield_now().await;
                client = self.connect(who).await.map_err(|error| refusals.push(error)).ok();
                continue;
            };
            if let Err(error) = self.call(who, with, &mut dice).await {
                if error.kind() == ErrorKind::Unauthenticated {
                    client = None;
                }
                refusals.push(error);
            }
        }
        refusals
    }
}

/// What an honest call may meet when others are faster.
const HONEST: [ErrorKind; 5] = [
    ErrorKind::Unauthenticated,
    ErrorKind::NotFound,
    ErrorKind::PermissionDenied,
    ErrorKind::Conflict,
    ErrorKind::Unavailable,
];

#[tokio::test(flavor = "multi_thread")]
async fn honest_people_who_change_keys_at_once_are_never_refused_as_forgers() {
    let mut items = 0;
    for seed in 1..=3_u64 {
        let world = World::new().await;
        let mut kits = Vec::new();
        for number in 0..OWNER {
            kits.push(world.user(&format!("user-{number}")).await.kit);
        }
        kits.push(world.owner.kit.clone());
        let mut vaults = Vec::new();
        for _ in 0..VAULTS {
            let access = (0..OWNER).map(|who| (email(&format!("user-{who}")), "admin".to_owned())).collect();
            let spec = VaultSpec { name: "vault".to_owned(), access, ..VaultSpec::default() };
            vaults.push(world.owner.client.vaults().create(spec).await.unwrap().id.to_string());
        }
        let class = Arc::new(Class {
            engine: Arc::clone(&world.engine),
            kit: world.owner.kit.clone(),
            tokens: Mutex::new(kits.iter().map(|kit| kit.token.clone()).collect()),
            ids: kits.iter().map(|kit| kit.principal.id.to_string()).collect(),
            vaults,
            items: Mutex::default(),
        });
        let lives: Vec<_> = (0..PEOPLE)
            .map(|who| tokio::spawn(Arc::clone(&class).live(who, seed * 1_000 + 7 * who as u64 + 1)))
            .collect();
        for (who, life) in lives.into_iter().enumerate() {
            for error in life.await.unwrap() {
                assert!(HONEST.contains(&error.kind()), "seed {seed}, person {who}: {error}");
            }
        }

        // Whatever became of everybody, the recovery code lets the owner in, and all that was acknowledged is there.
        let recovery = Credential { token: world.owner.kit.recovery.clone().unwrap(), ..world.owner.kit.clone() };
        let rescue = connect(Arc::clone(&world.engine), &recovery).await.unwrap();
        let owner = class.connect(OWNER).await.unwrap();
        for (number, vault) in class.vaults.iter().enumerate() {
            // Whoever was ended between its hold and what that was for leaves the hold for a minute.
            while let Err(error) = rescue.access().grant(vault, &class.ids[OWNER], "admin", None).await {
                assert_eq!(error.kind(), ErrorKind::Unavailable, "seed {seed}: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let listed = owner.items().list(vault, ItemFilter::default()).await.unwrap().all().await.unwrap();
            for item in &listed {
                owner.items().get(vault, &item.id.to_string(), None).await.unwrap();
            }
            let acknowledged = class.items.lock().unwrap().clone();
            for (_, id) in acknowledged.iter().filter(|(of, _)| *of == number) {
                assert!(listed.iter().any(|item| item.id == *id), "seed {seed}: {id} is not in {vault}");
            }
        }
        items += class.items.lock().unwrap().len();
        owner.audit().verify().await.unwrap();
    }
    assert!(items > 20, "{items}");
}
