//! The one way to wait for the core: a promise, whose work is done by threads of the core's own.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use napi::bindgen_prelude::{JsValue, ToNapiValue};
use napi::{Env, sys};
use napi_derive::napi;
use strongroom::error::{Error, Result};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

use crate::error::raise;
use crate::record::Shown;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// This process's runtime, made by the first call that needs one. Worker threads share it.
fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = Builder::new_multi_thread().enable_all().thread_name("strongroom").build().map_err(|error| {
        Error::unavailable("no threads could be started: raise the process's limits").caused_by(error)
    })?;
    if let Err(late) = RUNTIME.set(made) {
        late.shutdown_background();
    }
    RUNTIME.get().ok_or_else(|| Error::unavailable("no threads could be started: try again"))
}

/// Ends one call: its work is dropped, which did it wholly or not at all.
#[napi]
#[derive(Clone)]
pub struct Cancel(Arc<Notify>);

#[napi]
impl Cancel {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(Arc::default())
    }

    /// Ends the call now, or as soon as it begins.
    #[napi]
    pub fn cancel(&self) {
        self.0.notify_one();
    }
}

/// A promise of a `T` that is made from what the core answers.
pub struct Promise<T> {
    value: sys::napi_value,
    of: PhantomData<T>,
}

impl<T: ToNapiValue + 'static> Promise<T> {
    /// Starts the work.
    pub(crate) fn start<C, W>(
        env: &Env,
        operation: &'static str,
        cancel: Option<Cancel>,
        work: Result<W>,
    ) -> napi::Result<Self>
    where
        C: Shown<T> + Send + 'static,
        W: Future<Output = Result<C>> + Send + 'static,
    {
        let (deferred, promise) = env.create_deferred()?;
        let value = promise.raw();
        let work = async move {
            let work = work?;
            match cancel {
                None => work.await,
                Some(cancel) => tokio::select! {
                    biased;
                    () = cancel.0.notified() => Err(Error::unavailable("the call was cancelled")),
                    done = work => done,
                },
            }
        };
        runtime().map_err(|error| raise(env, error))?.spawn(async move {
            let done = work.await;
            deferred.resolve(move |env: Env| {
                done.map(Shown::shown).map_err(|error| raise(&env, error.in_operation(operation)))
            });
        });
        Ok(Self { value, of: PhantomData })
    }

    /// The same promise, of what it no longer says.
    pub(crate) fn erased<U>(self) -> Promise<U> {
        Promise { value: self.value, of: PhantomData }
    }
}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
impl<T> ToNapiValue for Promise<T> {
    unsafe fn to_napi_value(_: sys::napi_env, promise: Self) -> napi::Result<sys::napi_value> {
        Ok(promise.value)
    }
}
