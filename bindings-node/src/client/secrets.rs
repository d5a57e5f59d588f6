//! `client.secrets`, and `secrets`.

use napi::Env;
use napi_derive::napi;
use strongroom::client::secrets as core;

use crate::args::CallOptions;
use crate::error::{Rows, raise};
use crate::ops::ops;
use crate::promise::Promise;

ops! {
    /// Secrets by reference: `op://vault/item/field`, or `op://vault/item/section/field`, by name or by id.
    core::Secrets as "secrets." => Secrets;

    /// Answers the value that the reference names: a field's value, or a file's content as text.
    ///
    /// With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With `?ssh-format=openssh`, of
    /// a field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.
    ///
    /// @throws {Conflict} where a name fits more than one vault, item or field: use the id.
    resolve(reference: String; options: Option<CallOptions>) -> Promise<String> |core| {
        async move { core.resolve(&reference).await }
    }

    /// Answers each reference's value: an array in order, an error per reference that has none.
    resolve_many(references: Vec<String>; options: Option<CallOptions>) -> Promise<Rows<String>> |core| {
        async move { core.resolve_many(references).await }
    }
}

/// Refuses what is not a reference with `InvalidArgument`; reads nothing.
#[napi(skip_typescript)]
pub fn validate(env: &Env, reference: String) -> napi::Result<()> {
    core::validate(&reference).map_err(|error| raise(env, error))
}
