//! CBOR (RFC 8949) with one form of each value.

use minicbor::bytes::ByteVec;
use minicbor::decode::{Decoder, Error as DecodeError};
use minicbor::encode::{Encoder, Error as EncodeError, Write};
use minicbor::{Decode, Encode};

use crate::error::{Error, Result};
use crate::model::id::Id;

/// The longest operation, in bytes.
pub const MAX_OPERATION: usize = 4 << 20;

/// Enough for most values, so that their bytes are not moved while they grow.
const MOST: usize = 512;

/// The bytes of a value.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(MOST);
    // Writing into memory has no error of its own, and no type here refuses to be encoded.
    let written = minicbor::encode(value, &mut bytes);
    debug_assert!(written.is_ok());
    bytes
}

/// The value of these bytes, if they are its one form: encoding it again gives the same bytes, and nothing follows.
pub fn decode<'b, T: Decode<'b, ()> + Encode<()>>(what: &str, bytes: &'b [u8]) -> Result<T> {
    decode_within(MAX_OPERATION, what, bytes)
}

/// As [`decode`], of at most `most` bytes.
pub fn decode_within<'b, T: Decode<'b, ()> + Encode<()>>(most: usize, what: &str, bytes: &'b [u8]) -> Result<T> {
    if bytes.len() > most {
        return Err(Error::tampered(format!(
            "{what} of {} bytes was read, and at most {most} are allowed",
            bytes.len()
        )));
    }
    let value: T = minicbor::decode(bytes)
        .map_err(|error| Error::tampered(format!("{what} could not be decoded: {error}: restore the record")))?;
    let mut left = Expected(bytes);
    if minicbor::encode(&value, &mut left).is_ok() && left.0.is_empty() {
        Ok(value)
    } else {
        Err(Error::tampered(format!("{what} is not in its one canonical form: restore the record")))
    }
}

/// The bytes that are still to be written, and nothing else can be.
struct Expected<'b>(&'b [u8]);

impl Write for Expected<'_> {
    type Error = ();

    fn write_all(&mut self, written: &[u8]) -> Result<(), ()> {
        self.0 = self.0.strip_prefix(written).ok_or(())?;
        Ok(())
    }
}

/// An id that may be absent: 32 bytes, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaybeId(pub Option<Id>);

impl<C> Encode<C> for MaybeId {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.bytes(self.0.as_ref().map_or(&[], Id::as_bytes))?.ok()
    }
}

impl<'b, C> Decode<'b, C> for MaybeId {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        match d.bytes()? {
            [] => Ok(Self(None)),
            bytes => <[u8; 32]>::try_from(bytes)
                .map(|bytes| Self(Some(Id(bytes))))
                .map_err(|_| DecodeError::message("an id has 32 bytes or none")),
        }
    }
}

/// A byte string.
pub type Bytes = ByteVec;
