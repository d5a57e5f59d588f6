//! Ed25519 as the logs verify it: strictly, so that every verifier gives the same answer.

use ed25519_dalek::Signature;
pub use ed25519_dalek::VerifyingKey;

use crate::error::{Error, Result};

/// Accepts a signing key (RFC 8032): on the curve, not of small order, and in its one canonical encoding.
///
/// # Errors
/// `Tampered` otherwise.
pub fn accept_key(public: &[u8; 32]) -> Result<VerifyingKey> {
    let refused = |why| {
        Error::tampered(format!(
            "a signing key was to be used: {why}; nothing signed with it was believed, run `audit.verify()` to find \
             who certified it"
        ))
    };
    let key = VerifyingKey::from_bytes(public).map_err(|_| refused("it is no point of the curve"))?;
    if key.is_weak() {
        return Err(refused("it is of small order, so one signature would fit many messages"));
    }
    // Decompression reduces, so only a second compression tells a point's other spellings.
    if key.to_edwards().compress().to_bytes() != *public {
        return Err(refused("it is not in its canonical encoding"));
    }
    Ok(key)
}

/// Verifies a signature with `verify_strict`: no small-order point, one encoding of each signature.
///
/// # Errors
/// `Tampered` if it has not 64 bytes or is not this key's over this message.
pub fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Result<()> {
    Signature::from_slice(signature).and_then(|signature| key.verify_strict(message, &signature)).map_err(|_| {
        Error::tampered(
            "a signature was to be verified: it is not of this key over these bytes; nothing of them was believed, \
             run `audit.verify()` to find what was changed",
        )
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;
    use crate::log::operation;

    #[test]
    fn a_signature_is_of_one_key_over_one_message() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = accept_key(&signer.verifying_key().to_bytes()).unwrap();
        let message = operation::message(b"operation");
        let signature = signer.sign(&message).to_bytes();
        verify(&key, &message, &signature).unwrap();
        assert_eq!(verify(&key, b"operation", &signature).unwrap_err().code(), "tampered");
        let other = accept_key(&SigningKey::from_bytes(&[2; 32]).verifying_key().to_bytes()).unwrap();
        assert!(verify(&other, &message, &signature).is_err());
        for at in 0..signature.len() * 8 {
            let mut changed = signature;
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(verify(&key, &message, &changed).unwrap_err().code(), "tampered");
        }
        assert!(verify(&key, &message, &signature[..63]).is_err());
        assert!(verify(&key, &message, &[&signature[..], &[0]].concat()).is_err());
    }

    #[test]
    fn only_good_keys_are_accepted() {
        let mut bad = vec![[0; 32], [0xff; 32]];
        // The neutral element, its spelling with a sign, and y = p + 1, which is the same point again.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signed = neutral;
        signed[31] = 0x80;
        let mut unreduced = [0xff; 32];
        (unreduced[0], unreduced[31]) = (0xee, 0x7f);
        bad.extend([neutral, signed, unreduced]);
        // A y of 2 is on no point; of p + 3 it is the other spelling of y = 3, a point of large order.
        let mut off = [0; 32];
        off[0] = 2;
        let mut second = [0xff; 32];
        (second[0], second[31]) = (0xf0, 0x7f);
        bad.extend([off, second]);
        for key in bad {
            assert_eq!(accept_key(&key).unwrap_err().code(), "tampered", "{key:?}");
        }
        let mut first = [0; 32];
        first[0] = 3;
        accept_key(&first).unwrap();
    }
}
