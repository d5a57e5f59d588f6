//! A disk that is full: a clear refusal, and the room comes back.

use std::path::{Path, PathBuf};
use std::process::Command;

use strongroom::model::file::Source;
use strongroom::model::item::{ItemFilter, NewItem};

use crate::child::{Worker, say};
use crate::world::{World, new, open, stream};

/// Attaches more than there is room for, and then what there is room for.
pub(crate) async fn fill(path: PathBuf, token: String) {
    let client = open(&path, &token).await;
    let vault = client.vaults().list().await.unwrap().data.remove(0).id.to_string();
    let item = client.items().list(&vault, ItemFilter::default()).await.unwrap().data[0].id.to_string();
    let error = client.files().attach(&vault, &item, new("large", Source::Stream(stream(64)))).await.unwrap_err();
    say(&format!("{}: {error}", error.code()));
    let small = || NewItem { title: "small".to_owned(), ..NewItem::default() };
    // What was given up goes a moment later.
    let mut tries = 0;
    while let Err(error) = client.items().create(&vault, small()).await {
        assert_eq!(error.code(), "unavailable");
        tries += 1;
        assert!(tries < 500, "{error}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    say("made");
}

async fn is_refused_and_recovers(world: &World, command: Command) {
    world.client.close().await;
    let mut child = Worker::run(command, "fill", &world.database(), world.token());
    let refusal = child.next().unwrap();
    assert!(refusal.starts_with("unavailable: files.attach: "), "{refusal}");
    assert!(refusal.ends_with("make room and call again"), "{refusal}");
    assert_eq!(child.last(), "made");
    let client = open(&world.database(), world.token()).await;
    world.keeps(0).await;
    assert!(client.items().get(&world.vault, &world.item, None).await.unwrap().files.is_empty());
    client.audit().verify().await.unwrap();
    client.close().await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_piece_that_finds_no_room_ends_the_upload_and_leaves_nothing() {
    // No file may have more than 1 MiB, which a sealed piece has: in blocks of 512 bytes, by POSIX.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
    is_refused_and_recovers(&World::new().await, command).await;
}

/// A file system in memory, unmounted in the end.
struct Mounted(tempfile::TempDir);

impl Mounted {
    /// None where this process may not mount.
    fn new(mib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        mounted.is_ok_and(|done| done.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_gets_its_room_back() {
    let Some(disk) = Mounted::new(16) else { return };
    let world = World::within(tempfile::tempdir_in(disk.path()).unwrap()).await;
    is_refused_and_recovers(&world, Command::new(std::env::current_exe().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_to_a_full_disk_leaves_nothing() {
    let Some(disk) = Mounted::new(4) else { return };
    let world = World::new().await;
    let file = world.attach(Source::Stream(stream(6))).await.unwrap().id.to_string();
    let to = disk.path().join("file");
    let error = world.client.files().download(&world.vault, &world.item, &file, &to, None).await.unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.message().ends_with("make room and call again"), "{error}");
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
}
