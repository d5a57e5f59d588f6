//! A disk that is full or may not be written: it is said, nothing is half written, and it goes on once it can.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom::model::item::{ItemFilter, NewItem};

use crate::child::{Told, Worker, say};
use crate::world::{account, client, file, try_client, vault};

const READ_ONLY: &str = "unavailable: the database file may not be written: check its permissions and its folder's";
const FULL: &str = "the disk is full: make room and call again";

/// A disk of so many bytes, until dropped. None, with the reason printed, where the tests may not mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(bytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={bytes},mode=0777");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "strongroom"]).arg(folder.path()).output();
        match mounted {
            Ok(done) if done.status.success() => Some(Self(folder)),
            Ok(done) => {
                println!("skipped: no small disk: {}", String::from_utf8_lossy(&done.stderr).trim());
                None
            }
            Err(error) => {
                println!("skipped: no small disk: {error}");
                None
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("classroom.db")
    }

    /// Fills what is left, or leaves so many bytes.
    fn fill(&self, leave: u64) -> PathBuf {
        use std::io::Write;
        let ballast = self.0.path().join("ballast");
        let mut out = fs::File::create(&ballast).unwrap();
        while out.write_all(&[7; 4096]).is_ok() {}
        let length = out.metadata().unwrap().len();
        out.set_len(length.saturating_sub(leave)).unwrap();
        ballast
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn homework(title: &str) -> NewItem {
    NewItem { title: title.to_owned(), notes: Some("n".repeat(20_000)), ..NewItem::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_and_nothing_is_lost() {
    let Some(disk) = Disk::of(8 << 20) else { return };
    let path = disk.path();
    let token = account(&path).await.token.expose().to_owned();
    let owner = client(&path, &token).await;
    let vault = vault(&owner, "Alice", &[]).await.id.to_string();
    let mut there = Vec::new();
    for round in 0..3 {
        let ballast = disk.fill(if round == 0 { 0 } else { 300_000 });
        let error = loop {
            let title = format!("{round} {}", there.len());
            match owner.items().create(&vault, homework(&title)).await {
                Ok(_) => there.push(title),
                Err(error) => break error,
            }
        };
        assert_eq!((error.code(), error.message()), ("unavailable", FULL));
        let item = NewItem {
            title: "with a file".to_owned(),
            files: vec![file("essay", vec![7; 2 << 20])],
            ..NewItem::default()
        };
        let error = owner.items().create(&vault, item).await.unwrap_err();
        assert_eq!((error.code(), error.message()), ("unavailable", FULL));
        // What is there is read all the same.
        assert_eq!(
            owner.items().list(&vault, ItemFilter::default()).await.unwrap().all().await.unwrap().len(),
            there.len()
        );
        fs::remove_file(ballast).unwrap();
        let title = format!("{round} with room");
        owner.items().create(&vault, homework(&title)).await.unwrap();
        there.push(title);
    }
    owner.audit().verify().await.unwrap();
    owner.close().await;

    let ballast = disk.fill(0);
    match try_client(&path, &token).await {
        Ok(owner) => {
            assert!(!owner.vaults().list().await.unwrap().data.is_empty());
            owner.close().await;
        }
        Err(error) => {
            assert_eq!((error.code(), error.message()), ("unavailable", FULL));
        }
    }
    fs::remove_file(ballast).unwrap();
    let owner = client(&path, &token).await;
    let listed = owner.items().list(&vault, ItemFilter::default()).await.unwrap().all().await.unwrap();
    assert_eq!(listed.into_iter().map(|item| item.title).collect::<Vec<_>>(), there);
    owner.audit().verify().await.unwrap();
}

/// Says what connecting and writing answers.
pub(crate) async fn connect_and_write(told: Told) {
    let done = async {
        let owner = try_client(&told.path, &told.token).await?;
        owner.items().create(&told.argument, NewItem { title: "more".to_owned(), ..NewItem::default() }).await
    };
    match done.await {
        Ok(_) => say("written"),
        Err(error) => say(&format!("{}: {}", error.code(), error.message())),
    }
}

/// Permissions stop nobody who is root, so the child is nobody.
#[cfg(unix)]
fn as_nobody(path: &Path, token: &str, vault: &str) -> String {
    use std::os::unix::process::CommandExt;

    let mut command = Worker::command("connect and write", path, token, vault);
    if fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0) {
        command.uid(65534).gid(65534);
    }
    let (said, _) = Worker::run(command).rest();
    said.into_iter().next().unwrap()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let token = account(&path).await.token.expose().to_owned();
    let owner = client(&path, &token).await;
    let vault = vault(&owner, "Alice", &[]).await.id.to_string();
    owner.close().await;
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let all = |mode| {
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            // A folder is entered by the right to execute it.
            allow(&path, if path.is_dir() { mode | 0o111 } else { mode });
        }
    };
    allow(folder.path(), 0o777);
    all(0o666);
    assert_eq!(as_nobody(&path, &token, &vault), "written");
    // A file that may be read alone, beside others that may be written; then all of them.
    allow(&path, 0o444);
    assert_eq!(as_nobody(&path, &token, &vault), READ_ONLY);
    all(0o444);
    assert_eq!(
        as_nobody(&path, &token, &vault),
        "unavailable: the lock beside the database could not be taken: permission denied: check its permissions and \
         its folder's"
    );
    all(0o666);
    allow(&path, 0o000);
    assert_eq!(
        as_nobody(&path, &token, &vault),
        "unavailable: the database file could not be opened: check its path and that its folder can be written"
    );
    allow(&path, 0o666);
    // A folder that may not be written, where SQLite's own files are not there.
    for entry in fs::read_dir(folder.path()).unwrap() {
        let name = entry.unwrap().path();
        if name.extension().is_some_and(|extension| extension == "db-wal" || extension == "db-shm") {
            fs::remove_file(name).unwrap();
        }
    }
    allow(folder.path(), 0o555);
    assert_eq!(as_nobody(&path, &token, &vault), READ_ONLY);
    allow(folder.path(), 0o777);
    let owner = client(&path, &token).await;
    owner.audit().verify().await.unwrap();
}
