//! The class through the server, against OpenBao with a mount, a policy and a token for each student. One connection, one call after
//! another; ours seals, signs and verifies besides.

use std::path::Path;
use std::time::Instant;

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::principal::NewUser;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

use crate::openbao::OpenBao;
use crate::process::{Program, resident};
use crate::school::item;

/// Writes, and reads, of each figure.
const CALLS: usize = 500;

/// What one side came to.
struct Came {
    provisioned: f64,
    puts: f64,
    gets: f64,
    /// Bytes.
    audit_of_a_read: f64,
    resident_at_start: u64,
    memory_of_a_vault: f64,
}

pub(crate) async fn run(students: usize) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let (ours, in_bulk) = strongroom(folder.path(), students).await;
    println!(
        "the class, {students} students: {:.0} provisioned/s, in bulk {in_bulk:.0}/s; {:.0} puts/s, {:.0} gets/s; {:.0} bytes of audit a read; \
         {} MiB at the start, {:.1} KiB a vault",
        ours.provisioned,
        ours.puts,
        ours.gets,
        ours.audit_of_a_read,
        ours.resident_at_start >> 20,
        ours.memory_of_a_vault / 1024.0,
    );
    let Some(theirs) = openbao(folder.path(), students).await else { return };
    println!(
        "OpenBao: {:.0} provisioned/s; {:.0} puts/s, {:.0} gets/s; {:.0} bytes of audit a read; {} MiB at the start, {:.1} KiB a mount",
        theirs.provisioned,
        theirs.puts,
        theirs.gets,
        theirs.audit_of_a_read,
        theirs.resident_at_start >> 20,
        theirs.memory_of_a_vault / 1024.0,
    );
    println!(
        "against OpenBao: provisioning {:.2}, in bulk {:.1}; puts {:.2}, gets {:.2}; audit of a read {:.2}; memory at the start {:.2}, of a vault {:.2}",
        ours.provisioned / theirs.provisioned,
        in_bulk / theirs.provisioned,
        ours.puts / theirs.puts,
        ours.gets / theirs.gets,
        ours.audit_of_a_read / theirs.audit_of_a_read,
        ours.resident_at_start as f64 / theirs.resident_at_start as f64,
        ours.memory_of_a_vault / theirs.memory_of_a_vault,
    );
}

async fn open(location: &str, token: &Secret) -> Client {
    let (location, token) = (Some(location.to_owned()), Some(token.clone()));
    connect(ConnectOptions { location, token, ..ConnectOptions::default() }).await.unwrap()
}

fn student(number: usize) -> (NewUser, VaultSpec) {
    let email = format!("student-{number}@example.edu");
    let access = vec![(email.clone(), "write".to_owned())];
    let spec = VaultSpec { name: format!("Student {number}"), access, ..VaultSpec::default() };
    (NewUser { email, ..NewUser::default() }, spec)
}

async fn strongroom(folder: &Path, students: usize) -> (Came, f64) {
    let database = folder.join("school.db").display().to_string();
    let kit = init(Some(&database), "owner@example.edu", None).await.unwrap();
    let server = Program::strongroom(&database);
    let owner = open(&server.location, &kit.token).await;
    let resident_at_start = server.resident();

    let begun = Instant::now();
    let mut last = None;
    for number in 0..students {
        let (user, spec) = student(number);
        let token = owner.users().create(user, None).await.unwrap().token;
        last = Some((token, owner.vaults().create(spec).await.unwrap().id.to_string()));
    }
    let provisioned = students as f64 / begun.elapsed().as_secs_f64();
    let memory_of_a_vault = server.resident().saturating_sub(resident_at_start) as f64 / students as f64;

    let begun = Instant::now();
    let (users, specs): (Vec<_>, Vec<_>) = (students..11 * students).map(student).unzip();
    assert!(owner.users().create_many(users, None).await.unwrap().iter().all(Result::is_ok));
    assert!(owner.vaults().create_many(specs).await.unwrap().iter().all(Result::is_ok));
    let in_bulk = 10.0 * students as f64 / begun.elapsed().as_secs_f64();

    let (token, vault) = last.unwrap();
    let alice = open(&server.location, &token).await;
    let begun = Instant::now();
    let mut made = Vec::with_capacity(CALLS);
    for number in 0..CALLS {
        made.push(alice.items().create(&vault, item(&format!("Homework {number}"))).await.unwrap().id.to_string());
    }
    let puts = CALLS as f64 / begun.elapsed().as_secs_f64();
    settled().await;
    let before = length_of(folder);
    let begun = Instant::now();
    for item in &made {
        alice.items().get(&vault, item, None).await.unwrap();
    }
    let gets = CALLS as f64 / begun.elapsed().as_secs_f64();
    settled().await;
    let audit_of_a_read = length_of(folder).saturating_sub(before) as f64 / CALLS as f64;
    (Came { provisioned, puts, gets, audit_of_a_read, resident_at_start, memory_of_a_vault }, in_bulk)
}

/// Until reads are folded into the database.
async fn settled() {
    tokio::time::sleep(std::time::Duration::from_secs(8)).await;
}

/// The database and what is beside it, without the write-ahead log, which is used again and again.
fn length_of(folder: &Path) -> u64 {
    let database =
        rusqlite::Connection::open_with_flags(folder.join("school.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY);
    let entries = "SELECT coalesce(sum(length(entries)), 0) FROM reads";
    database.unwrap().query_row(entries, [], |row| row.get(0)).unwrap()
}

async fn openbao(folder: &Path, students: usize) -> Option<Came> {
    let bao = OpenBao::start(folder).await?;
    let resident_at_start = resident(bao.child.id());
    let begun = Instant::now();
    let mut last = None;
    for number in 0..students {
        let name = format!("student-{number}");
        last = Some((bao.provision(&name).await, name));
    }
    let provisioned = students as f64 / begun.elapsed().as_secs_f64();
    let memory_of_a_vault = resident(bao.child.id()).saturating_sub(resident_at_start) as f64 / students as f64;
    let (token, name) = last.unwrap();
    bao.is_ready(&name, &token).await;
    let begun = Instant::now();
    for number in 0..CALLS {
        bao.put(&name, &token, number).await;
    }
    let puts = CALLS as f64 / begun.elapsed().as_secs_f64();
    let before = bao.audited();
    let begun = Instant::now();
    for number in 0..CALLS {
        bao.get(&name, &token, number).await;
    }
    let gets = CALLS as f64 / begun.elapsed().as_secs_f64();
    let audit_of_a_read = (bao.audited() - before) as f64 / CALLS as f64;
    Some(Came { provisioned, puts, gets, audit_of_a_read, resident_at_start, memory_of_a_vault })
}
