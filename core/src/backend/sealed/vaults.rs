//! Vaults: made, read, renamed, ended.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::content::VaultName;
use super::events::What;
use super::keys::parse_place;
use super::known::{Known, VaultView, no_vault};
use super::repeats::{Purpose, Request, other_arguments};
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Rows as SealedRows, Submission, Submitted, VaultRows};
use crate::backend::{GrantRequest, PageRequest, Rows, VaultRequest};
use crate::error::{Error, ErrorKind, Result};
use crate::log::body::{self, EpochStart, MemberGrant, Nothing, Recipient, SUITE, role_number, sealed_hash};
use crate::log::encoding::MaybeId;
use crate::log::operation::{At, Body};
use crate::model::change::ChangeKind;
use crate::model::id::{Id, PrincipalId, PrincipalKind, VaultId};
use crate::model::principal::PrincipalRef;
use crate::model::role::Role;
use crate::model::time;
use crate::model::vault::Vault;

/// How often a row that does not fit its log is looked at again, since it may be newer than the log that was verified.
const LOOKS: usize = 4;

impl Sealed {
    /// Makes vaults in one commit; an error per row that could not be made.
    pub(super) async fn make_vaults(&self, requests: Vec<VaultRequest>) -> Result<Vec<Result<Vault>>> {
        let recovery = self.recovery_for_new_vaults().await?;
        let members = self.resolve(&requests).await?;
        let ids = members.values().filter_map(|id| id.as_ref().ok()).copied();
        let known = self.refresh(Need::principals(ids).and_principals(recovery.map(|key| key.principal))).await?;
        let named: Vec<(Id, &str)> = requests
            .iter()
            .flat_map(|request| &request.access)
            .filter_map(|grant| match (&grant.to, members.get(&grant.to)) {
                (PrincipalRef::Email(email), Some(Ok(id))) => Some((*id, email.as_str())),
                _ => None,
            })
            .collect();
        self.check_addresses(&known, &named).await?;
        let mut made: Vec<Option<Result<Vault>>> = requests.iter().map(|_| None).collect();
        for attempt in 0..MAX_TRIES {
            let open: Vec<usize> = (0..made.len()).filter(|row| made[*row].is_none()).collect();
            if open.is_empty() {
                break;
            }
            // Who was rotated, or given the right, a moment ago is told by the newest state alone.
            let known = if attempt == 0 {
                Arc::clone(&known)
            } else {
                let ids = members.values().filter_map(|id| id.as_ref().ok()).copied();
                let need = Need::principals(ids).and_principals(recovery.map(|key| key.principal));
                self.refresh(need.asked_now()).await?
            };
            let (mut prepared, mut submissions) = (Vec::new(), Vec::new());
            for row in open {
                match self.prepare(&known, &requests[row], &members, recovery).await {
                    Ok((one, submission)) => {
                        prepared.push((row, one));
                        submissions.push(submission);
                    }
                    Err(error) => made[row] = Some(Err(error)),
                }
            }
            if submissions.is_empty() {
                break;
            }
            for ((row, one), answer) in prepared.into_iter().zip(self.submit_many(submissions).await?) {
                let again = match &answer {
                    Ok(submitted) => matches!(submitted, Submitted::Stale | Submitted::Uncovered),
                    Err(error) => error.kind() == ErrorKind::PermissionDenied && attempt == 0,
                };
                if !again {
                    made[row] = Some(self.finish(requests[row].clone(), one, answer).await);
                }
            }
        }
        Ok(made.into_iter().map(|row| row.unwrap_or_else(|| Err(Self::contended("the account")))).collect())
    }

    async fn finish(&self, request: VaultRequest, row: Prepared, answer: Result<Submitted>) -> Result<Vault> {
        match answer? {
            Submitted::Taken(receipt) | Submitted::Before(receipt) => {
                let at = time::from_millis(receipt.time);
                self.ring.keep(row.vault.0, 1, row.key);
                Ok(Vault {
                    id: row.vault,
                    name: request.name,
                    description: request.description,
                    external_id: request.external_id,
                    role: request.retain,
                    due: false,
                    created_at: at,
                    updated_at: at,
                    created_by: self.me_id(),
                })
            }
            Submitted::Used(..) => self.repeated(request, row).await,
            Submitted::Stale | Submitted::Uncovered => Err(Self::contended("the account")),
        }
    }

    /// A repeat of an idempotency key: the first answer, if the arguments are the same.
    async fn repeated(&self, request: VaultRequest, row: Prepared) -> Result<Vault> {
        let first = self.read_vault(row.vault.0).await?;
        let known = self.trust.known().await;
        let view = known.vault(row.vault.0)?;
        let members: BTreeSet<(Id, Option<Role>, Option<u64>)> = view
            .log
            .members
            .iter()
            .filter_map(|(grantee, tenures)| {
                tenures.first().filter(|tenure| tenure.seq == 0).map(|first| (*grantee, first))
            })
            .map(|(grantee, first)| (grantee, first.role, first.expires_at))
            .collect();
        // A name that was changed since is sealed nowhere any more, so it can't be compared.
        let renamed = view.events.values().any(|event| matches!(event.what, What::Vault(ChangeKind::VaultUpdated)));
        let named = renamed || (first.name == request.name && first.description == request.description);
        if named && first.external_id == request.external_id && members == row.members {
            Ok(first)
        } else {
            Err(other_arguments())
        }
    }

    async fn recovery_for_new_vaults(&self) -> Result<Option<Recipient>> {
        let known = self.refresh(Need::default()).await?;
        if !known.directory()?.account.policy().1.recovery {
            return Ok(None);
        }
        let recovery = self.recovery().await?;
        self.ensure_recoverable(recovery).await?;
        Ok(Some(recovery))
    }

    /// Everybody that the requests name, once; addresses are still to be checked.
    async fn resolve(&self, requests: &[VaultRequest]) -> Result<HashMap<PrincipalRef, Result<Id>>> {
        let named: HashSet<&PrincipalRef> =
            requests.iter().flat_map(|request| &request.access).map(|grant| &grant.to).collect();
        let named: Vec<&PrincipalRef> = named.into_iter().collect();
        let ids = self.answered_ids(&named).await?;
        Ok(named.into_iter().cloned().zip(ids).collect())
    }

    async fn prepare(
        &self,
        known: &Known,
        request: &VaultRequest,
        members: &HashMap<PrincipalRef, Result<Id>>,
        recovery: Option<Recipient>,
    ) -> Result<(Prepared, Submission)> {
        let directory = known.directory()?;
        let me = Recipient { principal: self.my_id(), generation: self.signer().generation };
        let mut grants = vec![MemberGrant {
            grantee: me.principal,
            role: role_number(request.retain),
            generation: Some(me.generation),
            expires_at: None,
        }];
        let mut recipients = BTreeSet::from([me]);
        for GrantRequest { to, role, expires_at } in &request.access {
            let id = match members.get(to) {
                Some(Ok(id)) => *id,
                _ => return Err(super::principals::nobody()),
            };
            if grants.iter().any(|grant| grant.grantee == id) {
                return Err(Error::argument(
                    "access",
                    "somebody is named twice, or is the caller: use `retain` for the caller's role",
                ));
            }
            let log = directory.principal(id).ok_or_else(super::principals::nobody)?;
            let newest = log.newest().ok_or_else(super::principals::nobody)?;
            self.check_reissued(known, to, log, None).await?;
            grants.push(MemberGrant {
                grantee: id,
                role: role_number(*role),
                generation: Some(newest.number),
                expires_at: expires_at.map(time::to_millis),
            });
            if let Some(standing) = log.standing_at(known.head.size) {
                recipients.insert(Recipient { principal: id, generation: standing.number });
            }
        }
        let repeatable = Request { call: "vaults.create", place: &[], key: request.idempotency_key.as_deref() };
        let operation_id = self.id_for(Purpose::Operation, repeatable)?;
        let nonce = self.id_for(Purpose::Made, repeatable)?;
        let vault = body::vault_id(self.account_id(), me.principal, nonce);
        let epoch = self.make_epoch(known, vault, 1, &recipients, recovery).await?;
        let name = VaultName { name: request.name.clone(), description: request.description.clone() };
        let sealed = self.seal_name(&epoch.key, vault, 0, 1, &name)?;
        let start = EpochStart {
            number: 1,
            suite: SUITE,
            commitment: epoch.key.commitment(self.account_id(), vault, 1),
            recipients: recipients.into_iter().collect(),
            previous: MaybeId(None),
            recovery,
        };
        let members = grants
            .iter()
            .map(|grant| Ok((grant.grantee, Some(body::role_of(grant.role)?), grant.expires_at)))
            .collect::<Result<_>>()?;
        let body = Body::VaultCreated(body::VaultCreated {
            nonce,
            epoch: start,
            members: grants,
            name: sealed_hash(&sealed),
            external_id: request.external_id.clone(),
        });
        let rows = SealedRows { name: Some(sealed), wraps: epoch.wraps, ..SealedRows::default() };
        let base = Base { log: Some(vault.0), at: At::empty(), seen: known.head };
        let submission = self.sign(base, Some(operation_id), body, rows)?;
        Ok((Prepared { vault, key: epoch.key, members }, submission))
    }

    /// The vault as the caller sees it.
    pub(super) async fn read_vault(&self, vault: Id) -> Result<Vault> {
        let mut known = self.look(vault, Role::Read).await?;
        self.complete(&known, &[vault]).await;
        for _ in 0..LOOKS {
            let (view, role) = self.member(&known, vault)?;
            let rows = match self.vault_rows(vault).await {
                Ok(rows) => rows,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.trust.forget(vault).await;
                    return Err(error);
                }
                Err(error) => return Err(error),
            };
            if let Some(shown) = self.show_vault(&known, view, role, &rows).await? {
                return Ok(shown);
            }
            known = self.refresh(Need::vault(vault).asked_now()).await?;
        }
        Err(Error::tampered("a vault's sealed name is not the one its log names: restore the store"))
    }

    /// The verified vault and the caller's role in it, if it has one.
    pub(super) fn member<'a>(&self, known: &'a Known, vault: Id) -> Result<(&'a VaultView, Role)> {
        let view = known.vault(vault)?;
        let now = time::to_millis(chrono::Utc::now());
        let role = view.log.role_now(known.directory()?, self.my_id(), now).ok_or_else(no_vault)?;
        if view.log.deleted { Err(no_vault()) } else { Ok((view, role)) }
    }

    /// The vault, verified, where the caller's role is at least this: a role that was too low a moment ago is looked at again.
    pub(super) async fn look(&self, vault: Id, need: Role) -> Result<Arc<Known>> {
        let known = self.refresh(Need::vault(vault)).await?;
        if self.member_with(&known, vault, need).is_ok() {
            return Ok(known);
        }
        let known =
            if known.vault(vault).is_ok() { self.refresh(Need::vault(vault).asked_now()).await? } else { known };
        self.admitted(&known, vault, need).await?;
        Ok(known)
    }

    /// As [`Self::member_with`], a refusal standing in the audit.
    pub(super) async fn admitted<'a>(&self, known: &'a Known, vault: Id, need: Role) -> Result<&'a VaultView> {
        match self.member_with(known, vault, need) {
            Ok(view) => Ok(view),
            Err(refusal) => Err(self.refused(known, vault, need, refusal).await),
        }
    }

    /// Has a refusal by this client's own look noted by the engine, unless it was: a vault that is left out is refused there.
    pub(super) async fn refused(&self, known: &Known, vault: Id, need: Role, refusal: Error) -> Error {
        if known.vault(vault).is_err() {
            return refusal;
        }
        match self.authority.may(self.session(), vault, need).await {
            Err(error) if error.kind() == ErrorKind::Unavailable => error,
            _ => refusal,
        }
    }

    /// The vault, if the caller's role there is at least this.
    pub(super) fn member_with<'a>(&self, known: &'a Known, vault: Id, need: Role) -> Result<&'a VaultView> {
        let (view, role) = self.member(known, vault)?;
        if role >= need {
            return Ok(view);
        }
        Err(Error::permission_denied(format!(
            "this needs the role `{need}` in the vault, and yours is `{role}`: ask one of its administrators"
        )))
    }

    async fn show_vault(&self, known: &Known, view: &VaultView, role: Role, rows: &VaultRows) -> Result<Option<Vault>> {
        let Some(VaultName { name, description }) = self.open_name(view, rows).await? else { return Ok(None) };
        let log = &view.log;
        let directory = known.directory()?;
        let kind = directory.principal(log.creator).map_or(PrincipalKind::User, |creator| creator.kind);
        Ok(Some(Vault {
            id: log.id,
            name,
            description,
            external_id: log.external_id.clone(),
            role,
            due: log.is_due(directory, time::to_millis(chrono::Utc::now())),
            created_at: time::from_millis(log.created_at),
            updated_at: time::from_millis(log.updated_at),
            created_by: PrincipalId { kind, id: log.creator },
        }))
    }

    pub(super) async fn read_vault_by_external_id(
        &self,
        external_id: &str,
        creator: Option<&PrincipalRef>,
    ) -> Result<Vault> {
        let creator = match creator {
            None => self.my_id(),
            Some(creator) => self.principal_id(creator).await?,
        };
        let found = self.authority.find_vault(self.session(), creator, external_id.to_owned()).await?;
        let vault = self.read_vault(found.ok_or_else(no_vault)?).await?;
        if vault.external_id.as_deref() == Some(external_id) && vault.created_by.id == creator {
            Ok(vault)
        } else {
            Err(Error::tampered("the store answered another vault for this external id: restore the store"))
        }
    }

    pub(super) async fn page_of_vaults(&self, page: PageRequest) -> Result<Rows<Vault>> {
        let from = parse_place(page.after.as_deref())?;
        let ids = self.authority.vaults(self.session(), from, page.limit).await?;
        let need = Need { vaults: ids.ids.iter().copied().collect(), ..Need::default() };
        let mut known = self.refresh(need.clone()).await?;
        // Whoever was let in a moment ago may be known from before that.
        if ids.ids.iter().any(|id| known.vaults.contains_key(id) && self.member(&known, *id).is_err()) {
            known = self.refresh(need.asked_now()).await?;
        }
        self.complete(&known, &ids.ids).await;
        let rows = self.authority.vault_rows(self.session(), ids.ids.clone()).await?;
        let directory = known.directory()?;
        let mut data = Vec::with_capacity(ids.ids.len());
        for (id, rows) in ids.ids.iter().zip(rows) {
            // A vault left between the two answers is in neither: it is no longer the caller's. One whose key the caller
            // waits for has no name yet.
            if let (Ok((view, role)), Ok(rows)) = (self.member(&known, *id), rows)
                && view.log.opens(directory, self.my_id())
            {
                match self.show_vault(&known, view, role, &rows).await? {
                    Some(vault) => data.push(vault),
                    None => data.push(self.read_vault(*id).await?),
                }
            }
        }
        Ok(Rows { data, next: ids.next.map(|next| next.to_string()) })
    }

    pub(super) async fn rename_vault(
        &self,
        vault: Id,
        name: Option<String>,
        description: Option<String>,
    ) -> Result<Vault> {
        for _ in 0..MAX_TRIES {
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            let view = self.admitted(&known, vault, Role::Admin).await?;
            let Some(before) = self.open_name(view, &self.vault_rows(vault).await?).await? else {
                self.read_vault(vault).await?;
                continue;
            };
            let after = VaultName {
                name: name.clone().unwrap_or_else(|| before.name.clone()),
                description: description.clone().unwrap_or_else(|| before.description.clone()),
            };
            if after == before {
                return self.read_vault(vault).await;
            }
            let epoch = view.log.epoch().start.number;
            let at = view.log.progress.head();
            let key = self.vault_key(view, epoch).await?;
            let sealed = self.seal_name(&key, view.log.id, at.size, epoch, &after)?;
            let body = Body::VaultUpdated(body::VaultUpdated { epoch, name: sealed_hash(&sealed) });
            let rows = SealedRows { name: Some(sealed), ..SealedRows::default() };
            let submission = self.sign(Base { log: Some(vault), at, seen: known.head }, None, body, rows)?;
            let submitted = self.submit(submission).await?;
            if self.settle(submitted, None).await?.is_some() {
                self.trust.expire(vault).await;
                return self.read_vault(vault).await;
            }
        }
        Err(Self::contended("the vault"))
    }

    pub(super) async fn end_vault(&self, vault: Id) -> Result<()> {
        for _ in 0..MAX_TRIES {
            let known = self.refresh(Need::vault(vault).asked_now()).await?;
            let view = self.admitted(&known, vault, Role::Admin).await?;
            let base = Base { log: Some(vault), at: view.log.progress.head(), seen: known.head };
            let submission = self.sign(base, None, Body::VaultDeleted(Nothing {}), SealedRows::default())?;
            let submitted = self.submit(submission).await?;
            if self.settle(submitted, None).await?.is_some() {
                self.trust.forget(vault).await;
                self.ring.forget(vault);
                return Ok(());
            }
        }
        Err(Self::contended("the vault"))
    }

    pub(super) fn me_id(&self) -> PrincipalId {
        self.me.read().unwrap_or_else(std::sync::PoisonError::into_inner).id
    }
}

struct Prepared {
    vault: VaultId,
    /// Whom it lets in, with which role, until when.
    members: BTreeSet<(Id, Option<Role>, Option<u64>)>,
    key: crate::crypto::key::SealKey,
}
