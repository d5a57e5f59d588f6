//! Attack 8, the heads tree true: a revocation, a suspension, a reissue or a policy that one client is not shown.

use std::sync::Arc;

use strongroom::authority::{Authority, EntryAnswer, Rows, States, Submitted};
use strongroom::client::Client;
use strongroom::crypto::token::Token;
use strongroom::log::body::PolicyChanged;
use strongroom::log::encoding::Bytes;
use strongroom::log::entry::Entry;
use strongroom::log::feed::Head;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::tree::Frontier;
use strongroom::model::change::ChangeFilter;
use strongroom::model::credential::Credential;
use strongroom::model::id::{Id, VaultId};
use strongroom::model::item::ItemFilter;
use strongroom::model::principal::{NewServiceAccount, Rights};
use strongroom::model::vault::{VaultSpec, VaultUpdate};
use strongroom::store::{EntryRow, FeedRow, Store};

use crate::malicious::Malicious;
use crate::world::{Member, World, code, connect, email, item, read};

/// What the server keeps from one client, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// The newest entries are cut off, and the state is the one before them.
    Older,
    /// The newest entries are cut off, and the state is the newest.
    Cut,
    /// The log is left out of every answer, with proofs of the others that hold.
    LeftOut,
}

const LIES: [Lie; 3] = [Lie::Older, Lie::Cut, Lie::LeftOut];

/// The refusals of calls that name somebody, where a log is left out: whom the caller may not know is not there.
fn refusals(lie: Lie) -> &'static [&'static str] {
    if lie == Lie::LeftOut { &["tampered", "not_found"] } else { &["tampered"] }
}

/// The state of a log after so many entries.
pub(crate) async fn state_at(world: &World, log: LogId, size: u64) -> Head {
    let entries: Vec<EntryRow> = world.store.snapshot().await.unwrap().entries(log, 0, 100).await.unwrap();
    let mut tree = Frontier::new();
    for row in entries.into_iter().filter(|row| row.seq < size) {
        let EntryRow { seq, time, operation, signatures, .. } = row;
        let signatures = signatures.into_iter().map(Bytes::from).collect();
        tree.append(Entry { seq, time, operation: operation.into(), signatures }.hash());
    }
    Head { size: tree.size(), root: tree.root() }
}

/// From now on this server shows a log only as it was after `until` entries.
pub(crate) async fn withhold(world: &World, server: &Malicious, log: LogId, until: u64, lie: Lie) {
    if lie == Lie::LeftOut {
        server.states.ask(move |(_, request)| request.logs.retain(|asked| asked.log != log));
        return;
    }
    let older = state_at(world, log, until).await;
    if lie == Lie::Older {
        // The entry that is kept back is not asked for either, so that the proof of the others fits them.
        server.states.ask(move |(_, request)| {
            let whole = |from: &mut u64| *from = if *from == until { until + 1 } else { *from };
            request.logs.iter_mut().filter(|asked| asked.log == log).for_each(|asked| whole(&mut asked.from));
            let is_it = |vault| log == LogId::new(LogKind::Vault, vault);
            request
                .vaults
                .iter_mut()
                .filter(|asked| is_it(asked.vault))
                .for_each(|asked| whole(&mut asked.access_from));
        });
    }
    let cut = move |state: &mut Head, entries: &mut Vec<EntryAnswer>| {
        let from = state.size - entries.len() as u64;
        entries.truncate(usize::try_from(until.saturating_sub(from)).unwrap());
        if lie == Lie::Older && state.size > until {
            *state = older;
        }
    };
    server.states.change(move |answer: &mut States| {
        for one in answer.logs.iter_mut().filter(|one| one.log == log) {
            cut(&mut one.state, &mut one.entries);
        }
        for one in answer.vaults.iter_mut().filter(|one| log == LogId::new(LogKind::Vault, one.vault)) {
            cut(&mut one.access, &mut one.access_entries);
        }
    });
}

/// A client of this server that has seen everything so far.
pub(crate) async fn deceived(world: &World, vaults: &[VaultId], who: &Member) -> (Arc<Malicious>, Client) {
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&who.kit).await;
    for vault in vaults {
        client.access().list(&vault.to_string(), None).await.unwrap();
        client.items().list(&vault.to_string(), ItemFilter::default()).await.unwrap();
    }
    client.users().list().await.unwrap();
    client.service_accounts().list().await.unwrap();
    // What was shown less than a second before a call is fresh.
    tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
    (server, client)
}

async fn office(world: &World) -> Member {
    let rights = Rights { can_create_vaults: true, can_manage_users: true, ..Rights::default() };
    let account = NewServiceAccount { name: "office".to_owned(), rights, ..NewServiceAccount::default() };
    let kit = world.owner.client.service_accounts().create(account, None).await.unwrap();
    Member::new(&world.engine, kit).await
}

/// Another policy, which no client of this version sets.
pub(crate) async fn change_policy(world: &World) {
    let account = world.owner.token.account;
    let body = Body::PolicyChanged(PolicyChanged {
        version: 1,
        max_grant: 2,
        users_may_share: false,
        recovery: false,
        audit_reads: true,
        max_file_bytes: 1 << 20,
        email_domains: None,
        require_expiry_days: None,
    });
    let mut operation = world.owner.operation(world, VaultId(account.0), body).await;
    operation.at = world.state(LogKind::Account, account).await;
    let submission = world.owner.sign(&operation, Rows::default());
    assert!(matches!(world.owner.submit(world, submission).await.unwrap(), Submitted::Taken(_)));
}

fn renamed() -> VaultUpdate {
    VaultUpdate { name: Some("renamed".to_owned()), description: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_is_not_kept_from_a_member() {
    // What is left out whole is a vault that is not there: a refusal of service.
    for lie in [Lie::Older, Lie::Cut] {
        let world = World::new().await;
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        let vault = world.vault(&[(&alice, "admin"), (&bob, "write")]).await.id;
        let id = vault.to_string();
        let kept = bob.client.items().create(&id, item("kept", "value")).await.unwrap().id;
        let (server, client) = deceived(&world, &[vault], &alice).await;
        world.owner.client.access().revoke(&id, &email("bob")).await.unwrap();
        withhold(&world, &server, LogId::new(LogKind::Vault, vault), 1, lie).await;

        for refused in [
            code(client.vaults().get(&id).await),
            code(client.vaults().list().await),
            code(client.access().list(&id, None).await),
            code(client.items().create(&id, item("secret of bob", "value")).await),
            code(client.items().list(&id, ItemFilter::default()).await),
            code(read(&client, vault, kept).await),
            code(client.vaults().update(&id, renamed()).await),
            code(client.access().grant(&id, &email("owner"), "write", None).await),
        ] {
            assert_eq!(refused, "tampered", "{lie:?}");
        }
        assert_eq!(world.owner.client.items().list(&id, ItemFilter::default()).await.unwrap().data.len(), 1);

        server.states.stop();
        client.items().create(&id, item("after", "value")).await.unwrap();
        assert_eq!(client.access().list(&id, None).await.unwrap().data.len(), 2);
        world.owner.client.audit().verify().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_is_not_kept_from_who_would_give_a_key() {
    for lie in LIES {
        let world = World::new().await;
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        let vault = world.vault(&[(&alice, "admin"), (&bob, "write")]).await.id;
        let other = world.vault(&[(&alice, "admin")]).await.id;
        let (server, client) = deceived(&world, &[vault, other], &alice).await;
        world.owner.client.users().suspend(&email("bob")).await.unwrap();
        let log = LogId::new(LogKind::Principal, bob.id());
        withhold(&world, &server, log, 1, lie).await;

        let (id, of_bob) = (vault.to_string(), bob.id_text());
        for refused in [
            code(client.vaults().get(&id).await),
            code(client.access().list(&id, None).await),
            code(client.vaults().rekey(Some(vec![id.clone()])).await),
            code(client.vaults().rekey(None).await),
            code(client.access().grant(&id, &of_bob, "admin", None).await),
        ] {
            assert_eq!(refused, "tampered", "{lie:?}");
        }
        let elsewhere = other.to_string();
        for refused in [
            code(client.access().grant(&elsewhere, &of_bob, "read", None).await),
            code(client.access().grant(&elsewhere, &email("bob"), "read", None).await),
            code(client.users().get(&email("bob")).await),
        ] {
            assert!(refusals(lie).contains(&refused), "{lie:?}: {refused}");
        }
        assert_eq!(world.state(LogKind::Vault, vault).await.size, 1, "{lie:?}");
        assert_eq!(world.state(LogKind::Vault, other).await.size, 1, "{lie:?}");

        server.states.stop();
        assert_eq!(client.vaults().rekey(None).await.unwrap(), 1);
        world.owner.client.audit().verify().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reissue_is_not_kept_from_who_would_give_a_key_to_the_old_keys() {
    for lie in LIES {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[]).await.id;
        let (server, client) = deceived(&world, &[vault], &world.owner).await;
        let manager = office(&world).await;
        manager.client.users().reissue(&email("alice"), None).await.unwrap();
        let log = LogId::new(LogKind::Principal, alice.id());
        withhold(&world, &server, log, 1, lie).await;

        let spec = |to: &str| {
            let access = vec![(to.to_owned(), "read".to_owned())];
            VaultSpec { name: "of alice".to_owned(), access, ..VaultSpec::default() }
        };
        for whom in [email("alice"), alice.id_text()] {
            for refused in [
                code(client.access().grant(&vault.to_string(), &whom, "read", None).await),
                code(client.vaults().create(spec(&whom)).await),
                code(client.users().get(&whom).await),
            ] {
                assert!(refusals(lie).contains(&refused), "{lie:?}: {refused}");
            }
        }
        assert_eq!(world.state(LogKind::Vault, vault).await.size, 1, "{lie:?}");
        assert_eq!(client.vaults().list().await.unwrap().data.len(), 1, "{lie:?}");

        server.states.stop();
        client.access().grant(&vault.to_string(), &alice.id_text(), "read", None).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_manager_is_not_shown_as_one_who_still_certifies() {
    for lie in LIES {
        let world = World::new().await;
        let (manager, vault) = (office(&world).await, world.vault(&[]).await.id);
        let (server, client) = deceived(&world, &[vault], &world.owner).await;
        world.owner.client.service_accounts().revoke(&manager.id_text()).await.unwrap();
        // Whom the manager certified after its end; nothing but its own log says that it was after.
        let log = LogId::new(LogKind::Principal, manager.id());
        let forged = crate::certified::forged(&world, &manager).await;
        withhold(&world, &server, log, 1, lie).await;
        for refused in [
            code(client.users().get(&forged).await),
            code(client.access().grant(&vault.to_string(), &forged, "read", None).await),
        ] {
            assert_eq!(refused, "tampered", "{lie:?}");
        }
        assert_eq!(world.state(LogKind::Vault, vault).await.size, 1, "{lie:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_not_kept_from_anybody() {
    for lie in LIES {
        let world = World::new().await;
        let alice = world.user("alice").await;
        let vault = world.vault(&[(&alice, "admin")]).await.id;
        let (server, client) = deceived(&world, &[vault], &world.owner).await;
        change_policy(&world).await;
        let account = world.owner.token.account;
        withhold(&world, &server, LogId::new(LogKind::Account, account), 1, lie).await;

        let id = vault.to_string();
        let spec = VaultSpec { name: "with recovery".to_owned(), ..VaultSpec::default() };
        for refused in [
            code(client.vaults().create(spec.clone()).await),
            code(client.vaults().rekey(Some(vec![id.clone()])).await),
            code(client.access().revoke(&id, &email("alice")).await),
            code(client.vaults().get(&id).await),
            code(client.users().list().await),
        ] {
            assert_eq!(refused, "tampered", "{lie:?}");
        }
        assert_eq!(world.state(LogKind::Vault, vault).await.size, 1, "{lie:?}");

        server.states.stop();
        client.vaults().create(spec).await.unwrap();
        client.access().revoke(&id, &email("alice")).await.unwrap();
        world.owner.client.audit().verify().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_not_kept_back_among_others_of_its_vault() {
    let world = World::new().await;
    let (alice, bob) = (world.user("alice").await, world.user("bob").await);
    let vault = world.vault(&[(&alice, "write"), (&bob, "write")]).await.id;
    let id = vault.to_string();
    let owner = &world.owner.client;
    owner.items().create(&id, item("before", "value")).await.unwrap();
    owner.access().revoke(&id, &email("bob")).await.unwrap();
    owner.items().create(&id, item("after", "value")).await.unwrap();
    let server = Malicious::over(Arc::clone(&world.engine));
    let client = server.client(&alice.kit).await;
    let from_start = || ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    let all = client.changes().list(from_start()).await.unwrap().data;

    // The revocation, then the item after it.
    let lies: [fn(&FeedRow) -> bool; 2] = [
        |place| place.log.kind == LogKind::Vault && place.seq == 1,
        |place| place.log.kind == LogKind::Items && place.seq == 1,
    ];
    for lie in lies {
        server.feed.change(move |page| page.places.retain(|place| !lie(place)));
        let of_these = ChangeFilter { vaults: Some(vec![id.clone()]), ..from_start() };
        let of_kinds = ChangeFilter { kinds: Some(vec!["item.created".to_owned()]), ..from_start() };
        for filter in [from_start(), of_these, of_kinds] {
            let feed = client.changes().watch(filter.clone()).unwrap();
            assert_eq!(code(feed.next().await), "tampered");
            assert_eq!(code(client.changes().list(filter).await), "tampered");
        }
    }
    server.feed.stop();
    // However the pages are cut, an honest store is believed.
    for limit in [1, 2, 3] {
        let (mut after, mut told) = ("start".to_owned(), 0);
        loop {
            let filter = ChangeFilter { after: Some(after), limit: Some(limit), ..ChangeFilter::default() };
            let page = client.changes().list(filter).await.unwrap();
            told += page.data.len();
            after = page.cursor;
            if !page.has_more {
                break;
            }
        }
        assert_eq!(told, all.len());
    }
}

/// The recovery key's log, as it is left out of every answer.
fn without_recovery(server: &Malicious, recovery: Id) {
    server.challenge.change(move |challenge| challenge.roots.retain(|root| *root != recovery));
    let log = LogId::new(LogKind::Principal, recovery);
    server.states.ask(move |(_, request)| request.logs.retain(|asked| asked.log != log));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_vault_is_made_without_the_recovery_key_because_it_is_kept_back() {
    let world = World::new().await;
    let office = office(&world).await;
    let recovery = Token::parse(world.owner.kit.recovery.as_ref().unwrap().expose()).unwrap().principal;
    let server = Malicious::over(Arc::clone(&world.engine));
    without_recovery(&server, recovery);
    // Nobody has sealed anything for recovery yet, so that no log names it.
    let client = server.client(&office.kit).await;
    let spec = VaultSpec { name: "without recovery".to_owned(), ..VaultSpec::default() };
    let mut refused = vec![code(client.vaults().create(spec.clone()).await)];
    match client.vaults().create_many(vec![spec.clone()]).await {
        Ok(rows) => refused.extend(rows.into_iter().map(code)),
        many => refused.push(code(many)),
    }
    assert_eq!(refused, ["tampered", "tampered"]);
    assert!(office.client.vaults().list().await.unwrap().data.is_empty());

    // Once somebody has, their log rests on the recovery key's.
    world.vault(&[(&office, "admin")]).await;
    for kit in [&office.kit, &world.owner.kit] {
        let client = connect(Arc::clone(&server) as Arc<dyn Authority>, kit).await;
        assert_eq!(code(client), "tampered");
    }
    server.states.stop();
    server.challenge.stop();
    let client = server.client(&office.kit).await;
    client.vaults().create(spec).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sealed_for_recovery_keys_that_were_rotated_away() {
    for lie in LIES {
        let world = World::new().await;
        let vault = world.vault(&[]).await.id;
        let (server, client) = deceived(&world, &[vault], &world.owner).await;
        let recovery = Credential { token: world.owner.kit.recovery.clone().unwrap(), ..world.owner.kit.clone() };
        let rescue = Member::new(&world.engine, recovery).await;
        rescue.client.rotate_token(None).await.unwrap();
        let spec = VaultSpec { name: "for the old code".to_owned(), ..VaultSpec::default() };
        withhold(&world, &server, LogId::new(LogKind::Principal, rescue.id()), 1, lie).await;
        for refused in [
            code(client.vaults().create(spec.clone()).await),
            code(client.vaults().rekey(Some(vec![vault.to_string()])).await),
        ] {
            assert_eq!(refused, "tampered", "{lie:?}");
        }
        assert_eq!(world.state(LogKind::Vault, vault).await.size, 1, "{lie:?}");
        server.states.stop();
        client.vaults().create(spec).await.unwrap();
        client.vaults().rekey(Some(vec![vault.to_string()])).await.unwrap();
        world.owner.client.audit().verify().await.unwrap();
    }
}
