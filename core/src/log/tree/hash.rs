//! The three hashes of RFC 6962, section 2.1, over SHA-256.

use aws_lc_rs::digest;

use crate::log::label::sha256;
use crate::model::id::Id;

/// Hashes the bytes of one entry into a leaf: SHA-256 of 0x00 and the bytes (RFC 6962, section 2.1).
pub fn hash_leaf(entry: &[u8]) -> Id {
    // Fed in two parts, so that a long entry is not copied only to get its prefix.
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&[0x00]);
    context.update(entry);
    let mut id = [0; 32];
    id.copy_from_slice(context.finish().as_ref());
    Id(id)
}

/// Hashes two neighbours into their parent: SHA-256 of 0x01, left and right (RFC 6962, section 2.1).
pub fn hash_node(left: &Id, right: &Id) -> Id {
    let mut bytes = [0x01; 65];
    bytes[1..33].copy_from_slice(left.as_bytes());
    bytes[33..].copy_from_slice(right.as_bytes());
    sha256(&bytes)
}

/// The root of a tree without leaves: SHA-256 of nothing (RFC 6962, section 2.1).
pub fn empty_root() -> Id {
    sha256(&[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tree::naive::hex;

    #[test]
    fn the_hashes_are_those_that_certificate_transparency_publishes() {
        assert_eq!(empty_root(), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        assert_eq!(hash_leaf(b""), hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
        assert_eq!(hash_leaf(&[0]), hex("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"));
        assert_eq!(
            hash_node(&hash_leaf(b""), &hash_leaf(&[0])),
            hex("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")
        );
    }

    #[test]
    fn a_leaf_is_never_a_node() {
        let (left, right) = (hash_leaf(b"left"), hash_leaf(b"right"));
        assert_ne!(hash_leaf(&[left.0, right.0].concat()), hash_node(&left, &right));
    }
}
