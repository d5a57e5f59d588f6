//! `kill -9` of those who write, upload and watch, at random moments: what was acknowledged is there, and nothing half.
//!
//! As many rounds as fit into [`TIME`], or as many as `STRONGROOM_FAULTS_ROUNDS` says; `make soak` runs 200.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use strongroom::client::{Client, init};
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::id::Id;
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};

use crate::child::{Told, Worker, say};
use crate::crowd::{feed, of};
use crate::world::{account, client, concealed, file, program, remembering, try_client, user, vault};

/// How long the rounds may take where their number was not asked for.
const TIME: Duration = Duration::from_secs(12);
/// After so many rounds, all is looked at once more and a new database begins.
const OF_ONE: usize = 20;

/// What the children were acknowledged.
#[derive(Default)]
struct Acknowledged {
    /// The items, and the newest grade of each.
    items: BTreeMap<String, usize>,
    /// The vaults, and whether the guest was let in (`Some(true)`) and put out again (`Some(false)`).
    vaults: BTreeMap<String, Option<bool>>,
    /// Where the guest may have been put out, whether or not it was acknowledged.
    revoking: BTreeSet<String>,
    /// The files, each with its item and the byte that it is full of.
    files: BTreeMap<String, (String, u8)>,
    /// Files that were taken off, or may have been.
    detaching: BTreeSet<String>,
    detached: BTreeSet<String>,
}

impl Acknowledged {
    fn note(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["ready"] => {}
            ["item", id] => drop(self.items.insert(id.to_owned(), 0)),
            ["grade", id, grade] => drop(self.items.insert(id.to_owned(), grade.parse().unwrap())),
            ["vault", id] => drop(self.vaults.insert(id.to_owned(), None)),
            ["granted", id] => drop(self.vaults.insert(id.to_owned(), Some(true))),
            ["revoking", id] => drop(self.revoking.insert(id.to_owned())),
            ["revoked", id] => drop(self.vaults.insert(id.to_owned(), Some(false))),
            ["file", item, id, byte] => {
                drop(self.files.insert(id.to_owned(), (item.to_owned(), byte.parse().unwrap())));
            }
            ["detaching", id] => drop(self.detaching.insert(id.to_owned())),
            ["detached", id] => drop(self.detached.insert(id.to_owned())),
            _ => panic!("{line}"),
        }
    }

    /// All of it is in the database.
    async fn check(&self, owner: &Client, shared: &str, guest: &str) {
        for (id, grade) in &self.items {
            let item = owner.items().get(shared, id, None).await.unwrap();
            let found = item.field("grade", None).map_or(0, |field| field.value.expose().parse().unwrap());
            assert!(found >= *grade, "{id}: {found} after {grade}");
        }
        for (id, granted) in &self.vaults {
            let members = owner.access().list(id, None).await.unwrap().all().await.unwrap();
            let is_in = members.iter().any(|grant| grant.principal.id.to_string() == guest);
            match granted {
                Some(true) if !self.revoking.contains(id) => assert!(is_in, "{id}: granted, and not in"),
                None | Some(true) => {}
                Some(false) => assert!(!is_in, "{id}: revoked, and in again"),
            }
            assert_eq!(owner.vaults().get(id).await.unwrap().name, "One");
        }
        for (id, (item, byte)) in &self.files {
            match owner.files().read(shared, item, id).await {
                Ok(content) => {
                    assert!(content == vec![*byte; LENGTH] && !self.detached.contains(id), "{id}");
                }
                Err(error) => assert!(error.code() == "not_found" && self.detaching.contains(id), "{id}: {error:?}"),
            }
        }
    }
}

/// Two pieces and a bit, so that it goes beside the database.
const LENGTH: usize = 2_200_000;

/// Writes of every kind, each said once it is acknowledged. Told: a vault that all share, and a user to let in and out.
pub(crate) async fn write(told: Told) {
    let [shared, guest, state] = told.argument.split(' ').collect::<Vec<_>>()[..] else { panic!() };
    let client = remembering(&told.path, &told.token, Path::new(state)).await;
    say("ready");
    for number in 1.. {
        let put = NewItem { title: number.to_string(), ..NewItem::default() };
        let item = client.items().create(shared, put).await.unwrap().id.to_string();
        say(&format!("item {item}"));
        for grade in 1..4 {
            let grade = grade.to_string();
            let update = ItemUpdate { set_fields: vec![concealed("grade", &grade)], ..ItemUpdate::default() };
            client.items().update(shared, &item, update).await.unwrap();
            say(&format!("grade {item} {grade}"));
        }
        let own = vault(&client, "One", &[("teacher@example.edu", "read")]).await.id.to_string();
        say(&format!("vault {own}"));
        client.access().grant(&own, guest, "write", None).await.unwrap();
        say(&format!("granted {own}"));
        // In every other vault the guest stays.
        if number % 2 == 0 {
            say(&format!("revoking {own}"));
            client.access().revoke(&own, guest).await.unwrap();
            say(&format!("revoked {own}"));
        }
    }
}

/// Attaches files of several pieces, and takes off each but the newest.
pub(crate) async fn upload(told: Told) {
    let client = client(&told.path, &told.token).await;
    let shared = &told.argument;
    say("ready");
    let mut before: Option<String> = None;
    let put = NewItem { title: "Files".to_owned(), ..NewItem::default() };
    let item = client.items().create(shared, put).await.unwrap().id.to_string();
    say(&format!("item {item}"));
    for number in 1.. {
        let byte = u8::try_from(number % 256).unwrap();
        let attached = client.files().attach(shared, &item, file("essay", vec![byte; LENGTH])).await.unwrap().id;
        say(&format!("file {item} {attached} {byte}"));
        if let Some(before) = before.replace(attached.to_string()) {
            say(&format!("detaching {before}"));
            client.files().detach(shared, &item, &before).await.unwrap();
            say(&format!("detached {before}"));
        }
    }
}

/// Says each change after a cursor, and the cursor behind it.
pub(crate) async fn follow(told: Told) {
    let client = client(&told.path, &told.token).await;
    let after = Some(told.argument.clone());
    let feed = client.changes().watch(ChangeFilter { after, ..ChangeFilter::default() }).unwrap();
    say("ready");
    while let Some(change) = feed.next().await.unwrap() {
        say(&format!("{}|{}", change.cursor, of(&change)));
    }
}

/// A database that is maltreated.
struct Patient {
    path: PathBuf,
    token: String,
    shared: String,
    guest: String,
    kits: Vec<Credential>,
    watcher: Credential,
    acknowledged: Acknowledged,
    /// What watchers saw, one after the other, and where the next begins.
    seen: Vec<String>,
    cursor: String,
    _folder: tempfile::TempDir,
}

impl Patient {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("classroom.db");
        let token = account(&path).await.token.expose().to_owned();
        let owner = client(&path, &token).await;
        let watcher = program(&owner, "watcher").await;
        let guest = user(&owner, "guest").await.principal.id.to_string();
        let mut kits = Vec::new();
        for number in 0..3 {
            kits.push(program(&owner, &format!("writer {number}")).await);
        }
        let ids: Vec<String> = kits.iter().map(|kit| kit.principal.id.to_string()).collect();
        let mut access: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "write")).collect();
        let watcher_id = watcher.principal.id.to_string();
        access.push((&watcher_id, "read"));
        let shared = vault(&owner, "Shared", &access).await.id.to_string();
        owner.close().await;
        Self {
            path,
            token,
            shared,
            guest,
            kits,
            watcher,
            acknowledged: Acknowledged::default(),
            seen: Vec::new(),
            cursor: "start".to_owned(),
            _folder: folder,
        }
    }

    fn start(&self, place: usize) -> Worker {
        let Self { path, shared, guest, .. } = self;
        match place {
            0 | 2 => {
                let state = self.path.with_file_name(format!("state{place}"));
                let told = format!("{shared} {guest} {}", state.display());
                Worker::start("kill write", path, self.kits[place].token.expose(), &told)
            }
            1 => Worker::start("kill upload", path, self.kits[1].token.expose(), shared),
            _ => Worker::start("kill watch", path, self.watcher.token.expose(), &self.cursor),
        }
    }

    /// Starts these children, kills them at a random moment, and looks at what they leave.
    async fn round(&mut self, places: &[usize], random: u64) {
        let mut workers: Vec<(usize, Worker)> = places.iter().map(|place| (*place, self.start(*place))).collect();
        let mut said: Vec<Vec<String>> = vec![Vec::new(); places.len()];
        // Now and then while they still connect.
        if !random.is_multiple_of(5) {
            for ((_, worker), said) in workers.iter_mut().zip(&mut said) {
                said.extend(worker.next());
            }
        }
        std::thread::sleep(Duration::from_micros(random / 5 % 150_000));
        for (_, worker) in &mut workers {
            worker.child.kill().unwrap();
        }
        for ((place, worker), mut said) in workers.into_iter().zip(said) {
            let (rest, status) = worker.rest();
            assert!(!status.success(), "{place} was killed");
            assert_eq!(status.code(), None, "{place} failed before it was killed");
            said.extend(rest);
            for line in said {
                match line.split_once('|') {
                    Some((cursor, change)) => {
                        cursor.clone_into(&mut self.cursor);
                        self.seen.push(change.to_owned());
                    }
                    None => self.acknowledged.note(&line),
                }
            }
        }
        let owner = client(&self.path, &self.token).await;
        owner.audit().verify().await.unwrap();
        self.acknowledged.check(&owner, &self.shared, &self.guest).await;
        owner.close().await;
    }

    /// Looks at everything; the pieces that killed uploads left are gone once somebody else has opened the database.
    async fn end(self) {
        let owner = client(&self.path, &self.token).await;
        let listed = owner.items().list(&self.shared, ItemFilter::default()).await.unwrap().all().await.unwrap();
        let mut attached = BTreeSet::new();
        for summary in listed {
            let item = owner.items().get(&self.shared, &summary.id.to_string(), None).await.unwrap();
            for file in item.files {
                let content =
                    owner.files().read(&self.shared, &item.id.to_string(), &file.id.to_string()).await.unwrap();
                assert!(content.len() == LENGTH && content.iter().all(|byte| *byte == content[0]));
                attached.insert(file.id.to_string().trim_start_matches("fil_").to_owned());
            }
        }
        // The watchers saw each change once and in order, whoever of them died after which.
        let all = feed(&owner, Some(vec![self.shared.clone()])).await;
        assert!(all.starts_with(&self.seen), "{:#?}\nis not how it begins:\n{all:#?}", self.seen);
        owner.close().await;

        let database = rusqlite::Connection::open(&self.path).unwrap();
        let known: BTreeSet<String> =
            ["SELECT id FROM file WHERE detached = 0", "SELECT file FROM upload", "SELECT file FROM garbage"]
                .iter()
                .flat_map(|sql| {
                    let mut find = database.prepare(sql).unwrap();
                    let ids = find.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
                    ids.map(|id| format!("{:?}", Id::try_from(id.unwrap().as_slice()).unwrap())).collect::<Vec<_>>()
                })
                .collect();
        let beside = folders(&self.path);
        assert!(beside.is_subset(&known), "pieces that nobody would ever collect");
        drop(database);
        let left = || folders(&self.path).difference(&attached).cloned().collect::<Vec<_>>();
        let owner = client(&self.path, &self.token).await;
        vault(&owner, "Next", &[]).await;
        until(|| left().iter().all(|folder| is_bare(&self.path, folder))).await;
        owner.close().await;
        // Whoever was killed right between an upload's row and its lock has left a folder with nothing in it, for a day.
        let database = rusqlite::Connection::open(&self.path).unwrap();
        database.execute("UPDATE upload SET expires = 1", []).unwrap();
        drop(database);
        let owner = client(&self.path, &self.token).await;
        vault(&owner, "Tomorrow", &[]).await;
        until(|| left().is_empty()).await;
        assert_eq!(folders(&self.path), attached, "nothing but what is attached");
        owner.audit().verify().await.unwrap();
        owner.close().await;
    }
}

/// Waits until something holds, which it has to within half a minute.
async fn until(holds: impl Fn() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "what killed uploads left stays");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where the pieces of large files are.
fn beside(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push("-files");
    beside.into()
}

/// Whether a file's folder has no piece, and nothing but the beginning of a lock.
fn is_bare(path: &Path, folder: &str) -> bool {
    // It may go meanwhile.
    let Ok(found) = std::fs::read_dir(beside(path).join(folder)) else { return true };
    found.flatten().all(|entry| entry.file_name() == "upload#")
}

/// The files that have a folder beside the database.
fn folders(path: &Path) -> BTreeSet<String> {
    let Ok(found) = std::fs::read_dir(beside(path)) else { return BTreeSet::new() };
    found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_whoever_is_killed() {
    let asked: Option<usize> = std::env::var("STRONGROOM_FAULTS_ROUNDS").ok().map(|rounds| rounds.parse().unwrap());
    let random = RandomState::new();
    let begin = Instant::now();
    let mut done = 0;
    while asked.map_or(begin.elapsed() < TIME, |asked| done < asked) {
        let mut patient = Patient::new().await;
        for _ in 0..OF_ONE {
            if asked.map_or(begin.elapsed() > TIME, |asked| done == asked) {
                break;
            }
            let places: &[usize] = match done % 6 {
                0 => &[0],
                2 => &[1],
                4 => &[3, 2],
                _ => &[0, 1, 2, 3],
            };
            patient.round(places, random.hash_one(done)).await;
            done += 1;
        }
        patient.end().await;
    }
    println!("{done} rounds in {:.1?}", begin.elapsed());
}

/// Makes an account, and says its token before it is committed, then that it was made.
pub(crate) async fn make(told: Told) {
    let save = Arc::new(|kit: Credential| {
        say(kit.token.expose());
        async { Ok(()) }.boxed()
    });
    init(told.path.to_str(), "teacher@example.edu", Some(save)).await.unwrap();
    say("made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_made_whole_or_not_at_all() {
    let random = RandomState::new();
    for round in 0..12_u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("classroom.db");
        let mut child = Worker::start("make", &path, "", "");
        let mut said = Vec::new();
        // From the start, or from when the token was saved, which is right before the commit.
        if round % 3 > 0 {
            said.extend(child.next());
        }
        std::thread::sleep(Duration::from_micros(random.hash_one(round) % if round % 3 > 0 { 8_000 } else { 60_000 }));
        child.child.kill().unwrap();
        said.extend(child.rest().0);
        let again = init(path.to_str(), "teacher@example.edu", None).await;
        match (&again, &said[..]) {
            (Ok(kit), [] | [_]) => drop(client(&path, kit.token.expose()).await.audit().verify().await.unwrap()),
            (Err(error), [token, ..]) => {
                assert_eq!(error.code(), "already_exists");
                client(&path, token).await.audit().verify().await.unwrap();
            }
            _ => panic!("{again:?} after {said:?}"),
        }
        if let (Ok(_), [token]) = (&again, &said[..]) {
            assert_eq!(try_client(&path, token).await.unwrap_err().code(), "unauthenticated");
        }
    }
}
