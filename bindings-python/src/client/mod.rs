//! The clients and their namespaces, one file per noun.

pub(crate) mod access;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod connect;
pub(crate) mod feed;
pub(crate) mod files;
pub(crate) mod items;
pub(crate) mod later;
pub(crate) mod secrets;
pub(crate) mod service_accounts;
pub(crate) mod users;
pub(crate) mod vaults;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use strongroom::client as core;

use crate::args::{Nothing, seconds, whole};
use crate::callback;
use crate::error::raise;
use crate::ops::{later, ops};
use crate::records::account::{Account, AsyncAccount};
use crate::records::principal::Principal;
use crate::runtime::{block, spawn};

use access::{Access, AsyncAccess};
use audit::{AsyncAudit, Audit};
use changes::{AsyncChanges, Changes};
use files::{AsyncFiles, Files};
use items::{AsyncItems, Items};
use later::{AsyncGroups, AsyncPolicies, AsyncProvisioning, Groups, Later, Policies, Provisioning};
use secrets::{AsyncSecrets, Secrets};
use service_accounts::{AsyncServiceAccounts, ServiceAccounts};
use users::{AsyncUsers, Users};
use vaults::{AsyncVaults, Vaults};

ops! {
    /// A connection to one account as one principal, made by `connect`.
    ///
    /// One per process is enough for any number of threads, tasks and event loops. It is a context manager:
    /// leaving it closes it. It can't be pickled, and not be used after a fork: connect again in the child.
    core::Client as "" => Client, AsyncClient;

    /// Makes new keys for the caller and answers their token; the old one is refused from then on.
    ///
    /// The caller's grants stay, and its vaults are due for new keys: see `vaults.rekey`. This client goes on with the
    /// new keys; calls on it that run meanwhile may raise Unauthenticated. `save`: called with the Credential before
    /// anything is sent; what it raises stops the operation. Whatever happens afterwards, one of the two tokens works.
    ///
    /// Raises Unavailable if it is not known whether the change was committed: connect with the new token, or else
    /// the old one.
    ///
    /// >>> client.rotate_token().startswith("strongroom_usr_")
    /// True
    call rotate_token(*, save=None)[save: Option<&Bound<'_, PyAny>>] -> String |core, face| {
        let save = callback::save(face, save)?;
        async move { core.rotate_token(save).await.map(|token| token.expose().to_owned()) }
    }

    /// Answers what is left of each rate and size limit.
    call limits()[] -> Nothing |_core| { later("limits", "the size limits stand in the documentation")? }

    /// Wipes the keys. Every later call on this client and its copies is refused.
    call close()[] -> Nothing |core| {
        async move {
            core.close().await;
            Ok(())
        }
    }
}

macro_rules! client {
    ($class:ident, $account:ident; $($(#[$doc:meta])* $space:ident => $of:ident ($($core:ident)?) $namespace:expr;)*) => {
        #[pymethods]
        impl $class {
            /// Who the token is for, as of the last call that looked.
            #[getter]
            fn me(&self) -> Principal {
                self.0.me().into()
            }

            /// The account.
            #[getter]
            fn account(&self) -> $account {
                self.0.account().into()
            }

            /// A cheap copy with other limits; what is left out stays. Never awaited.
            ///
            /// `timeout`: seconds without progress after which a call raises DeadlineExceeded; 30 by default.
            /// `max_retries`: how often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
            #[pyo3(signature = (*, timeout=None, max_retries=None))]
            fn with_options(&self, timeout: Option<f64>, max_retries: Option<i128>) -> PyResult<Self> {
                let copy = || self.0.with_options(seconds("timeout", timeout)?, whole("max_retries", max_retries)?);
                copy().map(Self).map_err(|error| raise(error.in_operation("with_options")))
            }

            $(
                $(#[$doc])*
                #[getter]
                fn $space(&self) -> $of {
                    $(let $core = &self.0;)?
                    $of($namespace)
                }
            )*

            fn __repr__(&self) -> String {
                format!("<strongroom.{} of {}>", stringify!($class), self.0.me().id)
            }

            fn __reduce__(&self) -> PyResult<()> {
                Err(PyTypeError::new_err("a client is not pickled: connect again in the other process"))
            }

            fn __reduce_ex__(&self, _protocol: i64) -> PyResult<()> {
                self.__reduce__()
            }
        }
    };
}

client! { Client, Account;
    /// Making, naming, finding and deleting vaults.
    vaults => Vaults (client) client.vaults();
    /// Who may do what in which vault.
    access => Access (client) client.access();
    /// People.
    users => Users (client) client.users();
    /// Programs.
    service_accounts => ServiceAccounts (client) client.service_accounts();
    /// What is kept in vaults.
    items => Items (client) client.items();
    /// Files of items.
    files => Files (client) client.files();
    /// What is new.
    changes => Changes (client) client.changes();
    /// Secrets by reference.
    secrets => Secrets (client) client.secrets();
    /// Who did what, and the proof.
    audit => Audit (client) client.audit();
    /// Groups of users and service accounts.
    groups => Groups () Later;
    /// Many vaults and grants from a plan.
    provisioning => Provisioning () Later;
    /// What the account allows at most.
    policy => Policies () Later;
}

client! { AsyncClient, AsyncAccount;
    /// Making, naming, finding and deleting vaults.
    vaults => AsyncVaults (client) client.vaults();
    /// Who may do what in which vault.
    access => AsyncAccess (client) client.access();
    /// People.
    users => AsyncUsers (client) client.users();
    /// Programs.
    service_accounts => AsyncServiceAccounts (client) client.service_accounts();
    /// What is kept in vaults.
    items => AsyncItems (client) client.items();
    /// Files of items.
    files => AsyncFiles (client) client.files();
    /// What is new.
    changes => AsyncChanges (client) client.changes();
    /// Secrets by reference.
    secrets => AsyncSecrets (client) client.secrets();
    /// Who did what, and the proof.
    audit => AsyncAudit (client) client.audit();
    /// Groups of users and service accounts.
    groups => AsyncGroups () Later;
    /// Many vaults and grants from a plan.
    provisioning => AsyncProvisioning () Later;
    /// What the account allows at most.
    policy => AsyncPolicies () Later;
}

#[pymethods]
impl Client {
    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_why))]
    fn __exit__(&self, py: Python<'_>, _why: &Bound<'_, PyTuple>) -> PyResult<()> {
        let core = self.0.clone();
        block(py, async move {
            core.close().await;
            Ok(())
        })
    }
}

#[pymethods]
impl AsyncClient {
    fn __aenter__(slf: Py<Self>, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        spawn(py, async move { Ok(slf) })
    }

    #[pyo3(signature = (*_why))]
    fn __aexit__<'py>(&self, py: Python<'py>, _why: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let core = self.0.clone();
        spawn(py, async move {
            core.close().await;
            Ok(Nothing)
        })
    }
}
