//! Vaults and items of the test world.

use strongroom::authority::{Rows, Submission, Submitted};
use strongroom::error::Result;
use strongroom::log::body::{
    AccessGranted, EpochStart, EpochStarted, ItemWritten, MemberGrant, Recipient, Removal, SUITE, VaultCreated,
    sealed_hash, vault_id,
};
use strongroom::log::encoding::MaybeId;
use strongroom::log::operation::{At, Body, LogId, LogKind, Operation};
use strongroom::model::id::Id;
use strongroom::store::{WrapForm, WrapRow};

use super::world::{Actor, World, fresh, sign};

pub(crate) const NAME: &[u8] = b"sealed name";

pub(crate) fn grant(actor: &Actor, role: u8) -> MemberGrant {
    MemberGrant { grantee: actor.id, role, generation: Some(actor.generation), expires_at: None }
}

pub(crate) fn recipient(actor: &Actor) -> Recipient {
    Recipient { principal: actor.id, generation: actor.generation }
}

pub(crate) fn wrap(vault: Id, epoch: u32, maker: &Actor, whom: Recipient, form: WrapForm) -> WrapRow {
    WrapRow {
        vault,
        epoch,
        principal: whom.principal,
        generation: whom.generation,
        form,
        maker: maker.id,
        maker_generation: maker.generation,
        sealed: vec![5; 104],
    }
}

impl World {
    /// A vault of the owner's with these members, and the recovery key.
    pub(crate) fn new_vault(&self, members: &[MemberGrant], external_id: Option<&str>) -> (Id, Operation, Rows) {
        let nonce = fresh();
        let vault = vault_id(self.account, self.owner.id, nonce).0;
        let mut all = vec![grant(&self.owner, 3)];
        all.extend(members.iter().cloned());
        let (epoch, mut rows) = self.epoch(vault, 1, &all);
        rows.previous_key = None;
        let body = VaultCreated {
            nonce,
            epoch: EpochStart { previous: MaybeId(None), ..epoch },
            members: all,
            name: sealed_hash(NAME),
            external_id: external_id.map(str::to_owned),
        };
        let operation = self.operation(&self.owner, Some(vault), At::empty(), Body::VaultCreated(body));
        (vault, operation, rows)
    }

    pub(crate) fn signed_vault(&self, members: &[MemberGrant], external_id: Option<&str>) -> (Id, Submission) {
        let (vault, operation, rows) = self.new_vault(members, external_id);
        (vault, sign(&operation, &[&self.owner.identity], rows))
    }

    pub(crate) async fn vault(&self, members: &[MemberGrant]) -> Id {
        let (vault, submission) = self.signed_vault(members, None);
        super::world::taken_receipt(&self.submit(&self.owner, submission).await.unwrap());
        vault
    }

    /// An epoch by the owner for these members (principals only), with its rows.
    pub(crate) fn epoch(&self, vault: Id, number: u32, members: &[MemberGrant]) -> (EpochStart, Rows) {
        let mut recipients: Vec<Recipient> = members
            .iter()
            .filter_map(|member| Some(Recipient { principal: member.grantee, generation: member.generation? }))
            .collect();
        recipients.sort_unstable();
        let recovery = recipient(&self.recovery);
        let mut wraps: Vec<WrapRow> = recipients
            .iter()
            .map(|whom| {
                let form = if whom.principal == self.owner.id { WrapForm::Own } else { WrapForm::Hpke };
                wrap(vault, number, &self.owner, *whom, form)
            })
            .collect();
        wraps.push(wrap(vault, number, &self.owner, recovery, WrapForm::Recovery));
        let start = EpochStart {
            number,
            suite: SUITE,
            commitment: fresh(),
            recipients,
            previous: MaybeId(Some(sealed_hash(b"previous"))),
            recovery: Some(recovery),
        };
        let rows =
            Rows { name: Some(NAME.to_vec()), wraps, previous_key: Some(b"previous".to_vec()), ..Rows::default() };
        (start, rows)
    }

    /// The owner grants, with a key for each principal.
    pub(crate) async fn grant(&self, vault: Id, members: &[MemberGrant]) -> Result<Submitted> {
        let recipients: Vec<Recipient> = members
            .iter()
            .filter_map(|member| Some(Recipient { principal: member.grantee, generation: member.generation? }))
            .collect();
        let wraps = recipients.iter().map(|whom| wrap(vault, 1, &self.owner, *whom, WrapForm::Hpke)).collect();
        let body = Body::AccessGranted(AccessGranted { epoch: 1, members: members.to_vec(), recipients });
        let at = self.state(LogId { kind: LogKind::Vault, id: vault }).await;
        self.act(&self.owner, Some(vault), at, body, Rows { wraps, ..Rows::default() }).await
    }

    /// The owner starts epoch `number` for `left`, which removes `gone`.
    pub(crate) async fn revocation(&self, vault: Id, number: u32, left: &[MemberGrant], gone: Id) -> (Operation, Rows) {
        let (epoch, rows) = self.epoch(vault, number, left);
        let removes = vec![Removal { grantee: gone, reason: 0, role: None }];
        let body = Body::EpochStarted(EpochStarted { epoch, name: sealed_hash(NAME), removes });
        let at = self.state(LogId { kind: LogKind::Vault, id: vault }).await;
        (self.operation(&self.owner, Some(vault), at, body), rows)
    }
}

/// What an item says at a version, and its rows.
pub(crate) fn item(item: Id, version: u64, previous: Option<Id>) -> (ItemWritten, Rows) {
    let body = ItemWritten {
        item,
        version,
        previous: MaybeId(previous),
        epoch: 1,
        overview: sealed_hash(b"overview"),
        details: sealed_hash(b"details"),
        archived: false,
        added: Vec::new(),
        removed: Vec::new(),
    };
    let rows = Rows { overview: b"overview".to_vec(), details: b"details".to_vec(), ..Rows::default() };
    (body, rows)
}
