//! From JavaScript's arguments to the core's.

use std::time::Duration;

use chrono::{DateTime, TimeZone, Utc};
use napi::bindgen_prelude::{ClassInstance, FromNapiValue, Object, TypeName, ValidateNapiValue};
use napi::{Env, JsDate, ValueType, sys};
use napi_derive::napi;
use strongroom::error::{Error, Result};

use crate::error::raise;
use crate::promise::Cancel;

/// What stands last in a call: what it takes by name, and `signal`.
pub struct Options<T> {
    values: T,
    cancel: Option<Cancel>,
}

/// The names that an object of arguments may have.
pub trait Known {
    const NAMES: &'static [&'static str];
}

/// What every call takes by name, where it takes nothing else.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct Signal {}

impl Known for Signal {
    const NAMES: &'static [&'static str] = &[];
}

/// For calls that take nothing by name but `signal`.
pub type CallOptions = Options<Signal>;

/// The options, and what ends the call.
pub trait Given {
    type Values;
    fn given(self) -> (Self::Values, Option<Cancel>);
}

impl<T> Given for Options<T> {
    type Values = T;

    fn given(self) -> (T, Option<Cancel>) {
        (self.values, self.cancel)
    }
}

impl<T: Default> Given for Option<Options<T>> {
    type Values = T;

    fn given(self) -> (T, Option<Cancel>) {
        self.map_or_else(Default::default, Options::given)
    }
}

impl<T: TypeName> TypeName for Options<T> {
    fn type_name() -> &'static str {
        T::type_name()
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl<T: FromNapiValue + TypeName> ValidateNapiValue for Options<T> {}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
impl<T: FromNapiValue + Known> FromNapiValue for Options<T> {
    unsafe fn from_napi_value(raw: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let object = unsafe { Object::from_napi_value(raw, value)? };
        refuse_unknown(&Env::from_raw(raw), &object, T::NAMES)?;
        let cancel = object.get::<ClassInstance<Cancel>>("signal")?.map(|cancel| Cancel::clone(&cancel));
        Ok(Self { values: unsafe { T::from_napi_value(raw, value)? }, cancel })
    }
}

/// One of several objects of arguments, in calls on many.
pub struct Row<T>(pub(crate) T);

impl<T: TypeName> TypeName for Row<T> {
    fn type_name() -> &'static str {
        T::type_name()
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl<T: FromNapiValue + TypeName> ValidateNapiValue for Row<T> {}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
impl<T: FromNapiValue + Known> FromNapiValue for Row<T> {
    unsafe fn from_napi_value(raw: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let object = unsafe { Object::from_napi_value(raw, value)? };
        refuse_unknown(&Env::from_raw(raw), &object, T::NAMES)?;
        Ok(Self(unsafe { T::from_napi_value(raw, value)? }))
    }
}

/// A misspelt name would be passed over otherwise, and an `expiresAt` with it.
fn refuse_unknown(env: &Env, object: &Object<'_>, known: &[&str]) -> napi::Result<()> {
    for name in Object::keys(object)? {
        if name != "signal" && !known.iter().any(|known| camel_case(known) == name) {
            let why = "the call takes nothing of this name: leave it out, or spell it as the documentation does";
            return Err(raise(env, Error::argument(&name, why)));
        }
    }
    Ok(())
}

fn camel_case(name: &str) -> String {
    let mut upper = false;
    let letter = |letter: char| {
        let up = std::mem::replace(&mut upper, letter == '_');
        (letter != '_').then(|| if up { letter.to_ascii_uppercase() } else { letter })
    };
    name.trim_start_matches("r#").chars().filter_map(letter).collect()
}

/// Declares what a call takes by name: what it needs, then, after `;`, what may be left out.
macro_rules! options {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$meta:meta])* $field:ident: $ty:ty,)*
            $(; $($(#[$maybe_meta:meta])* $maybe:ident: $maybe_ty:ty,)*)?
        }
    ) => {
        $(#[$doc])*
        #[napi_derive::napi(object, object_to_js = false)]
        pub struct $name {
            $($(#[$meta])* pub $field: $ty,)*
            // Written out, for napi to know that they are optional.
            $($($(#[$maybe_meta])* pub $maybe: Option<$maybe_ty>,)*)?
        }

        impl $crate::args::Known for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field),)* $($(stringify!($maybe)),*)?];
        }
    };
}

pub(crate) use options;

/// A JavaScript `Date`, which may be an invalid one.
pub struct Date(f64);

impl TypeName for Date {
    fn type_name() -> &'static str {
        "Date"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Date {}

#[expect(unsafe_code, reason = "Node-API's conversions are declared so")]
impl FromNapiValue for Date {
    unsafe fn from_napi_value(raw: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        unsafe { JsDate::from_napi_value(raw, value)? }.value_of().map(Self)
    }
}

/// The instant of a date.
pub(crate) fn instant(name: &str, at: Option<Date>) -> Result<Option<DateTime<Utc>>> {
    let instant = |Date(millis)| {
        let whole = integer(millis).filter(|_| millis.is_finite());
        whole
            .and_then(|millis| Utc.timestamp_millis_opt(millis).single())
            .ok_or_else(|| Error::argument(name, "this Date is invalid: give one that names an instant"))
    };
    at.map(instant).transpose()
}

/// A whole number, if the core can count so far.
pub(crate) fn whole<T: TryFrom<i64>>(name: &str, number: Option<f64>) -> Result<Option<T>> {
    let whole = |number: f64| {
        let bound = if number < 0.0 { "one above zero" } else { "a smaller whole one" };
        let refused = || Error::argument(name, format!("it is {number}: give {bound}"));
        integer(number).and_then(|number| number.try_into().ok()).ok_or_else(refused)
    };
    number.map(whole).transpose()
}

/// The number, if it is whole and as exact as JavaScript has it.
fn integer(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_991.0;
    #[expect(clippy::cast_possible_truncation, reason = "it was looked at before")]
    (number.abs() <= LARGEST && number.fract() == 0.0).then_some(number as i64)
}

/// A span of milliseconds.
pub(crate) fn millis(name: &str, millis: Option<f64>) -> Result<Option<Duration>> {
    millis
        .map(|millis| {
            Duration::try_from_secs_f64(millis / 1000.0)
                .map_err(|_| Error::argument(name, format!("it is {millis}: give milliseconds above zero")))
        })
        .transpose()
}
