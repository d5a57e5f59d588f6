//! Tokens rotated by a process that dies at each of its steps, and while they are used: one works, and it opens every vault.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use strongroom::model::credential::{Credential, Save};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};

use crate::child::{Told, Worker};
use crate::dying::{self, die_after, step};
use crate::world::{account, client, concealed, program, try_client, vault};

const VAULTS: usize = 3;

/// Writes the token to a file, whole or not at all.
fn keep(path: PathBuf) -> Save {
    Arc::new(move |kit: Credential| {
        step();
        let half = path.with_extension("half");
        std::fs::write(&half, kit.token.expose()).unwrap();
        std::fs::rename(&half, &path).unwrap();
        step();
        async { Ok(()) }.boxed()
    })
}

/// Rotates its token and dies after so many steps. Told: how many, and where the next token is kept.
pub(crate) async fn rotate(told: Told) {
    let (steps, kept) = told.argument.split_once(' ').unwrap();
    let client = dying::client(&told.path, &told.token).await;
    die_after(steps.parse().unwrap());
    client.rotate_token(Some(keep(PathBuf::from(kept)))).await.unwrap();
    die_after(0);
    client.close().await;
}

/// Whichever of the tokens works; exactly one does.
async fn working(path: &Path, tokens: &[&str]) -> String {
    let mut found = Vec::new();
    for token in tokens {
        match try_client(path, token).await {
            Ok(client) => {
                client.close().await;
                found.push((*token).to_owned());
            }
            Err(error) => assert_eq!(error.code(), "unauthenticated"),
        }
    }
    assert_eq!(found.len(), 1, "of {} tokens", tokens.len());
    found.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_that_dies_leaves_one_token_and_every_vault() {
    let folder = tempfile::tempdir().unwrap();
    let (path, kept) = (folder.path().join("classroom.db"), folder.path().join("next.token"));
    let owner = client(&path, account(&path).await.token.expose()).await;
    let first = program(&owner, "program").await;
    let holder = client(&path, first.token.expose()).await;
    let mut items = Vec::new();
    for _ in 0..VAULTS {
        let id = vault(&holder, "One", &[]).await.id.to_string();
        let put = NewItem { title: "Kept".to_owned(), ..NewItem::default() };
        let item = holder.items().create(&id, put).await.unwrap().id.to_string();
        items.push((id, item));
    }
    holder.close().await;

    let mut token = first.token.expose().to_owned();
    let (mut before, mut after) = (0, 0);
    for steps in 1_i64.. {
        assert!(steps < 200, "a rotation has fewer steps");
        let _ = std::fs::remove_file(&kept);
        let argument = format!("{steps} {}", kept.display());
        let (_, status) = Worker::start("rotate", &path, &token, &argument).rest();
        let next = std::fs::read_to_string(&kept).ok();
        let tokens: Vec<&str> = [Some(token.as_str()), next.as_deref()].into_iter().flatten().collect();
        let works = working(&path, &tokens).await;
        if status.success() {
            assert_eq!(Some(&works), next.as_ref());
        } else if works == token {
            before += 1;
        } else {
            after += 1;
        }
        let client = client(&path, &works).await;
        assert_eq!(client.vaults().list().await.unwrap().all().await.unwrap().len(), VAULTS);
        for (vault, item) in &items {
            let grade = concealed("grade", &steps.to_string());
            let update = ItemUpdate { set_fields: vec![grade], ..ItemUpdate::default() };
            let read = client.items().get(vault, item, None).await.unwrap();
            assert_eq!(read.version, u64::try_from(steps).unwrap());
            client.items().update(vault, item, update).await.unwrap();
        }
        client.close().await;
        token = works;
        if status.success() {
            break;
        }
    }
    assert!(
        before > 2 && after > 2,
        "it died {before} times before the operation was acknowledged, {after} times after"
    );
    let client = client(&path, &token).await;
    assert_eq!(client.vaults().rekey(None).await.unwrap(), VAULTS as u64);
    for (vault, item) in &items {
        assert_eq!(client.items().get(vault, item, None).await.unwrap().title, "Kept");
    }
    owner.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_used_in_a_loop_is_rotated_and_nothing_acknowledged_is_void() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let owner = client(&path, account(&path).await.token.expose()).await;
    let first = program(&owner, "program").await;
    let holder = client(&path, first.token.expose()).await;
    let id = vault(&holder, "One", &[("teacher@example.edu", "read")]).await.id.to_string();
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (path, token, id) = (path.clone(), first.token.expose().to_owned(), id.clone());
            tokio::spawn(async move {
                let client = client(&path, &token).await;
                let mut acknowledged = Vec::new();
                loop {
                    let put = NewItem { title: format!("{writer}-{}", acknowledged.len()), ..NewItem::default() };
                    match client.items().create(&id, put).await {
                        Ok(item) => acknowledged.push(item.id),
                        // While what it wrote is being covered, it is asked to wait.
                        Err(error) if error.code() == "unavailable" => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        Err(error) => return (acknowledged, error),
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let next = holder.rotate_token(None).await.unwrap();
    let mut acknowledged = Vec::new();
    for writer in writers {
        let (items, refused) = writer.await.unwrap();
        assert_eq!(refused.code(), "unauthenticated", "{refused}");
        acknowledged.extend(items);
    }
    assert!(!acknowledged.is_empty());
    let fresh = client(&path, next.expose()).await;
    let found = fresh.items().list(&id, ItemFilter::default()).await.unwrap().all().await.unwrap();
    for item in &acknowledged {
        assert!(found.iter().any(|found| found.id == *item), "{item}");
    }
    owner.audit().verify().await.unwrap();
}
