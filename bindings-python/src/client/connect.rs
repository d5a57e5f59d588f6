//! From a location to a client.

use std::path::PathBuf;

use pyo3::prelude::*;
use strongroom::client as core;
use strongroom::error::{Error, Result};
use strongroom::model::secret::Secret;

use super::{AsyncClient, Client};
use crate::args::{seconds, whole};
use crate::callback;
use crate::error::raise;
use crate::ops::{Face, refusal};
use crate::records::credential::Credential;
use crate::runtime::{block, spawn};

/// Makes an account in a new database, and its owner, and answers the owner's Credential with the recovery code.
///
/// `location`: such as `classroom.db` or `memory:`; `$STRONGROOM_LOCATION` by default. `owner`: an e-mail address. `save`: called
/// with the Credential before anything is committed; what it raises stops the operation. Raises AlreadyExists if
/// there is an account already.
///
/// >>> strongroom.init("memory:", owner="teacher@example.edu").principal.email
/// 'teacher@example.edu'
#[pyfunction]
#[pyo3(signature = (location=None, *, owner, save=None))]
pub(crate) fn init(
    py: Python<'_>,
    location: Option<String>,
    owner: String,
    save: Option<&Bound<'_, PyAny>>,
) -> PyResult<Credential> {
    let save = callback::save(Face::Blocking, save).map_err(raise)?;
    block(py, core::init(location.as_deref(), &owner, save)).map(Into::into)
}

/// The same as an asyncio future.
#[pyfunction]
#[pyo3(signature = (location=None, *, owner, save=None))]
pub(crate) fn init_async<'py>(
    py: Python<'py>,
    location: Option<String>,
    owner: String,
    save: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let save = callback::save(Face::Asyncio, save).map_err(raise)?;
    spawn(py, async move { core::init(location.as_deref(), &owner, save).await.map(Credential::from) })
}

macro_rules! connect {
    ($(#[$doc:meta])* $name:ident -> $out:ty, |$py:ident, $options:ident| $body:expr) => {
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (
            location=None, token=None, *, state=None, app=None, timeout=None, max_retries=None, ca_file=None,
            allow_insecure=false, accept_restored=false,
        ))]
        pub(crate) fn $name(
            $py: Python<'_>,
            location: Option<String>,
            token: Option<String>,
            state: Option<PathBuf>,
            app: Option<String>,
            timeout: Option<f64>,
            max_retries: Option<i128>,
            ca_file: Option<PathBuf>,
            allow_insecure: bool,
            accept_restored: bool,
        ) -> PyResult<$out> {
            let refused = |error: Error| raise(error.in_operation("connect"));
            let timeout = seconds("timeout", timeout).map_err(refused)?;
            let max_retries = whole("max_retries", max_retries).map_err(refused)?;
            let token = token.map(Secret::new);
            let $options = core::ConnectOptions {
                location, token, state, app, timeout, max_retries, ca_file, allow_insecure, accept_restored,
            };
            $body
        }
    };
}

connect! {
    /// Connects to an account as the principal of a token, and answers a Client, which is a context manager too.
    ///
    /// `location`: such as `classroom.db`; `$STRONGROOM_LOCATION` by default. `token`: `$STRONGROOM_TOKEN` by default.
    /// `state`: a file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default, else none.
    /// `app`: the program's name and version, shown in the audit. `timeout`: seconds without progress after which a
    /// call raises DeadlineExceeded; 30 by default. `max_retries`: how often what is `Unavailable` is tried
    /// again, after pauses that grow from 50 ms; 2 by default. `ca_file`: certificates to trust besides the system's.
    /// `allow_insecure`: allows `http:` to other machines. `accept_restored`: takes a database restored from a backup for the newest.
    ///
    /// >>> kit = strongroom.init("memory:", owner="teacher@example.edu")
    /// >>> with strongroom.connect(kit.location, kit.token) as admin:
    /// ...     admin.me.email
    /// 'teacher@example.edu'
    connect -> Client, |py, options| block(py, core::connect(options)).map(Client)
}

connect! {
    /// The same as an asyncio future of an AsyncClient.
    connect_async -> Bound<'_, PyAny>, |py, options| {
        spawn(py, async move { core::connect(options).await.map(AsyncClient) })
    }
}

/// Makes the keys of an invited user, and answers its Credential. `save` is called with it before anything is committed.
#[pyfunction]
#[pyo3(signature = (location, code, *, save=None))]
pub(crate) fn accept(location: &str, code: &str, save: Option<&Bound<'_, PyAny>>) -> PyResult<Credential> {
    let _ = (location, code);
    accepted(callback::save(Face::Blocking, save).map(drop)).map_err(raise)
}

/// The same as an asyncio future.
#[pyfunction]
#[pyo3(signature = (location, code, *, save=None))]
pub(crate) fn accept_async(location: &str, code: &str, save: Option<&Bound<'_, PyAny>>) -> PyResult<Credential> {
    let _ = (location, code);
    accepted(callback::save(Face::Asyncio, save).map(drop)).map_err(raise)
}

fn accepted(checked: Result<()>) -> Result<Credential> {
    let refused = checked.and(Err(refusal("accept", "use users.create and hand the token over")));
    refused.map_err(|error| error.in_operation("accept"))
}

/// Forgets a `memory:` database; clients that have it open keep it until they close.
#[pyfunction]
#[pyo3(name = "drop")]
pub(crate) fn drop_memory(location: &str) -> PyResult<()> {
    core::drop_memory(location).map_err(raise)
}
