//! Wraps: one vault key for one recipient, by HPKE for others and by plain sealing for oneself and for recovery.

use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::{OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng};
use zeroize::Zeroizing;

use super::kem::{self, ENCAPSULATED, KemSecret};
use super::key::SealKey;
use super::random::Source;
use super::{broken, chunked, refuse};
use crate::error::Result;
use crate::log::body::Recipient;
use crate::log::label;
use crate::model::id::{AccountId, Id, VaultId};

/// The bytes of a wrap by HPKE: the encapsulated key, the sealed vault key and its tag.
pub const WRAP: usize = ENCAPSULATED + SealKey::LENGTH + chunked::TAG;

/// Wraps `key` to the holder of an X-Wing key: HPKE (RFC 9180) in base mode with X-Wing, HKDF-SHA256 and AES-256-GCM,
/// the encapsulated key first.
///
/// # Errors
/// `Tampered` for a public key that [`kem::check_kem_key`] refuses, `Unavailable` without randomness.
pub fn wrap_key(kem_public: &[u8], info: &[u8], key: &SealKey) -> Result<Vec<u8>> {
    let recipient = kem::accept_public(kem_public)?;
    let mut source = Source::default();
    let (encapsulated, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        info,
        key.as_bytes(),
        &[],
        &mut source,
    )
    .map_err(|_| broken("a key was to be wrapped"))?;
    source.check()?;
    Ok([&encapsulated.to_bytes(), &ciphertext[..]].concat())
}

/// Unwraps what [`wrap_key`] made for the holder of `secret`. The caller compares the key's commitment.
///
/// # Errors
/// `Tampered` if it was changed, or is for another recipient, vault or epoch.
pub fn unwrap_key(secret: &KemSecret, info: &[u8], wrapped: &[u8]) -> Result<SealKey> {
    let refused = |why: &str| refuse("a wrapped key was to be opened", why);
    let (encapsulated, ciphertext) = wrapped
        .split_at_checked(ENCAPSULATED)
        .filter(|_| wrapped.len() == WRAP)
        .ok_or_else(|| refused("it has the wrong length"))?;
    let encapsulated = kem::accept_encapsulated(encapsulated)?;
    let key = single_shot_open::<AesGcm256, HkdfSha256, XWing>(
        &OpModeR::Base,
        secret.key(),
        &encapsulated,
        info,
        ciphertext,
        &[],
    )
    .map_err(|_| refused("it was changed, or is for another recipient, vault or epoch"))?;
    SealKey::from_bytes(&Zeroizing::new(key))
}

/// Seals `key` under a self key or a recovery key, without a KEM.
///
/// # Errors
/// `Unavailable` without randomness.
pub fn seal_wrap(wrapping: &SealKey, context: &[u8], key: &SealKey) -> Result<Vec<u8>> {
    chunked::seal(wrapping, context, key.as_bytes())
}

/// Opens what [`seal_wrap`] sealed with this context. The caller compares the key's commitment.
///
/// # Errors
/// `Tampered` if it was changed or belongs elsewhere.
pub fn open_wrap(wrapping: &SealKey, context: &[u8], sealed: &[u8]) -> Result<SealKey> {
    SealKey::from_bytes(&chunked::open(wrapping, context, sealed)?)
}

/// The info of a wrap by HPKE: label ‖ account ‖ vault ‖ epoch ‖ recipient ‖ generation ‖ hash of the recipient's key.
pub fn wrap_info(account: AccountId, vault: VaultId, epoch: u32, recipient: Recipient, kem_hash: Id) -> Vec<u8> {
    label::join(
        "wrap",
        &[
            account.as_bytes(),
            vault.as_bytes(),
            &epoch.to_be_bytes(),
            recipient.principal.as_bytes(),
            &recipient.generation.to_be_bytes(),
            kem_hash.as_bytes(),
        ],
    )
}

/// The context of a vault key that a member sealed for itself under its self key.
pub fn self_context(account: AccountId, vault: VaultId, epoch: u32, member: Recipient) -> Vec<u8> {
    between("self", account, Some((vault, epoch)), member, member)
}

/// The context of a vault key that its maker sealed for recovery under its recovery key.
pub fn recovery_context(
    account: AccountId,
    vault: VaultId,
    epoch: u32,
    maker: Recipient,
    recovery: Recipient,
) -> Vec<u8> {
    between("recovery", account, Some((vault, epoch)), maker, recovery)
}

/// The info of a maker's recovery key as it is wrapped by HPKE to the account's recovery key.
pub fn recoverable_info(account: AccountId, maker: Recipient, recovery: Recipient) -> Vec<u8> {
    between("recoverable", account, None, maker, recovery)
}

/// The context of the old secrets of a principal, sealed under the self key of its new generation.
pub fn retired_context(account: AccountId, principal: Id, new_generation: u32) -> Vec<u8> {
    label::join("retired", &[account.as_bytes(), principal.as_bytes(), &new_generation.to_be_bytes()])
}

/// Label ‖ account ‖ vault ‖ epoch ‖ maker ‖ generation ‖ recipient ‖ generation, what is absent being empty.
fn between(
    purpose: &str,
    account: AccountId,
    epoch: Option<(VaultId, u32)>,
    maker: Recipient,
    recipient: Recipient,
) -> Vec<u8> {
    let (vault, epoch) = epoch.unzip();
    let epoch = epoch.map(u32::to_be_bytes);
    label::join(
        purpose,
        &[
            account.as_bytes(),
            vault.as_ref().map_or(&[], VaultId::as_bytes),
            epoch.as_ref().map_or(&[], |epoch| epoch),
            maker.principal.as_bytes(),
            &maker.generation.to_be_bytes(),
            recipient.principal.as_bytes(),
            &recipient.generation.to_be_bytes(),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::identity::{Identity, RetiredIdentity, Seed};

    const ACCOUNT: AccountId = AccountId(Id([1; 32]));
    const VAULT: VaultId = VaultId(Id([2; 32]));
    const MAKER: Recipient = Recipient { principal: Id([3; 32]), generation: 1 };
    const RECOVERY: Recipient = Recipient { principal: Id([4; 32]), generation: 2 };

    fn key() -> SealKey {
        SealKey::from_bytes(&[7; 32]).unwrap()
    }

    #[test]
    fn a_wrap_opens_for_its_recipient_before_and_after_a_rotation() {
        let identity = Identity::derive(&Seed::make().unwrap()).unwrap();
        let public = identity.public();
        let info = wrap_info(ACCOUNT, VAULT, 1, MAKER, public.kem_hash());
        let wrapped = wrap_key(&public.kem, &info, &key()).unwrap();
        assert_eq!(wrapped.len(), WRAP);
        assert_eq!(unwrap_key(identity.kem(), &info, &wrapped).unwrap().as_bytes(), &[7; 32]);
        let retired = RetiredIdentity::from_secrets(&*identity.retired_secrets()).unwrap();
        assert_eq!(unwrap_key(retired.kem(), &info, &wrapped).unwrap().as_bytes(), &[7; 32]);
        let other = Identity::derive(&Seed::make().unwrap()).unwrap();
        assert_eq!(unwrap_key(other.kem(), &info, &wrapped).unwrap_err().code(), "tampered");
        for other in [
            wrap_info(ACCOUNT, VAULT, 2, MAKER, public.kem_hash()),
            wrap_info(ACCOUNT, VAULT, 1, RECOVERY, public.kem_hash()),
            wrap_info(ACCOUNT, VAULT, 1, Recipient { generation: 2, ..MAKER }, public.kem_hash()),
            wrap_info(ACCOUNT, VaultId(ACCOUNT.0), 1, MAKER, public.kem_hash()),
        ] {
            assert_eq!(unwrap_key(identity.kem(), &other, &wrapped).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn every_changed_byte_of_a_wrap_is_refused() {
        let identity = Identity::derive(&Seed::from_bytes(&[5; 32])).unwrap();
        let wrapped = wrap_key(&identity.public().kem, b"info", &key()).unwrap();
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1 << (at % 8);
            assert_eq!(unwrap_key(identity.kem(), b"info", &changed).unwrap_err().code(), "tampered");
        }
        for end in [0, 1, ENCAPSULATED - 1, ENCAPSULATED, WRAP - 1] {
            assert_eq!(unwrap_key(identity.kem(), b"info", &wrapped[..end]).unwrap_err().code(), "tampered");
        }
        assert!(unwrap_key(identity.kem(), b"info", &[&wrapped[..], &[0]].concat()).is_err());
    }

    #[test]
    fn nothing_is_wrapped_to_a_bad_key() {
        let mut public = Identity::derive(&Seed::from_bytes(&[5; 32])).unwrap().public().kem;
        public[kem::PUBLIC_KEY - 32..].fill(0);
        assert_eq!(wrap_key(&public, b"info", &key()).unwrap_err().code(), "tampered");
        assert_eq!(wrap_key(&[], b"info", &key()).unwrap_err().code(), "tampered");
    }

    #[test]
    fn wraps_without_a_kem_open_in_their_place_only() {
        let contexts = [
            self_context(ACCOUNT, VAULT, 1, MAKER),
            self_context(ACCOUNT, VAULT, 2, MAKER),
            self_context(ACCOUNT, VAULT, 1, RECOVERY),
            recovery_context(ACCOUNT, VAULT, 1, MAKER, RECOVERY),
            recovery_context(ACCOUNT, VAULT, 1, RECOVERY, MAKER),
            recovery_context(ACCOUNT, VAULT, 1, MAKER, MAKER),
            recoverable_info(ACCOUNT, MAKER, RECOVERY),
            retired_context(ACCOUNT, MAKER.principal, 2),
        ];
        let sealed = seal_wrap(&key(), &contexts[0], &SealKey::from_bytes(&[8; 32]).unwrap()).unwrap();
        assert_eq!(open_wrap(&key(), &contexts[0], &sealed).unwrap().as_bytes(), &[8; 32]);
        for (at, context) in contexts.iter().enumerate().skip(1) {
            assert!(!contexts[..at].contains(context));
            assert_eq!(open_wrap(&key(), context, &sealed).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn what_is_absent_is_empty() {
        let info = recoverable_info(ACCOUNT, MAKER, RECOVERY);
        let (maker, recovery) = (MAKER.principal, RECOVERY.principal);
        let parts: [&[u8]; 7] =
            [&[1; 32], &[], &[], maker.as_bytes(), &[0, 0, 0, 1], recovery.as_bytes(), &[0, 0, 0, 2]];
        assert_eq!(info, label::join("recoverable", &parts));
    }
}
