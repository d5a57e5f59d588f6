//! Putting a member out of a vault with many items, against one with few.

use std::path::Path;
use std::time::{Duration, Instant};

use strongroom::client::Client;
use strongroom::model::item::NewItem;

use crate::school::{self, email};
use crate::timing::{median, row};

const ROUNDS: usize = 25;

pub(crate) async fn run(folder: &Path, many: usize) {
    let location = folder.join("revoke.db");
    let (kit, program) = school::program(location.to_str().unwrap()).await;
    school::users(&program, 2).await;
    let vaults: Vec<String> =
        school::vaults(&program, 0..2, 1).await.iter().map(|vault| vault.id.to_string()).collect();
    for (vault, count) in vaults.iter().zip([10, many]) {
        for number in 0..count {
            let item = NewItem { title: format!("Homework {number}"), ..NewItem::default() };
            program.items().create(vault, item).await.unwrap();
        }
    }
    program.close().await;
    let program = school::client(&kit).await;
    let (mut few, mut lots) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        few.push(revoke(&program, &vaults[0]).await);
        lots.push(revoke(&program, &vaults[1]).await);
    }
    row(&format!("revoke in a vault of {many} items"), median(lots), "of 10", median(few), "≤ 1.2");
    program.close().await;
}

async fn revoke(program: &Client, vault: &str) -> Duration {
    program.access().grant(vault, &email(1), "write", None).await.unwrap();
    let began = Instant::now();
    program.access().revoke(vault, &email(1)).await.unwrap();
    began.elapsed()
}
