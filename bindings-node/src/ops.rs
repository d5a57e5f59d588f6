//! `ops!`: a namespace from one list of its operations.

use std::future::{Ready, ready};

use strongroom::error::{Error, Result};

/// The refusal of what this version does not have, where the core has no place for it yet.
pub(crate) fn refusal(what: &str, instead: &str) -> Error {
    Error::unsupported(format!("{what} is not in this version: {instead}"))
}

/// The same for [`ops!`], in the place of the future that will be there.
pub(crate) fn later(what: &str, instead: &str) -> Ready<Result<()>> {
    ready(Err(refusal(what, instead)))
}

/// An operation as JavaScript's half knows it: class, method, its name, what it answers, and its arguments in order.
pub(crate) type Operation = [&'static str; 5];

/// Declares the class of a namespace and each of its operations.
///
/// An operation is `name(argument: Type, …; options: Type) -> Answer |core| { future }`, where the answer is a `Promise` or
/// `Pages`. What stands in brackets before it is for `#[napi]`. Its block collects arguments and answers a future of the core's result, from which the answer is made.
macro_rules! ops {
    (
        $(#[$doc:meta])*
        $core:ty as $space:literal => $class:ident;
        $(
            $(#[$meta:meta])*
            $(($($typed:tt)*))?
            $name:ident ($($arg:ident: $ty:ty),*; $options:ident: $given:ty) -> $answer:ty
            |$this:ident| $body:block
        )*
    ) => {
        $(#[$doc])*
        #[napi_derive::napi]
        pub struct $class(pub(crate) $core);

        #[napi_derive::napi]
        impl $class {
            $(
                $(#[$meta])*
                #[napi $(($($typed)*))?]
                pub fn $name(&self, env: &napi::Env, $($arg: $ty,)* $options: $given) -> napi::Result<$answer> {
                    let ($options, cancel) = $crate::args::Given::given($options);
                    let _ = &$options;
                    let $this = self.0.clone();
                    let collect = move || -> strongroom::error::Result<_> {
                        let work = $body;
                        Ok(work)
                    };
                    <$answer>::start(env, concat!($space, stringify!($name)), cancel, collect())
                }
            )*
        }

        impl $class {
            pub(crate) const OPERATIONS: &[$crate::ops::Operation] = &[$(
                [
                    stringify!($class),
                    stringify!($name),
                    concat!($space, stringify!($name)),
                    stringify!($answer),
                    concat!($(stringify!($arg), " "),*),
                ],
            )*];
        }
    };
}

pub(crate) use ops;
