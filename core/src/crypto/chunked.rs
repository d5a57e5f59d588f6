//! Cobblestone-256 of C2SP `chunked-encryption`: the one construction that seals everything.
//!
//! `HKDF-Expand-SHA512(key, label ‖ AEAD name ‖ 00 ‖ salt ‖ context)` gives a single-use AES-256-GCM key, a base
//! nonce and a commitment. The bytes are `salt ‖ commitment ‖ chunks`; a chunk holds 16 KiB, the last one less and
//! possibly nothing, which alone marks the end. Chunk `i` has the nonce `base XOR i`, so none can be moved.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA512, KeyType, Prk};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::key::SealKey;
use super::random::make_bytes;
use super::{broken, refuse};
use crate::error::{Error, Result};

/// The bytes of plaintext in every chunk but the last.
pub const CHUNK: usize = 16_384;
/// What sealing adds to each chunk.
pub const TAG: usize = 16;
/// A full chunk as it is sealed.
pub const SEALED_CHUNK: usize = CHUNK + TAG;
/// What stands before the chunks: a salt and a commitment to key and context.
pub const HEADER: usize = SALT + COMMITMENT;

const SALT: usize = 24;
const COMMITMENT: usize = 32;
const AEAD_KEY: usize = 32;
const NONCE: usize = 12;

/// Seals `plaintext` under `key` for the place that `context` names.
///
/// # Errors
/// `Unavailable` without randomness.
pub fn seal(key: &SealKey, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    seal_with_salt(key, context, plaintext, &make_bytes()?)
}

/// Opens what [`seal`] made with this key and context.
///
/// # Errors
/// `Tampered` if the bytes were changed, cut, extended or reordered, or belong to another key or place.
pub fn open(key: &SealKey, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let (header, chunks) = sealed.split_at_checked(HEADER).ok_or_else(|| too_short(sealed.len()))?;
    let stream = Stream::open(key, context, header)?;
    // Reserved at once: a growing vector would leave copies behind that nobody wipes.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(chunks.len()));
    stream.open_chunks(0, chunks, &mut plaintext)?;
    Ok(plaintext)
}

fn seal_with_salt(key: &SealKey, context: &[u8], plaintext: &[u8], salt: &[u8; SALT]) -> Result<Vec<u8>> {
    let (stream, header) = Stream::derive(key, context, salt)?;
    let count = plaintext.len() / CHUNK + 1;
    let mut sealed = Vec::with_capacity(HEADER + plaintext.len() + count * TAG);
    sealed.extend_from_slice(&header);
    let (full, last) = plaintext.as_chunks::<CHUNK>();
    let mut index = 0;
    for chunk in full {
        stream.seal_chunk(index, chunk, &mut sealed)?;
        index += 1;
    }
    stream.seal_chunk(index, last, &mut sealed)?;
    Ok(sealed)
}

/// The key and the base nonce of one sealed message.
pub(super) struct Stream {
    key: LessSafeKey,
    base: [u8; NONCE],
}

impl Stream {
    /// A new message: its stream, and the header that lets it be opened.
    pub(super) fn make(key: &SealKey, context: &[u8]) -> Result<(Self, [u8; HEADER])> {
        Self::derive(key, context, &make_bytes()?)
    }

    /// The stream of a message, if its header commits to this key and context.
    pub(super) fn open(key: &SealKey, context: &[u8], header: &[u8]) -> Result<Self> {
        let salt = header.first_chunk().filter(|_| header.len() == HEADER).ok_or_else(|| too_short(header.len()))?;
        let (stream, derived) = Self::derive(key, context, salt)?;
        if bool::from(derived.ct_eq(header)) {
            Ok(stream)
        } else {
            Err(refuse("sealed bytes were to be opened", "they belong to another key or another place"))
        }
    }

    fn derive(key: &SealKey, context: &[u8], salt: &[u8; SALT]) -> Result<(Self, [u8; HEADER])> {
        let mut derived = Zeroizing::new([0; Derived::LENGTH]);
        let info: [&[u8]; 4] = [b"c2sp.org/chunked-encryption@v1+", b"AEAD_AES_256_GCM\0", salt, context];
        Prk::new_less_safe(HKDF_SHA512, key.as_bytes())
            .expand(&info, Derived)
            .and_then(|output| output.fill(&mut *derived))
            .map_err(|_| broken("a key was to be derived"))?;
        let (aead_key, rest) = derived.split_at(AEAD_KEY);
        let (nonce, commitment) = rest.split_at(NONCE);
        let key = UnboundKey::new(&AES_256_GCM, aead_key).map_err(|_| broken("a key was to be set up"))?;
        let mut stream = Self { key: LessSafeKey::new(key), base: [0; NONCE] };
        stream.base.copy_from_slice(nonce);
        let mut header = [0; HEADER];
        header[..SALT].copy_from_slice(salt);
        header[SALT..].copy_from_slice(commitment);
        Ok((stream, header))
    }

    fn nonce(&self, index: u64) -> Nonce {
        let mut nonce = self.base;
        for (byte, number) in nonce[NONCE - 8..].iter_mut().zip(index.to_be_bytes()) {
            *byte ^= number;
        }
        Nonce::assume_unique_for_key(nonce)
    }

    /// Appends chunk `index`. Only the last of a message is shorter than [`CHUNK`], and none is longer.
    pub(super) fn seal_chunk(&self, index: u64, plaintext: &[u8], sealed: &mut Vec<u8>) -> Result<()> {
        let start = sealed.len();
        sealed.extend_from_slice(plaintext);
        let tag = self
            .key
            .seal_in_place_separate_tag(self.nonce(index), Aad::empty(), &mut sealed[start..])
            .map_err(|_| broken("a chunk was to be sealed"))?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Appends the plaintext of chunk `index`.
    pub(super) fn open_chunk(&self, index: u64, sealed: &[u8], plaintext: &mut Vec<u8>) -> Result<()> {
        let cut = sealed.len().checked_sub(TAG).ok_or_else(|| too_short(sealed.len()))?;
        let (ciphertext, tag) = sealed.split_at(cut);
        let start = plaintext.len();
        plaintext.resize(start + cut, 0);
        self.key
            .open_separate_gather(self.nonce(index), Aad::empty(), ciphertext, tag, &mut plaintext[start..])
            .map_err(|_| {
                plaintext.truncate(start);
                refuse("sealed bytes were to be opened", format_args!("chunk {index} was changed or is another one"))
            })
    }

    /// Appends the plaintext of the chunks from `first` to the end of the message, which has to be there.
    pub(super) fn open_chunks(&self, first: u64, sealed: &[u8], plaintext: &mut Vec<u8>) -> Result<()> {
        let (full, last) = sealed.as_chunks::<SEALED_CHUNK>();
        let mut index = first;
        for chunk in full {
            self.open_chunk(index, chunk, plaintext)?;
            index += 1;
        }
        self.open_chunk(index, last, plaintext)
    }
}

struct Derived;

impl Derived {
    const LENGTH: usize = AEAD_KEY + NONCE + COMMITMENT;
}

impl KeyType for Derived {
    fn len(&self) -> usize {
        Self::LENGTH
    }
}

fn too_short(length: usize) -> Error {
    refuse("sealed bytes were to be opened", format_args!("the end is missing after {length} bytes"))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn key() -> SealKey {
        SealKey::from_bytes(&[9; 32]).unwrap()
    }

    #[test]
    fn every_length_around_a_chunk_comes_back() {
        for length in [0, 1, 15, 16, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5] {
            let plaintext: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
            let sealed = seal(&key(), b"here", &plaintext).unwrap();
            assert_eq!(sealed.len(), HEADER + length + TAG * (length / CHUNK + 1));
            assert_eq!(*open(&key(), b"here", &sealed).unwrap(), plaintext);
        }
    }

    #[test]
    fn another_key_or_place_opens_nothing() {
        let sealed = seal(&key(), b"here", b"secret").unwrap();
        assert_eq!(open(&key(), b"there", &sealed).unwrap_err().code(), "tampered");
        assert_eq!(open(&SealKey::make().unwrap(), b"here", &sealed).unwrap_err().code(), "tampered");
        assert_ne!(sealed, seal(&key(), b"here", b"secret").unwrap());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_refused() {
        let sealed = seal(&key(), b"here", b"secret").unwrap();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert_eq!(open(&key(), b"here", &changed).unwrap_err().code(), "tampered");
            }
            assert_eq!(open(&key(), b"here", &sealed[..at]).unwrap_err().code(), "tampered");
        }
        let mut longer = sealed;
        longer.push(0);
        assert!(open(&key(), b"here", &longer).is_err());
    }

    #[test]
    fn a_message_cannot_end_at_a_full_chunk() {
        let sealed = seal(&key(), b"here", &vec![1; 2 * CHUNK]).unwrap();
        assert!(open(&key(), b"here", &sealed[..sealed.len() - TAG]).is_err());
        assert!(open(&key(), b"here", &sealed[..HEADER + SEALED_CHUNK]).is_err());
        let (stream, header) = Stream::derive(&key(), b"here", &[0; SALT]).unwrap();
        let mut full = header.to_vec();
        stream.seal_chunk(0, &[1; CHUNK], &mut full).unwrap();
        assert_eq!(open(&key(), b"here", &full).unwrap_err().code(), "tampered");
    }

    #[test]
    fn nonces_count_in_big_endian() {
        let (stream, _) = Stream::derive(&key(), b"here", &[0; SALT]).unwrap();
        let mut expected = stream.base;
        expected[10] ^= 1;
        expected[11] ^= 2;
        assert_eq!(stream.nonce(258).as_ref(), &expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_sealed_opens_and_any_change_is_refused(
            plaintext in vec(any::<u8>(), 0..2 * CHUNK), context in vec(any::<u8>(), 0..40), bit in any::<Index>(), end in any::<Index>()
        ) {
            let mut sealed = seal(&key(), &context, &plaintext).unwrap();
            prop_assert_eq!(&*open(&key(), &context, &sealed).unwrap(), &plaintext);
            prop_assert!(open(&key(), &sealed[..end.index(sealed.len())], &sealed).is_err());
            prop_assert!(open(&key(), &context, &sealed[..end.index(sealed.len())]).is_err());
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(open(&key(), &context, &sealed).unwrap_err().code(), "tampered");
        }
    }
}
