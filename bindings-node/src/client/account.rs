//! What `client.account` can do.

use super::later::Later;
use crate::args::CallOptions;
use crate::ops::{later, ops};
use crate::promise::Promise;

ops! {
    /// Calls on the account itself.
    Later as "account." => AccountCalls;

    /// Makes somebody else the owner.
    transfer(to: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _ = to;
        later("account.transfer", "give the other administrator of each vault `admin` with access.grant")
    }
}
