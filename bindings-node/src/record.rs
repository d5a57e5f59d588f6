//! How results are made from the core's.

use chrono::{DateTime, Utc};
use napi::bindgen_prelude::Buffer;
use strongroom::error::Error;
use strongroom::model::audit::Evidence;
use strongroom::model::change::ChangeKind;
use strongroom::model::field::FieldType;
use strongroom::model::grant::GrantState;
use strongroom::model::id::{AccountId, FileId, Id, ItemId, PrincipalId, PrincipalKind, VaultId};
use strongroom::model::item::Category;
use strongroom::model::principal::PrincipalState;
use strongroom::model::role::Role;
use strongroom::model::secret::Secret;

use crate::error::Rows;

/// What of the core's is shown as a `T`.
pub(crate) trait Shown<T> {
    fn shown(self) -> T;
}

macro_rules! as_it_is {
    ($($ty:ty),*) => {$(
        impl Shown<$ty> for $ty {
            fn shown(self) -> $ty {
                self
            }
        }
    )*};
}

as_it_is!((), bool, u32, String, DateTime<Utc>);

macro_rules! as_text {
    ($($ty:ty: |$value:ident| $text:expr;)*) => {$(
        impl Shown<String> for $ty {
            fn shown(self) -> String {
                let $value = self;
                $text
            }
        }
    )*};
}

as_text! {
    AccountId: |id| id.to_string();
    FileId: |id| id.to_string();
    ItemId: |id| id.to_string();
    PrincipalId: |id| id.to_string();
    VaultId: |id| id.to_string();
    // A hash, in base32.
    Id: |hash| format!("{hash:?}");
    &'static str: |word| word.to_owned();
    Role: |role| role.to_string();
    Category: |word| word.as_str().to_owned();
    ChangeKind: |word| word.as_str().to_owned();
    Evidence: |word| word.as_str().to_owned();
    FieldType: |word| word.as_str().to_owned();
    GrantState: |word| word.as_str().to_owned();
    PrincipalKind: |word| word.as_str().to_owned();
    PrincipalState: |word| word.as_str().to_owned();
    // Asked for in plain.
    Secret: |secret| secret.expose().to_owned();
}

/// Counts and sizes, which stay below 2^53.
impl Shown<i64> for u64 {
    fn shown(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

impl Shown<Buffer> for Vec<u8> {
    fn shown(self) -> Buffer {
        self.into()
    }
}

impl<C: Shown<T>, T> Shown<Option<T>> for Option<C> {
    fn shown(self) -> Option<T> {
        self.map(Shown::shown)
    }
}

impl<C: Shown<T>, T> Shown<Vec<T>> for Vec<C> {
    fn shown(self) -> Vec<T> {
        self.into_iter().map(Shown::shown).collect()
    }
}

impl<C: Shown<T>, T> Shown<Rows<T>> for Vec<Result<C, Error>> {
    fn shown(self) -> Rows<T> {
        Rows(self.into_iter().map(|row| row.map(Shown::shown)).collect())
    }
}

/// Declares a result: what it always has, then, after `;`, what may be absent. It is made from the core's, of which every
/// field has to be named here.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $core:ty => $name:ident {
            $($(#[$meta:meta])* $field:ident: $ty:ty,)*
            $(; $($(#[$maybe_meta:meta])* $maybe:ident: $maybe_ty:ty,)*)?
        }
    ) => {
        $(#[$doc])*
        #[napi_derive::napi(object, object_from_js = false)]
        pub struct $name {
            $($(#[$meta])* pub $field: $ty,)*
            // Written out, for napi to leave out what is absent.
            $($($(#[$maybe_meta])* pub $maybe: Option<$maybe_ty>,)*)?
        }

        const _: () = {
            type Core = $core;

            impl $crate::record::Shown<$name> for Core {
                fn shown(self) -> $name {
                    let Core { $($field,)* $($($maybe,)*)? } = self;
                    $name {
                        $($field: $crate::record::Shown::shown($field),)*
                        $($($maybe: $crate::record::Shown::shown($maybe),)*)?
                    }
                }
            }
        };
    };
}

pub(crate) use record;
