//! Operations made by hand, and the way around the engine: straight into the store.

use strongroom::authority::{Rows, Submission};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::crypto::random;
use strongroom::log::body::{ItemWritten, sealed_hash};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{Body, LogId, Operation};
use strongroom::model::id::{Id, ItemId, VaultId};
use strongroom::store::{Append, ChangeSet, Outcome, Row, Store};

use crate::world::{Member, World};

/// A first version of an item, sealed by this member under a key of this epoch.
pub(crate) fn sealed(member: &Member, vault: VaultId, item: Id, key: &SealKey, epoch: u32) -> (ItemWritten, Rows) {
    let (account, id) = (member.token.account, Some(ItemId(item)));
    let place = |part| Place { account, vault, item: id, version: 1, epoch, part };
    let overview = part::seal_part(key, &place(Part::Overview), b"overview").unwrap();
    let details = part::seal_part(key, &place(Part::Details), b"details").unwrap();
    let written = ItemWritten {
        item,
        version: 1,
        previous: MaybeId(None),
        epoch,
        overview: sealed_hash(&overview),
        details: sealed_hash(&details),
        archived: false,
        added: Vec::new(),
        removed: Vec::new(),
    };
    (written, Rows { overview, details, ..Rows::default() })
}

/// The same with parts that a reader could believe.
pub(crate) fn believable(member: &Member, vault: VaultId, item: Id, key: &SealKey) -> (ItemWritten, Rows) {
    let (mut written, _) = sealed(member, vault, item, key, 1);
    let place = |part| {
        let (account, item) = (member.token.account, Some(ItemId(item)));
        Place { account, vault, item, version: 1, epoch: 1, part }
    };
    let overview = part::seal_part(key, &place(Part::Overview), b"\x84\x66forged\x65login\x80\x80").unwrap();
    let details = part::seal_part(key, &place(Part::Details), b"\x83\x60\x80\x80").unwrap();
    (written.overview, written.details) = (sealed_hash(&overview), sealed_hash(&details));
    (written, Rows { overview, details, ..Rows::default() })
}

/// The same as an operation, under the vault's first key.
pub(crate) async fn put(world: &World, member: &Member, vault: VaultId, item: Id) -> (Operation, Rows) {
    let key = member.vault_key(world, vault, 1).await;
    let (written, rows) = sealed(member, vault, item, &key, 1);
    (member.operation(world, vault, Body::ItemPut(written)).await, rows)
}

/// The row of a version of an item.
pub(crate) fn item_row(vault: VaultId, written: &ItemWritten, rows: &Rows) -> Row {
    let ItemWritten { item, version, archived, .. } = *written;
    let (overview, details) = (rows.overview.clone(), rows.details.clone());
    Row::Item { vault: vault.0, item, version, archived, entry: 0, overview, details }
}

/// Appends without asking any engine, under the signer and the id that the operation names.
pub(crate) async fn force(world: &World, log: LogId, signer: &Member, submission: &Submission, rows: Vec<Row>) {
    let named = Operation::from_bytes(&submission.operation).ok();
    let append = Append {
        log,
        operation: submission.operation.clone(),
        signatures: submission.signatures.clone(),
        signer: named.as_ref().map_or(Some(signer.id()), |operation| operation.signer),
        operation_id: named.map_or_else(|| Id(random::make_bytes().unwrap()), |operation| operation.id),
    };
    let change = ChangeSet { appends: vec![append], rows, ..ChangeSet::default() };
    assert!(matches!(world.store.commit(change).await.unwrap(), Outcome::Committed(..)));
}
