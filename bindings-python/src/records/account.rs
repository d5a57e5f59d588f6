//! The account.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use strongroom::model::account as core;

use crate::args::Nothing;
use crate::error::raise;
use crate::ops::later;
use crate::record::from_core;
use crate::runtime;

/// What a backend can do.
#[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Capabilities {
    /// Users can be made and ended.
    users: bool,
    /// Grants are per user.
    user_grants: bool,
    /// Changes can be listed and watched.
    changes: bool,
    /// The audit can be listed and verified.
    audit: bool,
    /// Files can be attached and read.
    files: bool,
}

from_core!(core::Capabilities => Capabilities { users, user_grants, changes, audit, files });

macro_rules! account {
    ($class:ident, $finish:path) => {
        /// The account a client is connected to.
        #[pyclass(frozen, get_all, eq, hash, module = "strongroom")]
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub(crate) struct $class {
            /// `acc_…`.
            id: String,
            /// Who owns it: a principal's id.
            owner: String,
            /// `sqlite`, `memory`, …
            backend: String,
            /// What this backend can do.
            capabilities: Capabilities,
        }

        from_core!(core::Account => $class { id: text, owner: text, backend: into, capabilities: into });

        #[pymethods]
        impl $class {
            /// Makes somebody else the owner.
            fn transfer<'py>(&self, py: Python<'py>, to: &str) -> PyResult<Bound<'py, PyAny>> {
                let _ = to;
                let work = later("account.transfer", "give the other administrator of each vault `admin` with access.grant")
                    .map_err(|error| raise(error.in_operation("account.transfer")))?;
                let work = async move { work.await.map(Nothing::from) };
                $finish(py, work)?.into_bound_py_any(py)
            }
        }
    };
}

account!(Account, runtime::block);
account!(AsyncAccount, runtime::spawn);
