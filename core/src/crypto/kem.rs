//! X-Wing (ML-KEM-768 and X25519), the key encapsulation of the wraps: its secret, and which keys are taken.

use hpke::{Deserializable, Kem, Serializable, kem::XWing};
use zeroize::Zeroizing;

use super::{broken, refuse};
use crate::error::Result;

/// The bytes of a public key: ML-KEM-768's, then X25519's.
pub const PUBLIC_KEY: usize = 1216;
/// The bytes of an encapsulated key: ML-KEM-768's ciphertext, then X25519's.
pub const ENCAPSULATED: usize = 1120;

const X25519: usize = 32;

/// Every u-coordinate below 2²⁵⁵ of a point of small order, canonical or not. RFC 7748 ignores the highest bit, so
/// each stands for two encodings.
const SMALL_ORDER: [[u8; X25519]; 7] = [
    below_2_255(0x00, 0x00, 0x00),
    below_2_255(0x01, 0x00, 0x00),
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
        0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
        0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
    ],
    below_2_255(0xec, 0xff, 0x7f),
    below_2_255(0xed, 0xff, 0x7f),
    below_2_255(0xee, 0xff, 0x7f),
];

const fn below_2_255(first: u8, between: u8, last: u8) -> [u8; X25519] {
    let mut bytes = [between; X25519];
    bytes[0] = first;
    bytes[X25519 - 1] = last;
    bytes
}

/// The secret half of an X-Wing key, wiped on drop.
pub struct KemSecret {
    bytes: Zeroizing<[u8; 32]>,
    key: <XWing as Kem>::PrivateKey,
}

impl KemSecret {
    /// The key whose 32 secret bytes these are. They are the key itself, not material to derive one from: the two
    /// published rules for the latter differ.
    pub(super) fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Result<Self> {
        let key = <XWing as Kem>::PrivateKey::from_bytes(&*bytes).map_err(|_| broken("a key was to be set up"))?;
        Ok(Self { bytes, key })
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    pub(super) fn key(&self) -> &<XWing as Kem>::PrivateKey {
        &self.key
    }

    /// The public half, as [`check_kem_key`] takes it.
    pub fn public(&self) -> Vec<u8> {
        XWing::sk_to_pk(&self.key).to_bytes().to_vec()
    }
}

/// Accepts a public key of X-Wing: of the right length, ML-KEM's part in its ranges (FIPS 203, 7.2), X25519's not of
/// small order.
///
/// # Errors
/// `Tampered` otherwise.
pub fn check_kem_key(public: &[u8]) -> Result<()> {
    accept_public(public).map(drop)
}

pub(super) fn accept_public(public: &[u8]) -> Result<<XWing as Kem>::PublicKey> {
    let refused = |why| refuse("a public key was to be used for sealing", why);
    check_share(public, PUBLIC_KEY).map_err(refused)?;
    <XWing as Kem>::PublicKey::from_bytes(public).map_err(|_| refused("it is no key of ML-KEM-768"))
}

pub(super) fn accept_encapsulated(encapsulated: &[u8]) -> Result<<XWing as Kem>::EncappedKey> {
    let refused = |why| refuse("a wrapped key was to be opened", why);
    check_share(encapsulated, ENCAPSULATED).map_err(refused)?;
    <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| refused("its encapsulation is malformed"))
}

fn check_share(bytes: &[u8], length: usize) -> Result<(), &'static str> {
    if bytes.len() != length {
        return Err("it has the wrong length");
    }
    match bytes.last_chunk::<X25519>() {
        Some(share) if !is_small_order(share) => Ok(()),
        _ => Err("its X25519 point is of small order, which gives everybody the same secret"),
    }
}

fn is_small_order(share: &[u8; X25519]) -> bool {
    let mut point = *share;
    point[X25519 - 1] &= 0x7f;
    SMALL_ORDER.contains(&point)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519 as CURVE, agree};

    use super::*;
    use crate::crypto::random::make_bytes;

    /// Every small-order encoding, with and without the ignored bit.
    fn encodings() -> impl Iterator<Item = [u8; X25519]> {
        SMALL_ORDER.into_iter().flat_map(|point| {
            let mut high = point;
            high[X25519 - 1] |= 0x80;
            [point, high]
        })
    }

    fn agrees(point: [u8; X25519]) -> bool {
        let secret = PrivateKey::generate(&CURVE).unwrap();
        agree(&secret, UnparsedPublicKey::new(&CURVE, point), (), |_| Ok(())).is_ok()
    }

    #[test]
    fn the_list_is_what_another_implementation_refuses() {
        assert!(encodings().all(|point| !agrees(point)));
        // The coordinates of small order plus the prime, and twice the prime: unreduced they look like such points,
        // but with the highest bit ignored they are others.
        for other in [below_2_255(0xd9, 0xff, 0xff), below_2_255(0xda, 0xff, 0xff), below_2_255(0xdb, 0xff, 0xff)] {
            assert!(agrees(other) && !is_small_order(&other));
        }
    }

    #[test]
    fn keys_and_encapsulations_of_small_order_are_refused() {
        let mut public = KemSecret::from_bytes(Zeroizing::new([5; 32])).unwrap().public();
        check_kem_key(&public).unwrap();
        let mut encapsulated = [7; ENCAPSULATED];
        accept_encapsulated(&encapsulated).map(drop).unwrap();
        for point in encodings() {
            public[PUBLIC_KEY - X25519..].copy_from_slice(&point);
            assert_eq!(check_kem_key(&public).unwrap_err().code(), "tampered");
            encapsulated[ENCAPSULATED - X25519..].copy_from_slice(&point);
            assert_eq!(accept_encapsulated(&encapsulated).map(drop).unwrap_err().code(), "tampered");
        }
    }

    #[test]
    fn lengths_and_ranges_are_checked() {
        let secret = KemSecret::from_bytes(Zeroizing::new(make_bytes().unwrap())).unwrap();
        let public = secret.public();
        assert_eq!(check_kem_key(&public[..PUBLIC_KEY - 1]).unwrap_err().code(), "tampered");
        assert_eq!(check_kem_key(&[&public[..], &[1]].concat()).unwrap_err().code(), "tampered");
        assert_eq!(check_kem_key(&[]).unwrap_err().code(), "tampered");
        let mut out_of_range = public;
        out_of_range[..3].fill(0xff);
        assert_eq!(check_kem_key(&out_of_range).unwrap_err().code(), "tampered");
    }
}
