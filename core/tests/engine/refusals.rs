//! What is not taken, and how that is said.

use strongroom::authority::{Authority, Rows, Submitted};
use strongroom::error::Error;
use strongroom::log::body::{AccessGranted, MemberGrant, PolicyChanged};
use strongroom::log::operation::{At, Body, LogId, LogKind};
use strongroom::store::WrapForm;

use super::vault::{grant, item, recipient, wrap};
use super::world::{World, code, fresh, identity, sign, taken_receipt, user};

#[tokio::test]
async fn nobody_does_more_than_their_role() {
    let world = World::new().await;
    let (reader, writer) = (world.student("reader@example.edu").await, world.student("writer@example.edu").await);
    let stranger = world.student("stranger@example.edu").await;
    let vault = world.vault(&[grant(&reader, 1), grant(&writer, 2)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (body, rows) = item(fresh(), 1, None);
    let put = Body::ItemPut(body);
    let refused = world.act(&reader, Some(vault), at, put.clone(), rows.clone()).await;
    assert_eq!(code(refused), "permission_denied");
    let refused = world.act(&stranger, Some(vault), at, put.clone(), rows.clone()).await.unwrap_err();
    let nowhere = world.act(&stranger, Some(fresh()), at, put.clone(), rows.clone()).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), ("not_found", nowhere.message()));
    let shares = |to: &super::world::Actor| {
        let (members, recipients) = (vec![grant(to, 1)], vec![recipient(to)]);
        Body::AccessGranted(AccessGranted { epoch: 1, members, recipients })
    };
    let wraps = vec![wrap(vault, 1, &writer, recipient(&stranger), WrapForm::Hpke)];
    let rows_of = Rows { wraps, ..Rows::default() };
    let refused = world.act(&writer, Some(vault), at, shares(&stranger), rows_of.clone()).await;
    assert_eq!(code(refused), "permission_denied");
    assert_eq!(code(world.act(&stranger, Some(vault), at, shares(&reader), rows_of).await), "not_found");
    taken_receipt(&world.act(&writer, Some(vault), at, put, rows).await.unwrap());
    let (body, rows) = user(&identity(), "new@example.edu", 0);
    let refused = world.act(&writer, None, At::empty(), Body::PrincipalAdded(body), rows).await;
    assert_eq!(code(refused), "permission_denied");
}

#[tokio::test]
async fn the_same_bytes_are_answered_once_and_other_bytes_refused() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let (vault, operation, rows) = world.new_vault(&[grant(&alice, 2)], None);
    let submission = sign(&operation, &[&world.owner.identity], rows);
    let first = taken_receipt(&world.submit(&world.owner, submission.clone()).await.unwrap());
    match world.submit(&world.owner, submission.clone()).await.unwrap() {
        Submitted::Before(receipt) => assert_eq!(receipt, first),
        other => panic!("{other:?}"),
    }
    // Somebody else with the same bytes, and the same bytes signed by another.
    assert_eq!(code(world.submit(&alice, submission.clone()).await), "permission_denied");
    // A retry that made a new vault under the id of the first.
    let (_, mut again, rows) = world.new_vault(&[grant(&alice, 2)], None);
    again.id = operation.id;
    match world.submit(&world.owner, sign(&again, &[&world.owner.identity], rows)).await.unwrap() {
        Submitted::Used(receipt, bytes) => assert_eq!((receipt, bytes), (first, submission.operation)),
        other => panic!("{other:?}"),
    }
    // Within one batch too.
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (body, rows) = item(fresh(), 1, None);
    let one = world.operation(&alice, Some(vault), at, Body::ItemPut(body));
    let mut other = one.clone();
    other.body = Body::ItemPut(item(fresh(), 1, None).0);
    let batch = [&one, &one, &other].map(|operation| sign(operation, &[&alice.identity], rows.clone()));
    let session = world.sign_in(&alice).await;
    let answers = world.engine.submit(session, batch.to_vec()).await.unwrap();
    assert!(matches!(
        &answers[..],
        [Ok(Submitted::Taken(a)), Ok(Submitted::Before(b)), Ok(Submitted::Used(c, _))] if a == b && b == c
    ));
}

#[tokio::test]
async fn an_operation_is_its_signers_and_of_its_moment() {
    let world = World::new().await;
    let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
    let vault = world.vault(&[grant(&alice, 2), grant(&bob, 2)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (body, rows) = item(fresh(), 1, None);
    let good = world.operation(&alice, Some(vault), at, Body::ItemPut(body));
    let mut relabelled = good.clone();
    relabelled.signer = Some(bob.id);
    let submit = |operation: &strongroom::log::operation::Operation, actor: &super::world::Actor| {
        sign(operation, &[&actor.identity], rows.clone())
    };
    assert_eq!(code(world.submit(&alice, submit(&relabelled, &alice)).await), "permission_denied");
    assert_eq!(code(world.submit(&bob, submit(&relabelled, &alice)).await), "tampered");
    let mut generation = good.clone();
    generation.generation = 2;
    assert_eq!(code(world.submit(&alice, submit(&generation, &alice)).await), "permission_denied");
    let mut account = good.clone();
    account.account = Some(strongroom::model::id::AccountId(fresh()));
    assert_eq!(code(world.submit(&alice, submit(&account, &alice)).await), "invalid_argument");
    let mut twice = submit(&good, &alice);
    twice.signatures.push(twice.signatures[0].clone());
    assert_eq!(code(world.submit(&alice, twice).await), "invalid_argument");
    let mut unseen = good.clone();
    unseen.seen.root = fresh();
    assert_eq!(code(world.submit(&alice, submit(&unseen, &alice)).await), "tampered");
    let mut stale = good.clone();
    stale.at.root = fresh();
    assert!(matches!(world.submit(&alice, submit(&stale, &alice)).await.unwrap(), Submitted::Stale));
    let mut cut = submit(&good, &alice);
    cut.operation.pop();
    assert_eq!(code(world.submit(&alice, cut).await), "invalid_argument");
    taken_receipt(&world.submit(&alice, submit(&good, &alice)).await.unwrap());
    // The second version by somebody who has not seen the first.
    let mut again = good.clone();
    again.id = fresh();
    assert_eq!(code(world.submit(&alice, submit(&again, &alice)).await), "conflict");
}

#[tokio::test]
async fn rows_are_those_that_were_signed() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let (vault, operation, rows) = world.new_vault(&[grant(&alice, 2)], None);
    let wrong: [&dyn Fn(&mut Rows); 8] = [
        &|rows| rows.name = Some(b"another".to_vec()),
        &|rows| rows.name = None,
        &|rows| drop(rows.wraps.pop()),
        &|rows| rows.wraps[0].generation = 2,
        &|rows| rows.wraps.push(rows.wraps[0].clone()),
        &|rows| rows.wraps[0].vault = fresh(),
        &|rows| rows.wraps.iter_mut().for_each(|wrap| wrap.form = WrapForm::Own),
        &|rows| rows.details = vec![1],
    ];
    for (number, change) in wrong.iter().enumerate() {
        let mut rows = rows.clone();
        change(&mut rows);
        let refused = world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await;
        assert_eq!(code(refused), "invalid_argument", "{number}");
    }
    taken_receipt(&world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await.unwrap());
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (body, rows) = item(fresh(), 1, None);
    let rows = Rows { details: b"other".to_vec(), ..rows };
    assert_eq!(code(world.act(&alice, Some(vault), at, Body::ItemPut(body), rows).await), "invalid_argument");
}

#[tokio::test]
async fn policy_holds_for_whoever_grants() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[]).await;
    let account = LogId::new(LogKind::Account, world.account);
    let policy = PolicyChanged {
        version: 1,
        max_grant: 2,
        users_may_share: false,
        recovery: true,
        audit_reads: true,
        max_file_bytes: 1_000,
        email_domains: Some(vec!["example.edu".to_owned()]),
        require_expiry_days: Some(10),
    };
    let at = world.state(account).await;
    let changed = Body::PolicyChanged(policy);
    world.act(&world.owner, Some(account.id), at, changed, Rows::default()).await.unwrap();
    let now = u64::try_from(chrono::Utc::now().timestamp_millis()).unwrap();
    let until = |role, days: u64| MemberGrant { expires_at: Some(now + days * 86_400_000), ..grant(&alice, role) };
    for refused in [grant(&alice, 1), until(3, 1), until(1, 20)] {
        assert_eq!(code(world.grant(vault, &[refused]).await), "policy_violation");
    }
    assert_eq!(
        code(world.grant(vault, &[MemberGrant { expires_at: Some(1), ..grant(&alice, 1) }]).await),
        "invalid_argument"
    );
    taken_receipt(&world.grant(vault, &[until(2, 5)]).await.unwrap());
    let (body, rows) = user(&identity(), "mallory@example.com", 0);
    let refused = world.act(&world.owner, None, At::empty(), Body::PrincipalAdded(body), rows).await;
    assert_eq!(code(refused), "policy_violation");
    let (_, mut operation, mut rows) = world.new_vault(&[], None);
    if let Body::VaultCreated(body) = &mut operation.body {
        body.epoch.recovery = None;
    }
    rows.wraps.retain(|wrap| wrap.form != WrapForm::Recovery);
    let refused = world.submit(&world.owner, sign(&operation, &[&world.owner.identity], rows)).await;
    assert_eq!(code(refused), "policy_violation");
}

#[tokio::test]
async fn external_ids_and_addresses_are_taken_once() {
    let world = World::new().await;
    let (first, one) = world.signed_vault(&[], Some("student-42"));
    let (_, other) = world.signed_vault(&[], Some("student-42"));
    let session = world.sign_in(&world.owner).await;
    let answers = world.engine.submit(session, vec![one, other]).await.unwrap();
    let existing = |error: &Error| (error.code(), error.existing().unwrap_or_default().to_owned());
    let taken = ("already_exists", strongroom::model::id::VaultId(first).to_string());
    assert!(answers[0].is_ok());
    assert_eq!(existing(answers[1].as_ref().unwrap_err()), taken);
    let (_, again) = world.signed_vault(&[], Some("student-42"));
    assert_eq!(existing(&world.submit(&world.owner, again).await.unwrap_err()), taken);
    let found = world.engine.find_vault(session, world.owner.id, "student-42".to_owned()).await.unwrap();
    assert_eq!(found, Some(first));
    let alice = world.student("alice@example.edu").await;
    let (body, rows) = user(&identity(), "alice@example.edu", 0);
    let refused = world.act(&world.owner, None, At::empty(), Body::PrincipalAdded(body), rows).await.unwrap_err();
    let id = strongroom::model::id::PrincipalId { kind: strongroom::model::id::PrincipalKind::User, id: alice.id };
    assert_eq!(existing(&refused), ("already_exists", id.to_string()));
}
