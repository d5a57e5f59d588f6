//! Attacks 11, 24 and 25: tables that say another name, address or external id than the logs.

use strongroom::model::vault::VaultSpec;

use crate::doctor::at;
use crate::history::{history, open};
use crate::world::{code, email};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_for_another_by_name_or_address() {
    let swapped = "UPDATE principal SET email = CASE email WHEN 'alice@example.edu' THEN 'x' WHEN 'bob@example.edu' \
                   THEN 'alice@example.edu' ELSE email END; UPDATE principal SET email = 'bob@example.edu' WHERE email = 'x'";
    let named = "UPDATE principal SET name = 'alice' WHERE name = 'bob'";
    let taken = "UPDATE principal SET (name, email, salt) = (SELECT name, 'other@example.edu', salt FROM principal WHERE \
                 email = 'alice@example.edu') WHERE email = 'bob@example.edu'";
    let (alice, bob, other) = ("alice@example.edu", "bob@example.edu", "other@example.edu");
    // For a name the address still leads to whom it belongs to; the false row is told when it is shown.
    for (sql, false_addresses) in [(swapped, vec![alice, bob]), (named, vec![]), (taken, vec![bob, other])] {
        let history = history().await;
        let copied = history.copied();
        at(&copied.path()).execute_batch(sql).unwrap();
        let (owner, store) = open(&copied.path(), &history.owner).await.unwrap();
        let vault = &history.vaults[0];
        assert_eq!(code(owner.users().list().await), "tampered", "{sql}");
        assert_eq!(code(owner.audit().verify().await), "tampered", "{sql}");
        for who in false_addresses {
            let granted = code(owner.access().grant(vault, who, "admin", None).await);
            assert!(granted == "tampered" || granted == "not_found", "{sql}: {granted}");
            let spec = VaultSpec {
                name: "for one".to_owned(),
                access: vec![(who.to_owned(), "write".to_owned())],
                ..VaultSpec::default()
            };
            let made = code(owner.vaults().create(spec).await);
            assert!(made == "tampered" || made == "not_found", "{sql}: {made}");
        }
        strongroom::store::Store::close(store.as_ref()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_leads_to_its_own_vault_or_nowhere() {
    let swapped = "UPDATE vault SET external_id = CASE external_id WHEN 'one' THEN 'x' WHEN 'two' THEN 'one' ELSE external_id \
                   END WHERE leaf IN (0, 1); UPDATE vault SET external_id = 'two' WHERE external_id = 'x'";
    // The grader's vault of the same external id passes for the owner's.
    let taken = "UPDATE vault SET external_id = 'gone' WHERE leaf = 0; UPDATE vault SET creator = (SELECT creator FROM \
                 vault WHERE leaf = 0) WHERE leaf = 2";
    for sql in [swapped, taken] {
        let history = history().await;
        let copied = history.copied();
        at(&copied.path()).execute_batch(sql).unwrap();
        for kit in [&history.owner, &history.alice, &history.bob] {
            let (client, store) = open(&copied.path(), kit).await.unwrap();
            let found = code(client.vaults().get_by_external_id("one", Some(&email("owner"))).await);
            assert!(found == "tampered" || found == "not_found", "{sql}: {found}");
            strongroom::store::Store::close(store.as_ref()).await;
        }
        assert_eq!(code(history.audit(&copied.path()).await), "tampered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_is_its_creators_own_and_a_name_of_two_vaults_leads_to_none() {
    let history = history().await;
    let copied = history.copied();
    let (grader, of_grader) = open(&copied.path(), &history.grader).await.unwrap();
    let (bob, of_bob) = open(&copied.path(), &history.bob).await.unwrap();
    let (owner, of_owner) = open(&copied.path(), &history.owner).await.unwrap();
    // Both made one of this external id; each finds its own, and one whom both let in says whose.
    assert_eq!(grader.vaults().get_by_external_id("one", None).await.unwrap().name, "third");
    assert_eq!(owner.vaults().get_by_external_id("one", None).await.unwrap().name, "shared");
    assert_eq!(code(bob.vaults().get_by_external_id("one", None).await), "not_found");
    // What somebody else took is not taken: `two` is the owner's.
    let spec = |name: &str, external_id: Option<&str>| VaultSpec {
        name: name.to_owned(),
        external_id: external_id.map(ToOwned::to_owned),
        access: vec![(email("bob"), "read".to_owned())],
        ..VaultSpec::default()
    };
    grader.vaults().create(spec("one name", Some("two"))).await.unwrap();
    let twin = owner.vaults().create(spec("one name", None)).await.unwrap();
    assert_eq!(code(owner.vaults().create(spec("again", Some("two"))).await), "already_exists");
    let item = owner.items().create(&twin.id.to_string(), crate::world::item("login", "value")).await.unwrap();
    assert_eq!(code(bob.secrets().resolve("op://one name/login/password").await), "conflict");
    let by_id = format!("op://{}/{}/password", twin.id, item.id);
    assert_eq!(bob.secrets().resolve(&by_id).await.unwrap().expose(), "value");
    for store in [of_grader, of_bob, of_owner] {
        strongroom::store::Store::close(store.as_ref()).await;
    }
}
