//! Attack 6: a signed operation used again, by somebody else, or in another name; an answer given for another.

use std::sync::Arc;

use strongroom::authority::{Submission, Submitted};
use strongroom::log::operation::{LogKind, Operation};
use strongroom::model::id::Id;
use strongroom::model::item::{ItemFilter, ItemUpdate};

use crate::malicious::Malicious;
use crate::signed::put;
use crate::world::{World, code, item, read, secret};

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_submission_has_one_effect() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    let vault = world.vault(&[(&alice, "write")]).await.id;
    let (operation, rows) = put(&world, &alice, vault, Id([1; 32])).await;
    let submission = alice.sign(&operation, rows.clone());
    let Submitted::Taken(first) = alice.submit(&world, submission.clone()).await.unwrap() else { panic!() };
    let (items, feed) = (world.state(LogKind::Items, vault).await, world.engine.end().await.unwrap());
    for _ in 0..3 {
        let Submitted::Before(again) = alice.submit(&world, submission.clone()).await.unwrap() else { panic!() };
        assert_eq!(again, first);
    }
    let twice = vec![submission.clone(), submission.clone()];
    for answer in world.engine.submit(alice.session, twice).await.unwrap() {
        assert!(matches!(answer.unwrap(), Submitted::Before(receipt) if receipt == first));
    }
    assert_eq!((world.state(LogKind::Items, vault).await, world.engine.end().await.unwrap()), (items, feed));

    // The same id with other bytes: refused, and the entry named.
    let (other, rows) = put(&world, &alice, vault, Id([2; 32])).await;
    let other = alice.sign(&Operation { id: operation.id, ..other }, rows);
    let Submitted::Used(receipt, bytes) = alice.submit(&world, other).await.unwrap() else { panic!() };
    assert_eq!((receipt, bytes), (first, submission.operation));
    assert_eq!(world.state(LogKind::Items, vault).await, items);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_cannot_be_taken_over_or_relabelled() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "write"), (&bob, "write")]).await.id;
    let before = world.engine.end().await.unwrap();
    let (operation, rows) = put(&world, &alice, vault, Id([1; 32])).await;
    let honest = alice.sign(&operation, rows.clone());
    let relabelled = Operation { signer: Some(bob.id()), ..operation.clone() };
    let with = |operation: &Operation, signatures: &[Vec<u8>]| Submission {
        operation: operation.to_bytes(),
        signatures: signatures.to_vec(),
        rows: rows.clone(),
    };
    let bobs = bob.sign(&operation, rows.clone()).signatures;
    let none: &[Vec<u8>] = &[];
    let refusals = [
        ("alice's bytes from bob", &bob, honest.clone(), "permission_denied"),
        ("alice's bytes signed by bob, from bob", &bob, with(&operation, &bobs), "permission_denied"),
        ("alice's bytes signed by bob, from alice", &alice, with(&operation, &bobs), "tampered"),
        ("bob named, alice's signature", &bob, with(&relabelled, &honest.signatures), "tampered"),
        ("bob named, from alice", &alice, with(&relabelled, &honest.signatures), "permission_denied"),
        (
            "another generation",
            &alice,
            alice.sign(&Operation { generation: 2, ..operation.clone() }, rows.clone()),
            "permission_denied",
        ),
        (
            "no signer",
            &alice,
            alice.sign(&Operation { signer: None, ..operation.clone() }, rows.clone()),
            "permission_denied",
        ),
        (
            "another account",
            &alice,
            alice.sign(
                &Operation { account: Some(strongroom::model::id::AccountId(Id([9; 32]))), ..operation.clone() },
                rows.clone(),
            ),
            "invalid_argument",
        ),
        ("no signature", &alice, with(&operation, none), "invalid_argument"),
        ("a second signature", &alice, with(&operation, &[&honest.signatures[..], &bobs].concat()), "invalid_argument"),
        (
            "a head that never was",
            &alice,
            alice.sign(
                &Operation { seen: strongroom::log::feed::Head { root: Id([3; 32]), ..before }, ..operation.clone() },
                rows.clone(),
            ),
            "tampered",
        ),
    ];
    for (what, from, submission, refusal) in refusals {
        assert_eq!(code(from.submit(&world, submission).await), refusal, "{what}");
        assert_eq!(world.engine.end().await.unwrap(), before, "{what}");
    }
    assert!(matches!(alice.submit(&world, honest).await.unwrap(), Submitted::Taken(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_believed_for_its_own_operation_only() {
    let world = World::new().await;
    let vault = world.vault(&[]).await.id;
    let id = vault.to_string();
    let server = Malicious::over(Arc::clone(&world.engine));
    let owner = server.client(&world.owner.kit).await;
    let kept = owner.items().create(&id, item("kept", "one")).await.unwrap().id;
    let log = strongroom::log::operation::LogId::new(LogKind::Items, vault);
    let entry = {
        use strongroom::store::Store;
        world.store.snapshot().await.unwrap().entries(log, 0, 1).await.unwrap().remove(0)
    };
    let earlier = strongroom::store::Receipt {
        log,
        seq: entry.seq,
        time: entry.time,
        hash: entry.hash,
        state: world.state(LogKind::Items, vault).await,
        position: entry.position,
    };
    for repeated in [false, true] {
        server
            .submit
            .tell(move |_| Ok(vec![Ok(if repeated { Submitted::Before(earlier) } else { Submitted::Taken(earlier) })]));
        let value = if repeated { "three" } else { "two" };
        let update = ItemUpdate { set_fields: vec![secret("password", value)], ..ItemUpdate::default() };
        assert_eq!(code(owner.items().update(&id, &kept.to_string(), update).await), "tampered");
        assert_eq!(code(owner.items().create(&id, item("other", "two")).await), "tampered");
    }
    let wrong_places: [fn(&mut strongroom::store::Receipt); 2] =
        [|receipt| receipt.seq += 1, |receipt| receipt.time += 1];
    for wrong in wrong_places {
        server.submit.change(move |answers| {
            for answer in answers.iter_mut().flatten() {
                if let Submitted::Taken(receipt) = answer {
                    wrong(receipt);
                }
            }
        });
        assert_eq!(code(owner.items().create(&id, item("other", "two")).await), "tampered");
    }
    server.submit.change(Vec::clear);
    assert_eq!(code(owner.items().create(&id, item("other", "two")).await), "tampered");

    server.submit.stop();
    owner.items().create(&id, item("honest", "three")).await.unwrap();
    assert!(owner.items().list(&id, ItemFilter::default()).await.unwrap().data.len() >= 2);
    assert!(read(&owner, vault, kept).await.is_ok());
}
