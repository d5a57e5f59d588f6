//! The keys of a leaked token approved by a process that dies at each of its steps: nobody is shut out, and a repeat ends it.

use strongroom::client::Client;
use strongroom::model::item::NewItem;

use crate::child::{Told, Worker};
use crate::dying::{self, die_after};
use crate::world::{account, client, program, user, vault};

const VAULTS: usize = 2;

/// Approves with the recovery code and dies after so many steps. Told: how many, and whose keys.
pub(crate) async fn approve(told: Told) {
    let (steps, who) = told.argument.split_once(' ').unwrap();
    let client = dying::client(&told.path, &told.token).await;
    die_after(steps.parse().unwrap());
    client.access().approve(who, None).await.unwrap();
    die_after(0);
    client.close().await;
}

/// How many of these items somebody reads.
async fn reads(client: &Client, items: &[(String, String)]) -> usize {
    let mut read = 0;
    for (vault, item) in items {
        match client.items().get(vault, item, None).await {
            Ok(item) => read += usize::from(item.title == "Kept"),
            Err(error) => assert!(["not_found", "unavailable"].contains(&error.code()), "{error}"),
        }
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_dies_is_ended_by_a_repeat() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("classroom.db");
    let kit = account(&path).await;
    let recovery = kit.recovery.unwrap();
    let owner = client(&path, kit.token.expose()).await;
    let rescue = client(&path, recovery.expose()).await;
    let leaked = program(&owner, "program").await;
    let alice = user(&owner, "alice").await;
    let holder = client(&path, leaked.token.expose()).await;
    let mut items = Vec::new();
    for _ in 0..VAULTS {
        let id = vault(&holder, "One", &[("alice@example.edu", "write")]).await.id.to_string();
        let put = NewItem { title: "Kept".to_owned(), ..NewItem::default() };
        let item = holder.items().create(&id, put).await.unwrap().id.to_string();
        items.push((id, item));
    }
    holder.close().await;

    let id = leaked.principal.id.to_string();
    let (mut untouched, mut half, mut whole) = (0, 0, 0);
    for steps in 1_i64.. {
        assert!(steps < 200, "an approval has fewer steps");
        let next = owner.service_accounts().reissue(&id, None).await.unwrap();
        let argument = format!("{steps} {id}");
        let (_, status) = Worker::start("approve", &path, recovery.expose(), &argument).rest();

        // The grants come in one commit, the keys in the next. Nobody else notices.
        let seen = client(&path, next.token.expose()).await;
        match seen.vaults().get(&items[0].0).await {
            Err(error) if error.code() == "not_found" => untouched += 1,
            Err(error) => {
                assert_eq!(error.code(), "unavailable");
                half += 1;
            }
            Ok(_) => whole += 1,
        }
        let (is_in, of_alice) =
            (reads(&seen, &items).await, reads(&client(&path, alice.token.expose()).await, &items).await);
        assert!(is_in == 0 || is_in == VAULTS, "{is_in} after {steps} steps");
        assert_eq!(of_alice, VAULTS);
        rescue.access().approve(&id, None).await.unwrap();
        for token in [&next.token, &alice.token] {
            let fresh = client(&path, token.expose()).await;
            let vaults = fresh.vaults().list().await.unwrap().all().await.unwrap();
            assert_eq!(vaults.iter().filter(|vault| !vault.due).count(), VAULTS);
            assert_eq!(reads(&fresh, &items).await, VAULTS);
            fresh.close().await;
        }
        if status.success() {
            break;
        }
    }
    assert!(untouched > 2 && half > 2 && whole > 1, "{untouched} untouched, {half} with grants alone, {whole} whole");
    owner.audit().verify().await.unwrap();
}
