//! Attack 20 on items: what was written after its author was put out is not made older by the store's word.

use std::sync::Arc;

use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::{Id, ItemId};

use crate::malicious::Malicious;
use crate::signed::{believable, force, item_row};
use crate::world::{World, code, connect, item, read};

/// Tells of every item that it stands where the feed begins.
pub(crate) fn backdate_items(malicious: &Malicious) {
    malicious.items.change(|answers| {
        for answer in answers.iter_mut().flatten() {
            answer.entry.position = 0;
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_feed_is_proven_before_it_decides() {
    let world = World::new().await;
    let (reader, writer) = (world.user("reader").await, world.user("writer").await);
    let vault = world.vault(&[(&reader, "read"), (&writer, "write")]).await.id;

    // Signed on what stood before the revocation, and sealed as a reader would believe it.
    let key = writer.vault_key(&world, vault, 1).await;
    let forged = Id([8; 32]);
    let (written, rows) = believable(&writer, vault, forged, &key);
    let row = item_row(vault, &written, &rows);
    let operation = writer.operation(&world, vault, Body::ItemPut(written)).await;

    world.owner.client.access().revoke(&vault.to_string(), &writer.id_text()).await.unwrap();
    force(&world, LogId::new(LogKind::Items, vault), &writer, &writer.sign(&operation, rows), vec![row]).await;

    let malicious = Malicious::over(Arc::clone(&world.engine));
    backdate_items(&malicious);
    let deceived = malicious.client(&reader.kit).await;
    let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
    for client in [&deceived, &fresh] {
        let read = client.items().get(&vault.to_string(), &ItemId(forged).to_string(), None).await;
        assert_eq!(code(read), "tampered");
    }
    assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_before_the_revocation_stands() {
    let world = World::new().await;
    let (reader, writer) = (world.user("reader").await, world.user("writer").await);
    let vault = world.vault(&[(&reader, "read"), (&writer, "write")]).await.id;
    let honest = writer.client.items().create(&vault.to_string(), item("honest", "value")).await.unwrap();
    world.owner.client.access().revoke(&vault.to_string(), &writer.id_text()).await.unwrap();

    let malicious = Malicious::over(Arc::clone(&world.engine));
    let lied_to = malicious.client(&reader.kit).await;
    malicious.items.change(|answers| {
        for answer in answers.iter_mut().flatten() {
            answer.entry.position = u64::MAX - 1;
        }
    });
    let fresh = connect(Arc::clone(&world.engine), &reader.kit).await.unwrap();
    for client in [&reader.client, &fresh, &lied_to] {
        assert_eq!(read(client, vault, honest.id).await.unwrap(), "value");
    }
}
