//! Four processes write to one file, and a fifth watches.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use strongroom::client::Client;
use strongroom::model::change::{Change, ChangeFilter, Subject};
use strongroom::model::item::{ItemUpdate, NewItem};
use strongroom::model::vault::VaultUpdate;

use crate::child::{Told, Worker, say};
use crate::world::{account, client, concealed, file, program, user, vault};

/// What each of four processes writes.
const WRITES: usize = 1000;

/// A change as both sides tell it: kind, vault, and what it is about.
fn line(kind: &str, vault: &str, subject: &str) -> String {
    format!("{kind} {vault} {subject}")
}

pub(crate) fn of(change: &Change) -> String {
    let subject = match &change.subject {
        Subject::Item { item_id, version } => format!("{item_id} {version}"),
        Subject::File { file_id, version, .. } => format!("{file_id} {version}"),
        Subject::Vault => String::new(),
        Subject::Access { principal, role, .. } => {
            format!("{} {}", principal.id, role.map_or("none".to_owned(), |role| role.to_string()))
        }
    };
    line(change.kind.as_str(), &change.vault_id.to_string(), &subject)
}

/// Makes its writes, and says each once it was acknowledged. Told: its number, the shared vault and item, a user to let
/// in and out, who watches, and how many writes.
pub(crate) async fn write(told: Told) {
    let [number, shared, item, guest, watcher, writes] = told.argument.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{}", told.argument)
    };
    let client = client(&told.path, &told.token).await;
    let mut left: usize = writes.parse().unwrap();
    let mut round = 0;
    while left > 0 {
        let own = vault(&client, &format!("{number} {round}"), &[(watcher, "read")]).await.id.to_string();
        say(&line("vault.created", &own, ""));
        let put = NewItem { title: "Homework".to_owned(), ..NewItem::default() };
        let made = client.items().create(&own, put).await.unwrap().id.to_string();
        say(&line("item.created", &own, &format!("{made} 1")));
        client.access().grant(&own, guest, "write", None).await.unwrap();
        say(&line("access.granted", &own, &format!("{guest} write")));
        let edit =
            ItemUpdate { set_fields: vec![concealed("grade", &format!("{number} {round}"))], ..ItemUpdate::default() };
        client.items().update(&own, &made, edit.clone()).await.unwrap();
        say(&line("item.updated", &own, &format!("{made} 2")));
        // Now and then one that is larger than a row.
        let length = if round % 8 == 0 { 1_200_000 } else { 2_000 };
        let attached = client.files().attach(&own, &made, file("essay", vec![7; length])).await.unwrap();
        say(&line("file.attached", &own, &format!("{} 3", attached.id)));

        let put = NewItem { title: number.to_owned(), ..NewItem::default() };
        let other = client.items().create(shared, put).await.unwrap().id;
        say(&line("item.created", shared, &format!("{other} 1")));
        let version = client.items().update(shared, item, edit).await.unwrap().version;
        say(&line("item.updated", shared, &format!("{item} {version}")));
        client.access().grant(shared, guest, "read", None).await.unwrap();
        say(&line("access.granted", shared, &format!("{guest} read")));
        let update = VaultUpdate { name: Some("Renamed".to_owned()), ..VaultUpdate::default() };
        client.vaults().update(&own, update).await.unwrap();
        say(&line("vault.updated", &own, ""));
        client.access().revoke(shared, guest).await.unwrap();
        say(&line("access.revoked", shared, &format!("{guest} none")));
        client.access().revoke(&own, guest).await.unwrap();
        say(&line("access.revoked", &own, &format!("{guest} none")));
        client.items().archive(&own, &made).await.unwrap();
        say(&line("item.archived", &own, &format!("{made} 4")));
        round += 1;
        left = left.saturating_sub(12);
    }
    client.close().await;
}

/// Says each change that comes from now on, until it is killed.
pub(crate) async fn watch(told: Told) {
    let client = client(&told.path, &told.token).await;
    let after = client.changes().cursor().await.unwrap();
    let feed = client.changes().watch(ChangeFilter { after: Some(after), ..ChangeFilter::default() }).unwrap();
    say("ready");
    while let Some(change) = feed.next().await.unwrap() {
        say(&of(&change));
    }
}

/// A watcher that hears nothing takes next to no processor: its own time, which a busy machine does not change.
fn idles(process: u32) {
    let used = || -> Option<Duration> {
        let threads = std::fs::read_dir(format!("/proc/{process}/task")).ok()?;
        let times = threads.map(|thread| {
            let told = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            told.split(' ').next()?.parse::<u64>().ok()
        });
        times.sum::<Option<u64>>().map(Duration::from_nanos)
    };
    let (begin, Some(before)) = (Instant::now(), used()) else {
        println!("skipped: how much the watcher takes while idle is seen on Linux alone");
        return;
    };
    std::thread::sleep(Duration::from_secs(3));
    let share = used().unwrap().saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();
    println!("idle: {:.2} % of a core", 100.0 * share);
    assert!(share < 0.01, "an idle watcher takes {:.2} % of a core", 100.0 * share);
}

/// All changes that are there, of these vaults or of all that the client may see.
pub(crate) async fn feed(client: &Client, vaults: Option<Vec<String>>) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = Some("start".to_owned());
    while after.is_some() {
        let filter = ChangeFilter { after, vaults: vaults.clone(), ..ChangeFilter::default() };
        let page = client.changes().list(filter).await.unwrap();
        all.extend(page.data.iter().map(of));
        after = page.has_more.then_some(page.cursor);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_processes_write_a_thousand_times_each_and_a_fifth_sees_each_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let owner_kit = account(&path).await;
    let owner = client(&path, owner_kit.token.expose()).await;
    let watcher_kit = program(&owner, "watcher").await;
    let watcher_id = watcher_kit.principal.id.to_string();
    let (mut kits, mut guests) = (Vec::new(), Vec::new());
    for number in 0..4 {
        kits.push(program(&owner, &format!("writer {number}")).await);
        guests.push(user(&owner, &format!("guest{number}")).await.principal.id.to_string());
    }
    let ids: Vec<String> = kits.iter().map(|kit| kit.principal.id.to_string()).collect();
    let mut access: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "admin")).collect();
    access.push((&watcher_id, "read"));
    let shared = vault(&owner, "Shared", &access).await.id.to_string();
    let put = NewItem { title: "Everybody's".to_owned(), ..NewItem::default() };
    let item = owner.items().create(&shared, put).await.unwrap().id.to_string();

    let mut watcher = Worker::start("watch", &path, watcher_kit.token.expose(), "");
    assert_eq!(watcher.next().as_deref(), Some("ready"));
    let begin = Instant::now();
    let writers: Vec<_> = kits
        .iter()
        .zip(&guests)
        .enumerate()
        .map(|(number, (kit, guest))| {
            let told = format!("{number} {shared} {item} {guest} {watcher_id} {WRITES}");
            let worker = Worker::start("write", &path, kit.token.expose(), &told);
            std::thread::spawn(move || worker.rest())
        })
        .collect();
    let told: Vec<Vec<String>> = writers
        .into_iter()
        .map(|writer| {
            let (said, status) = writer.join().unwrap();
            assert!(status.success(), "a writer failed after {} writes", said.len());
            said
        })
        .collect();
    let took = begin.elapsed();
    let count: usize = told.iter().map(Vec::len).sum();
    assert!(count >= 4 * WRITES);

    // One more by the owner: it comes right after all of them, so nothing came twice.
    let last = vault(&owner, "Last", &[(&watcher_id, "read")]).await.id.to_string();
    let seen: Vec<String> = std::iter::from_fn(|| watcher.next()).take(count + 1).collect();
    assert_eq!(seen[count], line("vault.created", &last, ""));
    idles(watcher.child.id());
    // It hears at once, and does not only look now and then: that would take half a second. From the call on, since the
    // watcher mostly has the change before the call returns: from there on nothing would be left to measure.
    let mut delays: Vec<Duration> = Vec::new();
    for number in 0..41 {
        let put = NewItem { title: number.to_string(), ..NewItem::default() };
        let called = Instant::now();
        owner.items().create(&last, put).await.unwrap();
        assert!(watcher.next().unwrap().starts_with("item.created"));
        delays.push(called.elapsed());
    }
    delays.sort_unstable();
    println!("call to delivery: {:.1?} at the median", delays[20]);
    assert!(delays[20] < Duration::from_millis(100), "{delays:?}");
    let places: HashMap<&String, Vec<usize>> =
        seen[..count].iter().enumerate().fold(HashMap::new(), |mut places, (place, change)| {
            places.entry(change).or_insert_with(Vec::new).push(place);
            places
        });
    let mut used = HashSet::new();
    for said in &told {
        // In the order in which they were acknowledged; a grant that is repeated is the next one of its kind.
        let mut after = None;
        for change in said {
            let place = places.get(change).and_then(|places| places.iter().copied().find(|place| Some(*place) > after));
            let place = place.unwrap_or_else(|| panic!("not seen in order: {change}"));
            assert!(used.insert(place), "seen for two: {change}");
            after = Some(place);
        }
    }
    assert_eq!(used.len(), count);
    // In the order of the feed, whoever wrote.
    let listing = client(&path, watcher_kit.token.expose()).await;
    let listed = feed(&listing, None).await;
    assert!(listed[..listed.len() - delays.len()].ends_with(&seen), "the watcher saw another order than the feed's");
    let begin = Instant::now();
    let proof = owner.audit().verify().await.unwrap();
    println!("4 × {WRITES} writes in {took:.1?}; {} events verified in {:.1?}", proof.events, begin.elapsed());
    assert!(proof.events > count as u64);
    let edits = owner.items().get(&shared, &item, None).await.unwrap().version;
    let rounds = told.iter().flatten().filter(|change| change.starts_with("vault.created")).count() as u64;
    assert_eq!(edits, 1 + rounds, "no edit of the shared item was lost");
}
