//! Where a download goes: whole or not at all, to its owner alone, whatever was there.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use strongroom::error::Result;
use strongroom::model::file::{Progress, Source};

use crate::world::{World, content};

async fn download(world: &World, file: &str, to: &Path, progress: Option<Progress>) -> Result<()> {
    world.client.files().download(&world.vault, &world.item, file, to, progress).await
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_download_is_its_owners_alone_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let world = World::new().await;
    let file = world.attach(Source::Bytes(content(3).into())).await.unwrap().id.to_string();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("open"), "before").unwrap();
    fs::set_permissions(at("open"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::write(at("elsewhere"), "before").unwrap();
    symlink(at("elsewhere"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    for name in ["new", "open", "link", "dangling"] {
        download(&world, &file, &at(name), None).await.unwrap();
        let found = fs::symlink_metadata(at(name)).unwrap();
        assert!(found.is_file(), "{name}");
        assert_eq!(found.permissions().mode() & 0o777, 0o600, "{name}");
        assert!(fs::read(at(name)).unwrap() == content(3), "{name}");
    }
    assert_eq!(fs::read(at("elsewhere")).unwrap(), b"before");
    assert_eq!(names(folder.path()), ["dangling", "elsewhere", "link", "new", "open"]);

    fs::create_dir(at("folder")).unwrap();
    for wrong in [at("folder"), at("no/such"), at("open/below"), at(""), Path::new("/").to_path_buf()] {
        assert_eq!(download(&world, &file, &wrong, None).await.unwrap_err().code(), "invalid_argument", "{wrong:?}");
    }
    assert_eq!(names(folder.path()), ["dangling", "elsewhere", "folder", "link", "new", "open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_to_one_path_do_not_meet_and_a_dropped_one_leaves_what_was_there() {
    let world = World::new().await;
    let one = world.attach(Source::Bytes(content(9).into())).await.unwrap().id.to_string();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    let other = crate::world::open(&world.database(), world.token()).await;
    let others = other.files();
    let theirs = others.download(&world.vault, &world.item, &one, &to, None);
    let (mine, theirs) = tokio::join!(download(&world, &one, &to, None), theirs);
    mine.and(theirs).unwrap();
    assert!(fs::read(&to).unwrap() == content(9));

    fs::write(&to, "before").unwrap();
    let begun = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&begun);
    let progress: Progress = Arc::new(move |_| told.store(true, Ordering::SeqCst));
    let mut call = Box::pin(download(&world, &one, &to, Some(progress)));
    while !begun.load(Ordering::SeqCst) {
        let _ = tokio::time::timeout(std::time::Duration::from_micros(50), &mut call).await;
    }
    drop(call);
    for _ in 0..500 {
        if names(folder.path()) == ["file"] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(names(folder.path()), ["file"]);
    assert_eq!(fs::read(&to).unwrap(), b"before");
}
