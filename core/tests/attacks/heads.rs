//! Attacks 5 and 8 with one feed and false heads trees: who is shown only those is deceived, until the audit builds every batch's again.

use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use strongroom::authority::Rows;
use strongroom::client::Client;
use strongroom::crypto::key::SealKey;
use strongroom::log::body::GroupCreated;
use strongroom::log::feed::{log_leaf, vault_leaf};
use strongroom::log::operation::{self, At, Body, LogId, LogKind};
use strongroom::log::tree::hash_node;
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::{Id, VaultId};
use strongroom::model::principal::PrincipalState;
use strongroom::store::Store;
use strongroom::store::sqlite::SqliteStore;

use crate::malicious::Malicious;
use crate::signed::{believable, force, item_row};
use crate::withheld::{Lie, change_policy, deceived, state_at, withhold};
use crate::world::{Member, World, code, connect, email};

/// As the store numbers its trees.
const ACCOUNT_HEADS: u64 = 5;
const VAULT_HEADS: u64 = 9;

/// A leaf of a heads tree, as it is and as the server would have it.
struct Leaf {
    tree: u64,
    index: u64,
    truth: Id,
    lie: Id,
}

/// An account whose database somebody has in hand, while its engine runs.
struct Deceit {
    world: World,
    alice: Member,
    bob: Member,
    vault: VaultId,
    other: VaultId,
    /// Closed with the process: closing it before would drop the locks that the store has on the file.
    database: ManuallyDrop<Connection>,
    /// The other vault's.
    key: SealKey,
    touched: u8,
}

impl Deceit {
    async fn new(folder: &Path) -> Self {
        let path = folder.join("class.db");
        let world = World::over(SqliteStore::open(&path, true).unwrap()).await;
        let (alice, bob) = (world.user("alice").await, world.user("bob").await);
        let vault = world.vault(&[(&alice, "admin"), (&bob, "write")]).await.id;
        let other = world.vault(&[]).await.id;
        let database = ManuallyDrop::new(Connection::open(&path).unwrap());
        let key = world.owner.vault_key(&world, other, 1).await;
        Self { world, alice, bob, vault, other, database, key, touched: 0 }
    }

    /// The leaf of a log whose newest entry is to be kept from somebody.
    async fn leaf(&self, log: LogId) -> Leaf {
        let mut snapshot = self.world.store.snapshot().await.unwrap();
        let row = snapshot.log(log).await.unwrap().unwrap();
        let older = state_at(&self.world, log, row.state.size - 1).await;
        if log.kind != LogKind::Vault {
            let (truth, lie) = (log_leaf(log, row.state), log_leaf(log, older));
            return Leaf { tree: ACCOUNT_HEADS, index: row.leaf, truth, lie };
        }
        let items = self.world.state(LogKind::Items, log.id).await;
        let (truth, lie) = (vault_leaf(log.id, row.state, items), vault_leaf(log.id, older, items));
        Leaf { tree: VAULT_HEADS, index: row.leaf, truth, lie }
    }

    /// Puts a hash into a stored heads tree and makes the nodes above fit it; then lets a batch be written over that.
    async fn batch_with(&mut self, leaf: &Leaf, hash: Id) {
        let sql = "SELECT count(*) FROM node WHERE tree = ?1 AND level = 0";
        let size: u64 = self.database.query_row(sql, [leaf.tree], |row| row.get(0)).unwrap();
        let (mut level, mut index, mut hash) = (0_u8, leaf.index, hash);
        loop {
            let put = "INSERT OR REPLACE INTO node (tree, level, idx, hash) VALUES (?1, ?2, ?3, ?4)";
            self.database.execute(put, (leaf.tree, level, index, hash)).unwrap();
            if index >> 1 >= size >> (level + 1) {
                break;
            }
            let get = "SELECT hash FROM node WHERE tree = ?1 AND level = ?2 AND idx = ?3";
            let beside: Id = self.database.query_row(get, (leaf.tree, level, index ^ 1), |row| row.get(0)).unwrap();
            hash = if index & 1 == 0 { hash_node(&hash, &beside) } else { hash_node(&beside, &hash) };
            (level, index) = (level + 1, index >> 1);
        }
        self.touch().await;
    }

    /// Something else happens in both heads trees, brought by nobody who would look at them first.
    async fn touch(&mut self) {
        let (world, owner) = (&self.world, &self.world.owner);
        self.touched += 1;
        let (written, rows) = believable(owner, self.other, Id([self.touched; 32]), &self.key);
        let row = item_row(self.other, &written, &rows);
        let put = owner.operation(world, self.other, Body::ItemPut(written)).await;
        force(world, LogId::new(LogKind::Items, self.other), owner, &owner.sign(&put, rows), vec![row]).await;
        let body = Body::GroupCreated(GroupCreated { name: "group".to_owned(), nonce: Id([self.touched; 32]) });
        let mut group = owner.operation(world, self.other, body).await;
        (group.log, group.at) = (None, At::empty());
        let submission = owner.sign(&group, Rows::default());
        let log = LogId::new(LogKind::Group, operation::hash(&submission.operation));
        force(world, log, owner, &submission, Vec::new()).await;
    }

    /// Whether this client is shown things as they were before.
    async fn is_deceived(&self, client: &Client, what: &str) -> bool {
        let id = self.vault.to_string();
        client.vaults().get(&id).await.unwrap();
        let grants = client.access().list(&id, None).await.unwrap().data;
        match what {
            "a revocation" => grants.len() == 3,
            "a suspension" => grants.iter().all(|grant| grant.principal.state == PrincipalState::Active),
            // Nothing that a client shows yet says which policy it goes by.
            _ => true,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_false_heads_trees_hide_the_audit_finds() {
    for what in ["a revocation", "a suspension", "a policy"] {
        let folder = tempfile::tempdir().unwrap();
        let mut deceit = Deceit::new(folder.path()).await;
        let (server, victim) = deceived(&deceit.world, &[deceit.vault], &deceit.alice).await;
        let owner = deceit.world.owner.client.clone();
        let rows = deceit.world.engine.vault_rows(deceit.alice.session, vec![deceit.vault.0]).await.unwrap();
        let rows = rows.into_iter().next().unwrap().unwrap();
        let log = match what {
            "a revocation" => {
                owner.access().revoke(&deceit.vault.to_string(), &email("bob")).await.unwrap();
                LogId::new(LogKind::Vault, deceit.vault)
            }
            "a suspension" => {
                owner.users().suspend(&email("bob")).await.unwrap();
                LogId::new(LogKind::Principal, deceit.bob.id())
            }
            _ => {
                change_policy(&deceit.world).await;
                LogId::new(LogKind::Account, deceit.world.owner.token.account)
            }
        };
        deceit.touch().await;
        owner.audit().verify().await.unwrap();
        let to_informed = Malicious::over(Arc::clone(&deceit.world.engine));
        let informed = to_informed.client(&deceit.alice.kit).await;
        informed.vaults().get(&deceit.vault.to_string()).await.unwrap();
        let leaf = deceit.leaf(log).await;
        let until = deceit.world.state(log.kind, log.id).await.size - 1;

        // With the true tree the older state has no path.
        withhold(&deceit.world, &server, log, until, Lie::Older).await;
        assert_eq!(code(victim.vaults().get(&deceit.vault.to_string()).await), "tampered", "{what}");

        // The sealed rows of then go with the state of then.
        server.vault_rows.tell(move |_| Ok(vec![Ok(rows.clone())]));
        server.feed.change(move |page| page.places.retain(|place| place.log != log || place.seq < until));
        // In turns: a batch with the false tree for the one, one with the true tree for everybody else.
        let mut cursors: Vec<String> = Vec::new();
        for _ in 0..2 {
            deceit.batch_with(&leaf, leaf.lie).await;
            tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
            assert!(deceit.is_deceived(&victim, what).await, "{what}");
            cursors.push(cursor_of(&victim).await);
            deceit.batch_with(&leaf, leaf.truth).await;
            let fresh = connect(Arc::clone(&deceit.world.engine), &deceit.world.owner.kit).await.unwrap();
            assert!(what == "a policy" || !deceit.is_deceived(&fresh, what).await, "{what}");
            // It is one feed: nothing that crosses tells them apart.
            for cursor in &cursors {
                let filter = ChangeFilter { after: Some(cursor.clone()), ..ChangeFilter::default() };
                fresh.changes().list(filter).await.unwrap();
            }
            // But the audit, though the newest tree is a true one.
            for client in [&fresh] {
                let refused = client.audit().verify().await;
                let message = refused.as_ref().map_or_else(ToString::to_string, |_| String::new());
                assert_eq!(code(refused), "tampered", "{what}");
                assert!(message.contains("a batch names other newest states"), "{what}: {message}");
            }
        }
        // Whoever has seen the newer state is not led back to the older one by a false tree either.
        deceit.batch_with(&leaf, leaf.lie).await;
        withhold(&deceit.world, &to_informed, log, until, Lie::Older).await;
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        assert_eq!(code(informed.vaults().get(&deceit.vault.to_string()).await), "tampered", "{what}");
        deceit.world.store.close().await;
    }
}

/// Where a client's changes go on, under the newest head that it has verified.
async fn cursor_of(client: &Client) -> String {
    let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
    client.changes().list(filter).await.unwrap().cursor
}
