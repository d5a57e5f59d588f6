//! The key that seals: of a vault, of a file, or of a principal for itself.

use std::fmt;

use zeroize::Zeroizing;

use super::random::make_bytes;
use super::refuse;
use crate::error::Result;
use crate::log::label;
use crate::model::id::{AccountId, Id, VaultId};

/// Seals and opens with 32 secret bytes, which are wiped on drop and shown nowhere.
pub struct SealKey(Zeroizing<[u8; Self::LENGTH]>);

impl SealKey {
    /// How many bytes a key has.
    pub const LENGTH: usize = 32;

    /// Makes a random key.
    ///
    /// # Errors
    /// `Unavailable` without randomness.
    pub fn make() -> Result<Self> {
        make_bytes().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// Takes over a key that was kept or received.
    ///
    /// # Errors
    /// `Tampered` unless there are 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut key = Self(Zeroizing::default());
        if bytes.len() != Self::LENGTH {
            return Err(refuse("a key was to be read", format_args!("it has {} bytes where 32 belong", bytes.len())));
        }
        key.0.copy_from_slice(bytes);
        Ok(key)
    }

    /// The bytes, for sealing them or for deriving from them.
    pub(crate) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Commits to this key as the key of one epoch of a vault: the SHA-256 that the operation which starts the
    /// epoch signs, so that no two members can be given different keys.
    pub fn commitment(&self, account: AccountId, vault: VaultId, epoch: u32) -> Id {
        let parts = [account.as_bytes(), vault.as_bytes(), &epoch.to_be_bytes(), self.as_bytes()];
        // As `label::hash`, but the joined bytes hold the key.
        label::sha256(&Zeroizing::new(label::join("vault-key-commitment", &parts)))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_of_one_key_in_one_place() {
        let (account, vault) = (AccountId(Id([1; 32])), VaultId(Id([2; 32])));
        let key = SealKey::from_bytes(&[3; 32]).unwrap();
        let commitment = key.commitment(account, vault, 1);
        let parts: [&[u8]; 4] = [&[1; 32], &[2; 32], &[0, 0, 0, 1], &[3; 32]];
        assert_eq!(commitment, label::hash("vault-key-commitment", &parts));
        assert_ne!(commitment, key.commitment(account, vault, 2));
        assert_ne!(commitment, key.commitment(account, VaultId(Id([4; 32])), 1));
        assert_ne!(commitment, SealKey::make().unwrap().commitment(account, vault, 1));
    }

    #[test]
    fn a_key_has_one_length_and_no_printed_form() {
        assert_eq!(SealKey::from_bytes(&[0; 31]).unwrap_err().code(), "tampered");
        assert_eq!(SealKey::from_bytes(&[0; 33]).unwrap_err().code(), "tampered");
        assert_eq!(format!("{:?}", SealKey::from_bytes(&[7; 32]).unwrap()), "SealKey(***)");
    }
}
