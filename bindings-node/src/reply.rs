//! Functions of the user's that the core calls while it works, and how they answer.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, JsValuesTupleIntoVec, TypeName, Uint8Array, Unknown, ValidateNapiValue,
};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Status, ValueType, sys};
use napi_derive::napi;
use strongroom::error::{Error, Result};
use strongroom::model::{credential, file};
use tokio::sync::oneshot;

use crate::error::carry;
use crate::record::Shown;
use crate::records::credential::Credential;

/// What came of a call: bytes or none, or what was thrown.
type Answer = std::result::Result<Option<Bytes>, napi::Error>;

/// What JavaScript's half answers a call with, once.
#[napi]
pub struct Reply(Mutex<Option<oneshot::Sender<Answer>>>);

#[napi]
impl Reply {
    /// It is done; with the next piece, where pieces are asked for.
    #[napi]
    pub fn done(&self, piece: Option<Uint8Array>) {
        self.answer(Ok(piece.map(|piece| Bytes::copy_from_slice(&piece))));
    }

    /// It threw.
    #[napi]
    pub fn failed(&self, thrown: Unknown<'_>) {
        self.answer(Err(napi::Error::from_unknown_without_coercion(thrown)));
    }
}

impl Reply {
    fn answer(&self, answer: Answer) {
        let asked = self.0.lock().ok().and_then(|mut asked| asked.take());
        if let Some(asked) = asked {
            // Nobody waits any more where the call was cancelled.
            drop(asked.send(answer));
        }
    }
}

/// A function that is called from any thread, and does not keep the process alive.
type Called<T> = ThreadsafeFunction<T, (), T, Status, false, true>;

/// Calls a function and waits for its reply.
pub(crate) async fn ask<T: JsValuesTupleIntoVec + 'static>(
    function: &Called<T>,
    arguments: impl FnOnce(Reply) -> T,
) -> Result<Option<Bytes>> {
    let (sender, answer) = oneshot::channel();
    function.call(arguments(Reply(Mutex::new(Some(sender)))), ThreadsafeFunctionCallMode::NonBlocking);
    let ended = |_| Error::unavailable("the thread that started the call has ended: call again");
    answer.await.map_err(ended)?.map_err(carry)
}

macro_rules! callable {
    ($(#[$doc:meta])* $name:ident($arguments:ty)) => {
        $(#[$doc])*
        pub struct $name(pub(crate) Arc<Called<FnArgs<$arguments>>>);

        impl TypeName for $name {
            fn type_name() -> &'static str {
                "Function"
            }

            fn value_type() -> ValueType {
                ValueType::Function
            }
        }

        impl ValidateNapiValue for $name {}

        #[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
        impl FromNapiValue for $name {
            unsafe fn from_napi_value(raw: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
                let function = unsafe { Function::<FnArgs<$arguments>, ()>::from_napi_value(raw, value)? };
                function.build_threadsafe_function().weak::<true>().build().map(|function| Self(Arc::new(function)))
            }
        }
    };
}

callable! {
    /// Keeps a new credential before anything is committed.
    Save((Credential, Reply))
}

callable! {
    /// Is told how far the work is.
    Progress((i64,))
}

callable! {
    /// Gives the next piece of a content.
    Pull((Reply,))
}

impl From<Save> for credential::Save {
    fn from(Save(save): Save) -> Self {
        Arc::new(move |credential| {
            let save = Arc::clone(&save);
            Box::pin(async move { ask(&save, |reply| (credential.shown(), reply).into()).await.map(drop) })
        })
    }
}

impl From<Progress> for file::Progress {
    fn from(Progress(progress): Progress) -> Self {
        Arc::new(move |done| {
            progress.call((done.shown(),).into(), ThreadsafeFunctionCallMode::NonBlocking);
        })
    }
}
