//! What a new principal is handed, once.

use pyo3::prelude::*;
use strongroom::model::credential as core;
use strongroom::model::secret::Secret;

use super::principal::Principal;
use crate::record::record;

/// A principal and its token. The token is answered once and can't be made again from anything stored.
#[pyclass(frozen, module = "strongroom")]
pub(crate) struct Credential {
    token: Secret,
    recovery: Option<Secret>,
    principal: Principal,
    location: String,
}

impl From<core::Credential> for Credential {
    fn from(core: core::Credential) -> Self {
        let core::Credential { token, recovery, principal, location } = core;
        Self { token, recovery, principal: principal.into(), location }
    }
}

record!(Credential { token, recovery, principal, location } masks |_, field| matches!(field, "token" | "recovery"));

#[pymethods]
impl Credential {
    /// Signs in and opens keys; keep it like a password. Masked wherever the credential is printed.
    #[getter]
    fn token(&self) -> &str {
        self.token.expose()
    }

    /// The account's recovery code, from `init` only: print it and keep it off line. Masked like the token.
    #[getter]
    fn recovery(&self) -> Option<&str> {
        self.recovery.as_ref().map(Secret::expose)
    }

    /// Whom the token is for.
    #[getter]
    fn principal(&self) -> Principal {
        self.principal.clone()
    }

    /// Where the account is, as `connect` takes it.
    #[getter]
    fn location(&self) -> &str {
        &self.location
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = other.get();
            self.token() == other.token()
                && self.recovery() == other.recovery()
                && self.principal == other.principal
                && self.location == other.location
        })
    }
}
