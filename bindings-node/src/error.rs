//! From the core's error to what the classes of `lib/errors.js` are made from.

use std::error::Error as _;

use napi::bindgen_prelude::{JsValue, Unknown};
use napi::{Env, Status};
use strongroom::error::Error;

/// The name by which JavaScript knows errors that it has to give their class.
const NAME: &str = "StrongroomFailure";

/// What is thrown for an error: what JavaScript itself threw below it as it is, else all that its class is made from.
pub(crate) fn raise(env: &Env, error: Error) -> napi::Error {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(thrown) = cause.downcast_ref::<napi::Error>() {
            return thrown.try_clone().unwrap_or_else(|failure| failure);
        }
        source = cause.source();
    }
    failure(env, &error).map_or_else(|failure| failure, napi::Error::from_unknown_without_coercion)
}

/// An `Error` with the parts of the core's.
fn failure<'env>(env: &'env Env, error: &Error) -> napi::Result<Unknown<'env>> {
    let mut thrown = env.create_error(napi::Error::new(Status::GenericFailure, error.message()))?;
    thrown.set("name", NAME)?;
    thrown.set("code", error.code())?;
    thrown.set("operation", error.operation())?;
    if let Some(id) = error.existing() {
        thrown.set("id", id)?;
    }
    if let Some(wait) = error.retry_after() {
        thrown.set("retryAfter", wait.as_secs_f64())?;
    }
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    thrown.set("causes", causes)?;
    Ok(thrown.to_unknown())
}

/// Carries what JavaScript threw through the core, where it stops the operation, out to [`raise`].
pub(crate) fn carry(thrown: napi::Error) -> Error {
    Error::invalid_argument("what was passed in threw an error").caused_by(thrown)
}

/// A row that may have failed by itself: the result, or the error, not thrown.
pub struct Rows<T>(pub(crate) Vec<Result<T, Error>>);

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
mod rows {
    use napi::bindgen_prelude::{Array, ToNapiValue};
    use napi::{Env, sys};

    use super::{Rows, raise};

    impl<T: ToNapiValue> ToNapiValue for Rows<T> {
        unsafe fn to_napi_value(raw: sys::napi_env, Rows(rows): Self) -> napi::Result<sys::napi_value> {
            let env = Env::from_raw(raw);
            let mut array: Array<'_> = env.create_array(u32::try_from(rows.len()).unwrap_or(u32::MAX))?;
            for (at, row) in (0..).zip(rows) {
                match row {
                    Ok(done) => array.set(at, done)?,
                    Err(error) => array.set(at, raise(&env, error))?,
                }
            }
            unsafe { ToNapiValue::to_napi_value(raw, array) }
        }
    }
}
