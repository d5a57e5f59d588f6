//! The content of files: one sealed message, which travels and is read in pieces of 64 chunks.

use zeroize::Zeroizing;

use super::chunked::{HEADER, SEALED_CHUNK, Stream, TAG};
use super::key::SealKey;
use super::refuse;
use crate::error::{Error, Result};
use crate::log::label;
use crate::model::id::{AccountId, FileId, ItemId, VaultId};

pub use super::chunked::CHUNK;

/// How many chunks a piece holds; the last piece holds what is left.
pub const PIECE_CHUNKS: usize = 64;

const PIECE: usize = PIECE_CHUNKS * SEALED_CHUNK;

/// The context of a file's content: label ‖ account ‖ vault ‖ item ‖ file.
pub fn file_context(account: AccountId, vault: VaultId, item: ItemId, file: FileId) -> Vec<u8> {
    label::join("file", &[account.as_bytes(), vault.as_bytes(), item.as_bytes(), file.as_bytes()])
}

/// How many bytes a file of `plaintext` bytes has once sealed.
pub const fn ciphertext_length(plaintext: u64) -> u64 {
    let tags = (plaintext / CHUNK as u64 + 1).saturating_mul(TAG as u64);
    plaintext.saturating_add(tags).saturating_add(HEADER as u64)
}

/// How many bytes a file of `ciphertext` bytes has once opened.
///
/// # Errors
/// `Tampered` for a length that sealing never makes.
pub fn plaintext_length(ciphertext: u64) -> Result<u64> {
    let wrong = || refused("no sealed file has the length it is said to have");
    let chunks = ciphertext.checked_sub(HEADER as u64).ok_or_else(wrong)?;
    let last = (chunks % SEALED_CHUNK as u64).checked_sub(TAG as u64).ok_or_else(wrong)?;
    Ok(chunks / SEALED_CHUNK as u64 * CHUNK as u64 + last)
}

/// How many pieces a file of `ciphertext` bytes has.
pub const fn piece_count(ciphertext: u64) -> u64 {
    ciphertext.saturating_sub(HEADER as u64).div_ceil(PIECE as u64)
}

/// Some sealed bytes of a file: 64 chunks, the header before those of the first, the rest in the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its number, from 0.
    pub index: u64,
    /// Its bytes, which are also what its leaf in the file's tree hashes.
    pub bytes: Vec<u8>,
}

/// What the operation that attaches a sealed file says of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedFile {
    /// The bytes of all pieces together.
    pub length: u64,
    /// How many pieces there are.
    pub pieces: u64,
}

/// Seals a file as it is read, in the memory of one piece.
///
/// A piece is sealed once: to send it again, keep its bytes; to read the source again, begin with a new key.
pub struct FileSealer {
    stream: Stream,
    chunks: u64,
    length: u64,
    /// Plaintext that does not fill a chunk yet.
    rest: Zeroizing<Vec<u8>>,
    piece: Piece,
}

impl FileSealer {
    /// Begins a file under a key that has sealed nothing else.
    ///
    /// # Errors
    /// `Unavailable` without randomness.
    pub fn new(key: &SealKey, account: AccountId, vault: VaultId, item: ItemId, file: FileId) -> Result<Self> {
        let (stream, header) = Stream::make(key, &file_context(account, vault, item, file))?;
        Ok(Self {
            stream,
            chunks: 0,
            length: 0,
            rest: Zeroizing::new(Vec::with_capacity(CHUNK)),
            piece: Piece { index: 0, bytes: header.to_vec() },
        })
    }

    /// Seals the next bytes and returns the pieces that are full now.
    ///
    /// # Errors
    /// `Unavailable` if the cryptographic library fails.
    pub fn push(&mut self, mut plaintext: &[u8]) -> Result<Vec<Piece>> {
        let mut full = Vec::new();
        if !self.rest.is_empty() {
            let (head, tail) = plaintext.split_at(plaintext.len().min(CHUNK - self.rest.len()));
            self.rest.extend_from_slice(head);
            plaintext = tail;
            if self.rest.len() < CHUNK {
                return Ok(full);
            }
            let mut rest = std::mem::take(&mut self.rest);
            full.extend(self.seal(&rest)?);
            rest.clear();
            self.rest = rest;
        }
        let (chunks, rest) = plaintext.as_chunks::<CHUNK>();
        for chunk in chunks {
            full.extend(self.seal(chunk)?);
        }
        self.rest.extend_from_slice(rest);
        Ok(full)
    }

    /// Seals what is left, which marks the end, and returns the last piece and the size of the whole.
    ///
    /// # Errors
    /// `Unavailable` if the cryptographic library fails.
    pub fn finish(mut self) -> Result<(Piece, SealedFile)> {
        self.stream.seal_chunk(self.chunks, &self.rest, &mut self.piece.bytes)?;
        let length = self.length + self.piece.bytes.len() as u64;
        let pieces = self.piece.index + 1;
        Ok((self.piece, SealedFile { length, pieces }))
    }

    /// Takes the memory of the next piece now, from the thread that calls.
    pub fn reserve(&mut self) {
        self.piece.bytes.reserve((HEADER + PIECE).saturating_sub(self.piece.bytes.len()));
    }

    fn seal(&mut self, chunk: &[u8]) -> Result<Option<Piece>> {
        self.reserve();
        self.stream.seal_chunk(self.chunks, chunk, &mut self.piece.bytes)?;
        self.chunks += 1;
        if !self.chunks.is_multiple_of(PIECE_CHUNKS as u64) {
            return Ok(None);
        }
        self.length += self.piece.bytes.len() as u64;
        let next = Piece { index: self.piece.index + 1, bytes: Vec::new() };
        Ok(Some(std::mem::replace(&mut self.piece, next)))
    }
}

/// Opens a file's pieces, in any order.
///
/// A tag is no proof of who wrote a piece, since every reader holds the key: check its leaf against the signed root
/// first.
pub struct FileOpener {
    stream: Stream,
    header: [u8; HEADER],
}

impl FileOpener {
    /// How many bytes of the first piece are the header.
    pub const HEADER: usize = HEADER;

    /// Prepares to open the file whose first piece begins with `header`.
    ///
    /// # Errors
    /// `Tampered` if the header is not of this key and context, or is cut.
    pub fn new(key: &SealKey, context: &[u8], header: &[u8]) -> Result<Self> {
        let stream = Stream::open(key, context, header)?;
        let header = header.try_into().map_err(|_| refused("its header is cut"))?;
        Ok(Self { stream, header })
    }

    /// Opens one piece; `is_last` if the signed number of pieces says so.
    ///
    /// # Errors
    /// `Tampered` if it was changed, cut or extended, or is another piece, or is or isn't the last.
    pub fn open_piece(&self, index: u64, piece: &[u8], is_last: bool) -> Result<Zeroizing<Vec<u8>>> {
        let mut plaintext = Self::room(piece.len());
        self.open_piece_into(index, piece, is_last, &mut plaintext)?;
        Ok(plaintext)
    }

    /// Memory for what a piece of this length opens to: the whole of an honest piece at most, however long the bytes
    /// that came.
    pub fn room(length: usize) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(Vec::with_capacity(length.min(PIECE)))
    }

    /// As [`Self::open_piece`], into memory that was made before, by [`Self::room`].
    pub fn open_piece_into(&self, index: u64, piece: &[u8], is_last: bool, plaintext: &mut Vec<u8>) -> Result<()> {
        let chunks = match index {
            0 => piece.strip_prefix(&self.header).ok_or_else(|| refused("its first piece has another header"))?,
            _ => piece,
        };
        let first = index.checked_mul(PIECE_CHUNKS as u64).ok_or_else(|| refused("it has no piece of that number"))?;
        match (is_last, chunks.len()) {
            (true, ..PIECE) => self.stream.open_chunks(first, chunks, plaintext)?,
            (false, PIECE) => {
                for (index, chunk) in (first..).zip(chunks.chunks_exact(SEALED_CHUNK)) {
                    self.stream.open_chunk(index, chunk, plaintext)?;
                }
            }
            _ => return Err(refused("one of its pieces has the wrong length")),
        }
        Ok(())
    }
}

fn refused(why: &str) -> Error {
    refuse("a file was to be opened", why)
}

#[cfg(test)]
mod tests;
