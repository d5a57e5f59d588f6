//! The machine's clock is set back: nothing is refused, and nothing lasts longer for it.
//!
//! A child runs under a preloaded `clock_gettime` which is off by what the environment says; it is built with the C
//! compiler that builds SQLite.

use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom::model::item::NewItem;

use crate::child::{Told, Worker, say};
use crate::world::{account, client, program, vault};

const SHIM: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int answer = real(id, now);
    const char *off = getenv("STRONGROOM_FAULTS_CLOCK");
    if (answer == 0 && id == CLOCK_REALTIME && off) now->tv_sec += atol(off);
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

/// Writes once under a clock of its own, and says the time that it sees.
pub(crate) async fn write(told: Told) {
    let client = client(&told.path, &told.token).await;
    say(&chrono::Utc::now().timestamp().to_string());
    let item = NewItem { title: "Under another clock".to_owned(), ..NewItem::default() };
    client.items().create(&told.argument, item).await.unwrap();
    let own = vault(&client, "Own", &[]).await.id.to_string();
    client.access().grant(&own, "teacher@example.edu", "read", None).await.unwrap();
    client.access().revoke(&own, "teacher@example.edu").await.unwrap();
    client.audit().verify().await.unwrap();
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
    for off in [0_i64, 3600, 0, -3600, 0] {
        let mut command = Worker::command("clock", &path, auditor.token.expose(), &shared);
        command.env("LD_PRELOAD", &shim).env("STRONGROOM_FAULTS_CLOCK", off.to_string());
        let (said, status) = Worker::run(command).rest();
        assert!(status.success(), "{off} s");
        let seen: i64 = said[0].parse().unwrap();
        assert!((seen - chrono::Utc::now().timestamp() - off).abs() < 600, "the shim moves the clock");
        assert_eq!(said[1], "written");
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
