//! What a backend does for the client: one method per operation, plain views in and out, capabilities declared.
//!
//! The client has parsed, bounded and filled in every argument before a method here is called.

pub mod retries;
pub mod sealed;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::audit::{AuditEvent, AuditFilter, AuditProof};
use crate::model::change::{ChangeKind, ChangePage};
use crate::model::credential::{Credential, Save};
use crate::model::field::Field;
use crate::model::file::{ByteStream, File, Progress};
use crate::model::grant::Grant;
use crate::model::id::{FileId, ItemId, PrincipalId, PrincipalKind, VaultId};
use crate::model::item::{Category, Item, ItemSummary};
use crate::model::principal::{Principal, PrincipalRef, Rights, ServiceAccountUpdate};
use crate::model::role::Role;
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::model::vault::Vault;

/// A grant to make.
#[derive(Clone, Debug)]
pub struct GrantRequest {
    /// To whom.
    pub to: PrincipalRef,
    /// Which role.
    pub role: Role,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// A vault to make, checked and complete.
#[derive(Clone, Debug)]
pub struct VaultRequest {
    /// The name.
    pub name: String,
    /// The description.
    pub description: String,
    /// The creator's own name for it.
    pub external_id: Option<String>,
    /// Who else gets in.
    pub access: Vec<GrantRequest>,
    /// The caller's role.
    pub retain: Role,
    /// Makes a repeat answer what the first call did.
    pub idempotency_key: Option<String>,
}

/// A principal to make, checked and complete.
#[derive(Clone, Debug)]
pub struct PrincipalRequest {
    /// A user or a service account.
    pub kind: PrincipalKind,
    /// The display name.
    pub name: String,
    /// The address, for a user.
    pub email: Option<String>,
    /// What it may do besides its grants.
    pub rights: Rights,
    /// From when on it is refused.
    pub expires_at: Option<Timestamp>,
    /// Vaults it is granted at once.
    pub vaults: Vec<(VaultId, Role)>,
    /// Makes a repeat answer that the first call did it.
    pub idempotency_key: Option<String>,
}

/// A file to attach, its content a stream.
pub struct FileRequest {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its content.
    pub content: ByteStream,
    /// The content's size in bytes where it is known beforehand.
    pub size: Option<u64>,
    /// Told the bytes done so far.
    pub progress: Option<Progress>,
}

/// An item to make, checked and complete.
pub struct ItemRequest {
    /// Its title.
    pub title: String,
    /// What it is.
    pub category: Category,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its notes.
    pub notes: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its web addresses.
    pub urls: Vec<String>,
    /// Its files.
    pub files: Vec<FileRequest>,
    /// Makes a repeat answer what the first call did.
    pub idempotency_key: Option<String>,
}

/// What to change in an item.
#[derive(Clone, Debug)]
pub enum ItemChange {
    /// Its content; what is left out stays.
    Edit {
        /// The new title.
        title: Option<String>,
        /// The new notes.
        notes: Option<String>,
        /// The new tags.
        tags: Option<Vec<String>>,
        /// The new web addresses.
        urls: Option<Vec<String>>,
        /// Fields added or replaced, by (section, label).
        set_fields: Vec<Field>,
        /// Fields taken out, by (section, label).
        remove_fields: Vec<(Option<String>, String)>,
    },
    /// Into the archive.
    Archive,
    /// Out of the archive.
    Restore,
}

/// Where in a list a page begins.
#[derive(Clone, Debug, Default)]
pub struct PageRequest {
    /// The cursor of the page before.
    pub after: Option<String>,
    /// The most rows.
    pub limit: u32,
}

/// One page as a backend answers it.
#[derive(Clone, Debug)]
pub struct Rows<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

/// Which changes to read.
#[derive(Clone, Debug)]
pub struct ChangeRequest {
    /// `None`: from the start.
    pub after: Option<String>,
    /// `None`: all the caller may see.
    pub vaults: Option<Vec<VaultId>>,
    /// `None`: all.
    pub kinds: Option<Vec<ChangeKind>>,
    /// The most rows.
    pub limit: u32,
}

/// A file opened for reading, whose pieces are fetched and checked as they are asked for.
#[async_trait]
pub trait FileHandle: Send + Sync {
    /// The file.
    fn file(&self) -> &File;

    /// The bytes from `offset` on: at most `length`, at least one unless the file ends there.
    async fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>>;
}

/// A place where vaults are.
#[async_trait]
#[expect(missing_docs, reason = "each method is the operation of the same name in `client`, which documents it")]
pub trait Backend: Send + Sync {
    fn me(&self) -> Principal;
    fn account(&self) -> Account;
    /// Wipes the keys; every later call is refused.
    async fn close(&self);
    async fn rotate_token(&self, save: Option<Save>) -> Result<Secret>;

    /// One commit; results in order, an error per row. `save` has each credential before.
    async fn create_principals(
        &self,
        requests: Vec<PrincipalRequest>,
        save: Option<Save>,
    ) -> Result<Vec<Result<Credential>>>;
    async fn get_principal(&self, who: &PrincipalRef) -> Result<Principal>;
    async fn list_principals(&self, kind: PrincipalKind, page: PageRequest) -> Result<Rows<Principal>>;
    async fn update_principal(&self, who: PrincipalId, update: ServiceAccountUpdate) -> Result<Principal>;
    async fn reissue_principal(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        save: Option<Save>,
    ) -> Result<Credential>;
    async fn suspend_principal(&self, who: &PrincipalRef) -> Result<Principal>;
    async fn reactivate_principal(&self, who: &PrincipalRef) -> Result<Principal>;
    async fn delete_principal(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        successor: Option<&PrincipalRef>,
        erase: bool,
    ) -> Result<()>;

    /// One commit; results in order, an error per row.
    async fn create_vaults(&self, requests: Vec<VaultRequest>) -> Result<Vec<Result<Vault>>>;
    async fn get_vault(&self, vault: VaultId) -> Result<Vault>;
    async fn find_vault(&self, external_id: &str, creator: Option<&PrincipalRef>) -> Result<Vault>;
    async fn list_vaults(&self, page: PageRequest) -> Result<Rows<Vault>>;
    async fn update_vault(&self, vault: VaultId, name: Option<String>, description: Option<String>) -> Result<Vault>;
    async fn delete_vault(&self, vault: VaultId) -> Result<()>;
    /// How many vaults moved to new keys.
    async fn rekey_vaults(&self, vaults: Option<Vec<VaultId>>) -> Result<u64>;

    async fn grant(&self, vault: VaultId, request: GrantRequest) -> Result<Grant>;
    /// One commit; results in order, an error per row. A row for somebody who was named before replaces what they were given.
    async fn grant_many(&self, requests: Vec<(VaultId, GrantRequest)>) -> Result<Vec<Result<Grant>>>;
    async fn revoke(&self, vault: VaultId, who: &PrincipalRef) -> Result<()>;
    async fn list_grants(&self, vault: VaultId, at: Option<Timestamp>) -> Result<Vec<Grant>>;
    /// The grants of the vaults that the caller administers; a page is of as many vaults.
    async fn list_all_grants(&self, page: PageRequest) -> Result<Rows<Grant>>;
    /// How many vaults moved to new keys.
    async fn approve_grants(&self, who: &PrincipalRef, vaults: Option<Vec<VaultId>>) -> Result<u64>;

    /// One commit; results in order, an error per row.
    async fn create_items(&self, vault: VaultId, requests: Vec<ItemRequest>) -> Result<Vec<Result<Item>>>;
    async fn get_item(&self, vault: VaultId, item: ItemId, version: Option<u64>) -> Result<Item>;
    /// Results in order, an error per row.
    async fn get_items(&self, vault: VaultId, items: Vec<ItemId>) -> Result<Vec<Result<Item>>>;
    /// Every version that is kept, oldest first.
    async fn item_history(&self, vault: VaultId, item: ItemId, page: PageRequest) -> Result<Rows<Item>>;
    async fn list_items(&self, vault: VaultId, archived: bool, page: PageRequest) -> Result<Rows<ItemSummary>>;
    async fn change_item(
        &self,
        vault: VaultId,
        item: ItemId,
        change: ItemChange,
        if_version: Option<u64>,
    ) -> Result<Item>;
    async fn delete_item(&self, vault: VaultId, item: ItemId) -> Result<()>;

    async fn attach_file(
        &self,
        vault: VaultId,
        item: ItemId,
        request: FileRequest,
        replace: Option<FileId>,
        idempotency_key: Option<String>,
    ) -> Result<File>;
    async fn open_file(&self, vault: VaultId, item: ItemId, file: FileId) -> Result<Box<dyn FileHandle>>;
    async fn detach_file(&self, vault: VaultId, item: ItemId, file: FileId) -> Result<()>;

    /// The feed's end at the moment of the call, not of the first poll, as a cursor.
    fn end_of_changes(&self) -> BoxFuture<'static, Result<String>>;
    async fn list_changes(&self, request: ChangeRequest) -> Result<ChangePage>;
    /// Returns when there may be changes after this cursor.
    async fn wait_for_changes(&self, after: &str) -> Result<()>;

    async fn list_audit(&self, filter: AuditFilter, page: PageRequest) -> Result<Rows<AuditEvent>>;
    async fn verify_audit(&self) -> Result<AuditProof>;
    /// Says, as the owner, that a backup was restored which ended at this cursor.
    async fn declare_restored(&self, last: &str) -> Result<()>;
}

/// The refusal of an operation that this version has a place for and does not do yet.
pub(crate) fn not_yet(what: &str, instead: &str) -> Error {
    Error::unsupported(format!("{what} is not in this version: {instead}"))
}
