//! An acknowledgment that the log contradicts.

use std::sync::Arc;

use strongroom::authority::Submitted;
use strongroom::log::encoding::Bytes;
use strongroom::log::entry::Entry;
use strongroom::model::vault::VaultUpdate;
use strongroom::store::{Receipt, Store};

use crate::malicious::Malicious;
use crate::world::{World, code, item};

/// The receipt of the same operation, taken a moment later: it fits what was sent, and not the log.
async fn later(world: Arc<World>, receipt: Receipt) -> Receipt {
    let entries = world.store.snapshot().await.unwrap().entries(receipt.log, receipt.seq, 1).await.unwrap();
    let [kept] = <[_; 1]>::try_from(entries).unwrap();
    let (seq, time) = (receipt.seq, receipt.time + 1);
    let signatures = kept.signatures.into_iter().map(Bytes::from).collect();
    let hash = Entry { seq, time, operation: Bytes::from(kept.operation), signatures }.hash();
    Receipt { time, hash, ..receipt }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_what_stands_in_the_log() {
    let world = Arc::new(World::new().await);
    let vault = world.vault(&[]).await.id.to_string();
    for change in ["vault", "item"] {
        let malicious = Malicious::over(Arc::clone(&world.engine));
        let client = malicious.client(&world.owner.kit).await;
        client.vaults().get(&vault).await.unwrap();
        let inner = Arc::clone(&world);
        malicious.submit.change(move |answers| {
            for answer in answers.iter_mut().flatten() {
                if let Submitted::Taken(receipt) = answer {
                    let work = later(Arc::clone(&inner), *receipt);
                    *receipt = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(work));
                }
            }
        });
        let refused = match change {
            "vault" => {
                let update = VaultUpdate { name: Some("another".to_owned()), ..VaultUpdate::default() };
                code(client.vaults().update(&vault, update).await)
            }
            _ => code(client.items().create(&vault, item("title", "value")).await),
        };
        assert_eq!(refused, "tampered", "{change}");
    }
}
