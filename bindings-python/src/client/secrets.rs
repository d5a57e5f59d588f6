//! `client.secrets`, and `strongroom.secrets`.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use strongroom::client::secrets as core;
use strongroom::model::secret::Secret;

use crate::error::{Row, raise};
use crate::ops::ops;

/// A secret that the caller asked for in plain: a `str`.
pub(crate) struct Revealed(Secret);

impl From<Secret> for Revealed {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl<'py> IntoPyObject<'py> for Revealed {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        self.0.expose().into_bound_py_any(py)
    }
}

ops! {
    /// Secrets by reference: `op://vault/item/field`, or `op://vault/item/section/field`, by name or by id.
    core::Secrets as "secrets." => Secrets, AsyncSecrets;

    /// Answers the value that the reference names: a field's value, or a file's content as text.
    ///
    /// Raises Conflict where a name fits more than one vault, item or field: use the id.
    ///
    /// With `?attribute=otp`, of a field of the type `totp`: the one-time password of this moment. With
    /// `?ssh-format=openssh`, of a field of the type `ssh_key`: an Ed25519 or RSA private key in OpenSSH's form, from PEM as PKCS #8 or PKCS #1.
    ///
    /// >>> vault = client.vaults.create("Alice")
    /// >>> _ = client.items.create(vault.id, title="Homework 1", fields=[Field("grade", "A")])
    /// >>> client.secrets.resolve("op://Alice/Homework 1/grade")
    /// 'A'
    call resolve(reference)[reference: String] -> Revealed |core| {
        async move { core.resolve(&reference).await }
    }

    /// Answers each reference's value: a list in order, an exception per reference that has none.
    call resolve_many(references)[references: Vec<String>] -> Vec<Row<Revealed>> |core| {
        async move { core.resolve_many(references).await.map(Row::all) }
    }
}

/// Refuses what is not a reference with InvalidArgument; reads nothing.
///
/// >>> strongroom.secrets.validate("op://Alice/Homework 1/password")
#[pyfunction]
pub(crate) fn validate(reference: &str) -> PyResult<()> {
    core::validate(reference).map_err(raise)
}
