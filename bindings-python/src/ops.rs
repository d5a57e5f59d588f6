//! `ops!`: both twins of a namespace from one list of its operations.

use std::future::Ready;

use strongroom::error::{Error, Result};

/// Which twin was called, for arguments that are called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Face {
    Blocking,
    Asyncio,
}

/// The refusal of what this version does not have, where the core has no place for it yet.
pub(crate) fn refusal(what: &str, instead: &str) -> Error {
    Error::unsupported(format!("{what} is not in this version: {instead}"))
}

/// The same for [`ops!`], in the place of the future that will be there.
pub(crate) fn later(what: &str, instead: &str) -> Result<Ready<Result<()>>> {
    Err(refusal(what, instead))
}

/// Declares the two classes of a namespace and each of its operations on both.
///
/// An operation is `call name(signature) [arguments] -> Result |core| { future }`, or `|core, face|` where it matters which
/// twin was called. Its block collects arguments and answers a future of the core's result, from which the type after
/// the arrow is made. `list` is the same for pages: there that type is a row's.
macro_rules! ops {
    (
        $(#[$doc:meta])*
        $core:ty as $space:literal => $sync:ident, $async:ident;
        $(
            $(#[$meta:meta])*
            $shape:ident $name:ident ($($signature:tt)*) [$($arg:ident: $ty:ty),* $(,)?] -> $out:ty
            |$this:ident $(, $face:ident)?| $body:block
        )*
    ) => {
        $(#[$doc])*
        #[pyo3::pyclass(frozen, module = "strongroom._native")]
        pub(crate) struct $sync(pub(crate) $core);

        $(#[$doc])*
        #[pyo3::pyclass(frozen, module = "strongroom._native")]
        pub(crate) struct $async(pub(crate) $core);

        ops!(@twin $sync, Blocking, $space, $($(#[$meta])* $shape $name ($($signature)*) [$($arg: $ty),*] -> $out |$this $(, $face)?| $body)*);
        ops!(@twin $async, Asyncio, $space, $($(#[$meta])* $shape $name ($($signature)*) [$($arg: $ty),*] -> $out |$this $(, $face)?| $body)*);
    };
    (@twin $class:ident, $twin:ident, $space:literal,
        $(
            $(#[$meta:meta])*
            $shape:ident $name:ident ($($signature:tt)*) [$($arg:ident: $ty:ty),*] -> $out:ty
            |$this:ident $(, $face:ident)?| $body:block
        )*
    ) => {
        #[pyo3::pymethods]
        impl $class {
            $(
                $(#[$meta])*
                #[pyo3(signature = ($($signature)*))]
                fn $name<'py>(&self, py: pyo3::Python<'py>, $($arg: $ty),*) -> pyo3::PyResult<pyo3::Bound<'py, pyo3::PyAny>> {
                    let $this = self.0.clone();
                    $(let $face = $crate::ops::Face::$twin;)?
                    $(let _ = &$arg;)*
                    let collect = move || -> strongroom::error::Result<_> { Ok($body) };
                    let work = collect().map_err(|error| {
                        $crate::error::raise(error.in_operation(concat!($space, stringify!($name))))
                    })?;
                    ops!(@finish $shape $twin, py, work, $out)
                }
            )*
        }
    };
    (@finish call Blocking, $py:ident, $work:ident, $out:ty) => {
        pyo3::IntoPyObjectExt::into_bound_py_any(<$out>::from($crate::runtime::block($py, $work)?), $py)
    };
    (@finish call Asyncio, $py:ident, $work:ident, $out:ty) => {
        $crate::runtime::spawn($py, async move { $work.await.map(<$out>::from) })
    };
    (@finish list Blocking, $py:ident, $work:ident, $out:ty) => {
        $crate::page::block::<_, $out>($py, $work)
    };
    (@finish list Asyncio, $py:ident, $work:ident, $out:ty) => {
        $crate::page::lazily::<_, $out>($py, $work)
    };
}

pub(crate) use ops;
