//! The Python package: arguments in, typed results out, no rule of its own.
//!
//! `client` has the operations, each listed once for `Client` and `AsyncClient` by `ops!`; `records` the results, made
//! from the core's by `from_core!`; `runtime` the two ways to wait. The exception classes, pages and file objects are
//! Python's, in `python/strongroom`.
#![deny(unsafe_code)]
#![expect(clippy::too_many_arguments, reason = "they are keyword arguments in Python")]
#![expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "doc comments here are Python's docstrings, which have no links"
)]
#![expect(clippy::needless_pass_by_value, reason = "Python's arguments are extracted into values")]

mod args;
mod callback;
mod client;
mod error;
mod ops;
mod page;
mod record;
mod records;
mod rows;
mod runtime;
mod source;

use std::ffi::OsString;

use pyo3::prelude::*;
use strongroom::cli::run;
use strongroom::error::ErrorKind;

/// Runs the command line with these arguments, the program's name first, and answers its exit code.
#[pyfunction]
fn main(py: Python<'_>, argv: Vec<OsString>) -> u8 {
    py.detach(|| run(argv))
}

/// Lets go of every database file, for the moment of a fork.
#[pyfunction]
fn before_fork(py: Python<'_>) {
    py.detach(strongroom::client::before_fork);
}

/// Waits, two seconds at most, for cancelled asyncio work to be over, before the interpreter ends.
#[pyfunction]
fn before_exit(py: Python<'_>) {
    runtime::settle(py);
}

/// Takes them again, in the parent.
#[pyfunction]
fn after_fork_in_parent(py: Python<'_>) {
    py.detach(strongroom::client::after_fork_in_parent);
}

/// The codes of all kinds of errors, in the order of the documentation.
#[pyfunction]
fn error_codes() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.code()).collect()
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::client::{
        AsyncClient, Client,
        access::{Access, AsyncAccess},
        audit::{AsyncAudit, Audit},
        changes::{AsyncChanges, Changes},
        connect::{accept, accept_async, connect, connect_async, drop_memory, init, init_async},
        feed::{ChangeFeed, RawFeed},
        files::{AsyncFiles, FileReader, Files},
        items::{AsyncItems, Items},
        later::{AsyncGroups, AsyncPolicies, AsyncProvisioning, Groups, Policies, Provisioning},
        secrets::{AsyncSecrets, Secrets, validate},
        service_accounts::{AsyncServiceAccounts, ServiceAccounts},
        users::{AsyncUsers, Users},
        vaults::{AsyncVaults, Vaults},
    };
    #[pymodule_export]
    use super::page::{FirstPage, RawPage};
    #[pymodule_export]
    use super::records::{
        account::{Account, AsyncAccount, Capabilities},
        audit::{Actor, AuditEvent, AuditProof},
        change::{AccessChange, FileChange, ItemChange, VaultChange},
        credential::Credential,
        field::Field,
        file::File,
        grant::Grant,
        item::{Item, ItemSummary},
        policy::Policy,
        principal::Principal,
        vault::{Vault, VaultSpec},
    };
    #[pymodule_export]
    use super::{after_fork_in_parent, before_exit, before_fork, error_codes, main};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "it is Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
