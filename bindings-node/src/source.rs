//! Where a file's content comes from.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::try_unfold;
use napi::bindgen_prelude::{FromNapiValue, Object, TypeName, Uint8Array, Unknown, ValidateNapiValue};
use napi::{ValueType, sys};
use strongroom::model::file;

use crate::reply::{Pull, ask};

/// What `lib/source.js` makes of a content: bytes, `{ path }`, or a function that gives piece after piece.
pub struct Source(pub(crate) file::Source);

impl TypeName for Source {
    fn type_name() -> &'static str {
        "Source"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Source {}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
impl FromNapiValue for Source {
    unsafe fn from_napi_value(raw: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let given = unsafe { Unknown::from_napi_value(raw, value)? };
        if given.get_type()? == ValueType::Function {
            return Ok(Self(pulled(unsafe { Pull::from_napi_value(raw, value)? })));
        }
        let object = unsafe { Object::from_napi_value(raw, value)? };
        if let Some(path) = object.get::<String>("path")? {
            return Ok(Self(file::Source::Path(path.into())));
        }
        let bytes = unsafe { Uint8Array::from_napi_value(raw, value)? };
        Ok(Self(file::Source::Bytes(Bytes::copy_from_slice(&bytes))))
    }
}

/// A stream that asks for a piece when the one before it was taken.
fn pulled(Pull(pull): Pull) -> file::Source {
    file::Source::Stream(Box::pin(try_unfold(pull, |pull| async move {
        let piece = ask(&pull, |reply| (reply,).into()).await?;
        Ok(piece.map(|piece| (piece, Arc::clone(&pull))))
    })))
}
