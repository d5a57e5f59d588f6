//! What a new principal is handed, once.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::principal::Principal;
use super::secret::Secret;
use crate::error::Result;

/// A principal and its token. The token is answered once and can't be made again from anything stored.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Signs in and opens keys; keep it like a password.
    pub token: Secret,
    /// The account's recovery code, from `init` only: print it and keep it off line.
    pub recovery: Option<Secret>,
    /// Whom the token is for.
    pub principal: Principal,
    /// Where the account is, as `connect` takes it.
    pub location: String,
}

/// Keeps a new credential before anything is committed; an error stops the operation.
pub type Save = Arc<dyn Fn(Credential) -> BoxFuture<'static, Result<()>> + Send + Sync>;
