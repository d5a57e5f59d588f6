//! The engine taken away: the database in hand, every check of rights passed over, and still nothing is read that was not granted.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use minicbor::Decode;
use minicbor::bytes::ByteArray;
use rusqlite::Connection;
use strongroom::authority::{
    AuditPage, AuditRow, Authority, Challenge, FeedPage, FileAnswer, Ids, ItemAnswer, Profile, Reading, ReadsFilter,
    ReadsPage, Rows, Session, SignIn, States, StatesRequest, Submission, Submitted, Tables, TablesRequest, VaultRows,
};
use strongroom::client::Client;
use strongroom::crypto::file::{FileOpener, file_context};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::crypto::wrap;
use strongroom::error::Result;
use strongroom::log::body::Recipient;
use strongroom::log::feed::Head;
use strongroom::log::operation::{Body, LogId, LogKind};
use strongroom::log::reads::Chain;
use strongroom::model::change::ChangeFilter;
use strongroom::model::file::{NewFile, Source};
use strongroom::model::id::{FileId, Id, ItemId, VaultId};
use strongroom::model::item::{ItemFilter, ItemUpdate, NewItem};
use strongroom::model::role::Role;
use strongroom::store::sqlite::SqliteStore;
use strongroom::store::{ReadRow, Receipt};

use crate::signed::{force, item_row, sealed};
use crate::world::{Member, World, code, connect, email, item, read, secret};

/// Asks the honest engine everything in the owner's session, whoever asks: as an engine whose checks were patched out.
struct Open {
    inner: Arc<dyn Authority>,
    owner: Session,
}

macro_rules! unchecked {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Authority for Open {
            fn name(&self) -> &'static str {
                self.inner.name()
            }

            fn end(&self) -> BoxFuture<'static, Result<Head>> {
                self.inner.end()
            }

            fn wait(&self, size: u64) -> BoxFuture<'static, Result<()>> {
                self.inner.wait(size)
            }

            async fn close(&self) {}

            async fn challenge(&self, principal: Id, key: Id) -> Result<Challenge> {
                self.inner.challenge(principal, key).await
            }

            async fn sign_in(&self, sign_in: SignIn) -> Result<Session> {
                self.inner.sign_in(sign_in).await
            }

            async fn found(&self, submissions: Vec<Submission>) -> Result<Vec<Receipt>> {
                self.inner.found(submissions).await
            }

            $(async fn $name(&self, _: Session, $($argument: $type),*) -> Result<$answer> {
                self.inner.$name(self.owner, $($argument),*).await
            })*
        }
    };
}

unchecked! {
    whose() -> Id;
    submit(submissions: Vec<Submission>) -> Vec<Result<Submitted>>;
    find_operations(of: Vec<(Option<LogId>, Id)>) -> Vec<Option<Vec<u8>>>;
    put_piece(vault: Id, file: Id, index: u64, piece: bytes::Bytes) -> ();
    piece(vault: Id, file: Id, index: u64) -> Vec<u8>;
    hold(signer: Id, vault: Option<Id>) -> Head;
    states(request: StatesRequest) -> States;
    feed(from: u64, vaults: Option<Vec<Id>>, limit: u32) -> FeedPage;
    export(from: u64, limit: u32) -> Vec<AuditRow>;
    tables(request: TablesRequest) -> Tables;
    audit(from: u64, limit: u32) -> AuditPage;
    reads(filter: ReadsFilter, from: u64, limit: u32) -> ReadsPage;
    export_reads(from: u64, limit: u32) -> Vec<ReadRow>;
    chains() -> Vec<Chain>;
    may(vault: Id, need: Role) -> ();
    profiles(principals: Vec<Id>) -> Vec<Option<Profile>>;
    find_principals(emails: Vec<String>) -> Vec<Option<Id>>;
    principals(kind: u8, from: u64, limit: u32) -> Ids;
    kem_keys(of: Vec<Recipient>) -> Vec<Vec<u8>>;
    vaults(from: u64, limit: u32) -> Ids;
    vaults_of(who: Id, from: u64, limit: u32) -> Ids;
    last_in(who: Id) -> u64;
    find_vault(creator: Id, external_id: String) -> Option<Id>;
    vault_rows(vaults: Vec<Id>) -> Vec<Result<VaultRows>>;
    last_signed(vault: Id, signer: Id) -> Option<u64>;
    items(vault: Id, size: u64, of: Vec<(Id, Option<u64>)>, reading: Reading) -> Vec<Result<ItemAnswer>>;
    file(vault: Id, size: u64, file: Id) -> FileAnswer;
}

/// A vault before and after somebody was put out, in a file; and somebody who never was in it.
struct Robbed {
    folder: tempfile::TempDir,
    world: World,
    stranger: Member,
    revoked: Member,
    vault: VaultId,
    before: ItemId,
    after: ItemId,
}

/// A part of an item or a vault, as the file has it.
struct SealedPart {
    item: Option<ItemId>,
    version: u64,
    part: Part,
    bytes: Vec<u8>,
}

fn file(text: &str) -> NewFile {
    NewFile {
        name: "file".to_owned(),
        source: Source::Bytes(text.as_bytes().to_vec().into()),
        content_type: None,
        replace: None,
        progress: None,
        idempotency_key: None,
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

impl Robbed {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::over(SqliteStore::open(&folder.path().join("class.db"), true).unwrap()).await;
        let (revoked, stranger) = (world.user("revoked").await, world.user("stranger").await);
        let vault = world.vault(&[(&revoked, "admin")]).await.id;
        let (id, owner) = (vault.to_string(), &world.owner.client);
        let new = |title: &str, text: &str| NewItem { files: vec![file(text)], ..item(title, text) };
        let before = owner.items().create(&id, new("before", "plain-before")).await.unwrap().id;
        owner.access().revoke(&id, &email("revoked")).await.unwrap();
        let after = owner.items().create(&id, new("after", "plain-after")).await.unwrap().id;
        let update = ItemUpdate { set_fields: vec![secret("password", "plain-after")], ..ItemUpdate::default() };
        owner.items().update(&id, &before.to_string(), update).await.unwrap();
        Self { folder, world, stranger, revoked, vault, before, after }
    }

    fn database(&self) -> Connection {
        // Never closed: that would drop the locks that the store in this process has.
        Connection::open(self.folder.path().join("class.db")).unwrap()
    }

    fn blobs(database: &Connection, sql: &str) -> Vec<Vec<u8>> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// Every key that somebody can open with what is in the file.
    fn keys(&self, thief: &Member, database: &Connection) -> BTreeMap<u32, Vec<SealKey>> {
        let mut keys: BTreeMap<u32, Vec<SealKey>> = BTreeMap::new();
        let (account, public) = (thief.token.account, thief.identity.public());
        let people: Vec<Id> = [&self.world.owner, &self.revoked, &self.stranger].map(Member::id).to_vec();
        for sealed in Self::blobs(database, "SELECT sealed FROM wrap") {
            for epoch in 1..=3 {
                for principal in &people {
                    let as_whom = Recipient { principal: *principal, generation: 1 };
                    let info = wrap::wrap_info(account, self.vault, epoch, as_whom, public.kem_hash());
                    let opened = wrap::unwrap_key(thief.identity.kem(), &info, &sealed);
                    keys.entry(epoch).or_default().extend(opened);
                    let context = wrap::self_context(account, self.vault, epoch, as_whom);
                    let opened = wrap::open_wrap(thief.identity.self_key(), &context, &sealed);
                    keys.entry(epoch).or_default().extend(opened);
                }
            }
        }
        // Under the key of an epoch lies the one before it, never the one after it.
        for sealed in Self::blobs(database, "SELECT sealed FROM previous_key") {
            for epoch in 1..=3 {
                let place =
                    Place { account, vault: self.vault, item: None, version: 0, epoch, part: Part::PreviousKey };
                let known = keys.get(&epoch).map(Vec::as_slice).unwrap_or_default();
                let opened: Vec<SealKey> =
                    known.iter().filter_map(|key| part::open_key(key, &place, &sealed).ok()).collect();
                keys.entry(epoch - 1).or_default().extend(opened);
            }
        }
        keys
    }

    fn sealed_parts(&self, database: &Connection) -> Vec<SealedPart> {
        let mut parts = Vec::new();
        for version in 0..6 {
            for bytes in Self::blobs(database, "SELECT name FROM vault") {
                parts.push(SealedPart { item: None, version, part: Part::Name, bytes });
            }
            for item in [self.before, self.after] {
                for (part, column) in [(Part::Overview, "overview"), (Part::Details, "details")] {
                    for bytes in Self::blobs(database, &format!("SELECT {column} FROM part")) {
                        parts.push(SealedPart { item: Some(item), version, part, bytes });
                    }
                }
            }
        }
        parts
    }

    /// All plaintext that these keys give, files too.
    fn plaintext(&self, database: &Connection, keys: &BTreeMap<u32, Vec<SealKey>>) -> Vec<Vec<u8>> {
        let account = self.world.owner.token.account;
        let mut opened = Vec::new();
        for SealedPart { item, version, part, bytes } in self.sealed_parts(database) {
            for key in keys.values().flatten() {
                for epoch in 1..=3 {
                    let place = Place { account, vault: self.vault, item, version, epoch, part };
                    if let Ok(plain) = part::open_part(key, &place, &bytes) {
                        opened.extend(item.into_iter().flat_map(|item| self.files(database, item, &plain)));
                        opened.push(plain.to_vec());
                    }
                }
            }
        }
        opened
    }

    fn files(&self, database: &Connection, item: ItemId, details: &[u8]) -> Vec<Vec<u8>> {
        #[derive(Decode)]
        struct Details(#[n(2)] Vec<Known>);
        #[derive(Decode)]
        struct Known {
            #[n(0)]
            id: Id,
            #[n(4)]
            key: ByteArray<32>,
        }
        let Ok(Details(files)) = minicbor::decode(details) else { return Vec::new() };
        let mut opened = Vec::new();
        for Known { id, key } in files {
            let key = SealKey::from_bytes(key.as_slice()).unwrap();
            let context = file_context(self.world.owner.token.account, self.vault, item, FileId(id));
            for piece in Self::blobs(database, "SELECT bytes FROM piece") {
                let file = FileOpener::new(&key, &context, &piece[..FileOpener::HEADER]);
                opened.extend(file.and_then(|file| file.open_piece(0, &piece, true)).map(|plain| plain.to_vec()));
            }
        }
        opened
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_open_what_was_and_nothing_of_what_came_after() {
    let robbed = Robbed::new().await;
    let database = robbed.database();
    let has = |plain: &[Vec<u8>], text: &str| plain.iter().any(|plain| contains(plain, text));

    // The owner, by the same hands: so this finds what is there.
    let keys = robbed.keys(&robbed.world.owner, &database);
    let plain = robbed.plaintext(&database, &keys);
    assert!(has(&plain, "plain-before") && has(&plain, "plain-after"));
    assert!(plain.iter().any(|plain| plain == b"plain-after"), "the file's content too");

    // The revoked one, with all old keys and wraps.
    let keys = robbed.keys(&robbed.revoked, &database);
    assert_eq!((keys[&1].len(), keys[&2].len()), (1, 0));
    let plain = robbed.plaintext(&database, &keys);
    assert!(has(&plain, "plain-before"), "what was written before stays theirs");
    assert!(plain.iter().any(|plain| plain == b"plain-before"));
    assert!(!has(&plain, "plain-after") && !has(&plain, "vault"), "neither items nor the name, which was sealed anew");

    let keys = robbed.keys(&robbed.stranger, &database);
    assert!(keys.values().all(Vec::is_empty));
    assert!(robbed.plaintext(&database, &keys).is_empty());
    std::mem::forget(database);
}

/// All that a client of this library gets out of an engine without checks.
async fn asks_everything(client: &Client, vault: VaultId, items: &[ItemId]) -> Vec<&'static str> {
    let id = vault.to_string();
    let mut codes = vec![
        code(client.vaults().get(&id).await),
        code(client.vaults().update(&id, strongroom::model::vault::VaultUpdate::default()).await),
        code(client.items().list(&id, ItemFilter::default()).await),
        code(client.items().create(&id, item("mine", "mine")).await),
        code(client.access().list(&id, None).await),
        code(client.access().grant(&id, &email("stranger"), "admin", None).await),
        code(client.access().revoke(&id, &email("owner")).await),
        code(client.vaults().delete(&id).await),
    ];
    for item in items {
        codes.push(code(read(client, vault, *item).await));
        codes.push(code(client.items().history(&id, &item.to_string()).await));
        codes.push(code(client.items().get(&id, &item.to_string(), Some(1)).await));
        codes.push(code(client.items().delete(&id, &item.to_string()).await));
    }
    codes
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_without_checks_gives_nobody_anything() {
    let robbed = Robbed::new().await;
    let Robbed { world, stranger, revoked, vault, before, after, .. } = &robbed;
    let before_all = world.engine.end().await.unwrap();
    for thief in [stranger, revoked] {
        let open = Arc::new(Open { inner: Arc::clone(&world.engine), owner: world.owner.session });
        let client = connect(open, &thief.kit).await.unwrap();
        for refused in asks_everything(&client, *vault, &[*before, *after]).await {
            assert!(["not_found", "permission_denied", "invalid_argument"].contains(&refused), "{refused}");
        }
        let filter = ChangeFilter { after: Some("start".to_owned()), ..ChangeFilter::default() };
        if let Ok(page) = client.changes().list(filter).await {
            assert!(!format!("{page:?}").contains("plain-"));
        }
    }
    assert_eq!(world.engine.end().await.unwrap(), before_all, "and nothing of theirs was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_revoked_member_writes_into_the_store_is_believed_by_nobody() {
    for (what, epoch, role) in [("under the old key", 1, "write"), ("as an administrator", 1, "admin")] {
        let world = World::new().await;
        let (revoked, reader) = (world.user("revoked").await, world.user("reader").await);
        let vault = world.vault(&[(&revoked, role), (&reader, "read")]).await.id;
        let id = vault.to_string();
        let kept = world.owner.client.items().create(&id, item("kept", "value")).await.unwrap().id;
        let key = revoked.vault_key(&world, vault, 1).await;
        let (at, seen) = (world.state(LogKind::Vault, vault).await, world.engine.end().await.unwrap());
        world.owner.client.access().revoke(&id, &email("revoked")).await.unwrap();
        assert_eq!(read(&reader.client, vault, kept).await.unwrap(), "value");

        // Signed on the state in which it still was a member, and put into the store behind the engine's back.
        let (written, rows) = sealed(&revoked, vault, Id([9; 32]), &key, epoch);
        let row = item_row(vault, &written, &rows);
        let mut operation = revoked.operation(&world, vault, Body::ItemPut(written)).await;
        (operation.at, operation.seen) = (at, seen);
        let submission = revoked.sign(&operation, Rows::default());
        force(&world, LogId::new(LogKind::Items, vault), &revoked, &submission, vec![row]).await;
        for member in [&reader, &world.owner] {
            let fresh = connect(Arc::clone(&world.engine), &member.kit).await.unwrap();
            for client in [&member.client, &fresh] {
                assert_eq!(code(client.items().list(&id, ItemFilter::default()).await), "tampered", "{what}");
                assert_eq!(code(client.changes().list(ChangeFilter::default()).await), "tampered", "{what}");
            }
            assert_eq!(code(read(&fresh, vault, ItemId(Id([9; 32]))).await), "tampered", "{what}");
            // What was there before is read as ever.
            assert_eq!(read(&fresh, vault, kept).await.unwrap(), "value");
        }
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered", "{what}");
    }
}
