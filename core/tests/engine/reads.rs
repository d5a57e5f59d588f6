//! What is answered, and its proofs.

use strongroom::authority::{AuditRow, Authority, Reading, VaultRows};
use strongroom::log::feed::Head;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::tree::verify_inclusion;
use strongroom::model::role::Role;

use super::proofs::{replay, verify};
use super::vault::{grant, item};
use super::world::{World, code, fresh, taken_receipt};

#[tokio::test]
async fn an_answer_proves_itself() {
    let world = World::new().await;
    let early = world.engine.end().await.unwrap();
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    let access = LogId { kind: LogKind::Vault, id: vault };
    let at = world.state(access).await;
    let (body, rows) = item(fresh(), 1, None);
    let id = body.item;
    let taken = world.act(&alice, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();
    let first = taken_receipt(&taken);
    let (body, rows) = item(id, 2, Some(first.hash));
    world.act(&world.owner, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();

    let logs = [
        LogId::new(LogKind::Account, world.account),
        LogId::new(LogKind::Principal, world.owner.id),
        LogId::new(LogKind::Principal, world.recovery.id),
        LogId::new(LogKind::Principal, alice.id),
    ];
    for reader in [&alice, &world.owner] {
        let states = world.states(reader, &logs, &[vault], early).await;
        assert_eq!((states.logs.len(), states.vaults.len(), states.vaults[0].items_entries.len()), (4, 1, 2));
        verify(&states, early);
        let (directory, vaults) = replay(&states, world.account);
        assert_eq!(vaults[&vault].role_now(&directory, alice.id, 0), Some(Role::Write));
        let items = states.vaults[0].items;

        let session = world.sign_in(reader).await;
        let of = vec![(id, None), (id, Some(1)), (fresh(), None)];
        let mut answers = world.engine.items(session, vault, items.size, of, Reading::Whole).await.unwrap();
        assert_eq!(code(answers.remove(2)), "not_found");
        for answer in answers {
            let answer = answer.unwrap();
            let leaves = [(answer.entry.seq, answer.entry.hash)];
            verify_inclusion(items.size, &items.root, &leaves, &answer.path).unwrap();
            assert_eq!(answer.newest, answer.entry.seq == 1);
            assert_eq!((answer.created_at, answer.overview), (first.time, b"overview".to_vec()));
        }
        let behind = world.engine.items(session, vault, 1, vec![(id, None)], Reading::Whole).await.unwrap().remove(0);
        assert_eq!(code(behind), "conflict");
    }
}

#[tokio::test]
async fn who_is_in_no_vault_sees_no_more_than_who_certifies() {
    let world = World::new().await;
    let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
    let vault = world.vault(&[grant(&alice, 1)]).await;
    let logs = [
        LogId::new(LogKind::Principal, alice.id),
        LogId::new(LogKind::Principal, bob.id),
        LogId::new(LogKind::Principal, world.owner.id),
        LogId::new(LogKind::Principal, world.recovery.id),
        LogId::new(LogKind::Account, world.account),
    ];
    let told = |states: &strongroom::authority::States| states.logs.iter().map(|log| log.log).collect::<Vec<_>>();
    let states = world.states(&bob, &logs, &[vault], Head::empty()).await;
    assert_eq!(told(&states), logs[1..]);
    assert!(states.vaults.is_empty());
    verify(&states, Head::empty());
    let states = world.states(&alice, &logs, &[vault], Head::empty()).await;
    assert_eq!(told(&states), [logs[0], logs[2], logs[3], logs[4]]);
    let session = world.sign_in(&bob).await;
    assert!(world.engine.profiles(session, vec![alice.id, bob.id]).await.unwrap()[0].is_none());
    assert_eq!(world.engine.find_principals(session, vec!["alice@example.edu".to_owned()]).await.unwrap(), [None]);
    assert_eq!(world.engine.principals(session, 0, 0, 10).await.unwrap().ids, [bob.id]);
    assert!(world.engine.vaults(session, 0, 10).await.unwrap().ids.is_empty());
    assert_eq!(code(world.engine.vault_rows(session, vec![vault]).await.unwrap().remove(0)), "not_found");
    let session = world.sign_in(&alice).await;
    assert_eq!(world.engine.principals(session, 0, 0, 10).await.unwrap().ids, [world.owner.id, alice.id]);
    assert_eq!(world.engine.vaults(session, 0, 10).await.unwrap().ids, [vault]);
    let VaultRows { wraps, previous, .. } =
        world.engine.vault_rows(session, vec![vault]).await.unwrap().remove(0).unwrap();
    assert_eq!((wraps.len(), wraps[0].principal, previous.len()), (1, alice.id, 0));
}

#[tokio::test]
async fn the_recovery_key_reads_states_and_no_items() {
    let world = World::new().await;
    let vault = world.vault(&[]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (body, rows) = item(fresh(), 1, None);
    let id = body.item;
    world.act(&world.owner, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();
    let states = world.states(&world.recovery, &[], &[vault], Head::empty()).await;
    assert_eq!((states.vaults[0].access_entries.len(), states.vaults[0].items_entries.len()), (1, 0));
    let session = world.sign_in(&world.recovery).await;
    assert_eq!(code(world.engine.items(session, vault, 1, vec![(id, None)], Reading::Whole).await), "not_found");
    let rows = world.engine.vault_rows(session, vec![vault]).await.unwrap().remove(0).unwrap();
    assert_eq!(rows.wraps.len(), 1);
}

#[tokio::test]
async fn the_feed_shows_vaults_of_the_caller_and_the_export_everything() {
    let world = World::new().await;
    let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
    let mine = world.vault(&[grant(&alice, 2)]).await;
    world.vault(&[grant(&bob, 2)]).await;
    let session = world.sign_in(&alice).await;
    let head = world.engine.end().await.unwrap();
    let page = world.engine.feed(session, 0, None, 100).await.unwrap();
    assert_eq!(page.places.iter().map(|row| row.log.id).collect::<Vec<_>>(), [mine]);
    assert_eq!((page.former, page.next), (vec![], head.size));
    assert!(world.engine.audit(session, 0, 100).await.unwrap().places.is_empty());
    assert_eq!(code(world.engine.export(session, 0, 100).await), "permission_denied");
    let owner = world.sign_in(&world.owner).await;
    let all = world.engine.export(owner, 0, 1_000).await.unwrap();
    assert_eq!(all.len() as u64, head.size);
    assert_eq!(all.iter().filter(|row| matches!(row, AuditRow::Entry(..))).count(), 7);
    let page = world.engine.export(owner, 2, 3).await.unwrap();
    assert!(
        matches!(&page[..], [AuditRow::Entry(..), AuditRow::Heads(_), AuditRow::Entry(entry, _)] if entry.position == 4)
    );
    assert_eq!(world.engine.audit(owner, 0, 100).await.unwrap().places.len(), 7);
}
