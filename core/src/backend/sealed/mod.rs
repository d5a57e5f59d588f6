//! The end-to-end-encrypted backend: opens keys, seals and signs, and verifies all that it receives.

mod access;
mod audit;
mod changes;
mod checked;
mod complete;
mod connect;
mod content;
mod edit;
mod ends;
mod epochs;
mod events;
mod files;
mod former;
mod found;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod grants;
mod items;
mod keys;
mod known;
mod named;
mod new_items;
mod new_principals;
mod opened;
mod principals;
mod profiles;
mod proven;
mod reads;
mod receipts;
mod reissue;
mod rekey;
mod repeated_file;
mod repeats;
mod restored;
mod retrying;
mod ring;
mod rotate;
mod sealing;
mod sign;
mod standing;
mod state;
mod submit;
mod successor;
mod tables;
mod trust;
mod vaults;
mod verify;
mod versions;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use moka::sync::Cache;

use self::ends::Ends;
use self::known::Known;
use self::ring::Ring;
use self::sign::{Base, Signer};
use self::state::StateFile;
use self::trust::{Need, Trust};
use super::{
    Backend, ChangeRequest, FileHandle, FileRequest, GrantRequest, ItemChange, ItemRequest, PageRequest,
    PrincipalRequest, Rows, VaultRequest,
};
use crate::authority::{self, Authority, Reading, Session, Submission};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::Recipient;
use crate::log::cursor::Cursor;
use crate::log::feed::Head;
use crate::log::operation::Body;
use crate::model::account::{Account, Capabilities};
use crate::model::audit::{AuditEvent, AuditFilter, AuditProof};
use crate::model::change::ChangePage;
use crate::model::credential::{Credential, Save};
use crate::model::file::File;
use crate::model::grant::Grant;
use crate::model::id::{AccountId, FileId, Id, ItemId, PrincipalId, PrincipalKind, VaultId};
use crate::model::item::{Item, ItemSummary};
use crate::model::principal::{Principal, PrincipalRef, ServiceAccountUpdate};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::model::vault::Vault;

pub use self::connect::SealedOptions;
pub use self::found::found;

/// How often a state that moved on between reading and signing is read again.
const MAX_TRIES: usize = 64;

/// One client's connection to an authority.
pub struct Sealed {
    authority: Arc<dyn Authority>,
    location: String,
    account: AccountId,
    principal: Id,
    ring: Arc<Ring>,
    trust: Trust,
    ends: Arc<Ends>,
    state: Option<StateFile>,
    profiles: profiles::Profiles,
    me: RwLock<Principal>,
    /// The head of a cursor that was joined last.
    joined: RwLock<Option<Head>>,
    /// The last head of the backup that was restored last, if the client was told to take it.
    restored: Option<Head>,
    /// The newest head that each author of an item had seen, joined to the client's own.
    seen: Mutex<HashMap<Id, Head>>,
    versions: versions::Versions,
    app: Option<String>,
    /// Public keys that were fetched; each is checked against its log at every use.
    kem_cache: Cache<Recipient, Arc<Vec<u8>>>,
    /// Who was tried to be given a key, in which state of the vault: once is enough.
    tried: Mutex<HashSet<(Id, Recipient, u64)>>,
    owner: PrincipalId,
}

impl Sealed {
    fn account_id(&self) -> AccountId {
        self.account
    }

    fn my_id(&self) -> Id {
        self.principal
    }

    /// The caller, as of the last call that looked.
    fn caller(&self) -> Principal {
        self.me.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn look_at_me(&self, known: &Known) -> Result<()> {
        let log = known.directory()?.principal(self.my_id()).ok_or_else(principals::nobody)?;
        let me = self.profiles.view(self.authority(), self.session(), known, log).await?;
        *self.me.write().unwrap_or_else(PoisonError::into_inner) = me;
        Ok(())
    }

    fn session(&self) -> Session {
        self.ring.session()
    }

    fn signer(&self) -> Signer {
        self.ring.signer()
    }

    fn authority(&self) -> &dyn Authority {
        self.authority.as_ref()
    }

    /// Verifies what the call needs; with it, always, who the caller is.
    async fn refresh(&self, need: Need) -> Result<Arc<Known>> {
        self.ring.identity()?;
        let need = need.and_principals([self.my_id()]);
        let known = self.trust.refresh(self.authority(), self.session(), need).await?;
        self.remember(known.head)?;
        Ok(known)
    }

    fn joined_head(&self) -> Option<Head> {
        *self.joined.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_joined(&self, head: Head) {
        *self.joined.write().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    fn remember(&self, head: Head) -> Result<()> {
        self.state.as_ref().map_or(Ok(()), |state| state.keep(head))
    }

    /// Signs with the caller's keys.
    fn sign(&self, base: Base, id: Option<Id>, body: Body, rows: authority::Rows) -> Result<Submission> {
        let (identity, signer) = self.ring.signing()?;
        signer.sign(&identity, base, id, body, rows)
    }

    /// The refusal after [`MAX_TRIES`].
    fn contended(what: &str) -> Error {
        Error::conflict(format!("{what} kept changing while this call was made: try again"))
    }
}

/// Whether a refusal means that the thing moved on, and a newer look may succeed.
fn moved_on(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict
}

#[async_trait]
impl Backend for Sealed {
    fn me(&self) -> Principal {
        self.caller()
    }

    fn account(&self) -> Account {
        Account {
            id: self.account_id(),
            owner: self.owner,
            backend: self.authority.name(),
            capabilities: Capabilities { users: true, user_grants: true, changes: true, audit: true, files: true },
        }
    }

    async fn close(&self) {
        self.ring.wipe();
        self.authority.close().await;
    }

    async fn rotate_token(&self, save: Option<Save>) -> Result<Secret> {
        self.rotate(save).await
    }

    async fn create_principals(
        &self,
        requests: Vec<PrincipalRequest>,
        save: Option<Save>,
    ) -> Result<Vec<Result<Credential>>> {
        self.add_principals(requests, save).await
    }

    async fn get_principal(&self, who: &PrincipalRef) -> Result<Principal> {
        self.read_principal(who).await
    }

    async fn list_principals(&self, kind: PrincipalKind, page: PageRequest) -> Result<Rows<Principal>> {
        self.page_of_principals(kind, page).await
    }

    async fn update_principal(&self, who: PrincipalId, update: ServiceAccountUpdate) -> Result<Principal> {
        self.rewrite_principal(who, update).await
    }

    async fn reissue_principal(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        save: Option<Save>,
    ) -> Result<Credential> {
        self.reissue(who, kind, save).await
    }

    async fn suspend_principal(&self, who: &PrincipalRef) -> Result<Principal> {
        self.suspend(who).await
    }

    async fn reactivate_principal(&self, who: &PrincipalRef) -> Result<Principal> {
        self.reactivate(who).await
    }

    async fn delete_principal(
        &self,
        who: &PrincipalRef,
        kind: PrincipalKind,
        successor: Option<&PrincipalRef>,
        erase: bool,
    ) -> Result<()> {
        self.end_principal(who, kind, successor, erase).await
    }

    async fn create_vaults(&self, requests: Vec<VaultRequest>) -> Result<Vec<Result<Vault>>> {
        self.make_vaults(requests).await
    }

    async fn get_vault(&self, vault: VaultId) -> Result<Vault> {
        self.read_vault(vault.0).await
    }

    async fn find_vault(&self, external_id: &str, creator: Option<&PrincipalRef>) -> Result<Vault> {
        self.read_vault_by_external_id(external_id, creator).await
    }

    async fn list_vaults(&self, page: PageRequest) -> Result<Rows<Vault>> {
        self.page_of_vaults(page).await
    }

    async fn update_vault(&self, vault: VaultId, name: Option<String>, description: Option<String>) -> Result<Vault> {
        self.rename_vault(vault.0, name, description).await
    }

    async fn delete_vault(&self, vault: VaultId) -> Result<()> {
        self.end_vault(vault.0).await
    }

    async fn rekey_vaults(&self, vaults: Option<Vec<VaultId>>) -> Result<u64> {
        self.rekey(vaults).await
    }

    async fn grant(&self, vault: VaultId, request: GrantRequest) -> Result<Grant> {
        self.let_in(vault.0, request).await
    }

    async fn grant_many(&self, requests: Vec<(VaultId, GrantRequest)>) -> Result<Vec<Result<Grant>>> {
        self.let_many_in(requests).await
    }

    async fn revoke(&self, vault: VaultId, who: &PrincipalRef) -> Result<()> {
        self.put_out(vault.0, who).await
    }

    async fn list_grants(&self, vault: VaultId, at: Option<Timestamp>) -> Result<Vec<Grant>> {
        self.grants_of(vault.0, at).await
    }

    async fn list_all_grants(&self, page: PageRequest) -> Result<Rows<Grant>> {
        self.page_of_matrix(page).await
    }

    async fn approve_grants(&self, who: &PrincipalRef, vaults: Option<Vec<VaultId>>) -> Result<u64> {
        self.approve(who, vaults).await
    }

    async fn create_items(&self, vault: VaultId, requests: Vec<ItemRequest>) -> Result<Vec<Result<Item>>> {
        self.make_items(vault.0, requests).await
    }

    async fn get_items(&self, vault: VaultId, items: Vec<ItemId>) -> Result<Vec<Result<Item>>> {
        self.read_items(vault.0, items.into_iter().map(|item| (item.0, None)).collect(), Reading::Whole).await
    }

    async fn get_item(&self, vault: VaultId, item: ItemId, version: Option<u64>) -> Result<Item> {
        self.read_item(vault.0, item.0, version, Reading::Whole).await
    }

    async fn item_history(&self, vault: VaultId, item: ItemId, page: PageRequest) -> Result<Rows<Item>> {
        self.versions_of(vault.0, item.0, page).await
    }

    async fn list_items(&self, vault: VaultId, archived: bool, page: PageRequest) -> Result<Rows<ItemSummary>> {
        self.page_of_items(vault.0, archived, page).await
    }

    async fn change_item(
        &self,
        vault: VaultId,
        item: ItemId,
        change: ItemChange,
        if_version: Option<u64>,
    ) -> Result<Item> {
        self.rewrite_item(vault.0, item.0, change, if_version).await
    }

    async fn delete_item(&self, vault: VaultId, item: ItemId) -> Result<()> {
        self.end_item(vault.0, item.0).await
    }

    async fn attach_file(
        &self,
        vault: VaultId,
        item: ItemId,
        request: FileRequest,
        replace: Option<FileId>,
        idempotency_key: Option<String>,
    ) -> Result<File> {
        self.attach(vault.0, item.0, request, replace, idempotency_key).await
    }

    async fn open_file(&self, vault: VaultId, item: ItemId, file: FileId) -> Result<Box<dyn FileHandle>> {
        self.open_content(vault.0, item.0, file.0).await
    }

    async fn detach_file(&self, vault: VaultId, item: ItemId, file: FileId) -> Result<()> {
        self.detach(vault.0, item.0, file.0).await
    }

    fn end_of_changes(&self) -> BoxFuture<'static, Result<String>> {
        self.end_cursor()
    }

    async fn list_changes(&self, request: ChangeRequest) -> Result<ChangePage> {
        self.page_of_changes(request).await
    }

    async fn wait_for_changes(&self, after: &str) -> Result<()> {
        self.wait_beyond(after).await
    }

    async fn list_audit(&self, filter: AuditFilter, page: PageRequest) -> Result<Rows<AuditEvent>> {
        self.page_of_audit(filter, page).await
    }

    async fn verify_audit(&self) -> Result<AuditProof> {
        self.replay_everything().await
    }

    async fn declare_restored(&self, last: &str) -> Result<()> {
        self.sign_restored(Cursor::parse(last)?.head).await
    }
}
