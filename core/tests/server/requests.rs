//! What calls cost: their requests, one by one.

use std::collections::HashMap;

use strongroom::model::item::{ItemUpdate, NewItem};
use strongroom::model::principal::NewUser;
use strongroom::model::vault::VaultSpec;

use crate::process::{Account, Server, vault};
use crate::raw;

const ATTEMPTS: usize = 5;

/// The requests that a server has answered, by their labels, but for those of streams and of whoever counts.
async fn answered(server: &Server) -> HashMap<String, usize> {
    let metrics = raw::get(server.address, "/metrics", None).await.1;
    let counts = metrics.lines().filter_map(|line| {
        let (labels, count) = line.strip_prefix("strongroom_requests_total{")?.split_once("} ")?;
        Some((labels.to_owned(), count.parse().ok()?))
    });
    counts.filter(|(labels, _)| route(labels).starts_with("/v1") && route(labels) != "/v1/changes").collect()
}

fn route(labels: &str) -> &str {
    labels.split("route=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}

/// Makes a call, and holds what it asks for against what it needs. What was verified a second ago is asked for once more: so a
/// call on a slow machine is made again, another of the kind.
async fn asks<T>(server: &Server, needs: &[&str], call: impl AsyncFn(usize) -> T) -> T {
    let mut asked = Vec::new();
    for attempt in 0..ATTEMPTS {
        let before = answered(server).await;
        let made = call(attempt).await;
        asked.clear();
        for (labels, count) in answered(server).await {
            let old = before.get(&labels).copied().unwrap_or_default();
            asked.extend((old..count).map(|_| route(&labels).to_owned()));
        }
        asked.sort();
        if asked == needs {
            return made;
        }
    }
    panic!("it asks for {asked:?} and needs {needs:?}");
}

#[tokio::test]
async fn calls_ask_for_no_more_than_they_need() {
    let account = Account::new().await;
    let server = account.serve(&[]);
    let owner = server.client(&account.owner).await.unwrap();
    let (items, users, vaults) = (owner.items(), owner.users(), owner.vaults());
    let class = vaults.create(vault("class")).await.unwrap().id.to_string();

    let made = async |number| {
        let item = NewItem { title: format!("Homework {number}"), ..NewItem::default() };
        items.create(&class, item).await.unwrap().id.to_string()
    };
    let item = asks(&server, &["/v1/items", "/v1/operations", "/v1/states"], made).await;

    let changed = async |number| {
        let update = ItemUpdate { title: Some(format!("Essay {number}")), ..ItemUpdate::default() };
        items.update(&class, &item, update).await.unwrap();
    };
    asks(&server, &["/v1/items", "/v1/items", "/v1/operations", "/v1/states"], changed).await;

    let read = async |_| items.get(&class, &item, None).await.unwrap();
    asks(&server, &["/v1/items"], read).await;

    let student = |number| format!("student-{number}@example.edu");
    let user = async |number| {
        let user = NewUser { email: student(number), ..NewUser::default() };
        users.create(user, None).await.unwrap();
    };
    asks(&server, &["/v1/operations", "/v1/principals/find"], user).await;

    for number in ATTEMPTS..2 * ATTEMPTS {
        user(number).await;
    }
    let own = async |number| {
        let access = vec![(student(ATTEMPTS + number), "write".to_owned())];
        vaults.create(VaultSpec { access, ..vault("own") }).await.unwrap();
    };
    asks(&server, &["/v1/operations", "/v1/principals/find", "/v1/states"], own).await;
}
