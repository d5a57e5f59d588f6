//! Pages of any kind of row, as `lib/pages.js` iterates over them.

use std::future::Future;

use napi::Env;
use napi::bindgen_prelude::ToNapiValue;
use napi_derive::napi;
use strongroom::error::Result;
use strongroom::model::page::{NextPage, Page};

use crate::args::{CallOptions, Given};
use crate::promise::{Cancel, Promise};
use crate::record::Shown;

/// The list to come, of which JavaScript makes a `Pages`.
pub struct Pages<T>(Promise<RawPage<T>>);

impl<T: ToNapiValue + 'static> Pages<T> {
    /// Starts the work.
    pub(crate) fn start<C, W>(
        env: &Env,
        operation: &'static str,
        cancel: Option<Cancel>,
        work: Result<W>,
    ) -> napi::Result<Self>
    where
        C: Shown<T> + Send + 'static,
        W: Future<Output = Result<Page<C>>> + Send + 'static,
    {
        Promise::start(env, operation, cancel, work).map(Self)
    }
}

type Fetch = Box<dyn Fn(&Env, Option<Cancel>) -> napi::Result<Promise<Following>>>;

/// One page, and how to fetch the one after it.
pub struct RawPage<T> {
    data: Vec<T>,
    cursor: Option<String>,
    has_more: bool,
    next: Option<Following>,
}

impl<C: Shown<T> + Send + 'static, T: ToNapiValue + 'static> Shown<RawPage<T>> for Page<C> {
    fn shown(self) -> RawPage<T> {
        let Page { data, cursor, has_more, next } = self;
        let next = next.map(|next| Following(fetch::<C, T>(next)));
        RawPage { data: data.shown(), cursor, has_more, next }
    }
}

fn fetch<C: Shown<T> + Send + 'static, T: ToNapiValue + 'static>(next: NextPage<C>) -> Fetch {
    Box::new(move |env, cancel| Promise::<RawPage<T>>::start(env, "", cancel, Ok(next())).map(Promise::erased))
}

/// Fetches the page after one.
#[napi]
pub struct Following(Fetch);

#[napi]
impl Following {
    /// Fetches it.
    #[napi]
    pub fn fetch(&self, env: &Env, options: Option<CallOptions>) -> napi::Result<Promise<Following>> {
        let (_, cancel) = options.given();
        self.0(env, cancel)
    }
}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
mod conversions {
    use napi::bindgen_prelude::{Object, ToNapiValue};
    use napi::{Env, sys};

    use super::{Pages, RawPage};

    impl<T: ToNapiValue> ToNapiValue for RawPage<T> {
        unsafe fn to_napi_value(raw: sys::napi_env, page: Self) -> napi::Result<sys::napi_value> {
            let RawPage { data, cursor, has_more, next } = page;
            let mut object = Object::new(&Env::from_raw(raw))?;
            object.set("data", data)?;
            object.set("hasMore", has_more)?;
            if let Some(cursor) = cursor {
                object.set("cursor", cursor)?;
            }
            if let Some(next) = next {
                object.set("next", next)?;
            }
            unsafe { ToNapiValue::to_napi_value(raw, object) }
        }
    }

    impl<T> ToNapiValue for Pages<T> {
        unsafe fn to_napi_value(raw: sys::napi_env, Pages(promise): Self) -> napi::Result<sys::napi_value> {
            unsafe { ToNapiValue::to_napi_value(raw, promise) }
        }
    }
}
