//! The PostgreSQL of the tests: the one that the environment names, else one that `tests/postgresql.py` starts, and ends
//! with this process.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom::store::postgres::{PostgresLocation, PostgresStore};

static SERVER: LazyLock<(String, Option<Child>)> =
    LazyLock::new(|| std::env::var("STRONGROOM_TEST_POSTGRESQL").map_or_else(|_| start(), |url| (url, None)));

fn start() -> (String, Option<Child>) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".venv/bin/python");
    assert!(
        python.exists(),
        "the tests need PostgreSQL: run `make test`, or `make python` once, or name a server by \
         $STRONGROOM_TEST_POSTGRESQL"
    );
    let mut serving = Command::new(python)
        .arg(root.join("tests/postgresql.py"))
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("postgresql:"), "PostgreSQL did not start");
    // Its standard input stays open, and so it serves, as long as this process lives.
    (url.trim().to_owned(), Some(serving))
}

/// The server's URL.
pub(crate) fn url() -> &'static str {
    &SERVER.0
}

/// A schema of its own, removed when this is dropped.
pub(crate) struct Schema(pub(crate) String);

impl Schema {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(format!("{}?schema=test_{}_{number}", url(), std::process::id()))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let location = PostgresLocation::parse(&self.0).unwrap();
        // Dropped within runtimes, which can't wait here.
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(PostgresStore::remove(&location))
        });
        let removed = removing.join();
        if !std::thread::panicking() {
            removed.unwrap().unwrap();
        }
    }
}
