//! Attack 21: whoever is being ended writes in a loop. The ending commits at its second try, and nothing that was acknowledged before
//! it is void.
//!
//! An embedded store sequences in the transaction that writes, so there is no sequencer to pause.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use strongroom::authority::{Authority, Submission, Submitted};
use strongroom::crypto::random;
use strongroom::error::ErrorKind;
use strongroom::log::operation::{Body, Operation};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::ItemFilter;

use crate::malicious::Malicious;
use crate::signed::believable;
use crate::world::{Member, World, code, connect};

const ENDINGS: [&str; 4] = ["revoked", "lowered", "suspended", "reissued"];
/// Who submits beside each other.
const TASKS: usize = 3;
/// Operations in one submission.
const AT_ONCE: usize = 4;

/// What the writer has signed before, so that the loop does nothing but submit.
async fn signed(world: &World, writer: &Member, vault: VaultId, count: usize) -> Vec<(ItemId, Submission)> {
    let key = writer.vault_key(world, vault, 1).await;
    let mut signed = Vec::with_capacity(count);
    for _ in 0..count {
        let id = Id(random::make_bytes().unwrap());
        let (written, rows) = believable(writer, vault, id, &key);
        let operation = writer.operation(world, vault, Body::ItemPut(written)).await;
        signed.push((ItemId(id), writer.sign(&operation, rows)));
    }
    signed
}

/// Submits until it is refused for good; what was acknowledged.
async fn write_in_a_loop(
    engine: Arc<dyn Authority>,
    writer: strongroom::authority::Session,
    signed: Vec<(ItemId, Submission)>,
    so_far: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> Vec<ItemId> {
    let mut acknowledged = Vec::new();
    for chunk in signed.chunks(AT_ONCE) {
        let submissions: Vec<Submission> = chunk.iter().map(|(_, submission)| submission.clone()).collect();
        let mut answers = match engine.submit(writer, submissions).await {
            Ok(answers) => answers.into_iter(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
                break;
            }
        };
        let mut ended = false;
        for (id, _) in chunk {
            match answers.next().unwrap() {
                Ok(Submitted::Taken(_)) => acknowledged.push(*id),
                Ok(other) => panic!("{other:?}"),
                // Held, and then ended.
                Err(error) => {
                    let honest = [
                        ErrorKind::Unavailable,
                        ErrorKind::NotFound,
                        ErrorKind::PermissionDenied,
                        ErrorKind::Unauthenticated,
                    ];
                    assert!(honest.contains(&error.kind()), "{error}");
                    ended |= error.kind() != ErrorKind::Unavailable;
                }
            }
        }
        so_far.store(so_far.load(Ordering::Relaxed).max(acknowledged.len() as u64), Ordering::Relaxed);
        if ended || stop.load(Ordering::Relaxed) {
            break;
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_writes_in_a_loop_is_ended_at_the_second_try() {
    let mut delayed = 0;
    for how in ENDINGS {
        let world = World::new().await;
        let (writer, reader) = (world.user("writer").await, world.user("reader").await);
        let vault = world.vault(&[(&writer, "write"), (&reader, "read")]).await.id;
        let id = vault.to_string();
        let server = Malicious::over(Arc::clone(&world.engine));
        let owner = server.client(&world.owner.kit).await;
        owner.vaults().get(&id).await.unwrap();
        let tries = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&tries);
        server.submit.ask(move |(_, submissions)| {
            let ends = |sent: &&Submission| {
                let body = Operation::from_bytes(&sent.operation).unwrap().body;
                matches!(body, Body::EpochStarted(_) | Body::PrincipalSuspended(_) | Body::PrincipalReissued(_))
            };
            counted.fetch_add(submissions.iter().filter(ends).count() as u64, Ordering::Relaxed);
        });

        let (so_far, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut loops = Vec::new();
        for _ in 0..TASKS {
            let signed = signed(&world, &writer, vault, 800).await;
            loops.push((signed, Arc::clone(&so_far), Arc::clone(&stop)));
        }
        let tasks: Vec<_> = loops
            .into_iter()
            .map(|(signed, so_far, stop)| {
                tokio::spawn(write_in_a_loop(Arc::clone(&world.engine), writer.session, signed, so_far, stop))
            })
            .collect();
        while so_far.load(Ordering::Relaxed) < 200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let before = so_far.load(Ordering::Relaxed);
        let whom = writer.id_text();
        match how {
            "revoked" => owner.access().revoke(&id, &whom).await.unwrap(),
            "lowered" => drop(owner.access().grant(&id, &whom, "read", None).await.unwrap()),
            "suspended" => drop(owner.users().suspend(&whom).await.unwrap()),
            _ => drop(owner.users().reissue(&whom, None).await.unwrap()),
        }
        stop.store(true, Ordering::Relaxed);
        let tries = tries.load(Ordering::Relaxed);
        assert!((1..=2).contains(&tries), "{how} at try {tries}");
        delayed += u64::from(tries == 2);
        let mut acknowledged = Vec::new();
        for task in tasks {
            acknowledged.extend(task.await.unwrap());
        }
        assert!(acknowledged.len() as u64 >= before);

        // All that was acknowledged is there, for who has read before and for who has not; and no more than that.
        let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
        let listed = fresh.items().list(&id, ItemFilter::default()).await.unwrap().all().await.unwrap();
        let mut listed: Vec<ItemId> = listed.into_iter().map(|item| item.id).collect();
        listed.sort_unstable();
        acknowledged.sort_unstable();
        assert!(listed == acknowledged, "{how}: {} of {}", listed.len(), acknowledged.len());
        for client in [&fresh, &reader.client] {
            for item in acknowledged.iter().step_by(acknowledged.len() / 8 + 1) {
                client.items().get(&id, &item.to_string(), None).await.unwrap();
            }
        }
        let refused = writer.client.items().create(&id, crate::world::item("after", "value")).await;
        assert!(["not_found", "permission_denied", "unauthenticated"].contains(&code(refused)), "{how}");
        world.owner.client.audit().verify().await.unwrap();
    }
    assert!(delayed > 0, "no ending met a write in between");
}
