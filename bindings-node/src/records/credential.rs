//! What a new principal is handed, once.

use strongroom::model::credential as core;

use super::principal::Principal;
use crate::record::record;

record! {
    /// A principal and its token. The token is answered once and can't be made again from anything stored.
    core::Credential => Credential {
        /// Signs in and opens keys; keep it like a password. Masked wherever the credential is printed.
        token: String,
        /// Whom the token is for.
        principal: Principal,
        /// Where the account is, as `connect` takes it.
        location: String,
        ;
        /// The account's recovery code, from `init` only: print it and keep it off line. Masked like the token.
        recovery: String,
    }
}
