//! Vaults made with one grant each, one by one and in bulk, against the cryptography they need.

use std::path::Path;
use std::time::Instant;

use crate::bare::Bare;
use crate::school;
use crate::timing::{cost, median, row};

const USERS: usize = 100;
const ALONE: usize = 300;

pub(crate) async fn run(folder: &Path, count: usize) {
    let bare = Bare::make();
    let location = folder.join("provision.db");
    let (kit, program) = school::program(location.to_str().unwrap()).await;
    school::users(&program, USERS).await;

    let (mut calls, mut limits) = (Vec::new(), Vec::new());
    for number in 0..ALONE {
        let began = Instant::now();
        program.vaults().create(school::spec(number, &school::email(number % USERS))).await.unwrap();
        calls.push(began.elapsed());
        let began = Instant::now();
        std::hint::black_box(bare.make_vault());
        limits.push(began.elapsed());
    }
    row("create a vault with a grant, one call", median(calls), "bare cryptography", median(limits.clone()), "-");

    let (_, made) = cost(school::vaults(&program, ALONE..ALONE + count, USERS)).await;
    let (_, limit) = cost(async { (0..count).map(|_| bare.make_vault()).sum::<usize>() }).await;
    let what = format!("provision {count} vaults with a grant each, processor time");
    row(&what, made.cpu, "bare cryptography", limit.cpu, "≤ 2");
    println!("    on the clock: {:.1?} against {:.1?}", made.wall, limit.wall);
    program.close().await;

    list(&kit, &bare, ALONE + count).await;
}

/// All of them listed with their names by a client that remembers nothing.
async fn list(kit: &strongroom::model::credential::Credential, bare: &Bare, count: usize) {
    let program = school::client(kit).await;
    let (vaults, listed) = cost(async { program.vaults().list().await.unwrap().all().await.unwrap() }).await;
    assert_eq!(vaults.len(), count);
    let name = bare.name();
    let (_, limit) = cost(async { (0..count).map(|_| name()).sum::<usize>() }).await;
    let what = format!("list {count} vaults with their names, fresh, processor time");
    row(&what, listed.cpu, "bare signature check and open", limit.cpu, "≤ 2");
    println!("    on the clock: {:.1?} against {:.1?}", listed.wall, limit.wall);
    let (_, again) = cost(async { program.vaults().list().await.unwrap().all().await.unwrap() }).await;
    println!("    and again: {:.1?}, {:.1?} of it computing", again.wall, again.cpu);
    program.close().await;
}
