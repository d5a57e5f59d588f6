//! The memory of a process that attaches and reads a large file.

use std::path::{Path, PathBuf};

use strongroom::model::file::Source;

use crate::child::{Worker, say};
use crate::world::{MIB, World, block, new, open, stream};

/// As much as a few large uploads at once would take if any of it grew with the file.
const BLOCKS: usize = 192;
/// The most over idle, in KiB.
const MOST: u64 = 64 * 1024;

/// A figure of this process, in KiB.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn check(path: &Path) {
    use std::io::Read;
    let mut file = std::fs::File::open(path).unwrap();
    let mut read = vec![0; MIB];
    for number in 0..BLOCKS {
        file.read_exact(&mut read).unwrap();
        assert!(read == block(number), "{number}");
    }
    assert_eq!(file.read(&mut read).unwrap(), 0);
}

/// Says how much memory a file took, in by stream and by path, and out.
pub(crate) async fn in_and_out(path: PathBuf, token: String) {
    let client = open(&path, &token).await;
    let vault = client.vaults().list().await.unwrap().data.remove(0).id.to_string();
    let item = client.items().list(&vault, strongroom::model::item::ItemFilter::default()).await.unwrap();
    let item = item.data[0].id.to_string();
    let files = client.files();
    let small = files.attach(&vault, &item, new("small", Source::Stream(stream(3)))).await.unwrap();
    files.read(&vault, &item, &small.id.to_string()).await.unwrap();
    let idle = status("VmRSS");
    let out = path.with_extension("out");
    let large = files.attach(&vault, &item, new("by stream", Source::Stream(stream(BLOCKS)))).await.unwrap();
    files.download(&vault, &item, &large.id.to_string(), &out, None).await.unwrap();
    check(&out);
    files.detach(&vault, &item, &large.id.to_string()).await.unwrap();
    let again = files.attach(&vault, &item, new("by path", Source::Path(out.clone()))).await.unwrap();
    let reader = files.open(&vault, &item, &again.id.to_string()).await.unwrap();
    for number in 0..BLOCKS {
        let read = reader.read_at((number * MIB) as u64, MIB).await.unwrap();
        assert!(read == block(number), "{number}");
    }
    say(&status("VmHWM").saturating_sub(idle).to_string());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_large_file_takes_little_memory_in_and_out() {
    let world = World::new().await;
    let over: u64 = Worker::start("in and out", &world.database(), world.token()).last().parse().unwrap();
    assert!(over < MOST, "{over} KiB over idle");
    world.keeps(2).await;
}
