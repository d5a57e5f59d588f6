//! Many at once, invitations, and who may manage whom.

use strongroom::authority::{Authority, Rows, Submitted};
use strongroom::log::body::{AccessCompleted, AccessGranted, KeySet, Nothing, PrincipalAccepted, PrincipalReissued};
use strongroom::log::encoding::MaybeId;
use strongroom::log::feed::Head;
use strongroom::log::operation::{At, Body, LogId, LogKind};
use strongroom::model::id::Id;
use strongroom::store::WrapForm;

use super::proofs::verify;
use super::vault::{grant, recipient, wrap};
use super::world::{Actor, World, code, identity, keys, sign, taken_receipt, user};

#[tokio::test]
async fn many_vaults_come_in_one_commit() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let before = world.engine.end().await.unwrap();
    let (ids, batch): (Vec<Id>, Vec<_>) =
        (0..300).map(|number| world.signed_vault(&[grant(&alice, 2)], Some(&format!("s-{number}")))).unzip();
    let session = world.sign_in(&world.owner).await;
    let answers = world.engine.submit(session, batch).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Submitted::Taken(_)))));
    assert_eq!(world.engine.end().await.unwrap().size, before.size + 301);
    let student = world.sign_in(&alice).await;
    let first = world.engine.vaults(student, 0, 200).await.unwrap();
    let rest = world.engine.vaults(student, first.next.unwrap(), 200).await.unwrap();
    assert_eq!([first.ids, rest.ids].concat(), ids);
    assert_eq!(rest.next, None);
    let first = world.engine.feed(student, before.size, None, 200).await.unwrap();
    assert_eq!(first.places.len(), 200);
    let rest = world.engine.feed(student, first.next, None, 200).await.unwrap();
    assert_eq!((rest.places.len(), rest.next), (100, world.engine.end().await.unwrap().size));
    verify(&world.states(&alice, &[], &ids, before).await, before);
}

#[tokio::test]
async fn an_invitation_is_accepted_once_with_keys_of_ones_own() {
    let world = World::new().await;
    let code_key = identity();
    let (mut body, rows) = user(&code_key, "alice@example.edu", 0);
    body.generation = 0;
    body.keys = KeySet { sign: body.keys.sign, note: MaybeId(None), kem: MaybeId(None) };
    let with_key = world.act(&world.owner, None, At::empty(), Body::PrincipalAdded(body.clone()), rows.clone()).await;
    assert_eq!(code(with_key), "invalid_argument");
    let rows = Rows { kem_key: None, ..rows };
    let added = world.act(&world.owner, None, At::empty(), Body::PrincipalAdded(body), rows).await.unwrap();
    let receipt = taken_receipt(&added);
    let invited = Actor { identity: code_key, id: receipt.log.id, generation: 0 };
    let own = identity();
    let accept = Body::PrincipalAccepted(PrincipalAccepted { keys: keys(&own) });
    let operation = world.operation(&invited, Some(invited.id), receipt.state, accept);
    let rows = Rows { kem_key: Some(own.public().kem), ..Rows::default() };
    let accepted = sign(&operation, &[&invited.identity, &own], rows);
    taken_receipt(&world.submit(&invited, accepted).await.unwrap());
    assert_eq!(code(world.try_sign_in(&invited).await), "unauthenticated");
    world.sign_in(&Actor { identity: own, id: invited.id, generation: 1 }).await;
}

#[tokio::test]
async fn reissued_keys_open_no_vault() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let manager = world.add(0, "manager@example.edu", Some("manager@example.edu"), 0b10).await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    let next = identity();
    let at = world.state(LogId::new(LogKind::Principal, alice.id)).await;
    let body = Body::PrincipalReissued(PrincipalReissued { keys: keys(&next) });
    let rows = Rows { kem_key: Some(next.public().kem), ..Rows::default() };
    taken_receipt(&world.act(&manager, Some(alice.id), at, body.clone(), rows.clone()).await.unwrap());
    let reissued = Actor { identity: next, id: alice.id, generation: 2 };
    let session = world.sign_in(&reissued).await;
    assert!(world.engine.vaults(session, 0, 10).await.unwrap().ids.is_empty());
    assert!(world.states(&reissued, &[], &[vault], Head::empty()).await.vaults.is_empty());
    assert!(matches!(world.grant(vault, &[grant(&alice, 2)]).await, Ok(Submitted::Stale) | Err(_)));
    taken_receipt(&world.grant(vault, &[grant(&reissued, 2)]).await.unwrap());
    assert_eq!(world.engine.vaults(session, 0, 10).await.unwrap().ids, [vault]);
    let at = world.state(LogId::new(LogKind::Principal, world.owner.id)).await;
    assert_eq!(code(world.act(&manager, Some(world.owner.id), at, body, rows).await), "permission_denied");
}

#[tokio::test]
async fn a_grant_that_waits_ends_with_whoever_gave_it() {
    for end in [None, Some("suspended"), Some("deleted"), Some("reissued")] {
        let world = World::new().await;
        let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
        let vault = world.vault(&[grant(&alice, 3)]).await;
        let at = || world.state(LogId::new(LogKind::Vault, vault));
        let waiting = AccessGranted { epoch: 1, members: vec![grant(&bob, 1)], recipients: vec![] };
        let body = Body::AccessGranted(waiting);
        taken_receipt(&world.act(&alice, Some(vault), at().await, body, Rows::default()).await.unwrap());
        let log = world.state(LogId::new(LogKind::Principal, alice.id)).await;
        let next = identity();
        let (ending, rows) = match end {
            None => (None, Rows::default()),
            Some("suspended") => (Some(Body::PrincipalSuspended(Nothing {})), Rows::default()),
            Some("deleted") => (Some(Body::PrincipalDeleted(Nothing {})), Rows::default()),
            Some(_) => {
                let body = Body::PrincipalReissued(PrincipalReissued { keys: keys(&next) });
                (Some(body), Rows { kem_key: Some(next.public().kem), ..Rows::default() })
            }
        };
        if let Some(body) = ending {
            taken_receipt(&world.act(&world.owner, Some(alice.id), log, body, rows).await.unwrap());
        }
        let body = Body::AccessCompleted(AccessCompleted { epoch: 1, grant: 1, recipient: recipient(&bob) });
        let wraps = vec![wrap(vault, 1, &world.owner, recipient(&bob), WrapForm::Hpke)];
        let rows = Rows { wraps, ..Rows::default() };
        let completed = world.act(&world.owner, Some(vault), at().await, body, rows).await;
        match end {
            None => drop(taken_receipt(&completed.unwrap())),
            Some(_) => assert_eq!(code(completed), "conflict", "{end:?}"),
        }
    }
}
