//! Attack 20 on items: what was written after its author was put out is not made older by the store's word.

use std::sync::Arc;

use strongroom::authority::Rows;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::log::body::sealed_hash;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::{Id, ItemId};

use crate::malicious::Malicious;
use crate::signed::{force, item_row, sealed};
use crate::world::{World, code, connect, item, read};

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_feed_is_proven_before_it_decides() {
    let world = World::new().await;
    let (reader, writer) = (world.user("reader").await, world.user("writer").await);
    let vault = world.vault(&[(&reader, "read"), (&writer, "write")]).await.id;

    // Signed on what stood before the revocation, and sealed as a reader would believe it.
    let key = writer.vault_key(&world, vault, 1).await;
    let forged = Id([8; 32]);
    let (mut written, _) = sealed(&writer, vault, forged, &key, 1);
    let place = |part| {
        let (account, item) = (writer.token.account, Some(ItemId(forged)));
        Place { account, vault, item, version: 1, epoch: 1, part }
    };
    let overview = part::seal_part(&key, &place(Part::Overview), b"\x84\x66forged\x65login\x80\x80").unwrap();
    let details = part::seal_part(&key, &place(Part::Details), b"\x83\x60\x80\x80").unwrap();
    (written.overview, written.details) = (sealed_hash(&overview), sealed_hash(&details));
    let rows = Rows { overview, details, ..Rows::default() };
    let row = item_row(vault, &written, &rows);
    let operation = writer.operation(&world, vault, Body::ItemPut(written)).await;

    world.owner.client.access().revoke(&vault.to_string(), &writer.id_text()).await.unwrap();
    force(&world, LogId::new(LogKind::Items, vault), &writer, &writer.sign(&operation, rows), vec![row]).await;

    let malicious = Malicious::over(Arc::clone(&world.engine));
    malicious.items.change(|answers| {
        for answer in answers.iter_mut().flatten() {
            answer.entry.position = 0;
        }
    });
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
