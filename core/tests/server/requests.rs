//! What calls cost: their requests, one by one.

use std::time::{Duration, Instant};

use strongroom::client::Client;
use strongroom::model::item::{ItemUpdate, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::vault::VaultSpec;

use crate::process::{Account, Server, vault};
use crate::raw;

const STATES: &str = "/v1/states";
/// What was verified less than a second ago is not asked for again.
const FRESH: Duration = Duration::from_millis(900);

/// The requests that a server has answered, but for those of streams and of whoever counts.
async fn answered(server: &Server) -> Vec<(String, u64)> {
    let metrics = raw::get(server.address, "/metrics", None).await.1;
    let counts = metrics.lines().filter_map(|line| {
        let (labels, count) = line.strip_prefix("strongroom_requests_total{")?.split_once("} ")?;
        let route = labels.split("route=\"").nth(1)?.split('"').next()?;
        Some((route.to_owned(), count.parse().ok()?))
    });
    counts.filter(|(route, _)| route.starts_with("/v1") && route != "/v1/changes").collect()
}

/// Makes a call right after one that verified the vault, and holds what it asks for against what it needs.
async fn asks<T>(server: &Server, client: &Client, vault: &str, call: impl Future<Output = T>, needs: &[&str]) -> T {
    let begun = Instant::now();
    client.vaults().get(vault).await.unwrap();
    let before = answered(server).await;
    let made = call.await;
    let mut asked = Vec::new();
    for (route, count) in answered(server).await {
        let old = before.iter().find(|(known, _)| *known == route).map_or(0, |(_, count)| *count);
        asked.extend((old..count).map(|_| route.clone()));
    }
    asked.sort();
    let mut needs = needs.to_vec();
    if begun.elapsed() > FRESH {
        // On a slow machine a state was asked for once more.
        asked.retain(|route| route != STATES);
        needs.retain(|route| *route != STATES);
    }
    assert_eq!(asked, needs);
    made
}

#[tokio::test]
async fn calls_ask_for_no_more_than_they_need() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let owner = server.client(&account.owner).await.unwrap();
    let class = owner.vaults().create(vault("class")).await.unwrap().id.to_string();

    let (items, users, vaults) = (owner.items(), owner.users(), owner.vaults());

    let item = NewItem { title: "Homework".to_owned(), ..NewItem::default() };
    let needs = ["/v1/items", "/v1/operations", STATES];
    let item = asks(&server, &owner, &class, items.create(&class, item), &needs).await.unwrap().id.to_string();

    let update = ItemUpdate { title: Some("Essay".to_owned()), ..ItemUpdate::default() };
    let needs = ["/v1/items", "/v1/items", "/v1/operations", STATES];
    asks(&server, &owner, &class, items.update(&class, &item, update), &needs).await.unwrap();

    asks(&server, &owner, &class, items.get(&class, &item, None), &["/v1/items"]).await.unwrap();

    let email = "alice@example.edu".to_owned();
    let user = NewUser { email: email.clone(), ..NewUser::default() };
    let needs = ["/v1/operations", "/v1/principals/find"];
    asks(&server, &owner, &class, users.create(user, None), &needs).await.unwrap();

    let own = VaultSpec { access: vec![(email, "write".to_owned())], ..vault("Alice") };
    let needs = ["/v1/operations", "/v1/principals/find", STATES];
    asks(&server, &owner, &class, vaults.create(own), &needs).await.unwrap();
}
