//! Namespaces that the core has no place for yet. Their names and signatures are fixed already.

use strongroom::model::policy as model;

use crate::args::{CallOptions, Options, Row, options};
use crate::ops::{later, ops};
use crate::promise::Promise;
use crate::records::policy::Policy;
use crate::records::vault::VaultSpec;

/// Stands where the core's namespace will.
#[derive(Clone, Copy)]
pub struct Later;

const GROUPS: &str = "grant each of its members with access.grant";
const PROVISIONING: &str = "use vaults.createMany with `access` in each VaultSpec, then access.grant and access.revoke";

ops! {
    /// Groups of users and service accounts.
    Later as "groups." => Groups;

    /// Makes a group.
    create(name: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _ = name;
        later("groups.create", GROUPS)
    }

    /// Answers groups, oldest first.
    list(; options: Option<CallOptions>) -> Promise<()> |_core| { later("groups.list", GROUPS) }

    /// Answers the group of this id.
    get(id: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _ = id;
        later("groups.get", GROUPS)
    }

    /// Lets somebody into a group.
    add(group: String, member: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let (_, _) = (group, member);
        later("groups.add", GROUPS)
    }

    /// Puts somebody out of a group.
    remove(group: String, member: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let (_, _) = (group, member);
        later("groups.remove", GROUPS)
    }

    /// Deletes a group.
    delete(id: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _ = id;
        later("groups.delete", GROUPS)
    }
}

options! {
    /// What `provisioning.plan` takes by name.
    #[derive(Default)]
    PlanOptions {
        ;
        /// `error` by default.
        #[napi(ts_type = "'error' | 'invite' | 'create'")]
        missing_users: String,
        /// Also revoke what specs of the same vault don't name; never the owner, the caller or what is retained.
        prune: bool,
    }
}

ops! {
    /// Many vaults and grants from a plan that can be read, kept and repeated.
    Later as "provisioning." => Provisioning;

    /// Compares what should be with what is, and changes nothing.
    plan(specs: Vec<Row<VaultSpec>>; options: Option<Options<PlanOptions>>) -> Promise<()> |_core| {
        let (_, _, _) = (specs, options.missing_users, options.prune);
        later("provisioning.plan", PROVISIONING)
    }

    /// Reads a plan that was saved.
    load(path: String; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _ = path;
        later("provisioning.load", PROVISIONING)
    }
}

options! {
    /// What `policy.set` takes by name.
    #[derive(Default)]
    SetPolicy {
        ;
        /// Refused as `Conflict` unless the policy is at this version.
        if_version: f64,
    }
}

ops! {
    /// The account's policy.
    Later as "policy." => Policies;

    /// Answers the policy in force.
    get(; options: Option<CallOptions>) -> Promise<()> |_core| { later("policy.get", "none is enforced") }

    /// Answers what a policy would forbid that is there now.
    preview(policy: Row<Policy>; options: Option<CallOptions>) -> Promise<()> |_core| {
        let _: model::Policy = policy.0.try_into()?;
        later("policy.preview", "none is enforced")
    }

    /// Puts a policy in force.
    set(policy: Row<Policy>; options: Option<Options<SetPolicy>>) -> Promise<()> |_core| {
        let _: model::Policy = policy.0.try_into()?;
        let _ = options.if_version;
        later("policy.set", "grant only what may be granted")
    }
}
