//! Sealed parts of items and vaults: bound to one place, and padded so that a length tells little.

use zeroize::Zeroizing;

use super::key::SealKey;
use super::{chunked, refuse};
use crate::error::{Error, Result};
use crate::log::label;
use crate::model::id::{AccountId, ItemId, VaultId};

const PADDED_TO: usize = 64;
const LENGTH: usize = 4;

/// Which of the sealed parts it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What a list shows of an item.
    Overview,
    /// The secrets of an item, and the keys of its files.
    Details,
    /// The name and the description of a vault.
    Name,
    /// The key of the epoch before, sealed under the key of this one.
    PreviousKey,
}

impl Part {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Details => "details",
            Self::Name => "name",
            Self::PreviousKey => "previous-key",
        }
    }
}

/// Where a sealed part belongs; it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The account of the vault.
    pub account: AccountId,
    /// The vault.
    pub vault: VaultId,
    /// The item; `None` for the parts of the vault itself.
    pub item: Option<ItemId>,
    /// The version of the item, or of the vault's name.
    pub version: u64,
    /// The epoch whose key seals.
    pub epoch: u32,
    /// Which part it is.
    pub part: Part,
}

impl Place {
    /// The context that binds a sealed part here: label ‖ account ‖ vault ‖ item ‖ version ‖ epoch ‖ part, the
    /// item empty where there is none.
    pub fn context(&self) -> Vec<u8> {
        label::join(
            "part",
            &[
                self.account.as_bytes(),
                self.vault.as_bytes(),
                self.item.as_ref().map_or(&[], ItemId::as_bytes),
                &self.version.to_be_bytes(),
                &self.epoch.to_be_bytes(),
                self.part.as_str().as_bytes(),
            ],
        )
    }
}

/// Pads `plaintext` to the next 64 bytes and seals it for `place` with [`chunked::seal`].
///
/// # Errors
/// `InvalidArgument` for 4 GiB and more, `Unavailable` without randomness.
pub fn seal_part(key: &SealKey, place: &Place, plaintext: &[u8]) -> Result<Vec<u8>> {
    chunked::seal(key, &place.context(), &pad(plaintext)?)
}

/// Opens what [`seal_part`] sealed for this place.
///
/// # Errors
/// `Tampered` if it was changed or moved, or its padding is not the one that sealing makes.
pub fn open_part(key: &SealKey, place: &Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    unpad(&chunked::open(key, &place.context(), sealed)?)
}

/// Seals the key of the epoch before, as a part of its own.
///
/// # Errors
/// `Unavailable` without randomness.
pub fn seal_key(key: &SealKey, place: &Place, previous: &SealKey) -> Result<Vec<u8>> {
    seal_part(key, place, previous.as_bytes())
}

/// Opens what [`seal_key`] sealed for this place. The caller compares its commitment.
///
/// # Errors
/// As [`open_part`], and `Tampered` if the part is no key.
pub fn open_key(key: &SealKey, place: &Place, sealed: &[u8]) -> Result<SealKey> {
    SealKey::from_bytes(&open_part(key, place, sealed)?)
}

fn padded_length(length: usize) -> usize {
    (LENGTH + length).next_multiple_of(PADDED_TO)
}

fn pad(plaintext: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(plaintext.len())
        .map_err(|_| Error::argument("part", "it is 4 GiB or more: keep what is large in a file"))?;
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_length(plaintext.len())));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(plaintext);
    padded.resize(padded_length(plaintext.len()), 0);
    Ok(padded)
}

fn unpad(padded: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let wrong = || refuse("a sealed part was to be opened", "its padding is not the one that sealing makes");
    let (length, rest) = padded.split_first_chunk::<LENGTH>().ok_or_else(wrong)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| wrong())?;
    let (plaintext, zeros) = rest.split_at_checked(length).ok_or_else(wrong)?;
    if padded.len() != padded_length(length) || zeros.iter().any(|byte| *byte != 0) {
        return Err(wrong());
    }
    Ok(Zeroizing::new(plaintext.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::model::id::Id;

    fn place() -> Place {
        Place {
            account: AccountId(Id([1; 32])),
            vault: VaultId(Id([2; 32])),
            item: Some(ItemId(Id([3; 32]))),
            version: 4,
            epoch: 5,
            part: Part::Details,
        }
    }

    fn key() -> SealKey {
        SealKey::from_bytes(&[6; 32]).unwrap()
    }

    #[test]
    fn lengths_are_hidden_in_steps_of_64() {
        for (length, sealed) in [(0, 136), (60, 136), (61, 200), (124, 200), (125, 264)] {
            let plaintext = vec![7; length];
            let bytes = seal_part(&key(), &place(), &plaintext).unwrap();
            assert_eq!(bytes.len(), sealed);
            assert_eq!(*open_part(&key(), &place(), &bytes).unwrap(), plaintext);
        }
    }

    #[test]
    fn a_part_opens_in_its_place_only() {
        let sealed = seal_part(&key(), &place(), b"secret").unwrap();
        let elsewhere = [
            Place { account: AccountId(Id([9; 32])), ..place() },
            Place { vault: VaultId(Id([9; 32])), ..place() },
            Place { item: Some(ItemId(Id([9; 32]))), ..place() },
            Place { item: None, ..place() },
            Place { version: 3, ..place() },
            Place { epoch: 6, ..place() },
            Place { part: Part::Overview, ..place() },
            Place { part: Part::Name, ..place() },
            Place { part: Part::PreviousKey, ..place() },
        ];
        for place in elsewhere {
            assert_eq!(open_part(&key(), &place, &sealed).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = seal_part(&key(), &place(), b"secret").unwrap();
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(open_part(&key(), &place(), &changed).unwrap_err().code(), "tampered");
        }
        for end in 0..sealed.len() {
            assert_eq!(open_part(&key(), &place(), &sealed[..end]).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn there_is_one_padding_of_each_plaintext() {
        let good = pad(b"secret").unwrap();
        assert_eq!(*unpad(&good).unwrap(), b"secret");
        let mut wrong = vec![Vec::new(), vec![0; 3], vec![0; 128], good[..63].to_vec(), [&good[..], &[0; 64]].concat()];
        for (at, byte) in [(63, 1), (10, 1), (3, 200), (0, 255), (3, 61), (3, 5)] {
            wrong.push(good.to_vec());
            wrong.last_mut().unwrap()[at] = byte;
        }
        for padded in wrong {
            assert_eq!(unpad(&padded).unwrap_err().code(), "tampered", "{padded:?}");
            let sealed = chunked::seal(&key(), &place().context(), &padded).unwrap();
            assert_eq!(open_part(&key(), &place(), &sealed).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn a_key_is_sealed_under_its_successor() {
        let place = Place { item: None, part: Part::PreviousKey, ..place() };
        let sealed = seal_key(&key(), &place, &SealKey::from_bytes(&[8; 32]).unwrap()).unwrap();
        assert_eq!(open_key(&key(), &place, &sealed).unwrap().as_bytes(), &[8; 32]);
        let short = seal_part(&key(), &place, &[8; 31]).unwrap();
        assert_eq!(open_key(&key(), &place, &short).unwrap_err().code(), "tampered");
    }

    proptest! {
        #[test]
        fn padding_hides_all_but_the_step(plaintext in vec(any::<u8>(), 0..1000), other in vec(any::<u8>(), 0..1000)) {
            let padded = pad(&plaintext).unwrap();
            prop_assert_eq!(padded.len() % PADDED_TO, 0);
            prop_assert!(padded.len() - plaintext.len() < PADDED_TO + LENGTH);
            prop_assert_eq!(&*unpad(&padded).unwrap(), &plaintext);
            prop_assert_eq!(plaintext == other, padded == pad(&other).unwrap());
        }

        #[test]
        fn what_is_unpadded_was_padded(mut padded in vec(0..3_u8, 0..200), length in 0..200_u8) {
            if padded.len() > 4 {
                padded[..4].copy_from_slice(&[0, 0, 0, length]);
            }
            match unpad(&padded) {
                Ok(plaintext) => prop_assert_eq!(&*pad(&plaintext).unwrap(), &padded),
                Err(error) => prop_assert_eq!(error.code(), "tampered"),
            }
        }
    }
}
