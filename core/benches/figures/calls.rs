//! The calls that a binding is compared by, as Rust makes them: one line each, its name and the median in microseconds.
//!
//! `bindings-python/benches/figures.py` prepares the account and runs this and itself in turn.

use std::time::Instant;

use strongroom::client::{Client, ConnectOptions, connect};
use strongroom::model::item::ItemUpdate;

use crate::timing::median;

const ROUNDS: usize = 200;

/// Takes the account from `$STRONGROOM_LOCATION` and `$STRONGROOM_TOKEN`, the vault and its item from the arguments.
pub(crate) async fn run(vault: &str, item: &str) {
    let client = connect(ConnectOptions::default()).await.unwrap();
    let (mut gets, mut lists, mut updates) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let began = Instant::now();
        client.items().get(vault, item, None).await.unwrap();
        gets.push(began.elapsed());
        let began = Instant::now();
        list(&client, vault).await;
        lists.push(began.elapsed());
        let began = Instant::now();
        let update = ItemUpdate { notes: Some(format!("round {round} of Rust")), ..ItemUpdate::default() };
        client.items().update(vault, item, update).await.unwrap();
        updates.push(began.elapsed());
    }
    for (name, calls) in [("items.get", gets), ("items.list", lists), ("items.update", updates)] {
        println!("{name} {}", median(calls).as_micros());
    }
    client.close().await;
}

async fn list(client: &Client, vault: &str) -> usize {
    client.items().list(vault, strongroom::model::item::ItemFilter::default()).await.unwrap().data.len()
}
