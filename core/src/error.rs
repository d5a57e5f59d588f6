//! The one error of the library: few kinds, one message each, made where the refusal happens.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What went wrong, as a caller can act on it. The codes are public and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is malformed, out of range or of the wrong type. Nothing was done, nothing was read.
    InvalidArgument,
    /// The token is unknown, expired, revoked or not of this account.
    Unauthenticated,
    /// The caller's role is too low for the call.
    PermissionDenied,
    /// The account's policy forbids it, whoever calls.
    PolicyViolation,
    /// There is no such thing, or the caller may not know that there is.
    NotFound,
    /// A thing of that name exists already; `existing` names it.
    AlreadyExists,
    /// The thing changed in the meantime, or its state forbids the call.
    Conflict,
    /// Too many calls; try again after `retry_after`.
    RateLimited,
    /// Stored or received data was changed, forged or rolled back. Nothing of it was used.
    Tampered,
    /// The store cannot be reached or used now. Retried before it is raised.
    Unavailable,
    /// The call made no progress within its timeout.
    DeadlineExceeded,
    /// This backend, or this version, cannot do it.
    Unsupported,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::InvalidArgument,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::PolicyViolation,
        Self::NotFound,
        Self::AlreadyExists,
        Self::Conflict,
        Self::RateLimited,
        Self::Tampered,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::Unsupported,
    ];

    /// The kind in `snake_case`, the same in every language.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidArgument => "invalid_argument",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::PolicyViolation => "policy_violation",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Tampered => "tampered",
            Self::Unavailable => "unavailable",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A refusal or a failure: what was asked, why not, what to do.
///
/// `Display` is one line without secrets; `Debug` adds the kind and the sources.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    message: String,
    existing: Option<String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What every fallible call of the library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {$(
        #[doc = concat!("An [`ErrorKind::", stringify!($kind), "`] with this message.")]
        pub fn $name(message: impl Into<String>) -> Self {
            Self::new(ErrorKind::$kind, message)
        }
    )*};
}

impl Error {
    /// An error of this kind. The message says what was asked, why it was refused, and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: "",
            message: message.into(),
            existing: None,
            retry_after: None,
            source: None,
        }))
    }

    constructors! {
        invalid_argument => InvalidArgument,
        unauthenticated => Unauthenticated,
        permission_denied => PermissionDenied,
        policy_violation => PolicyViolation,
        not_found => NotFound,
        already_exists => AlreadyExists,
        conflict => Conflict,
        tampered => Tampered,
        unavailable => Unavailable,
        deadline_exceeded => DeadlineExceeded,
        unsupported => Unsupported,
    }

    /// An [`ErrorKind::InvalidArgument`] that names the argument first.
    pub fn argument(name: &str, why: impl fmt::Display) -> Self {
        Self::invalid_argument(format!("{name}: {why}"))
    }

    /// Names the public operation that failed, unless a deeper layer already has.
    pub fn in_operation(mut self, operation: &'static str) -> Self {
        if self.0.operation.is_empty() {
            self.0.operation = operation;
        }
        self
    }

    /// Names the public operation of which the one that failed is a part.
    pub fn as_part_of(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }

    /// Keeps the lower error for `source()`.
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Names the thing that exists already.
    pub fn with_existing(mut self, id: impl Into<String>) -> Self {
        self.0.existing = Some(id.into());
        self
    }

    /// Says how long to wait before another try.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The kind in `snake_case`.
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The public operation that failed, such as `vaults.create`; empty when the failure was outside one.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The message without the operation.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id of the thing that exists already, with [`ErrorKind::AlreadyExists`].
    pub fn existing(&self) -> Option<&str> {
        self.0.existing.as_deref()
    }

    /// How long to wait before another try, with [`ErrorKind::RateLimited`].
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.operation.is_empty() {
            f.write_str(&self.0.message)
        } else {
            write!(f, "{}: {}", self.0.operation, self.0.message)
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.code())?;
        let mut source = self.source();
        while let Some(cause) = source {
            write!(f, "\n  caused by: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_for_people_and_all_of_it_for_developers() {
        let error = Error::argument("role", "`owner` is not a role: use read, write or admin")
            .caused_by(std::io::Error::other("lower"))
            .in_operation("access.grant")
            .in_operation("later.layer");
        assert_eq!(error.to_string(), "access.grant: role: `owner` is not a role: use read, write or admin");
        assert_eq!(
            format!("{error:?}"),
            "invalid_argument: access.grant: role: `owner` is not a role: use read, write or admin\n  caused by: lower"
        );
    }

    #[test]
    fn codes_are_distinct() {
        let mut codes: Vec<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
    }
}
