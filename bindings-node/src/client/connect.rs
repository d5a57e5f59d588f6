//! From a location to a client.

use napi::Env;
use napi_derive::napi;
use strongroom::client as core;
use strongroom::model::secret::Secret;

use super::Client;
use super::later::Later;
use crate::args::{Options, millis, options, whole};
use crate::error::raise;
use crate::ops::{later, ops};
use crate::promise::Promise;
use crate::records::credential::Credential;
use crate::reply::Save;

options! {
    /// What `init` takes by name.
    InitOptions {
        /// The owner's e-mail address.
        owner: String,
        ;
        /// Called with the credential before anything is committed; what it throws stops the operation.
        save: Save,
    }
}

options! {
    /// What `connect` takes by name.
    #[derive(Default)]
    ConnectOptions {
        ;
        /// A file that remembers the newest verified tree between runs; `$STRONGROOM_STATE` by default, else none.
        state: String,
        /// The program's name and version, shown in the audit.
        app: String,
        /// Milliseconds without progress after which a call is refused as `DeadlineExceeded`; 30,000 by default.
        timeout_ms: f64,
        /// How often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
        max_retries: f64,
        /// Certificates to trust besides the system's.
        ca_file: String,
        /// Allows `http:` to other machines.
        allow_insecure: bool,
        /// Takes a database restored from a backup for the newest.
        accept_restored: bool,
    }
}

options! {
    /// What `accept` takes by name.
    #[derive(Default)]
    AcceptOptions {
        ;
        /// Called with the credential before anything is committed; what it throws stops the operation.
        save: Save,
    }
}

ops! {
    /// What makes accounts and clients; JavaScript's functions of these names call it.
    Later as "" => Connecting;

    /// Makes an account in a new database, and its owner, and answers the owner's Credential with the recovery code.
    (skip_typescript)
    init(location: Option<String>; options: Options<InitOptions>) -> Promise<Credential> |_core| {
        let InitOptions { owner, save } = options;
        async move { core::init(location.as_deref(), &owner, save.map(Into::into)).await }
    }

    /// Connects to an account as the principal of a token.
    (skip_typescript)
    connect(location: Option<String>, token: Option<String>; options: Option<Options<ConnectOptions>>) -> Promise<Client>
    |_core| {
        let ConnectOptions { state, app, timeout_ms, max_retries, ca_file, allow_insecure, accept_restored } = options;
        let options = core::ConnectOptions {
            location,
            token: token.map(Secret::new),
            state: state.map(Into::into),
            app,
            timeout: millis("timeoutMs", timeout_ms)?,
            max_retries: whole("maxRetries", max_retries)?,
            ca_file: ca_file.map(Into::into),
            allow_insecure: allow_insecure.unwrap_or_default(),
            accept_restored: accept_restored.unwrap_or_default(),
        };
        async move { core::connect(options).await }
    }

    /// Makes the keys of an invited user, and answers its Credential.
    (skip_typescript)
    accept(location: String, code: String; options: Option<Options<AcceptOptions>>) -> Promise<()> |_core| {
        let (_, _, _) = (location, code, options.save);
        later("accept", "use users.create and hand the token over")
    }
}

#[napi]
impl Connecting {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self(Later)
    }
}

/// Forgets a `memory:` database; clients that have it open keep it until they close.
#[napi(js_name = "drop", skip_typescript)]
pub fn drop_memory(env: &Env, location: String) -> napi::Result<()> {
    core::drop_memory(&location).map_err(|error| raise(env, error))
}
