//! Namespaces that the core has no place for yet. Their names and signatures are fixed already.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::args::Nothing;
use crate::ops::{later, ops};
use crate::records::policy::Policy;
use crate::records::vault::VaultSpec;

/// Stands where the core's namespace will.
#[derive(Clone, Copy)]
pub(crate) struct Later;

const GROUPS: &str = "grant each of its members with access.grant";
const PROVISIONING: &str = "use vaults.create_many with access= in each VaultSpec, then access.grant and access.revoke";

ops! {
    /// Groups of users and service accounts.
    Later as "groups." => Groups, AsyncGroups;

    /// Makes a group.
    call create(name)[name: String] -> Nothing |_core| { later("groups.create", GROUPS)? }

    /// Answers groups, oldest first.
    call list()[] -> Nothing |_core| { later("groups.list", GROUPS)? }

    /// Answers the group of this id.
    call get(id)[id: String] -> Nothing |_core| { later("groups.get", GROUPS)? }

    /// Lets somebody into a group.
    call add(group, member)[group: String, member: String] -> Nothing |_core| {
        later("groups.add", GROUPS)?
    }

    /// Puts somebody out of a group.
    call remove(group, member)[group: String, member: String] -> Nothing |_core| {
        later("groups.remove", GROUPS)?
    }

    /// Deletes a group.
    call delete(id)[id: String] -> Nothing |_core| { later("groups.delete", GROUPS)? }
}

ops! {
    /// Many vaults and grants from a plan that can be read, kept and repeated.
    Later as "provisioning." => Provisioning, AsyncProvisioning;

    /// Compares what should be with what is, and changes nothing.
    ///
    /// `missing_users`: `error`, which is the default, `invite` or `create`. `prune`: also revoke what specs of the same vault
    /// don't name; never the owner, the caller or what is retained.
    call plan(specs, *, missing_users=None, prune=None)[
        specs: Vec<VaultSpec>, missing_users: Option<String>, prune: Option<bool>,
    ] -> Nothing |_core| { later("provisioning.plan", PROVISIONING)? }

    /// Reads a plan that was saved.
    call load(path)[path: PathBuf] -> Nothing |_core| { later("provisioning.load", PROVISIONING)? }
}

ops! {
    /// The account's policy.
    Later as "policy." => Policies, AsyncPolicies;

    /// Answers the policy in force.
    call get()[] -> Nothing |_core| { later("policy.get", "none is enforced")? }

    /// Answers what a policy would forbid that is there now.
    call preview(policy)[policy: &Bound<'_, Policy>] -> Nothing |_core| {
        later("policy.preview", "none is enforced")?
    }

    /// Puts a policy in force. `if_version`: raises Conflict unless the policy is at this version.
    call set(policy, *, if_version=None)[policy: &Bound<'_, Policy>, if_version: Option<u64>] -> Nothing
    |_core| { later("policy.set", "grant only what may be granted")? }
}
