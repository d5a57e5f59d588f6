//! The bare cryptography of one vault, one name and one item: the limits that the library is held against.

use strongroom::crypto::identity::{Identity, Seed};
use strongroom::crypto::key::SealKey;
use strongroom::crypto::part::{self, Part, Place};
use strongroom::crypto::wrap;
use strongroom::log::body::Recipient;
use strongroom::log::label::sha256;
use strongroom::log::signature;
use strongroom::model::id::{AccountId, ItemId, VaultId};

/// Somebody with keys, and what they sign and seal.
pub(crate) struct Bare {
    identity: Identity,
    kem: Vec<u8>,
    account: AccountId,
    vault: VaultId,
    me: Recipient,
    key: SealKey,
}

impl Bare {
    pub(crate) fn make() -> Self {
        let identity = Identity::derive(&Seed::make().unwrap()).unwrap();
        let kem = identity.public().kem;
        let me = Recipient { principal: sha256(b"me"), generation: 1 };
        let (account, vault) = (AccountId(sha256(b"account")), VaultId(sha256(b"vault")));
        Self { identity, kem, account, vault, me, key: SealKey::make().unwrap() }
    }

    fn place(&self, part: Part) -> Place {
        let item = matches!(part, Part::Overview | Part::Details).then(|| ItemId(sha256(b"item")));
        Place { account: self.account, vault: self.vault, item, version: 1, epoch: 1, part }
    }

    /// A vault with one other member: its key made and committed to, one KEM, two plain wraps, the name, a signature.
    pub(crate) fn make_vault(&self) -> usize {
        let key = SealKey::make().unwrap();
        let commitment = key.commitment(self.account, self.vault, 1);
        let info = wrap::wrap_info(self.account, self.vault, 1, self.me, sha256(&self.kem));
        let member = wrap::wrap_key(&self.kem, &info, &key).unwrap();
        let context = wrap::self_context(self.account, self.vault, 1, self.me);
        let own = wrap::seal_wrap(self.identity.self_key(), &context, &key).unwrap();
        let recovery = self.identity.derive_recovery_key(self.me.principal, 1).unwrap();
        let context = wrap::recovery_context(self.account, self.vault, 1, self.me, self.me);
        let recovery = wrap::seal_wrap(&recovery, &context, &key).unwrap();
        let name = part::seal_part(&key, &self.place(Part::Name), &[7; 40]).unwrap();
        let operation = [commitment.as_bytes(), &name[..], &[1; 400]].concat();
        member.len() + own.len() + recovery.len() + self.identity.sign(&operation).len()
    }

    /// What one vault with so many members costs to move to its next key: an operation checked, the old key and the name
    /// opened, a key made and committed to, a KEM for each member and one plain wrap, the old key and the name sealed, two
    /// operations signed.
    pub(crate) fn move_vault(&self, members: usize) -> impl Fn() -> usize + '_ {
        let context = wrap::self_context(self.account, self.vault, 1, self.me);
        let kept = wrap::seal_wrap(self.identity.self_key(), &context, &self.key).unwrap();
        let name = self.name();
        let info = wrap::wrap_info(self.account, self.vault, 1, self.me, sha256(&self.kem));
        move || {
            let before = wrap::open_wrap(self.identity.self_key(), &context, &kept).unwrap();
            let key = SealKey::make().unwrap();
            let commitment = key.commitment(self.account, self.vault, 2);
            let wraps = (0..members).map(|_| wrap::wrap_key(&self.kem, &info, &key).unwrap().len());
            let own = wrap::seal_wrap(self.identity.self_key(), &context, &key).unwrap();
            let wrapped = wraps.sum::<usize>() + own.len();
            let previous = part::seal_key(&key, &self.place(Part::PreviousKey), &before).unwrap();
            let sealed = part::seal_part(&key, &self.place(Part::Name), &[7; 40]).unwrap();
            let signed =
                [[1; 300].as_slice(), &[commitment.as_bytes(), &previous[..], &sealed[..], &[1; 400]].concat()]
                    .map(|operation| self.identity.sign(operation).len());
            name() + wrapped + signed.iter().sum::<usize>()
        }
    }

    /// What one vault costs to list: `(check, open)` for a signature and a sealed name.
    pub(crate) fn name(&self) -> impl Fn() -> usize + '_ {
        let sealed = part::seal_part(&self.key, &self.place(Part::Name), &[7; 40]).unwrap();
        let operation = [5; 500];
        let signed = self.identity.sign(&operation);
        let public = signature::accept_key(&self.identity.public().sign).unwrap();
        move || {
            signature::verify(&public, &operation, &signed).unwrap();
            part::open_part(&self.key, &self.place(Part::Name), &sealed).unwrap().len()
        }
    }

    /// What one item costs to open: its two parts.
    pub(crate) fn item(&self) -> impl Fn() -> usize + '_ {
        let seal = |part, length| part::seal_part(&self.key, &self.place(part), &vec![7; length]).unwrap();
        let (overview, details) = (seal(Part::Overview, 60), seal(Part::Details, 200));
        move || {
            let open = |part, sealed: &[u8]| part::open_part(&self.key, &self.place(part), sealed).unwrap().len();
            open(Part::Overview, &overview) + open(Part::Details, &details)
        }
    }
}
