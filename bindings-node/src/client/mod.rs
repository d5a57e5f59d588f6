//! The client and its namespaces, one file per noun.

pub(crate) mod access;
pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod changes;
pub(crate) mod connect;
pub(crate) mod files;
pub(crate) mod items;
pub(crate) mod later;
pub(crate) mod secrets;
pub(crate) mod service_accounts;
pub(crate) mod users;
pub(crate) mod vaults;

use napi::Env;
use napi_derive::napi;
use strongroom::client as core;
use strongroom::error::Error;

use crate::args::{CallOptions, Options, millis, options, whole};
use crate::error::raise;
use crate::ops::{Operation, later, ops};
use crate::promise::Promise;
use crate::record::Shown;
use crate::records::account::Account;
use crate::records::principal::Principal;
use crate::reply::Save;

use access::Access;
use account::AccountCalls;
use audit::Audit;
use changes::{Changes, RawFeed};
use connect::Connecting;
use files::{FileReader, Files};
use items::Items;
use later::{Groups, Later, Policies, Provisioning};
use secrets::Secrets;
use service_accounts::ServiceAccounts;
use users::Users;
use vaults::Vaults;

options! {
    /// What `rotateToken` takes by name.
    #[derive(Default)]
    RotateToken {
        ;
        /// Called with the credential before anything is sent; what it throws stops the operation.
        save: Save,
    }
}

ops! {
    /// A connection to one account as one principal, made by `connect`. One per process is enough.
    ///
    /// `await using` closes it.
    core::Client as "" => Client;

    /// Makes new keys for the caller and answers their token; the old one is refused from then on.
    ///
    /// The caller's grants stay, and its vaults are due for new keys: see `vaults.rekey`. This client goes on with the
    /// new keys; calls on it that run meanwhile may be refused as `Unauthenticated`. Whatever happens afterwards, one of the
    /// two tokens works.
    ///
    /// @throws {Unavailable} if it is not known whether the change was committed: connect with the new token, or else
    /// the old one.
    rotate_token(; options: Option<Options<RotateToken>>) -> Promise<String> |core| {
        let save = options.save.map(Into::into);
        async move { core.rotate_token(save).await }
    }

    /// Answers what is left of each rate and size limit.
    limits(; options: Option<CallOptions>) -> Promise<()> |_core| {
        later("limits", "the size limits stand in the documentation")
    }

    /// Wipes the keys. Every later call on this client and its copies is refused.
    close(; options: Option<CallOptions>) -> Promise<()> |core| {
        async move {
            core.close().await;
            Ok(())
        }
    }
}

impl Shown<Client> for core::Client {
    fn shown(self) -> Client {
        Client(self)
    }
}

options! {
    /// What `withOptions` takes by name.
    #[derive(Default)]
    Limits {
        ;
        /// Milliseconds without progress after which a call is refused as `DeadlineExceeded`; 30,000 by default.
        timeout_ms: f64,
        /// How often what is `Unavailable` is tried again, after pauses that grow from 50 ms; 2 by default.
        max_retries: f64,
    }
}

macro_rules! client {
    ($($(#[$doc:meta])* $space:ident => $of:ident ($($core:ident)?) $namespace:expr;)*) => {
        #[napi]
        impl Client {
            /// Who the token is for, as of the last call that looked.
            #[napi(getter)]
            pub fn me(&self) -> Principal {
                self.0.me().shown()
            }

            /// The account.
            #[napi(getter, ts_return_type = "Account")]
            pub fn account(&self) -> Account {
                self.0.account().shown()
            }

            #[napi(getter, skip_typescript)]
            pub fn account_calls(&self) -> AccountCalls {
                AccountCalls(Later)
            }

            /// A cheap copy with other limits; what is left out stays. Never awaited.
            #[napi]
            pub fn with_options(&self, env: &Env, limits: Limits) -> napi::Result<Client> {
                let copy = || -> Result<_, Error> {
                    let Limits { timeout_ms, max_retries } = limits;
                    self.0.with_options(millis("timeoutMs", timeout_ms)?, whole("maxRetries", max_retries)?)
                };
                copy().map(Client).map_err(|error| raise(env, error.in_operation("with_options")))
            }

            $(
                $(#[$doc])*
                #[napi(getter)]
                pub fn $space(&self) -> $of {
                    $(let $core = &self.0;)?
                    $of($namespace)
                }
            )*
        }
    };
}

client! {
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

/// All operations of all classes.
pub(crate) fn operations() -> Vec<Vec<&'static str>> {
    let classes: [&[Operation]; 17] = [
        Client::OPERATIONS,
        Connecting::OPERATIONS,
        AccountCalls::OPERATIONS,
        Vaults::OPERATIONS,
        Access::OPERATIONS,
        Users::OPERATIONS,
        ServiceAccounts::OPERATIONS,
        Items::OPERATIONS,
        Files::OPERATIONS,
        FileReader::OPERATIONS,
        Changes::OPERATIONS,
        RawFeed::OPERATIONS,
        Secrets::OPERATIONS,
        Audit::OPERATIONS,
        Groups::OPERATIONS,
        Provisioning::OPERATIONS,
        Policies::OPERATIONS,
    ];
    classes.iter().flat_map(|class| class.iter()).map(|operation| operation.to_vec()).collect()
}
