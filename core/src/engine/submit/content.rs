//! The content of files: its pieces add up to what was signed.

use crate::error::{Error, Result};
use crate::log::body::FileReference;
use crate::log::tree::{self, Frontier};
use crate::model::id::Id;

const HEADER: u64 = 56;
const TAG: u64 = 16;
const CHUNK: u64 = 16_384 + TAG;
/// A piece has 64 chunks; the first has the header besides.
const PIECE: u64 = 64 * CHUNK;

/// The largest piece in bytes.
pub(in crate::engine) const LARGEST_PIECE: u64 = HEADER + PIECE;

/// How many bytes a sealed file of `length` bytes has once opened; `None` if sealing never makes that length.
pub(super) fn opened_length(length: u64) -> Option<u64> {
    let chunks = length.checked_sub(HEADER)?;
    let last = (chunks % CHUNK).checked_sub(TAG)?;
    Some(chunks / CHUNK * (CHUNK - TAG) + last)
}

/// How many pieces a sealed file of `length` bytes has.
pub(super) const fn pieces(length: u64) -> u64 {
    length.saturating_sub(HEADER).div_ceil(PIECE)
}

/// How many bytes a piece of a sealed file has.
pub(super) fn piece_length(length: u64, index: u64) -> u64 {
    let start = if index == 0 { 0 } else { HEADER + index * PIECE };
    length.min(HEADER + (index + 1) * PIECE).saturating_sub(start)
}

/// Refuses leaves that are not the signed ones: another number of pieces, or another root.
pub(super) fn check_leaves(reference: &FileReference, leaves: &[Id], max_file_bytes: u64) -> Result<()> {
    let opened = opened_length(reference.length).ok_or_else(|| {
        Error::invalid_argument("a file was to be attached: no sealed file has its length: seal it again")
    })?;
    if opened > max_file_bytes {
        return Err(Error::new(
            crate::error::ErrorKind::PolicyViolation,
            format!(
                "a file of {opened} bytes was to be attached: policy allows {max_file_bytes}: attach a smaller one"
            ),
        ));
    }
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    if frontier.size() == pieces(reference.length) && frontier.root() == reference.root {
        Ok(())
    } else {
        Err(Error::invalid_argument(
            "a file was to be attached: the hashes of its pieces do not fit the signed root: upload it again",
        ))
    }
}

/// Whether a piece is the one that a leaf names.
pub(super) fn is_piece(reference: &FileReference, index: u64, leaf: Id, piece: &[u8]) -> bool {
    piece.len() as u64 == piece_length(reference.length, index) && tree::hash_leaf(piece) == leaf
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_that_sealing_makes() {
        let chunk = CHUNK - TAG;
        for plaintext in [0, 1, chunk - 1, chunk, chunk + 1, 64 * chunk - 1, 64 * chunk, 64 * chunk + 1, 200 * chunk] {
            // The last chunk is never full, so that it marks the end; it may be empty.
            let length = HEADER + plaintext + (plaintext / chunk + 1) * TAG;
            assert_eq!(opened_length(length), Some(plaintext));
            assert_eq!(pieces(length), plaintext / (64 * chunk) + 1);
            let whole: u64 = (0..pieces(length)).map(|index| piece_length(length, index)).sum();
            assert_eq!(whole, length, "{plaintext}");
        }
        assert_eq!(opened_length(HEADER + 15), None);
        assert_eq!(opened_length(HEADER + CHUNK + 15), None);
    }
}
