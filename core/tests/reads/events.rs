//! What is noted, and who sees it.

use strongroom::model::audit::{AuditFilter, Evidence};
use strongroom::model::item::{ItemFilter, ItemUpdate};
use strongroom::model::vault::VaultSpec;

use crate::world::{World, actions, list, open};

#[tokio::test(flavor = "multi_thread")]
async fn one_call_is_one_read() {
    let world = World::new("write").await;
    let alice = open(&world.path, &world.alice, Some("grader/1.4")).await;
    assert!(world.events(&["item.read", "file.read"]).await.is_empty());
    let (vault, item, file) = (world.vault.as_str(), world.item.as_str(), world.file.as_str());

    alice.items().get(vault, item, None).await.unwrap();
    let [read] = &world.events(&["item.read", "file.read"]).await[..] else { panic!("one event") };
    assert_eq!((read.action.as_str(), read.evidence), ("item.read", Evidence::Observed));
    assert_eq!(read.actor.name, "Alice");
    assert_eq!((read.app.as_deref(), read.generation), (Some("grader/1.4"), 1));
    assert!(read.session.as_ref().is_some_and(|session| session.starts_with("ses_")));
    assert_eq!(read.vault_id.map(|id| id.to_string()).as_deref(), Some(vault));
    assert_eq!((read.target_id.as_deref(), read.detail.as_str()), (Some(item), "version 1"));

    assert_eq!(alice.files().read(vault, item, file).await.unwrap().len(), 2_500_000);
    let handle = alice.files().open(vault, item, file).await.unwrap();
    for at in [0, 1_200_000, 2_400_000, 5] {
        handle.read_at(at, 10).await.unwrap();
    }
    let reads = world.events(&["item.read", "file.read"]).await;
    assert_eq!(actions(&reads), ["item.read", "file.read", "file.read"]);
    assert_eq!(reads[1].target_id.as_deref(), Some(file));
    assert!(reads[1].detail.contains(item));

    // Lists show titles and tags; the contents are not even sent.
    alice.items().list(vault, ItemFilter::default()).await.unwrap().all().await.unwrap();
    alice.vaults().list().await.unwrap().all().await.unwrap();
    assert_eq!(world.events(&["item.read", "file.read"]).await.len(), 3);

    // What is written is signed, and no read besides; the history is one read a version.
    let grade = ItemUpdate { title: Some("Homework, graded".to_owned()), ..ItemUpdate::default() };
    alice.items().update(vault, item, grade).await.unwrap();
    assert_eq!(world.events(&["item.read"]).await.len(), 1);
    alice.items().history(vault, item).await.unwrap().all().await.unwrap();
    let reads = world.events(&["item.read"]).await;
    assert_eq!(
        reads.iter().map(|read| read.detail.as_str()).collect::<Vec<_>>(),
        ["version 1", "version 1", "version 2"]
    );

    // Opened to be written over, and not written.
    let same = ItemUpdate { title: Some("Homework, graded".to_owned()), ..ItemUpdate::default() };
    alice.items().update(vault, item, same).await.unwrap();
    let late = ItemUpdate { title: Some("B".to_owned()), if_version: Some(1), ..ItemUpdate::default() };
    assert_eq!(alice.items().update(vault, item, late).await.unwrap_err().code(), "conflict");
    assert_eq!(world.events(&["item.read"]).await.len(), 5);
    // Reads are no changes.
    let changes = alice.changes().list(strongroom::model::change::ChangeFilter::default()).await.unwrap();
    assert!(changes.data.iter().all(|change| !change.kind.as_str().contains("read")));
    world.owner.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_events_name_their_session_and_come_in_order_with_the_reads() {
    let world = World::new("write").await;
    let alice = open(&world.path, &world.alice, Some("app/2")).await;
    // What happens within a millisecond has no order between the two streams.
    let moment = || tokio::time::sleep(std::time::Duration::from_millis(2));
    for number in 0..5 {
        alice.items().get(&world.vault, &world.item, None).await.unwrap();
        moment().await;
        let update = ItemUpdate { notes: Some(number.to_string()), ..ItemUpdate::default() };
        alice.items().update(&world.vault, &world.item, update).await.unwrap();
        moment().await;
    }
    let all = world.events(&[]).await;
    assert!(all.is_sorted_by_key(|event| event.at));
    let of_alice = world.events(&["session.opened", "item.*"]).await;
    let of_alice: Vec<_> = of_alice.into_iter().filter(|event| event.actor.name == "Alice").collect();
    let mut expected = vec!["session.opened"];
    expected.extend(["item.read", "item.updated"].repeat(5));
    assert_eq!(actions(&of_alice), expected);
    assert!(of_alice.iter().all(|event| event.session == of_alice[0].session && event.app.as_deref() == Some("app/2")));
    assert!(all.iter().filter(|event| event.action == "account.created").all(|event| event.session.is_none()));

    // A cursor goes on where it stopped, whatever comes later.
    let filter = AuditFilter { action: vec!["item.*".to_owned()], ..AuditFilter::default() };
    let since = AuditFilter { since: Some(of_alice[5].at), actor: Some("alice@example.edu".to_owned()), ..filter };
    let later = world.owner.audit().list(since).await.unwrap().all().await.unwrap();
    assert!(later.len() >= 6 && later.iter().all(|event| event.at >= of_alice[5].at), "{}", later.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_many_reads_goes_on_page_after_page() {
    let world = World::new("read").await;
    let alice = open(&world.path, &world.alice, None).await;
    for _ in 0..60 {
        let ids = vec![world.item.clone(); 50];
        assert!(alice.items().get_many(&world.vault, ids).await.unwrap().iter().all(Result::is_ok));
    }
    let page = world.owner.audit().list(AuditFilter::default()).await.unwrap();
    assert!(page.cursor.is_some() && page.has_more);
    let reads = world.events(&["item.read"]).await;
    assert_eq!(reads.len(), 3_000);
    assert!(reads.windows(2).all(|two| two[0].seq < two[1].seq));
    let second = AuditFilter { after: page.cursor.clone(), ..AuditFilter::default() };
    let second = world.owner.audit().list(second).await.unwrap().all().await.unwrap();
    assert_eq!(page.data.len() + second.len(), world.events(&[]).await.len());
    world.owner.audit().verify().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_noted_and_shown_to_those_who_may_see_the_vault() {
    let world = World::new("read").await;
    let alice = open(&world.path, &world.alice, None).await;
    let (vault, item) = (world.vault.as_str(), world.item.as_str());
    let update = || ItemUpdate { notes: Some("mine".to_owned()), ..ItemUpdate::default() };
    assert_eq!(alice.items().update(vault, item, update()).await.unwrap_err().code(), "permission_denied");
    assert_eq!(alice.vaults().delete(vault).await.unwrap_err().code(), "permission_denied");
    let refused = alice.access().grant(vault, "owner@example.edu", "read", None).await;
    assert_eq!(refused.unwrap_err().code(), "permission_denied");
    let denied = world.events(&["access.denied"]).await;
    let details: Vec<_> = denied.iter().map(|event| event.detail.as_str()).collect();
    assert_eq!(details, ["needed write, had read", "needed admin, had read", "needed admin, had read"]);
    assert!(denied.iter().all(|event| event.actor.name == "Alice" && event.evidence == Evidence::Observed));
    assert!(denied.iter().all(|event| event.vault_id.map(|id| id.to_string()).as_deref() == Some(vault)));

    // Without a role: the same words and the same event, whether there is such a vault or not.
    let spec = VaultSpec { name: "Private".to_owned(), ..VaultSpec::default() };
    let private = world.owner.vaults().create(spec).await.unwrap().id.to_string();
    let none = format!("vlt_{}a", "q".repeat(51));
    for id in [&private, &none] {
        assert_eq!(alice.items().get(id, item, None).await.unwrap_err().code(), "not_found");
        assert_eq!(alice.vaults().get(id).await.unwrap_err().code(), "not_found");
    }
    let own = list(&alice, &["access.denied"]).await;
    assert_eq!(own.len(), 7);
    let of = |id: &str| -> Vec<_> {
        own.iter()
            .filter(|event| event.vault_id.is_some_and(|vault| vault.to_string() == id))
            .map(|event| (event.detail.clone(), event.target_id.clone().map(|target| target == id)))
            .collect()
    };
    assert_eq!(of(&private).len(), 2);
    assert_eq!(of(&private), of(&none));
    // One administers the vault, and sees hers too; who is only in it sees none but their own.
    assert_eq!(world.events(&["access.denied"]).await.len(), 7);
    assert_eq!(list(&alice, &["item.read", "session.opened"]).await.len(), 1);
    assert_eq!(alice.audit().verify().await.unwrap_err().code(), "permission_denied");
    assert_eq!(list(&alice, &["access.denied"]).await.len(), 8);
    world.owner.audit().verify().await.unwrap();
}
