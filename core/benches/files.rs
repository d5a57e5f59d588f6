//! Large files in and out, against AES-256-GCM at the machine's speed and writing the bytes.
//!
//! `cargo bench --bench files` prints all; `-- speed`, `-- writers` or `-- memory` one part. Each line is a ratio to a limit that is
//! measured in the same run, in turn with what is held against it. `STRONGROOM_BENCH_MIB` sets the size, 1,024 by default.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that can't go on fails, and prints what it found"
)]

use std::env;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use strongroom::client::{self, Client, ConnectOptions};
use strongroom::model::file::{NewFile, Source};
use strongroom::model::item::NewItem;
use strongroom::model::secret::Secret;
use strongroom::model::vault::VaultSpec;

const MIB: usize = 1 << 20;
const ROUNDS: usize = 3;
const CHILD: &str = "STRONGROOM_BENCH_CHILD";

/// An item that files are attached to.
struct Desk {
    path: PathBuf,
    token: Secret,
    client: Client,
    vault: String,
    item: String,
}

impl Desk {
    async fn new(folder: &Path) -> Self {
        let path = folder.join("files.db");
        let kit = client::init(path.to_str(), "owner@example.edu", None).await.unwrap();
        let client = connect(&path, &kit.token).await;
        let spec = VaultSpec { name: "vault".to_owned(), ..VaultSpec::default() };
        let vault = client.vaults().create(spec).await.unwrap().id.to_string();
        let item = client.items().create(&vault, titled("item")).await.unwrap().id.to_string();
        Self { path, token: kit.token, client, vault, item }
    }

    async fn attach(&self, source: Source) -> String {
        let file = NewFile {
            name: "file".to_owned(),
            source,
            content_type: None,
            replace: None,
            progress: None,
            idempotency_key: None,
        };
        self.client.files().attach(&self.vault, &self.item, file).await.unwrap().id.to_string()
    }

    async fn download(&self, file: &str, to: &Path) {
        self.client.files().download(&self.vault, &self.item, file, to, None).await.unwrap();
    }

    async fn detach(&self, file: &str) {
        self.client.files().detach(&self.vault, &self.item, file).await.unwrap();
    }
}

async fn connect(path: &Path, token: &Secret) -> Client {
    let location = path.to_str().map(str::to_owned);
    let options = ConnectOptions { location, token: Some(token.clone()), ..ConnectOptions::default() };
    client::connect(options).await.unwrap()
}

fn titled(title: &str) -> NewItem {
    NewItem { title: title.to_owned(), ..NewItem::default() }
}

fn stream(mib: usize) -> Source {
    let block = bytes::Bytes::from(vec![7; MIB]);
    Source::Stream(Box::pin(futures_util::stream::iter((0..mib).map(move |_| Ok(block.clone())))))
}

/// Sealing in place, 16 KiB at a time, on one core.
fn seal(mib: usize) -> Duration {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[9; 32]).unwrap());
    let mut block = vec![7; MIB];
    let (begin, mut sum) = (Instant::now(), 0);
    for number in 0..mib {
        for chunk in block.chunks_mut(16_384) {
            let mut nonce = [0; 12];
            nonce[..8].copy_from_slice(&(number as u64).to_be_bytes());
            let tag = std::hint::black_box(
                key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), chunk).unwrap(),
            );
            sum ^= tag.as_ref()[0];
        }
    }
    std::hint::black_box(sum);
    begin.elapsed()
}

/// Writing one file, and flushing it once.
fn write(to: &Path, mib: usize) -> Duration {
    let block = vec![7; MIB];
    let begin = Instant::now();
    let mut file = File::create(to).unwrap();
    for _ in 0..mib {
        file.write_all(&block).unwrap();
    }
    file.sync_all().unwrap();
    begin.elapsed()
}

async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let begin = Instant::now();
    (work.await, begin.elapsed())
}

fn median(mut of: Vec<Duration>) -> Duration {
    of.sort_unstable();
    of[of.len() / 2]
}

/// One way in or out, each time beside its limit: how long they took.
#[derive(Default)]
struct Pairs(Vec<(Duration, Duration)>);

impl Pairs {
    /// The limit is a new file, as what is held against it is: what it takes to find memory for one differs with what went before.
    async fn add<T>(&mut self, beside: &Path, mib: usize, work: impl Future<Output = T>) -> T {
        let limit = seal(mib) + write(beside, mib);
        let (answer, took) = timed(work).await;
        self.0.push((limit, took));
        answer
    }

    fn print(self, what: &str, mib: usize) {
        let ratio = |(limit, took): &(Duration, Duration)| limit.as_secs_f64() / took.as_secs_f64();
        let mut ratios: Vec<f64> = self.0.iter().map(ratio).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let ratio = ratios[ratios.len() / 2];
        let (limits, took) = self.0.into_iter().unzip();
        let (limit, took): (Duration, Duration) = (median(limits), median(took));
        println!("{what} {mib} MiB: {took:.1?} | AES-256-GCM and writing: {limit:.1?} | ratio {ratio:.2} (aim ≥ 0.5)");
    }
}

async fn speed(folder: &Path, mib: usize) {
    let desk = Desk::new(folder).await;
    let (mut by_path, mut by_stream, mut back) = (Pairs::default(), Pairs::default(), Pairs::default());
    for _ in 0..ROUNDS {
        let round = tempfile::tempdir_in(folder).unwrap();
        let file = |name: &str| round.path().join(name);
        let first = by_path.add(&file("source"), mib, desk.attach(Source::Path(file("source")))).await;
        let second = by_stream.add(&file("second"), mib, desk.attach(stream(mib))).await;
        back.add(&file("third"), mib, desk.download(&first, &file("out"))).await;
        desk.detach(&first).await;
        desk.detach(&second).await;
    }
    by_path.print("attach by path", mib);
    by_stream.print("attach by stream", mib);
    back.print("download", mib);
    desk.client.close().await;
}

/// What another writer of the same file waits, without an upload and during one.
async fn writers(folder: &Path, mib: usize) {
    let desk = Desk::new(folder).await;
    let other = connect(&desk.path, &desk.token).await;
    let mut alone = Vec::new();
    for _ in 0..1000 {
        alone.push(timed(other.items().create(&desk.vault, titled("alone"))).await.1);
    }
    let done = Arc::new(AtomicBool::new(false));
    let (over, vault) = (Arc::clone(&done), desk.vault.clone());
    let beside = tokio::spawn(async move {
        let mut taken = Vec::new();
        while !over.load(Ordering::SeqCst) {
            taken.push(timed(other.items().create(&vault, titled("beside"))).await.1);
        }
        taken
    });
    desk.attach(stream(mib)).await;
    done.store(true, Ordering::SeqCst);
    let mut beside = beside.await.unwrap();
    alone.sort_unstable();
    beside.sort_unstable();
    let p99 = |of: &[Duration]| of[of.len() * 99 / 100];
    let (alone, during) = (p99(&alone), p99(&beside));
    let ratio = during.as_secs_f64() / alone.as_secs_f64();
    println!(
        "p99 of {} small writes during an upload of {mib} MiB: {during:.1?} | without: {alone:.1?} | ratio {ratio:.2} (aim ≤ 3)",
        beside.len()
    );
    desk.client.close().await;
}

/// A figure of this process in KiB, from Linux.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// In a process of its own: in by stream and by path, and out.
async fn memory(folder: &Path, mib: usize) {
    let desk = Desk::new(folder).await;
    let small = desk.attach(stream(3)).await;
    desk.client.files().read(&desk.vault, &desk.item, &small).await.unwrap();
    let (idle, out) = (status("VmRSS"), folder.join("out"));
    let file = desk.attach(stream(mib)).await;
    desk.download(&file, &out).await;
    desk.detach(&file).await;
    desk.attach(Source::Path(out)).await;
    let over = status("VmHWM").saturating_sub(idle) / 1024;
    println!("memory over idle, {mib} MiB in by stream, out, and in by path: {over} MiB (aim ≤ 64)");
    desk.client.close().await;
}

#[tokio::main]
async fn main() {
    let mib = env::var("STRONGROOM_BENCH_MIB").ok().and_then(|mib| mib.parse().ok()).unwrap_or(1024);
    if let Some(folder) = env::var_os(CHILD) {
        return memory(Path::new(&folder), 2 * mib).await;
    }
    let wanted: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one == name);
    let folder = || tempfile::tempdir_in(".").unwrap();
    if is_wanted("speed") {
        speed(folder().path(), mib).await;
    }
    if is_wanted("writers") {
        writers(folder().path(), mib).await;
    }
    if is_wanted("memory") {
        let folder = folder();
        let done = Command::new(env::current_exe().unwrap()).env(CHILD, folder.path()).status().unwrap();
        assert!(done.success());
    }
}
