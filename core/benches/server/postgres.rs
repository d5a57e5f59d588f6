//! Writes on PostgreSQL, through one server and by an engine each, against `pgbench` with a single row a transaction.
//!
//! The database is `$STRONGROOM_TEST_POSTGRESQL`, as `tests/postgresql.py --durable run` gives it, and `pgbench` is `$PGBENCH`; without
//! them, that is said.

use std::process::Command;
use std::time::{Duration, Instant};

use strongroom::client::{Client, init};
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

use crate::process::Program;
use crate::school::{item, open};

const TIME: Duration = Duration::from_secs(5);
const WRITERS: [usize; 2] = [1, 16];
const TABLE: &str = "CREATE TABLE IF NOT EXISTS bench_row (id BIGSERIAL PRIMARY KEY, value BYTEA NOT NULL)";
/// As many bytes as a small item takes, sealed.
const INSERT: &str = "INSERT INTO bench_row (value) VALUES (decode(repeat('07', 1000), 'hex'));\n";

pub(crate) async fn run() {
    let (Ok(url), Ok(pgbench)) = (std::env::var("STRONGROOM_TEST_POSTGRESQL"), std::env::var("PGBENCH")) else {
        println!("PostgreSQL: name a database by $STRONGROOM_TEST_POSTGRESQL and pgbench by $PGBENCH to compare");
        return;
    };
    let location = format!("{url}?schema=bench_{}", std::process::id());
    let kit = init(Some(&location), "owner@example.edu", None).await.unwrap();
    let server = Program::strongroom(&location);
    for writers in WRITERS {
        let through = written(&server.location, &kit.token, writers).await;
        let direct = written(&location, &kit.token, writers).await;
        let limit = inserted(&url, &pgbench, writers);
        println!(
            "PostgreSQL, {writers} at once: {through:.0} items/s through one server, {:.2} of the single rows of pgbench; {direct:.0}/s by an engine each, {:.2}",
            through / limit,
            direct / limit
        );
    }
}

/// Items a second, by so many clients with a vault each.
async fn written(location: &str, token: &Secret, writers: usize) -> f64 {
    let mut clients = Vec::new();
    for number in 0..writers {
        let client = open(location, token).await;
        let spec = VaultSpec { name: format!("Writer {number}"), ..VaultSpec::default() };
        let vault = client.vaults().create(spec).await.unwrap().id.to_string();
        // The first write of a client finds out what the next ones know.
        client.items().create(&vault, item("First")).await.unwrap();
        clients.push((client, vault));
    }
    let begun = Instant::now();
    let tasks: Vec<_> = clients.into_iter().map(|(client, vault)| tokio::spawn(writes(client, vault, begun))).collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}

async fn writes(client: Client, vault: String, begun: Instant) -> u32 {
    let mut count = 0;
    while begun.elapsed() < TIME {
        client.items().create(&vault, item("Homework")).await.unwrap();
        count += 1;
    }
    client.close().await;
    count
}

/// Rows a second.
fn inserted(url: &str, pgbench: &str, clients: usize) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let [table, insert] = ["table.sql", "insert.sql"].map(|name| folder.path().join(name));
    std::fs::write(&table, TABLE).unwrap();
    std::fs::write(&insert, INSERT).unwrap();
    let run = |script: &std::path::Path, arguments: &[&str]| {
        let done = Command::new(pgbench).args(["--no-vacuum", "--file"]).arg(script).args(arguments).arg(url).output();
        let done = done.unwrap();
        let said = String::from_utf8(done.stdout).unwrap();
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        said
    };
    run(&table, &["--transactions", "1"]);
    let (clients, seconds) = (clients.to_string(), TIME.as_secs().to_string());
    let said = run(&insert, &["--client", &clients, "--protocol", "prepared", "--time", &seconds]);
    let rate = said.lines().find_map(|line| line.strip_prefix("tps = ")).unwrap();
    rate.split(' ').next().unwrap().parse().unwrap()
}
