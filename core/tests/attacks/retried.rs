//! Answers that are lost, and stores that are away for a moment: a call tries again, and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use strongroom::error::Error;
use strongroom::model::item::ItemFilter;
use strongroom::model::vault::VaultSpec;

use crate::malicious::{Lie, Malicious};
use crate::world::{World, code, item};

/// Does what is asked, and loses the answer, so many times.
fn lose<A, T: Send + 'static>(lie: &Lie<A, T>, times: u32) -> Arc<AtomicU32> {
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    lie.tell(move |answer| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if number < times { Err(Error::unavailable("the answer was lost")) } else { answer }
    });
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_is_lost_is_done_once() {
    let world = World::new().await;
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&world.owner.kit).await;
    let asked = lose(&server.submit, 2);
    let vault = client.vaults().create(VaultSpec { name: "one".to_owned(), ..VaultSpec::default() }).await.unwrap();
    // With the first vault goes the key that opens all of its maker's for recovery.
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    assert_eq!(client.vaults().list().await.unwrap().data.len(), 1);

    let text = vault.id.to_string();
    lose(&server.submit, 1);
    let made = client.items().create(&text, item("one", "value")).await.unwrap();
    lose(&server.submit, 1);
    let items = (0..5).map(|number| item(&format!("{number}"), "value")).collect();
    let many = client.items().create_many(&text, items).await.unwrap();
    assert!(many.iter().all(Result::is_ok));
    server.submit.stop();
    let listed = world.owner.client.items().list(&text, ItemFilter::default()).await.unwrap().data;
    assert_eq!((listed.len(), listed[0].id), (6, made.id));

    lose(&server.states, 1);
    lose(&server.items, 2);
    let asked = lose(&server.feed, 1);
    client.items().get(&text, &made.id.to_string(), None).await.unwrap();
    client.changes().list(strongroom::model::change::ChangeFilter::default()).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    world.owner.client.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_tries_as_often_as_it_is_told_to() {
    let world = World::new().await;
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&world.owner.kit).await;
    for (retries, tries) in [(0, 1), (1, 2), (2, 3)] {
        let client = client.with_options(None, Some(retries)).unwrap();
        let asked = lose(&server.vaults, u32::MAX);
        assert_eq!(code(client.vaults().list().await), "unavailable");
        assert_eq!(asked.load(Ordering::Relaxed), tries);
    }
    // The first of two rows is refused for what it is, and stays so, while the second is sent again.
    lose(&server.submit, 1);
    let spec = |name: &str| VaultSpec {
        name: name.to_owned(),
        external_id: Some("student-1".to_owned()),
        ..VaultSpec::default()
    };
    let rows = client.vaults().create_many(vec![spec("one"), spec("two")]).await.unwrap();
    assert_eq!(rows.into_iter().map(code).collect::<Vec<_>>(), ["no refusal", "already_exists"]);
    server.vaults.stop();
    assert_eq!(client.vaults().list().await.unwrap().data.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_is_tried_again_as_a_whole() {
    let world = World::new().await;
    let server = Malicious::over(Arc::clone(&world.engine));
    let (challenges, sessions) = (lose(&server.challenge, 1), lose(&server.sign_in, 1));
    let client = server.client(&world.owner.kit).await;
    assert_eq!((challenges.load(Ordering::Relaxed), sessions.load(Ordering::Relaxed)), (3, 2));
    client.vaults().list().await.unwrap();
}
