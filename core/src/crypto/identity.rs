//! What a principal is by its secret: one seed, and the keys derived from it.

use std::fmt;

use aws_lc_rs::hkdf::{HKDF_SHA256, Prk};
use ed25519_dalek::{Signer, SigningKey};
use zeroize::Zeroizing;

use super::kem::KemSecret;
use super::key::SealKey;
use super::random::make_bytes;
use super::{broken, refuse};
use crate::error::Result;
use crate::log::body::kem_hash;
use crate::log::label;
use crate::model::id::Id;

const RETIRED: usize = 64;

/// Holds the 32 secret bytes of a token, from which every key of a principal comes. Wiped on drop, shown nowhere.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Makes a random seed.
    ///
    /// # Errors
    /// `Unavailable` without randomness.
    pub fn make() -> Result<Self> {
        make_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Takes over a seed that was kept.
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-Expand (RFC 5869) with SHA-256; the seed is uniform, so it is the pseudorandom key itself.
    fn derive(&self, info: &[u8]) -> Result<Zeroizing<[u8; 32]>> {
        let mut derived = Zeroizing::new([0; 32]);
        Prk::new_less_safe(HKDF_SHA256, self.as_bytes())
            .expand(&[info], HKDF_SHA256)
            .and_then(|output| output.fill(&mut *derived))
            .map_err(|_| broken("a key was to be derived"))?;
        Ok(derived)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(***)")
    }
}

/// The public half of an identity, as a log certifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// Ed25519 (RFC 8032), for operations and sessions.
    pub sign: [u8; 32],
    /// Ed25519, for checkpoints that leave the house.
    pub note: [u8; 32],
    /// X-Wing, 1,216 bytes, for wraps.
    pub kem: Vec<u8>,
}

impl PublicKeys {
    /// Hashes the X-Wing key, as certificates and wraps name it.
    pub fn kem_hash(&self) -> Id {
        kem_hash(&self.kem)
    }
}

/// Signs, unwraps and seals as one generation of a principal. Every key is wiped on drop.
pub struct Identity {
    seed: Seed,
    sign: SigningKey,
    note: SigningKey,
    kem: KemSecret,
    self_key: SealKey,
}

impl Identity {
    /// Derives the identity of a seed, always the same one.
    ///
    /// # Errors
    /// `Unavailable` if the cryptographic library fails.
    pub fn derive(seed: &Seed) -> Result<Self> {
        let key = |purpose| seed.derive(&label::join(purpose, &[]));
        Ok(Self {
            sign: SigningKey::from_bytes(&*key("identity/sign")?),
            note: SigningKey::from_bytes(&*key("identity/note")?),
            kem: KemSecret::from_bytes(key("identity/kem")?)?,
            self_key: SealKey::from_bytes(&*key("identity/self")?)?,
            seed: Seed::from_bytes(seed.as_bytes()),
        })
    }

    /// The public half.
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            sign: self.sign.verifying_key().to_bytes(),
            note: self.note.verifying_key().to_bytes(),
            kem: self.kem.public(),
        }
    }

    /// Signs a message with Ed25519 (RFC 8032). Messages come from [`label::join`], so one never means two things.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.sign.sign(message).to_bytes()
    }

    /// Signs a checkpoint with the note key, for readers outside.
    pub fn sign_note(&self, message: &[u8]) -> [u8; 64] {
        self.note.sign(message).to_bytes()
    }

    /// The key that seals vault keys for oneself, at the price of no KEM.
    pub fn self_key(&self) -> &SealKey {
        &self.self_key
    }

    /// The secret that opens wraps.
    pub fn kem(&self) -> &KemSecret {
        &self.kem
    }

    /// Derives the key that seals vault keys for one generation of the account's recovery key.
    ///
    /// # Errors
    /// `Unavailable` if the cryptographic library fails.
    pub fn derive_recovery_key(&self, recovery: Id, generation: u32) -> Result<SealKey> {
        let info = label::join("identity/recovery", &[recovery.as_bytes(), &generation.to_be_bytes()]);
        SealKey::from_bytes(&*self.seed.derive(&info)?)
    }

    /// Copies out what the next generation needs to open old wraps: the X-Wing secret, then the self key. It is
    /// sealed under the next self key, with [`super::wrap::retired_context`].
    pub fn retired_secrets(&self) -> Zeroizing<[u8; RETIRED]> {
        let mut secrets = Zeroizing::new([0; RETIRED]);
        secrets[..32].copy_from_slice(self.kem.as_bytes());
        secrets[32..].copy_from_slice(self.self_key.as_bytes());
        secrets
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(***)")
    }
}

/// Opens what was wrapped or sealed for a generation that has been rotated away. It signs nothing.
pub struct RetiredIdentity {
    kem: KemSecret,
    self_key: SealKey,
}

impl RetiredIdentity {
    /// Takes over what [`Identity::retired_secrets`] gave.
    ///
    /// # Errors
    /// `Tampered` unless there are 64 bytes.
    pub fn from_secrets(secrets: &[u8]) -> Result<Self> {
        if secrets.len() != RETIRED {
            let why = format_args!("they have {} bytes where {RETIRED} belong", secrets.len());
            return Err(refuse("the keys before a rotation were to be read", why));
        }
        let mut kem = Zeroizing::new([0; 32]);
        kem.copy_from_slice(&secrets[..32]);
        Ok(Self { kem: KemSecret::from_bytes(kem)?, self_key: SealKey::from_bytes(&secrets[32..])? })
    }

    /// The key that sealed vault keys for oneself.
    pub fn self_key(&self) -> &SealKey {
        &self.self_key
    }

    /// The secret that opens the wraps of that generation.
    pub fn kem(&self) -> &KemSecret {
        &self.kem
    }
}

impl fmt::Debug for RetiredIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RetiredIdentity(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::signature;

    fn identity(byte: u8) -> Identity {
        Identity::derive(&Seed::from_bytes(&[byte; 32])).unwrap()
    }

    #[test]
    fn one_seed_is_one_identity() {
        assert_eq!(identity(1).public(), identity(1).public());
        assert_ne!(identity(1).public(), identity(2).public());
        let public = identity(1).public();
        assert_ne!(public.sign, public.note);
        assert_eq!(public.kem.len(), super::super::kem::PUBLIC_KEY);
    }

    #[test]
    fn both_signing_keys_sign_for_themselves() {
        let (identity, public) = (identity(1), identity(1).public());
        let sign = signature::accept_key(&public.sign).unwrap();
        let note = signature::accept_key(&public.note).unwrap();
        signature::verify(&sign, b"message", &identity.sign(b"message")).unwrap();
        signature::verify(&note, b"message", &identity.sign_note(b"message")).unwrap();
        assert!(signature::verify(&note, b"message", &identity.sign(b"message")).is_err());
    }

    #[test]
    fn every_derived_key_is_another() {
        let identity = identity(1);
        let recovery = |id, generation| *identity.derive_recovery_key(Id([id; 32]), generation).unwrap().as_bytes();
        let keys = [
            *identity.self_key().as_bytes(),
            *identity.kem().as_bytes(),
            recovery(1, 1),
            recovery(1, 2),
            recovery(2, 1),
        ];
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
        assert_eq!(recovery(1, 1), keys[2]);
    }

    #[test]
    fn the_retired_keep_their_keys() {
        let identity = identity(1);
        let retired = RetiredIdentity::from_secrets(&*identity.retired_secrets()).unwrap();
        assert_eq!(retired.self_key().as_bytes(), identity.self_key().as_bytes());
        assert_eq!(retired.kem().public(), identity.public().kem);
        assert_eq!(RetiredIdentity::from_secrets(&[0; 63]).unwrap_err().code(), "tampered");
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(format!("{:?} {:?}", Seed::from_bytes(&[1; 32]), identity(1)), "Seed(***) Identity(***)");
    }
}
