//! Vault keys: opened from wraps, made for epochs, wrapped for members.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::known::{Known, VaultView, no_vault};
use super::sign::Base;
use super::trust::Need;
use super::{MAX_TRIES, Sealed};
use crate::authority::{Rows, VaultRows};
use crate::crypto::key::SealKey;
use crate::crypto::part::{self, Part, Place};
use crate::crypto::wrap;
use crate::error::{Error, Result};
use crate::log::body::{Recipient, kem_hash, sealed_hash};
use crate::log::encoding::Bytes;
use crate::log::operation::Body;
use crate::model::id::{Id, VaultId};
use crate::store::{WrapForm, WrapRow};

/// A new key of a vault, and its wraps.
pub(super) struct NewEpoch {
    pub(super) key: SealKey,
    pub(super) wraps: Vec<WrapRow>,
}

impl Sealed {
    /// The key of an epoch of a vault.
    ///
    /// # Errors
    /// `NotFound` if the caller has no key there; `Tampered` if a key does not fit what the log commits to.
    pub(super) async fn vault_key(&self, view: &VaultView, epoch: u32) -> Result<Arc<SealKey>> {
        if let Some(key) = self.ring.vault_key(view.log.id.0, epoch) {
            return Ok(key);
        }
        let rows = self.vault_rows(view.log.id.0).await?;
        self.open_keys(view, &rows).await?;
        self.ring.vault_key(view.log.id.0, epoch).ok_or_else(waiting_for_a_key)
    }

    pub(super) async fn vault_rows(&self, vault: Id) -> Result<VaultRows> {
        let mut rows = self.authority.vault_rows(self.session(), vec![vault]).await?;
        rows.pop().unwrap_or_else(|| Err(no_vault()))
    }

    /// Opens all keys of a vault that the rows lead to: the newest wrap, then back from epoch to epoch.
    pub(super) async fn open_keys(&self, view: &VaultView, rows: &VaultRows) -> Result<()> {
        let vault = view.log.id;
        // A row of a newer epoch than the log that was verified waits until that log is.
        let newest_epoch = view.log.epoch().start.number;
        let known = self.trust.known().await;
        let me = known.directory()?.principal(self.my_id()).ok_or_else(super::principals::nobody)?;
        let mine = |row: &&WrapRow| {
            let opens = me.same_chain(row.generation, self.signer().generation);
            row.principal == self.my_id() && row.epoch <= newest_epoch && opens
        };
        let newest = rows.wraps.iter().filter(mine).max_by_key(|row| (row.epoch, row.form == WrapForm::Own));
        let Some(row) = newest else { return Ok(()) };
        let mut epoch = row.epoch;
        let mut key = match self.ring.vault_key(vault.0, epoch) {
            Some(key) => key,
            None => self.ring.keep(vault.0, epoch, self.committed(view, epoch, self.unwrap(view, row).await?)?),
        };
        while epoch > 1 && self.ring.vault_key(vault.0, epoch - 1).is_none() {
            let Some((_, sealed)) = rows.previous.iter().find(|(of, _)| *of == epoch) else { break };
            let start = view.log.epoch_of(epoch).map(|epoch| &epoch.start);
            if start.and_then(|start| start.previous.0) != Some(sealed_hash(sealed)) {
                return Err(Error::tampered(
                    "the sealed key of an earlier epoch is not the one its log names: restore the store",
                ));
            }
            let previous = part::open_key(&key, &self.previous_place(vault, epoch), sealed)?;
            epoch -= 1;
            key = self.ring.keep(vault.0, epoch, self.committed(view, epoch, previous)?);
        }
        Ok(())
    }

    async fn unwrap(&self, view: &VaultView, row: &WrapRow) -> Result<SealKey> {
        let (account, vault) = (self.account_id(), view.log.id);
        let me = Recipient { principal: self.my_id(), generation: row.generation };
        let known = self.trust.known().await;
        let keys = self.own_keys(&known, row.generation)?;
        let mine = known.directory()?.principal(me.principal).ok_or_else(super::principals::nobody)?;
        match row.form {
            WrapForm::Hpke => {
                let info = wrap::wrap_info(
                    account,
                    vault,
                    row.epoch,
                    me,
                    mine.generation(me.generation)?.keys.kem.0.unwrap_or(Id([0; 32])),
                );
                wrap::unwrap_key(keys.kem(), &info, &row.sealed)
            }
            WrapForm::Own => {
                wrap::open_wrap(keys.self_key(), &wrap::self_context(account, vault, row.epoch, me), &row.sealed)
            }
            WrapForm::Recovery => {
                let maker = Recipient { principal: row.maker, generation: row.maker_generation };
                let log = known.directory()?.principal(maker.principal);
                let recoverable = log.and_then(|log| {
                    log.recoverable.iter().find(|key| {
                        (key.generation, key.recovery, key.recovery_generation)
                            == (maker.generation, me.principal, me.generation)
                    })
                });
                let recoverable = recoverable.ok_or_else(waiting_for_a_key)?;
                let wrapping =
                    wrap::unwrap_key(keys.kem(), &wrap::recoverable_info(account, maker, me), &recoverable.wrap)?;
                wrap::open_wrap(&wrapping, &wrap::recovery_context(account, vault, row.epoch, maker, me), &row.sealed)
            }
        }
    }

    /// The key, if it is the one that the log commits to.
    fn committed(&self, view: &VaultView, epoch: u32, key: SealKey) -> Result<SealKey> {
        let start = view.log.epoch_of(epoch).map(|epoch| &epoch.start);
        if start.map(|start| start.commitment) == Some(key.commitment(self.account_id(), view.log.id, epoch)) {
            Ok(key)
        } else {
            Err(Error::tampered(
                "a vault key is not the one its log commits to: an administrator gave out different keys, or the store was changed",
            ))
        }
    }

    /// A new key for an epoch, wrapped for its recipients and, where it is named, for recovery.
    pub(super) async fn make_epoch(
        &self,
        known: &Known,
        vault: VaultId,
        number: u32,
        recipients: &BTreeSet<Recipient>,
        recovery: Option<Recipient>,
    ) -> Result<NewEpoch> {
        let key = SealKey::make()?;
        let recipients: Vec<Recipient> = recipients.iter().copied().collect();
        let wraps = self.wrap_for(known, vault, number, &key, &recipients, recovery).await?;
        Ok(NewEpoch { key, wraps })
    }

    /// The wraps of a key: the caller's own without a KEM, the recovery key's without one too.
    pub(super) async fn wrap_for(
        &self,
        known: &Known,
        vault: VaultId,
        epoch: u32,
        key: &SealKey,
        recipients: &[Recipient],
        recovery: Option<Recipient>,
    ) -> Result<Vec<WrapRow>> {
        let (identity, signer) = self.ring.signing()?;
        let account = self.account_id();
        let maker = Recipient { principal: self.my_id(), generation: signer.generation };
        let row = |to: Recipient, form, sealed| WrapRow {
            vault: vault.0,
            epoch,
            principal: to.principal,
            generation: to.generation,
            form,
            maker: maker.principal,
            maker_generation: maker.generation,
            sealed,
        };
        let mut wraps = Vec::with_capacity(recipients.len() + 1);
        let others: Vec<Recipient> = recipients.iter().copied().filter(|to| *to != maker).collect();
        if others.len() < recipients.len() {
            let context = wrap::self_context(account, vault, epoch, maker);
            wraps.push(row(maker, WrapForm::Own, wrap::seal_wrap(identity.self_key(), &context, key)?));
        }
        for (to, kem_key) in others.iter().zip(self.kem_keys(known, &others).await?) {
            let info = wrap::wrap_info(account, vault, epoch, *to, kem_hash(&kem_key));
            wraps.push(row(*to, WrapForm::Hpke, wrap::wrap_key(&kem_key, &info, key)?));
        }
        if let Some(recovery) = recovery {
            if recovery == maker {
                let context = wrap::self_context(account, vault, epoch, maker);
                wraps.push(row(recovery, WrapForm::Own, wrap::seal_wrap(identity.self_key(), &context, key)?));
            } else {
                let wrapping = identity.derive_recovery_key(recovery.principal, recovery.generation)?;
                let context = wrap::recovery_context(account, vault, epoch, maker, recovery);
                wraps.push(row(recovery, WrapForm::Recovery, wrap::seal_wrap(&wrapping, &context, key)?));
            }
        }
        Ok(wraps)
    }

    /// The X-Wing keys of recipients, each the one its certified log names.
    pub(super) async fn kem_keys(&self, known: &Known, of: &[Recipient]) -> Result<Vec<Arc<Vec<u8>>>> {
        if of.is_empty() {
            return Ok(Vec::new());
        }
        let mut keys: Vec<Option<Arc<Vec<u8>>>> = of.iter().map(|to| self.kem_cache.get(to)).collect();
        let missing: Vec<Recipient> =
            of.iter().zip(&keys).filter(|(_, key)| key.is_none()).map(|(to, _)| *to).collect();
        if !missing.is_empty() {
            let answered = self.authority.kem_keys(self.session(), missing.clone()).await?;
            if answered.len() != missing.len() {
                return Err(uncertified());
            }
            let mut answered = answered.into_iter().map(Arc::new);
            for key in keys.iter_mut().filter(|key| key.is_none()) {
                *key = answered.next();
            }
        }
        let directory = known.directory()?;
        let certified = |to: &Recipient| {
            directory
                .principal(to.principal)
                .and_then(|log| log.generation(to.generation).ok())
                .and_then(|keys| keys.keys.kem.0)
        };
        let mut checked = Vec::with_capacity(of.len());
        for (to, key) in of.iter().zip(keys) {
            let key = key.filter(|key| certified(to) == Some(kem_hash(key))).ok_or_else(uncertified)?;
            self.kem_cache.insert(*to, Arc::clone(&key));
            checked.push(key);
        }
        Ok(checked)
    }

    /// The account's recovery key at its newest generation. Every account has one, so a store that shows none keeps it back.
    pub(super) async fn recovery(&self) -> Result<Recipient> {
        let kept_back = || Error::tampered("the store does not show the recovery key's log: restore the store");
        let known = self.trust.known().await;
        let id = known.directory()?.account.recovery().ok_or_else(kept_back)?;
        let known = self.refresh(Need::principals([id])).await?;
        let newest = known.directory()?.principal(id).and_then(|log| log.newest());
        newest.map(|keys| Recipient { principal: id, generation: keys.number }).ok_or_else(kept_back)
    }

    /// Makes sure that the recovery key can open what the caller seals for it: once per generation of either.
    pub(super) async fn ensure_recoverable(&self, recovery: Recipient) -> Result<()> {
        if recovery.principal == self.my_id() {
            return Ok(());
        }
        for attempt in 0..MAX_TRIES {
            let need = Need::principals([self.my_id(), recovery.principal]);
            let known = self.refresh(if attempt == 0 { need } else { need.asked_now() }).await?;
            let me = known.directory()?.principal(self.my_id()).ok_or_else(super::principals::nobody)?;
            let (identity, signer) = self.ring.signing()?;
            let there = me.recoverable.iter().any(|key| {
                (key.generation, key.recovery, key.recovery_generation)
                    == (signer.generation, recovery.principal, recovery.generation)
            });
            if there {
                return Ok(());
            }
            let maker = Recipient { principal: self.my_id(), generation: signer.generation };
            let key = identity.derive_recovery_key(recovery.principal, recovery.generation)?;
            let info = wrap::recoverable_info(self.account_id(), maker, recovery);
            let kem_key = self.kem_keys(&known, &[recovery]).await?.pop().unwrap_or_default();
            let body = crate::log::body::PrincipalRecoverable {
                recovery,
                wrap: Bytes::from(wrap::wrap_key(&kem_key, &info, &key)?),
            };
            let base = Base { log: Some(self.my_id()), at: me.progress.head(), seen: known.head };
            let submission = self.sign(base, None, Body::PrincipalRecoverable(body), Rows::default())?;
            let submitted = self.submit(submission).await?;
            if self.settle(submitted, None).await?.is_some() {
                self.refresh(Need::principals([self.my_id()]).asked_now()).await?;
                return Ok(());
            }
        }
        Err(Self::contended("the caller's own log"))
    }

    pub(super) fn previous_place(&self, vault: VaultId, epoch: u32) -> Place {
        Place { account: self.account_id(), vault, item: None, version: 0, epoch, part: Part::PreviousKey }
    }
}

fn uncertified() -> Error {
    Error::tampered("a public key is not the one that was certified: nothing was wrapped to it; restore the store")
}

pub(super) fn waiting_for_a_key() -> Error {
    Error::unavailable(
        "your key for this vault is not there yet: it comes when one of its administrators connects; try again later",
    )
}

/// The place in a list that a page's cursor names.
pub(super) fn parse_place(after: Option<&str>) -> Result<u64> {
    after.map_or(Ok(0), |text| text.parse().map_err(|_| Error::argument("after", "this is no cursor of this list")))
}
