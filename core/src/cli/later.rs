//! Commands that have their names already and do nothing yet.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use crate::backend::not_yet as refuse;
use crate::error::Error;

#[derive(Debug, Subcommand)]
pub(super) enum Later {
    #[command(hide = true)]
    Accept(Rest),
    #[command(hide = true)]
    Group(Rest),
    #[command(hide = true)]
    Provision(Rest),
    #[command(hide = true)]
    Policy(Rest),
}

/// Whatever comes after the name.
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub(super) struct Rest {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<OsString>,
}

impl Later {
    /// What to use instead.
    pub(super) fn refusal(&self) -> Error {
        let (name, instead) = match self {
            Self::Accept(_) => ("accept", "whoever may manage users makes a token with `strongroom user create`"),
            Self::Group(_) => ("groups", "give each member a role with `strongroom access grant`"),
            Self::Provision(_) => (
                "provisioning",
                "make each row's vault with `strongroom vault create --external-id … --access …`, which is safe to repeat",
            ),
            Self::Policy(_) => {
                ("policy", "give each grant its own role and end with `strongroom access grant --expires-at`")
            }
        };
        not_yet(name, instead)
    }
}

/// The refusal of a command that comes later.
pub(super) fn not_yet(operation: &'static str, instead: &str) -> Error {
    refuse(operation, instead).in_operation(operation)
}
