//! Domain separation: every hash, context and HPKE info is a label and parts, each with its length before it.

use aws_lc_rs::digest;

use crate::model::id::Id;

/// `strongroom/v1/<use>` and the parts, each as a four-byte big-endian length and its bytes; an absent part is an empty one.
pub fn join(purpose: &str, parts: &[&[u8]]) -> Vec<u8> {
    let label = format!("strongroom/v1/{purpose}");
    let mut bytes = Vec::with_capacity(4 + label.len() + parts.iter().map(|part| 4 + part.len()).sum::<usize>());
    for part in std::iter::once(&label.as_bytes()).chain(parts) {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// SHA-256 of [`join`].
pub fn hash(purpose: &str, parts: &[&[u8]]) -> Id {
    sha256(&join(purpose, parts))
}

/// SHA-256 of these bytes and nothing else.
pub fn sha256(bytes: &[u8]) -> Id {
    let mut id = [0; 32];
    id.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    Id(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_flow_into_each_other() {
        assert_eq!(join("x", &[b"ab", b""]), b"\0\0\0\x0fstrongroom/v1/x\0\0\0\x02ab\0\0\0\0");
        assert_ne!(join("x", &[b"ab", b"c"]), join("x", &[b"a", b"bc"]));
        assert_ne!(join("x", &[b"a"]), join("x", &[b"a", b""]));
    }
}
