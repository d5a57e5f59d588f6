//! Founding, and signing in.

use strongroom::authority::{Authority, Rows, SignIn, session_message};
use strongroom::engine::Engine;
use strongroom::log::body::Nothing;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::model::id::Id;
use strongroom::store::sqlite::SqliteStore;

use super::world::{Actor, World, beginning, code, fresh, identity, taken_receipt};

#[tokio::test]
async fn an_account_begins_once() {
    let world = World::new().await;
    let (again, ..) = beginning(&identity(), &identity());
    assert_eq!(code(world.engine.found(again).await), "already_exists");
}

#[tokio::test]
async fn a_beginning_is_whole_in_order_and_signed() {
    let engine = Engine::new(SqliteStore::memory(&format!("{:?}", fresh()), true).unwrap());
    let (owner, recovery) = (identity(), identity());
    let whole = || beginning(&owner, &recovery).0;
    assert_eq!(code(engine.found(whole()[..2].to_vec()).await), "invalid_argument");
    let mut wrong = whole();
    wrong.swap(1, 2);
    assert_eq!(code(engine.found(wrong).await), "invalid_argument");
    let mut wrong = whole();
    wrong[1].signatures = wrong[2].signatures.clone();
    assert_eq!(code(engine.found(wrong).await), "tampered");
    let mut wrong = whole();
    wrong[1].rows.kem_key = Some(vec![0; 1216]);
    assert_eq!(code(engine.found(wrong).await), "invalid_argument");
    let mut wrong = whole();
    wrong[1].rows.profile.as_mut().unwrap().name.push('!');
    assert_eq!(code(engine.found(wrong).await), "invalid_argument");
    let mut wrong = whole();
    wrong[0].rows = Rows { overview: vec![1], ..Rows::default() };
    assert_eq!(code(engine.found(wrong).await), "invalid_argument");
    assert_eq!(code(engine.challenge(fresh(), fresh()).await), "not_found");
    assert_eq!(engine.found(whole()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn nobody_signs_in_but_with_the_newest_key() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    world.sign_in(&alice).await;
    world.sign_in(&world.recovery).await;
    let stranger = Actor { identity: identity(), id: alice.id, generation: 1 };
    assert_eq!(code(world.try_sign_in(&stranger).await), "unauthenticated");
    assert_eq!(code(world.engine.challenge(fresh(), fresh()).await), "unauthenticated");
    let key = Id(alice.identity.public().sign);
    let challenge = world.engine.challenge(alice.id, key).await.unwrap();
    let answer = |identity: &strongroom::crypto::identity::Identity| SignIn {
        nonce: challenge.nonce,
        principal: alice.id,
        generation: 1,
        signature: identity.sign(&session_message(&challenge, alice.id)).to_vec(),
        app: None,
    };
    assert_eq!(code(world.engine.sign_in(answer(&stranger.identity)).await), "unauthenticated");
    // A challenge serves once, whatever came of it.
    assert_eq!(code(world.engine.sign_in(answer(&alice.identity)).await), "unauthenticated");
}

#[tokio::test]
async fn a_session_ends_with_its_principal() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let session = world.sign_in(&alice).await;
    world.engine.vaults(session, 0, 10).await.unwrap();
    let at = world.state(LogId::new(LogKind::Principal, alice.id)).await;
    let suspended = Body::PrincipalSuspended(Nothing {});
    let taken = world.act(&world.owner, Some(alice.id), at, suspended, Rows::default()).await.unwrap();
    let at = taken_receipt(&taken).state;
    assert_eq!(code(world.engine.vaults(session, 0, 10).await), "unauthenticated");
    assert_eq!(code(world.try_sign_in(&alice).await), "unauthenticated");
    let reactivated = Body::PrincipalReactivated(Nothing {});
    world.act(&world.owner, Some(alice.id), at, reactivated, Rows::default()).await.unwrap();
    world.sign_in(&alice).await;
    assert_eq!(code(world.engine.vaults(session, 0, 10).await), "unauthenticated");
    world.engine.close().await;
    assert_eq!(world.try_sign_in(&alice).await.unwrap_err().kind(), strongroom::error::ErrorKind::Unavailable);
}
