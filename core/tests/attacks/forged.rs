//! Attack 7: what somebody may not sign, refused by the engine, and by every reader once the engine is taken away.

use std::sync::Arc;

use strongroom::authority::{Rows, Submission};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::crypto::wrap;
use strongroom::log::body::{
    AccessGranted, EpochStart, EpochStarted, ItemDeleted, MemberGrant, Nothing, Removal, SUITE, VaultUpdated,
    sealed_hash,
};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, LogId, LogKind, Operation};
use strongroom::model::change::ChangeFilter;
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::model::item::{ItemFilter, ItemUpdate};
use strongroom::store::{MemberRow, Row, Store, WrapForm, WrapRow};

use crate::signed::{force, item_row, sealed};
use crate::world::{Member, World, code, connect, email, item, read};

/// A vault with one of each, and one who is in no vault.
struct Cast {
    world: World,
    reader: Member,
    writer: Member,
    stranger: Member,
    vault: VaultId,
    item: ItemId,
}

impl Cast {
    async fn new() -> Self {
        let world = World::new().await;
        let (reader, writer) = (world.user("reader").await, world.user("writer").await);
        let stranger = world.user("stranger").await;
        let vault = world.vault(&[(&reader, "read"), (&writer, "write")]).await.id;
        let made = writer.client.items().create(&vault.to_string(), item("honest", "value")).await.unwrap();
        Self { world, reader, writer, stranger, vault, item: made.id }
    }

    /// The engine refuses it without an effect; forced into the store, every reader refuses it.
    async fn is_refused(&self, author: &Member, submission: Submission, rows: Vec<Row>, refusal: &str) {
        let Self { world, reader, writer, vault, .. } = self;
        let before = world.engine.end().await.unwrap();
        assert_eq!(code(author.submit(world, submission.clone()).await), refusal);
        assert_eq!(world.engine.end().await.unwrap(), before);
        self.is_whole().await;

        let operation = Operation::from_bytes(&submission.operation).unwrap();
        let log = operation.log_id(&submission.operation);
        force(world, log, author, &submission, rows).await;
        for member in [reader, writer, &world.owner] {
            let fresh = connect(Arc::clone(&world.engine), &member.kit).await.unwrap();
            // What a client asked for less than a second ago it takes for fresh; these two calls ask in any case.
            for client in [&member.client, &fresh] {
                assert_eq!(code(client.items().list(&vault.to_string(), ItemFilter::default()).await), "tampered");
                assert_eq!(code(client.changes().list(ChangeFilter::default()).await), "tampered");
            }
            if log.kind == LogKind::Vault {
                assert_eq!(code(fresh.vaults().get(&vault.to_string()).await), "tampered");
                assert_eq!(code(fresh.access().list(&vault.to_string(), None).await), "tampered");
                assert_eq!(code(read(&fresh, *vault, self.item).await), "tampered");
            }
        }
        assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
    }

    /// The honest history stands.
    async fn is_whole(&self) {
        for member in [&self.reader, &self.writer, &self.world.owner] {
            assert_eq!(read(&member.client, self.vault, self.item).await.unwrap(), "value");
        }
        self.world.owner.client.audit().verify().await.unwrap();
    }

    async fn forge_item(&self, author: &Member, key: &SealKey, refusal: &str) {
        let forged = Id([8; 32]);
        let (written, rows) = sealed(author, self.vault, forged, key, 1);
        let row = item_row(self.vault, &written, &rows);
        let operation = author.operation(&self.world, self.vault, Body::ItemPut(written)).await;
        self.is_refused(author, author.sign(&operation, rows), vec![row], refusal).await;
        for member in [&self.reader, &self.writer] {
            let (vault, item) = (self.vault, ItemId(forged));
            assert_eq!(code(read(&member.client, vault, item).await), "tampered");
            let fresh = connect(Arc::clone(&self.world.engine), &member.kit).await.unwrap();
            assert_eq!(code(read(&fresh, vault, item).await), "tampered");
        }
    }

    async fn forge(&self, author: &Member, body: Body, sealed: Rows, rows: Vec<Row>, refusal: &str) {
        let operation = author.operation(&self.world, self.vault, body).await;
        self.is_refused(author, author.sign(&operation, sealed), rows, refusal).await;
    }

    /// Lets somebody in, with a wrap of this key; the rows as the engine would write them.
    fn grant(&self, to: &Member, role: u8, key: &SealKey) -> (Body, Rows, Vec<Row>) {
        let public = to.identity.public();
        let info = wrap::wrap_info(to.token.account, self.vault, 1, to.recipient(), public.kem_hash());
        let wrap = WrapRow {
            vault: self.vault.0,
            epoch: 1,
            principal: to.id(),
            generation: 1,
            form: WrapForm::Hpke,
            maker: self.writer.id(),
            maker_generation: 1,
            sealed: wrap::wrap_key(&public.kem, &info, key).unwrap(),
        };
        let member = MemberGrant { grantee: to.id(), role, generation: Some(1), expires_at: None };
        let granted = AccessGranted { epoch: 1, members: vec![member], recipients: vec![to.recipient()] };
        let rows = vec![
            Row::Member(MemberRow { vault: self.vault.0, grantee: to.id(), role, expires_at: None }),
            Row::Person { vault: self.vault.0, principal: to.id() },
            Row::Wrap(wrap.clone()),
        ];
        (Body::AccessGranted(granted), Rows { wraps: vec![wrap], ..Rows::default() }, rows)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_writes_no_item() {
    let cast = Cast::new().await;
    let key = cast.reader.vault_key(&cast.world, cast.vault, 1).await;
    cast.forge_item(&cast.reader, &key, "permission_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_writes_no_item_with_or_without_the_key() {
    for with_key in [false, true] {
        let cast = Cast::new().await;
        let leaked = cast.reader.vault_key(&cast.world, cast.vault, 1).await;
        let key = if with_key { leaked } else { SealKey::make().unwrap() };
        cast.forge_item(&cast.stranger, &key, "not_found").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_lets_nobody_in_and_raises_nobody() {
    let cast = Cast::new().await;
    let key = cast.writer.vault_key(&cast.world, cast.vault, 1).await;
    let (body, sealed, rows) = cast.grant(&cast.stranger, 1, &key);
    cast.forge(&cast.writer, body, sealed, rows, "permission_denied").await;
    // The one who was let in has the key from the writer, which nothing undoes, but no client takes it for a grant.
    let vault = cast.vault.to_string();
    assert_eq!(code(cast.stranger.client.vaults().get(&vault).await), "tampered");
    assert_eq!(code(cast.stranger.client.vaults().list().await), "tampered");
    let owner = &cast.world.owner.client;
    assert_eq!(code(owner.access().grant(&vault, &email("stranger"), "read", None).await), "tampered");
    assert_eq!(code(owner.items().create(&vault, item("later", "value")).await), "tampered");

    let cast = Cast::new().await;
    let key = cast.writer.vault_key(&cast.world, cast.vault, 1).await;
    let (body, sealed, rows) = cast.grant(&cast.writer, 3, &key);
    cast.forge(&cast.writer, body, sealed, rows, "permission_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_lets_nobody_in() {
    let cast = Cast::new().await;
    let (body, sealed, rows) = cast.grant(&cast.stranger, 3, &SealKey::make().unwrap());
    cast.forge(&cast.stranger, body, sealed, rows, "not_found").await;
    assert_eq!(code(cast.stranger.client.vaults().get(&cast.vault.to_string()).await), "tampered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_deletes_and_renames_nothing() {
    let cast = Cast::new().await;
    let log = LogId::new(LogKind::Items, cast.vault);
    let entry = cast.world.store.snapshot().await.unwrap().entries(log, 0, 1).await.unwrap().remove(0);
    let deleted = ItemDeleted { item: cast.item.0, version: 2, previous: MaybeId(Some(entry.hash)) };
    let row = Row::ItemGone { vault: cast.vault.0, item: cast.item.0, version: 2, entry: 0 };
    let body = Body::ItemDeleted(deleted);
    cast.forge(&cast.writer, body, Rows::default(), vec![row], "permission_denied").await;

    let cast = Cast::new().await;
    let row = Row::VaultGone { vault: cast.vault.0 };
    let body = Body::VaultDeleted(Nothing {});
    let operation = cast.writer.operation(&cast.world, cast.vault, body).await;
    let submission = cast.writer.sign(&operation, Rows::default());
    assert_eq!(code(cast.writer.submit(&cast.world, submission.clone()).await), "permission_denied");
    cast.is_whole().await;
    // The rows are gone, so there is nothing left to read: it is the audit that tells why.
    force(&cast.world, LogId::new(LogKind::Vault, cast.vault), &cast.writer, &submission, vec![row]).await;
    assert_eq!(code(read(&cast.reader.client, cast.vault, cast.item).await), "not_found");
    assert_eq!(code(cast.world.owner.client.audit().verify().await), "tampered");

    let cast = Cast::new().await;
    let key = cast.writer.vault_key(&cast.world, cast.vault, 1).await;
    let (account, vault) = (cast.writer.token.account, cast.vault);
    let place = Place { account, vault, item: None, version: 1, epoch: 1, part: Part::Name };
    let name = part::seal_part(&key, &place, b"name").unwrap();
    let body = Body::VaultUpdated(VaultUpdated { epoch: 1, name: sealed_hash(&name) });
    let row = Row::Name { vault: vault.0, epoch: 1, sealed: name.clone() };
    let sealed = Rows { name: Some(name), ..Rows::default() };
    cast.forge(&cast.writer, body, sealed, vec![row], "permission_denied").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_puts_no_administrator_out() {
    let cast = Cast::new().await;
    let (world, vault, account) = (&cast.world, cast.vault, cast.writer.token.account);
    let before = cast.writer.vault_key(world, vault, 1).await;
    let key = SealKey::make().unwrap();
    let place = |version, part| Place { account, vault, item: None, version, epoch: 2, part };
    let previous = part::seal_key(&key, &place(0, Part::PreviousKey), &before).unwrap();
    let name = part::seal_part(&key, &place(1, Part::Name), b"name").unwrap();
    let mut recipients = vec![cast.reader.recipient(), cast.writer.recipient()];
    recipients.sort_unstable();
    let start = EpochStart {
        number: 2,
        suite: SUITE,
        commitment: key.commitment(account, vault, 2),
        recipients,
        previous: MaybeId(Some(sealed_hash(&previous))),
        recovery: None,
    };
    let removes = vec![Removal { grantee: world.owner.id(), reason: 0, role: None }];
    let body = Body::EpochStarted(EpochStarted { epoch: start, name: sealed_hash(&name), removes });
    let operation = cast.writer.operation(world, vault, body).await;
    let submission = cast.writer.sign(&operation, Rows::default());
    assert_eq!(code(cast.writer.submit(world, submission.clone()).await), "permission_denied");
    cast.is_whole().await;
    // Without its rows: the owner stays a member to the store, and the log shows them a forgery.
    force(world, LogId::new(LogKind::Vault, vault), &cast.writer, &submission, Vec::new()).await;
    for member in [&world.owner, &cast.reader] {
        let fresh = connect(Arc::clone(&world.engine), &member.kit).await.unwrap();
        assert_eq!(code(fresh.vaults().get(&vault.to_string()).await), "tampered");
        let update = ItemUpdate { title: Some("other".to_owned()), ..ItemUpdate::default() };
        let update = fresh.items().update(&vault.to_string(), &cast.item.to_string(), update).await;
        assert_eq!(code(update), "tampered");
    }
    assert_eq!(code(world.owner.client.audit().verify().await), "tampered");
}
