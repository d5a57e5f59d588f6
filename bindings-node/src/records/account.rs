//! The account.

use strongroom::model::account as core;

use crate::record::record;

record! {
    /// What a backend can do.
    core::Capabilities => Capabilities {
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
}

record! {
    /// The account a client is connected to.
    core::Account => Account {
        /// `acc_…`.
        id: String,
        /// Who owns it: a principal's id.
        owner: String,
        /// `sqlite`, `memory`, …
        backend: String,
        /// What this backend can do.
        capabilities: Capabilities,
    }
}
