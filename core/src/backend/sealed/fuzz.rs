//! The decoders that only this folder sees, for `crate::fuzz`.
#![allow(clippy::missing_panics_doc, reason = "to panic is how they report")]

use minicbor::{Decode, Encode};

use super::content::{self, Details, Overview, VaultName};
use super::state;
use crate::error::ErrorKind::{InvalidArgument, Tampered, Unsupported};
use crate::fuzz::refused;
use crate::model::id::{AccountId, Id};

/// The plain records inside sealed parts.
pub fn record(data: &[u8]) {
    fn one<'b, T: Decode<'b, ()> + Encode<()>>(data: &'b [u8]) -> Option<T> {
        match content::decode::<T>(data) {
            Ok(record) => {
                assert_eq!(*content::encode(&record), data);
                Some(record)
            }
            Err(error) => {
                refused(&error, &[Tampered]);
                None
            }
        }
    }
    one::<VaultName>(data);
    one::<Overview>(data);
    for field in one::<Details>(data).iter().flat_map(|details| &details.fields) {
        let shown = format!("{:?}", field.to_field());
        assert!(!shown.is_empty());
    }
}

/// The state file.
pub fn state(data: &[u8]) {
    let account = AccountId(Id([1; 32]));
    match state::parse(data, account) {
        Ok(head) => assert_eq!(state::parse(&state::text(head, account).unwrap_or_default(), account).ok(), Some(head)),
        Err(error) => refused(&error, &[InvalidArgument, Unsupported]),
    }
}
