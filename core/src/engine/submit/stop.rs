//! Why a row is not taken.

use crate::authority::Submitted;
use crate::error::Error;
use crate::log::replay::Refusal;

/// What ends the judging of a row before it is planned.
pub(in crate::engine) enum Stop {
    /// It is answered without being written.
    Answer(Box<Submitted>),
    /// It repeats the id of an operation that is planned in the same batch.
    Same {
        /// Which plan.
        plan: usize,
        /// Whether the bytes are the same.
        identical: bool,
    },
    /// It is refused for what another row of the same batch will be, once that is written.
    Beside(Error),
    /// It is refused.
    Refused(Error),
    /// It is refused, for its author has no role or right to it: this is noted.
    Denied(Error),
}

/// A verdict of the engine.
pub(in crate::engine) type Ruled<T = ()> = Result<T, Stop>;

impl Stop {
    /// It builds on what is no longer the newest.
    pub(in crate::engine) fn stale() -> Self {
        Self::Answer(Box::new(Submitted::Stale))
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The replay's refusal of an operation of this kind, as its author hears it.
pub(in crate::engine) fn refused(kind: &'static str) -> impl Fn(Refusal) -> Stop {
    move |refusal| {
        let say = |then: &str| format!("{kind} was asked: {}: {then}", refusal.why());
        Stop::Refused(match &refusal {
            Refusal::Order(_) => return Stop::stale(),
            Refusal::Right(_) => return Stop::Denied(Error::permission_denied(say("ask somebody who may"))),
            Refusal::Line(_) => {
                return Stop::Denied(Error::permission_denied(say("ask an administrator to let you in again")));
            }
            Refusal::State(_) => Error::conflict(say("look at the newest state")),
            Refusal::Malformed(_) => Error::invalid_argument(say("look at the newest state, or upgrade the client")),
        })
    }
}

/// A refusal of what the rows of an operation of this kind say.
pub(in crate::engine) fn wrong_rows(kind: &'static str, why: &str) -> Error {
    Error::invalid_argument(format!("{kind} was asked: {why}: send the rows that the operation names"))
}
