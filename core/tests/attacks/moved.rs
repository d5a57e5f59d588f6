//! Attack 3: sealed bytes at another place than the one they were sealed for.

use std::sync::Arc;

use strongroom::authority::{ItemAnswer, Reading, Rows};
use strongroom::crypto::part::{self, Part, Place};
use strongroom::error::Result;
use strongroom::log::body::{ItemWritten, sealed_hash};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::Body;
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::ItemUpdate;

use crate::malicious::Malicious;
use crate::world::{Member, World, code, item, read, secret};

/// The newest version of an item, as an honest engine answers it.
async fn answer(world: &World, member: &Member, vault: VaultId, of: ItemId, version: Option<u64>) -> ItemAnswer {
    let size = world.state(strongroom::log::operation::LogKind::Items, vault).await.size;
    let mut rows =
        world.engine.items(member.session, vault.0, size, vec![(of.0, version)], Reading::Whole).await.unwrap();
    rows.pop().unwrap().unwrap()
}

type Lie = fn(&mut ItemAnswer, &ItemAnswer);

const PARTS_OF_ANOTHER: [(&str, Lie); 4] = [
    ("overview", |answer, other| answer.overview.clone_from(&other.overview)),
    ("details", |answer, other| answer.details.clone_from(&other.details)),
    ("both", |answer, other| {
        answer.overview.clone_from(&other.overview);
        answer.details.clone_from(&other.details);
    }),
    ("all", |answer, other| *answer = other.clone()),
];

fn each(rows: &mut [Result<ItemAnswer>], lie: impl FnMut(&mut ItemAnswer)) {
    rows.iter_mut().flatten().for_each(lie);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_another_item_version_vault_or_epoch_are_not_opened() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "read"), (&bob, "read")]).await.id;
    let elsewhere = world.vault(&[(&alice, "read")]).await.id;
    let (owner, id) = (&world.owner.client, vault.to_string());
    let first = owner.items().create(&id, item("first", "one")).await.unwrap().id;
    let second = owner.items().create(&id, item("second", "two")).await.unwrap().id;
    let far = owner.items().create(&elsewhere.to_string(), item("far", "three")).await.unwrap().id;
    let update = ItemUpdate { set_fields: vec![secret("password", "four")], ..ItemUpdate::default() };
    owner.access().revoke(&id, &bob.id_text()).await.unwrap();
    owner.items().update(&id, &first.to_string(), update).await.unwrap();

    let others = [
        answer(&world, &alice, vault, second, None).await,
        answer(&world, &alice, vault, first, Some(1)).await,
        answer(&world, &alice, elsewhere, far, None).await,
    ];
    let server = Malicious::over(Arc::clone(&world.engine));
    let reader = server.client(&alice.kit).await;
    for other in &others {
        for (what, lie) in PARTS_OF_ANOTHER {
            let other = other.clone();
            // An older version whole is what a server may still show to one who has replayed nothing (attack 4).
            if what == "all" && other.entry.log.id == vault.0 && other.entry.seq == 0 {
                continue;
            }
            server.items.change(move |rows| each(rows, |row| lie(row, &other)));
            assert_eq!(code(read(&reader, vault, first).await), "tampered", "{what}");
            let listed = reader.items().list(&id, strongroom::model::item::ItemFilter::default()).await;
            assert_eq!(code(listed), "tampered", "{what}");
        }
    }
    server.items.change(|rows| each(rows, |row| std::mem::swap(&mut row.overview, &mut row.details)));
    assert_eq!(code(read(&reader, vault, first).await), "tampered");

    server.items.stop();
    assert_eq!(read(&reader, vault, first).await.unwrap(), "four");
    assert_eq!(reader.items().list(&id, strongroom::model::item::ItemFilter::default()).await.unwrap().data.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_wraps_and_earlier_keys_of_another_vault_or_epoch_are_not_opened() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "read"), (&bob, "read")]).await.id;
    let elsewhere = world.vault(&[(&alice, "read"), (&bob, "read")]).await.id;
    for id in [vault, elsewhere] {
        world.owner.client.access().revoke(&id.to_string(), &bob.id_text()).await.unwrap();
    }
    let old = world.owner.client.items().create(&vault.to_string(), item("old", "value")).await.unwrap().id;
    let mut rows = world.engine.vault_rows(alice.session, vec![vault.0, elsewhere.0]).await.unwrap();
    let (other, honest) = (rows.pop().unwrap().unwrap(), rows.pop().unwrap().unwrap());
    assert_eq!((honest.wraps.len(), honest.previous.len()), (2, 1));

    let mut lies = vec![honest.clone(); 5];
    lies[0].name.clone_from(&other.name);
    for (row, moved) in lies[1].wraps.iter_mut().zip(&other.wraps) {
        row.sealed.clone_from(&moved.sealed);
    }
    lies[2].previous.clone_from(&other.previous);
    let (first, last) = (honest.wraps[0].sealed.clone(), honest.wraps[1].sealed.clone());
    (lies[3].wraps[0].sealed, lies[3].wraps[1].sealed) = (last, first);
    lies[4].wraps.iter_mut().for_each(|row| row.epoch = 3 - row.epoch);
    for (number, lie) in lies.into_iter().enumerate() {
        let server = Malicious::over(Arc::clone(&world.engine));
        let reader = server.client(&alice.kit).await;
        server.vault_rows.change(move |rows| *rows = vec![Ok(lie.clone())]);
        assert_eq!(code(reader.vaults().get(&vault.to_string()).await), "tampered", "lie {number}");
        server.vault_rows.stop();
        assert_eq!(reader.vaults().get(&vault.to_string()).await.unwrap().name, "vault");
        assert_eq!(read(&reader, vault, old).await.unwrap(), "value");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_signs_a_copy_of_another_items_parts_moves_nothing() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "write"), (&bob, "read")]).await.id;
    let source = world.owner.client.items().create(&vault.to_string(), item("source", "value")).await.unwrap().id;
    let sealed = answer(&world, &alice, vault, source, None).await;

    let copy = ItemId(Id([7; 32]));
    let written = ItemWritten {
        item: copy.0,
        version: 1,
        previous: MaybeId(None),
        epoch: 1,
        overview: sealed_hash(&sealed.overview),
        details: sealed_hash(&sealed.details),
        archived: false,
        added: Vec::new(),
        removed: Vec::new(),
    };
    let operation = alice.operation(&world, vault, Body::ItemPut(written)).await;
    let rows = Rows { overview: sealed.overview, details: sealed.details, ..Rows::default() };
    alice.submit(&world, alice.sign(&operation, rows)).await.unwrap();
    assert_eq!(code(read(&bob.client, vault, copy).await), "tampered");
    assert_eq!(read(&bob.client, vault, source).await.unwrap(), "value");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_right_key_opens_a_part_in_its_own_place_only() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "read")]).await.id;
    let item = world.owner.client.items().create(&vault.to_string(), item("title", "value")).await.unwrap().id;
    let sealed = answer(&world, &alice, vault, item, None).await;
    let key = alice.vault_key(&world, vault, 1).await;
    let place = |part| Place { account: alice.token.account, vault, item: Some(item), version: 1, epoch: 1, part };
    for (part, bytes) in [(Part::Overview, &sealed.overview), (Part::Details, &sealed.details)] {
        let here = place(part);
        assert!(part::open_part(&key, &here, bytes).is_ok());
        let other = if part == Part::Overview { Part::Details } else { Part::Overview };
        let elsewhere = [
            Place { vault: VaultId(Id([1; 32])), ..here },
            Place { item: Some(ItemId(Id([1; 32]))), ..here },
            Place { item: None, ..here },
            Place { version: 2, ..here },
            Place { epoch: 2, ..here },
            Place { part: other, ..here },
            Place { part: Part::Name, ..here },
            Place { account: strongroom::model::id::AccountId(Id([1; 32])), ..here },
        ];
        for there in elsewhere {
            assert_eq!(code(part::open_part(&key, &there, bytes)), "tampered", "{there:?}");
        }
    }
}
