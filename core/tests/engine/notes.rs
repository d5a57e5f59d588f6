//! What the engine notes, whatever a client calls what it asks for.

use strongroom::authority::{Authority, FilePart, Reading, ReadsFilter, Rows, Session};
use strongroom::log::body::{PolicyChanged, role_number};
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::reads::{Action, ReadEntry};
use strongroom::model::id::Id;
use strongroom::model::role::Role;

use super::files::sealed;
use super::vault::{grant, item};
use super::world::{Actor, World, code, fresh, taken_receipt};

impl World {
    /// What was noted so far, as somebody sees it: the action, who, in which vault, of which version.
    async fn noted(&self, session: Session) -> Vec<(Action, Id, Option<Id>, u64)> {
        let page = self.engine.reads(session, ReadsFilter::default(), 0, 1_000).await.unwrap();
        assert!(page.ended);
        let entry = |row: &strongroom::store::ReadRow| ReadEntry::from_bytes(&row.entry).unwrap();
        page.rows
            .iter()
            .map(entry)
            .filter(|entry| entry.action != Action::SessionOpened.number())
            .map(|entry| (entry.action().unwrap(), entry.actor, entry.vault.0, entry.item_version))
            .collect()
    }

    /// An item of two versions in a vault of the owner's, the first by `author`.
    async fn written(&self, author: &Actor, vault: Id) -> Id {
        let at = self.state(LogId { kind: LogKind::Vault, id: vault }).await;
        let (body, rows) = item(fresh(), 1, None);
        let id = body.item;
        let taken = self.act(author, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();
        let (body, rows) = item(id, 2, Some(taken_receipt(&taken).hash));
        self.act(&self.owner, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();
        id
    }

    async fn policy(&self, version: u64, audit_reads: bool) {
        let at = self.state(LogId::new(LogKind::Account, self.account)).await;
        let body = PolicyChanged {
            version,
            max_grant: role_number(Role::Admin),
            users_may_share: true,
            recovery: true,
            audit_reads,
            max_file_bytes: 1 << 30,
            email_domains: None,
            require_expiry_days: None,
        };
        let log = Some(self.account.0);
        self.act(&self.owner, log, at, Body::PolicyChanged(body), Rows::default()).await.unwrap();
    }
}

#[tokio::test]
async fn content_is_noted_whatever_it_is_asked_for() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 2)]).await;
    let id = world.written(&alice, vault).await;
    let (session, owner) = (world.sign_in(&alice).await, world.sign_in(&world.owner).await);
    let ask = async |version, reading| {
        let mut rows = world.engine.items(session, vault, 2, vec![(id, Some(version))], reading).await.unwrap();
        rows.pop().unwrap().unwrap().details.len()
    };
    // Without a note there are no details, but of what she wrote herself.
    assert_eq!(ask(1, Reading::Summary).await, 0);
    assert!(ask(1, Reading::Written).await > 0);
    assert!(world.noted(owner).await.is_empty());
    for (reading, action) in [
        (Reading::Whole, Action::ItemRead),
        (Reading::Change, Action::ItemOpened),
        (Reading::Written, Action::ItemRead),
        (Reading::File(fresh()), Action::ItemRead),
    ] {
        let before = world.noted(owner).await.len();
        assert!(ask(2, reading).await > 0);
        let noted = world.noted(owner).await;
        assert_eq!(noted[before..], [(action, alice.id, Some(vault), 2)], "{reading:?}");
    }
    let before = world.noted(owner).await.len();
    let of = vec![(id, Some(1)), (id, Some(2)), (fresh(), None)];
    world.engine.items(session, vault, 2, of, Reading::Proof).await.unwrap();
    assert_eq!(world.noted(owner).await[before..], [(Action::AuditVerified, alice.id, Some(vault), 0)]);

    // What is opened and written over in one session is told by the signed version alone.
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let newest = world.engine.items(session, vault, 2, vec![(id, None)], Reading::Change).await.unwrap().remove(0);
    let (body, rows) = item(id, 3, Some(newest.unwrap().entry.hash));
    let operation = world.operation(&alice, Some(vault), at, Body::ItemPut(body));
    let submission = super::world::sign(&operation, &[&alice.identity], rows);
    let opened = |noted: &[(Action, Id, Option<Id>, u64)]| {
        noted.iter().filter(|(action, ..)| *action == Action::ItemOpened).count()
    };
    assert_eq!(opened(&world.noted(owner).await), 2);
    taken_receipt(world.engine.submit(session, vec![submission]).await.unwrap()[0].as_ref().unwrap());
    assert_eq!(opened(&world.noted(owner).await), 0);
}

#[tokio::test]
async fn a_file_is_read_once_for_all_its_pieces_and_not_without_a_note() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 1)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let file = fresh();
    let (reference, leaves, mut pieces) = sealed(&world, vault, file, b"essay");
    let (mut body, mut rows) = item(fresh(), 1, None);
    body.added = vec![reference];
    rows.files = vec![FilePart { file, leaves, piece: pieces.pop() }];
    world.act(&world.owner, Some(vault), at, Body::ItemPut(body), rows).await.unwrap();
    let owner = world.sign_in(&world.owner).await;
    let reads = async || {
        let noted = world.noted(owner).await;
        noted.iter().filter(|(action, ..)| *action == Action::FileRead).count()
    };
    let session = world.sign_in(&alice).await;
    for _ in 0..3 {
        world.engine.piece(session, vault, file, 0).await.unwrap();
    }
    assert_eq!(reads().await, 1);
    world.engine.file(session, vault, 1, file).await.unwrap();
    assert_eq!(reads().await, 1);
    let again = world.sign_in(&alice).await;
    world.engine.file(again, vault, 1, file).await.unwrap();
    world.engine.piece(again, vault, file, 0).await.unwrap();
    assert_eq!(reads().await, 2);
}

#[tokio::test]
async fn policy_turns_reads_off_and_nothing_else() {
    let world = World::new().await;
    let alice = world.student("alice@example.edu").await;
    let vault = world.vault(&[grant(&alice, 1)]).await;
    let id = world.written(&world.owner, vault).await;
    let (session, owner) = (world.sign_in(&alice).await, world.sign_in(&world.owner).await);
    let read = async || {
        let of = vec![(id, None)];
        world.engine.items(session, vault, 2, of, Reading::Whole).await.unwrap().remove(0).unwrap();
    };
    read().await;
    assert_eq!(world.noted(owner).await.len(), 1);
    world.policy(1, false).await;
    read().await;
    assert_eq!(world.noted(owner).await.len(), 1);
    assert_eq!(code(world.engine.may(session, vault, Role::Write).await), "permission_denied");
    assert_eq!(world.noted(owner).await[1].0, Action::AccessDenied);
    world.policy(2, true).await;
    read().await;
    assert_eq!(world.noted(owner).await.len(), 3);
}

#[tokio::test]
async fn refusals_are_noted_and_seen_by_those_who_may() {
    let world = World::new().await;
    let (alice, bob) = (world.student("alice@example.edu").await, world.student("bob@example.edu").await);
    let vault = world.vault(&[grant(&alice, 1)]).await;
    let at = world.state(LogId { kind: LogKind::Vault, id: vault }).await;
    let (of_alice, of_bob) = (world.sign_in(&alice).await, world.sign_in(&bob).await);
    let none = fresh();
    let denied = |who: &Actor, vault| (Action::AccessDenied, who.id, Some(vault), 0);

    let (body, rows) = item(fresh(), 1, None);
    assert_eq!(code(world.act(&alice, Some(vault), at, Body::ItemPut(body), rows).await), "permission_denied");
    let of = vec![(fresh(), None)];
    for asked in [vault, none] {
        let answer = world.engine.items(of_bob, asked, 0, of.clone(), Reading::Summary).await;
        assert_eq!(code(answer), "not_found");
        assert!(world.states(&bob, &[], &[asked], strongroom::log::feed::Head::empty()).await.vaults.is_empty());
        assert_eq!(code(world.engine.hold(of_bob, alice.id, Some(asked)).await), "not_found");
        assert_eq!(code(world.engine.vault_rows(of_bob, vec![asked]).await.unwrap().remove(0)), "not_found");
    }
    assert_eq!(code(world.engine.export(of_bob, 0, 10).await), "permission_denied");
    assert_eq!(code(world.engine.export_reads(of_bob, 0, 10).await), "permission_denied");
    assert_eq!(code(world.engine.chains(of_bob).await), "permission_denied");

    let owner = world.sign_in(&world.owner).await;
    let all = world.noted(owner).await;
    assert_eq!(all.iter().filter(|noted| **noted == denied(&alice, vault)).count(), 1);
    assert_eq!(all.iter().filter(|noted| **noted == denied(&bob, vault)).count(), 4);
    assert_eq!(all.iter().filter(|noted| **noted == denied(&bob, none)).count(), 4);
    assert_eq!(all.len(), 12);
    // Each sees their own; a reader of the vault nothing of others, an administrator all of the vault.
    assert_eq!(world.noted(of_alice).await, [denied(&alice, vault)]);
    assert_eq!(world.noted(of_bob).await.len(), 11);
    let of_vault = ReadsFilter { vault: Some(vault), ..ReadsFilter::default() };
    assert_eq!(world.engine.reads(of_bob, of_vault, 0, 100).await.unwrap().rows.len(), 4);
    assert_eq!(world.engine.reads(owner, of_vault, 0, 100).await.unwrap().rows.len(), 5);
    let of_actor = ReadsFilter { actor: Some(alice.id), ..ReadsFilter::default() };
    assert!(world.engine.reads(of_bob, of_actor, 0, 100).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn a_long_name_of_a_program_is_refused() {
    let world = World::new().await;
    let challenge = world.engine.challenge(world.owner.id, Id(world.owner.identity.public().sign)).await.unwrap();
    let message = strongroom::authority::session_message(&challenge, world.owner.id);
    let sign_in = strongroom::authority::SignIn {
        nonce: challenge.nonce,
        principal: world.owner.id,
        generation: challenge.generation,
        signature: world.owner.identity.sign(&message).to_vec(),
        app: Some("a".repeat(257)),
    };
    assert_eq!(code(world.engine.sign_in(sign_in).await), "invalid_argument");
}
