//! The client: every default and every rule about arguments, once for all languages.

pub mod access;
pub mod audit;
mod builder;
pub mod changes;
mod check;
pub mod files;
pub mod items;
mod listing;
mod many;
pub mod secrets;
pub mod service_accounts;
pub mod users;
pub mod vaults;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "server")]
pub(crate) use builder::authority_at;
pub use builder::{
    ConnectOptions, after_fork_in_parent, backup, before_fork, connect, drop_memory, init, migrate, restore,
};

use tokio::sync::watch;

use many::{MAX_LARGE, MAX_MANY, many, one};

use crate::backend::Backend;
use crate::backend::retries::with_retries;
use crate::error::{Error, ErrorKind, Result};
use crate::model::account::Account;
use crate::model::credential::Save;
use crate::model::principal::Principal;
use crate::model::secret::Secret;

/// A connection to one account as one principal. Cheap to clone; one per process is enough for any number of threads and tasks.
#[derive(Clone)]
pub struct Client {
    backend: Arc<dyn Backend>,
    timeout: Duration,
    max_retries: u32,
    process: u32,
    closed: Arc<watch::Sender<bool>>,
}

impl Client {
    /// A client over a backend of one's own; [`connect`] chooses one by location.
    pub fn new(backend: Arc<dyn Backend>, timeout: Duration, max_retries: u32) -> Self {
        Self { backend, timeout, max_retries, process: std::process::id(), closed: Arc::new(watch::Sender::new(false)) }
    }

    /// Who the token is for, as of the last call that looked.
    pub fn me(&self) -> Principal {
        self.backend.me()
    }

    /// The account.
    pub fn account(&self) -> Account {
        self.backend.account()
    }

    /// A copy with other limits; what is `None` stays.
    ///
    /// `timeout`: without progress for that long, a call ends with `DeadlineExceeded`; 30 seconds by default.
    /// `max_retries`: how often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
    pub fn with_options(&self, timeout: Option<Duration>, max_retries: Option<u32>) -> Result<Self> {
        let timeout = timeout.unwrap_or(self.timeout);
        check::timeout(timeout)?;
        Ok(Self { timeout, max_retries: max_retries.unwrap_or(self.max_retries), ..self.clone() })
    }

    /// Vaults.
    pub fn vaults(&self) -> vaults::Vaults {
        vaults::Vaults(self.clone())
    }

    /// Who may do what in which vault.
    pub fn access(&self) -> access::Access {
        access::Access(self.clone())
    }

    /// Users.
    pub fn users(&self) -> users::Users {
        users::Users(self.clone())
    }

    /// Service accounts.
    pub fn service_accounts(&self) -> service_accounts::ServiceAccounts {
        service_accounts::ServiceAccounts(self.clone())
    }

    /// Items.
    pub fn items(&self) -> items::Items {
        items::Items(self.clone())
    }

    /// Files of items.
    pub fn files(&self) -> files::Files {
        files::Files(self.clone())
    }

    /// The change feed.
    pub fn changes(&self) -> changes::Changes {
        changes::Changes(self.clone())
    }

    /// Secrets by reference.
    pub fn secrets(&self) -> secrets::Secrets {
        secrets::Secrets(self.clone())
    }

    /// The audit.
    pub fn audit(&self) -> audit::Audit {
        audit::Audit(self.clone())
    }

    /// Makes new keys for the caller and answers their token; the old token is dead from then on. The caller's grants stay, and
    /// its vaults are due for new keys ([`vaults::Vaults::rekey`]). This client goes on with the new keys.
    ///
    /// `save` is called with the credential before anything is sent. Whatever happens then, one of the two tokens works: the
    /// new one once the change is committed, the old one until then. Calls on this client that run meanwhile may be refused
    /// with `Unauthenticated`.
    ///
    /// # Errors
    /// `Unavailable` if it is not known whether the change was committed: connect with the new token, or else the old one.
    pub async fn rotate_token(&self, save: Option<Save>) -> Result<Secret> {
        self.run("rotate_token", self.backend.rotate_token(save)).await
    }

    /// Wipes the keys. Every later call on this client and its copies is refused.
    pub async fn close(&self) {
        // In a forked child the keys and the connections are the parent's to end.
        if self.process == std::process::id() && !self.closed.send_replace(true) {
            self.backend.close().await;
        }
    }

    /// Runs one operation: in the process that connected, within the timeout, its name on whatever it refuses.
    pub(crate) async fn run<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.usable().map_err(|error| error.in_operation(operation))?;
        match tokio::time::timeout(self.timeout, with_retries(self.max_retries, Box::pin(work))).await {
            Ok(result) => result.map_err(|error| self.told(error).in_operation(operation)),
            Err(_) => Err(Error::deadline_exceeded(format!(
                "no answer within {} s: try again, or give it longer with with_options(timeout=…)",
                self.timeout.as_secs_f64()
            ))
            .in_operation(operation)),
        }
    }

    /// As [`Client::run`], for work that is as long as its data: without a limit on the whole.
    pub(crate) async fn run_long<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.usable().map_err(|error| error.in_operation(operation))?;
        with_retries(self.max_retries, Box::pin(work)).await.map_err(|error| self.told(error).in_operation(operation))
    }

    /// What a call is told that failed: that the client was closed while it ran, if it was.
    fn told(&self, error: Error) -> Error {
        let ends = matches!(error.kind(), ErrorKind::Unauthenticated | ErrorKind::Unavailable);
        if ends && *self.closed.borrow() { closed().caused_by(error) } else { error }
    }

    fn usable(&self) -> Result<()> {
        if self.process != std::process::id() {
            return Err(Error::unsupported(
                "this client was made before the process forked: connect again in the child",
            ));
        }
        if *self.closed.borrow() {
            return Err(closed());
        }
        Ok(())
    }
}

fn closed() -> Error {
    Error::unauthenticated("this client is closed, and its keys are wiped: connect again")
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("me", &self.backend.me().id).finish_non_exhaustive()
    }
}
