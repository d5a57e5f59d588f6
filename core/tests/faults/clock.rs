//! The machine's clock is set back: nothing is refused, and nothing lasts longer for it.
//!
//! A child runs under a preloaded `clock_gettime` which is off by what a file says, so that it can change while the child
//! runs; it is built with the C compiler that builds SQLite.

use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom::model::change::ChangeFilter;
use strongroom::model::item::NewItem;

use crate::child::{Told, Worker, say};
use crate::world::{account, client, program, vault};

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(id, now);
    const char *path = getenv("STRONGROOM_FAULTS_CLOCK");
    if (answer != 0 || id != CLOCK_REALTIME || !path) return answer;
    char off[32] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) abort();
    if (read(file, off, sizeof off - 1) <= 0) abort();
    close(file);
    now->tv_sec += atol(off);
    return answer;
}
"#;

/// The shim, built; none where it can't be, with the reason printed.
fn shim(folder: &Path) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") {
        println!("skipped: the clock is moved on Linux alone");
        return None;
    }
    let (source, built) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, SHIM).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let done = Command::new(&compiler).args(["-shared", "-fPIC", "-o"]).args([&built, &source]).arg("-ldl").output();
    match done {
        Ok(done) if done.status.success() => Some(built),
        Ok(done) => {
            println!("skipped: {compiler}: {}", String::from_utf8_lossy(&done.stderr).trim());
            None
        }
        Err(error) => {
            println!("skipped: {compiler}: {error}");
            None
        }
    }
}

const CLOCK: &str = "STRONGROOM_FAULTS_CLOCK";
const HOUR: i64 = 3600;

/// By how much the clocks of children are off from now on. In one step: it is read all the time.
fn set_off(file: &Path, off: i64) {
    let next = file.with_extension("next");
    std::fs::write(&next, off.to_string()).unwrap();
    std::fs::rename(next, file).unwrap();
}

/// Writes under a clock of its own, says the time that it sees, and does so again once the clock was set back under it.
pub(crate) async fn write(told: Told) {
    let clock = PathBuf::from(std::env::var_os(CLOCK).unwrap());
    let off: i64 = std::fs::read_to_string(&clock).unwrap().parse().unwrap();
    let client = client(&told.path, &told.token).await;
    let feed = client.changes().watch(ChangeFilter::default()).unwrap();
    for off in [off, off - HOUR] {
        set_off(&clock, off);
        say(&chrono::Utc::now().timestamp().to_string());
        let item = NewItem { title: "Under another clock".to_owned(), ..NewItem::default() };
        let item = client.items().create(&told.argument, item).await.unwrap().id.to_string();
        assert_eq!(client.items().get(&told.argument, &item, None).await.unwrap().version, 1);
        let own = vault(&client, "Own", &[]).await.id.to_string();
        client.access().grant(&own, "teacher@example.edu", "read", None).await.unwrap();
        client.access().revoke(&own, "teacher@example.edu").await.unwrap();
        client.audit().verify().await.unwrap();
        let mut heard = Vec::new();
        while heard.len() < 4 {
            let change = feed.next().await.unwrap().unwrap();
            // Others write to the shared vault meanwhile, or wrote when the feed began.
            if change.actor.id == client.me().id {
                heard.push(change.kind.as_str());
            }
        }
        assert_eq!(heard, ["item.created", "vault.created", "access.granted", "access.revoked"]);
    }
    client.close().await;
    say("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_an_hour_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(shim) = shim(folder.path()) else { return };
    let path = folder.path().join("classroom.db");
    let token = account(&path).await.token.expose().to_owned();
    let owner = client(&path, &token).await;
    let helper = program(&owner, "helper").await;
    let helper_id = helper.principal.id.to_string();
    let auditor =
        strongroom::model::principal::Rights { can_read_audit: true, ..strongroom::model::principal::Rights::ALL };
    let account = strongroom::model::principal::NewServiceAccount {
        name: "auditor".to_owned(),
        rights: auditor,
        ..Default::default()
    };
    let auditor = owner.service_accounts().create(account, None).await.unwrap();
    let shared = vault(&owner, "Shared", &[(&helper_id, "write"), (&auditor.principal.id.to_string(), "write")])
        .await
        .id
        .to_string();
    // As if it had been an hour ahead, was set right, and then an hour behind.
    let clock = folder.path().join("clock");
    for off in [0, HOUR, 0, -HOUR, 0] {
        set_off(&clock, off);
        let mut command = Worker::command("clock", &path, auditor.token.expose(), &shared);
        command.env("LD_PRELOAD", &shim).env(CLOCK, &clock);
        let (said, status) = Worker::run(command).rest();
        assert!(status.success(), "{off} s");
        for (said, off) in said.iter().zip([off, off - HOUR]) {
            let seen: i64 = said.parse().unwrap();
            assert!((seen - chrono::Utc::now().timestamp() - off).abs() < 600, "the shim moves the clock");
        }
        assert_eq!(said[2..], ["written"]);
        let item = NewItem { title: "Under the right clock".to_owned(), ..NewItem::default() };
        owner.items().create(&shared, item).await.unwrap();
    }
    owner.audit().verify().await.unwrap();
    let events =
        owner.audit().list(strongroom::model::audit::AuditFilter::default()).await.unwrap().all().await.unwrap();
    // Reads and sessions have the clock of the engine that noted them.
    let noted = ["session.opened", "item.read", "file.read", "access.denied", "audit.verified"];
    let signed: Vec<_> = events.iter().filter(|event| !noted.contains(&event.action.as_str())).collect();
    assert!(signed.is_sorted_by_key(|event| event.at), "time never runs backwards in the log");
    assert!(signed.last().unwrap().at > chrono::Utc::now() + chrono::Duration::minutes(50));
}
